#!/usr/bin/python3
"""Tests of the charts of a cost against a condition or a size. Run: /usr/bin/python3 -B plot/sweeps_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import unittest
from pathlib import Path

from testing import FIXTURE, Scratch, fixture, run, table, words

from matplotlib.backends.backend_agg import FigureCanvasAgg

import axes
import cost_vs
import cost_vs_pages
import sweep

CHART = {chart.axis.name: chart for chart in cost_vs.CHARTS}
ARMS = ("core:overlay-lazy", "core:pool-lazy", "core:best")
FACTS = {"tier": "shape", "sha256": "0" * 64, "bytes": 9, "functions": 3, "table_entries": 64, "data_segments": 2,
         "memory_pages": 16, "image_bytes": 4096, "image_span_bytes": 4096}
LOAD = {"kind": "touch", "read": 0, "write": 16, "calls": 0, "grow": 0, "runs": None, "reread": False}


def cost(arm, at):
    """The first arm's does not change; those of the others rise by 1 and by 10 for each of what is swept."""
    return 1000 + at * (0, 1, 10)[ARMS.index(arm)]


def document_of(points, slots=(1, 64), spread=0.001):
    """The fixture's document with one case for each point and number of slots. A point: (place on the axis, what it
    sets: of the workload, of the case, and of the module's facts)."""
    document = fixture()
    document["arms"] = [{"id": arm} for arm in ARMS]
    document["modules"], document["cases"], document["cells"] = [], [], []
    for s in slots:
        for at, given in points:
            case = {"module": "m", "slots": s, "vary": 0, "bystanders": 0, "threads": 1}
            case.update({k: v for k, v in given.items() if k in case})
            case["workload"] = LOAD | {k: v for k, v in given.items() if k in LOAD}
            load = case["workload"]
            work = ",".join(f"{k}{v}" for k, v in load.items() if k != "kind" and v)
            case["id"] = f"{case['module']} {load['kind']}({work}) s{case['slots']} v{100 * case['vary']:g}%"
            if "mix" in given:
                case.update(mix=given["mix"], id=f"{case['id']} p{given['mix']['pool']}")
            facts = {"name": case["module"]} | FACTS | {k: v for k, v in given.items() if k in FACTS}
            if facts not in document["modules"]:
                document["modules"].append(facts)
            document["cases"].append(case)
            for arm in ARMS:
                ns = cost(arm, at)
                batch = {"real_ns": [ns * (1 - spread), ns, ns * (1 + spread)], "median_real_ns": ns}
                counters = {"cycle": {"faults.minor": {"exact": True, "value": 16}}}
                document["cells"].append({"case": case["id"], "arm": arm, "status": "ok", "verified": True,
                                          "batch": batch, "counters": counters})
    return document


def of_setting(key, values):
    return [(value, {key: value}) for value in values]


def of_modules(fact, values, **more):
    """A module for each value; its name says nothing of it."""
    return [(value, {"module": f"thing-{'abcdefgh'[i]}", fact: value, **more}) for i, value in enumerate(values)]


SWEEPS = {  # axis: (its document's points, the places that they are to have, the picture's name)
    "slots": ([(s, {"slots": s}) for s in (1, 4, 16, 256)], [1, 4, 16, 256], "cost-vs-slots-m-w16"),
    "vary": ([(100 * v, {"vary": v}) for v in (0, 0.05, 0.5, 1)], [0, 5, 50, 100], "cost-vs-vary-m-w16"),
    "runs": ([*of_setting("runs", (1, 4)), (16, {"runs": None})], [1, 4, 16], "cost-vs-runs-m-w16"),
    "growth": (of_setting("grow", (0, 1, 4, 16)), [0, 1, 4, 16], "cost-vs-growth-m-w16"),
    "entries": (of_setting("calls", (0, 1, 16, 64)), [0, 1, 16, 64], "cost-vs-entries-m-w16"),
    "pool": ([(p, {"mix": {"modules": ["a", "b"], "pool": p, "order": "uniform"}}) for p in (1, 2, 8)], [1, 2, 8], "cost-vs-pool-m-w16"),
    "density": ([(409600 / span, given) for span, given in of_modules("image_span_bytes", (4096, 8192, 40960, 409600))],
                [1, 10, 50, 100], "cost-vs-density-thing-w16"),
    "table-size": (of_modules("table_entries", (16, 1024, 65536)), [16, 1024, 65536], "cost-vs-table-size-thing-w16"),
    "memory-size": ([(p / 16, given) for p, given in of_modules("memory_pages", (1, 256, 4096))], [0.0625, 16, 256],
                    "cost-vs-memory-size-thing-w16"),
}


def document_for(name, **more):
    points = SWEEPS[name][0]
    return document_of(points, **({"slots": (1,)} if name == "slots" else {}) | more)


def places_of(document, name):
    """{case: its place on the axis}, from the file."""
    found = {}
    for case in document["cases"]:
        facts = next(module for module in document["modules"] if module["name"] == case["module"])
        load = case["workload"]
        found[case["id"]] = {
            "slots": case["slots"], "vary": case["vary"], "runs": load["runs"] or load["write"], "growth": load["grow"], "entries": load["calls"],
            "pool": case.get("mix", {}).get("pool"), "density": facts["image_bytes"] / facts["image_span_bytes"],
            "table-size": facts["table_entries"], "memory-size": facts["memory_pages"]}[name]
    return found


class EveryAxis(Scratch):
    def test_there_is_a_test_of_every_axis(self):
        self.assertEqual(list(SWEEPS), list(CHART))

    def test_places_and_costs_are_those_of_the_file(self):
        for name, (_, places, stem) in SWEEPS.items():
            with self.subTest(name):
                path, out = self.write(document_for(name)), self.folder / name
                code, listed, _ = run(path, "--chart", f"cost-vs-{name}", "--out", out, "--format", "svg")
                self.assertEqual((code, [Path(p).name for p in listed]), (0, [f"{stem}.svg", f"{stem}.csv"]))
                rows = table(listed[1])
                self.assertEqual(len(rows), len(places) * len(ARMS) * (1 if name == "slots" else 2))
                for row in rows:
                    self.assertEqual((row["axis"], row["status"], row["faults_minor_low"]), (name, "ok", "16"))
                    self.assertAlmostEqual(float(row["median_ns"]), cost(row["arm"], float(row["at"])), places=6)
                    first, last = cost(row["arm"], places[0]), cost(row["arm"], places[-1])
                    self.assertAlmostEqual(float(row["line_last_over_first"]), last / first, delta=1e-5 * last / first)
                    if row["unit"]:
                        per_unit = (0, 1, 10)[ARMS.index(row["arm"])]
                        self.assertAlmostEqual(float(row["line_ns_per_unit"]), per_unit, places=4)
                self.assertEqual([float(r["at"]) for r in rows if r["arm"] == ARMS[0]][:len(places)], places)

    def test_pictures_name_their_conditions_and_nothing_is_clipped(self):
        for name in SWEEPS:
            with self.subTest(name):
                (page, _, _), = self.figures(CHART[name], document_for(name)).values()
                self.check_layout(name, page)
                text = words(page)
                slots, vary = "S swept" if name == "slots" else "S=1", "V swept" if name == "vary" else "V=0 %"
                pool = ", P swept" if name == "pool" else ""
                self.assertIn(f"write 16 · {slots}, {vary}, B=0{pool}", text)
                if name != "slots":
                    self.assertIn(f"write 16 · S=64, {vary}, B=0{pool}", text)
                    one, other = page.figure.axes
                    self.assertEqual((one.get_xlim(), one.get_ylim()), (other.get_xlim(), other.get_ylim()))

    def test_they_are_drawn_without_being_asked_for_and_alone_among_sweeps(self):
        for name, (_, _, stem) in SWEEPS.items():
            with self.subTest(name):
                code, listed, err = run(self.write(document_for(name)), "--out", self.folder / name, "--format", "svg")
                sweeps = {Path(p).stem for p in listed if Path(p).name.startswith("cost-vs")}
                self.assertEqual((code, sweeps), (0, {stem}))
                self.assertNotIn("cost-vs", err)

    def test_one_slot_alone_is_called_flattering(self):
        for name in SWEEPS:
            (page, _, _), = self.figures(CHART[name], document_for(name, slots=(1,))).values()
            self.assertEqual("S=1 only" in " ".join(words(page)), name != "slots", name)

    def test_a_skipped_cell_is_named_and_is_no_point(self):
        for name in SWEEPS:
            document = document_for(name)
            cell = next(c for c in reversed(document["cells"]) if c["arm"] == "core:best")
            cell.update(status="skipped", reason="no room", batch=None)
            (page, group, result), = self.figures(CHART[name], document).values()
            self.assertIn(f"Not drawn: best in {cell['case']}: skipped (no room).", " ".join(words(page)), name)
            panel = sweep.panels_of(group, CHART[name].axis)[-1]
            lines = {line.arm: line for line in sweep.lines_of(result, group, CHART[name].axis, panel)}
            self.assertEqual(len(lines["core:best"].points), len(SWEEPS[name][1]) - 1, name)

    def test_a_file_without_a_sweep_has_no_such_chart(self):
        for name, chart in CHART.items():
            self.assertEqual(self.figures(chart), {}, name)
            code, listed, err = run(FIXTURE, "--chart", f"cost-vs-{name}", "--out", self.folder / "out")
            self.assertEqual((code, listed), (2, []))
            self.assertIn(f"no cost-vs-{name} chart: it needs cells with batch times at {chart.axis.asked}", err)


class Lines(Scratch):
    def test_two_numbers_of_slots_two_shares_or_two_modules_are_no_sweep(self):
        for name in ("slots", "vary", "density", "table-size", "memory-size"):
            points = SWEEPS[name][0][:2]
            self.assertEqual(self.figures(CHART[name], document_of(points, slots=(1,))), {}, name)
        self.assertEqual(len(self.figures(CHART["runs"], document_of(SWEEPS["runs"][0][:2]))), 1)

    def test_modules_that_differ_in_more_than_the_axis_shows_are_on_no_common_line(self):
        points = of_modules("table_entries", (16, 128, 1024, 8192))
        points[3][1]["functions"] = 4
        (_, group, _), = self.figures(CHART["table-size"], document_of(points)).values()
        self.assertEqual({c.module for c in group}, {"thing-a", "thing-b", "thing-c"})
        points[2][1]["memory_pages"] = 17
        self.assertEqual(self.figures(CHART["table-size"], document_of(points)), {})

    def test_a_module_of_which_the_file_does_not_say_enough_has_no_place(self):
        document = document_of(SWEEPS["density"][0])
        for module in document["modules"]:
            del module["image_span_bytes"]
        self.assertEqual(self.figures(CHART["density"], document), {})
        document["modules"] = []
        for name in CHART:
            self.assertEqual(self.figures(CHART[name], document), {}, name)

    def test_other_work_and_other_conditions_have_a_picture_of_their_own(self):
        points = SWEEPS["slots"][0]
        document = document_of(points + [(s, given | {"write": 64}) for s, given in points]
                               + [(s, given | {"bystanders": 1, "write": 3}) for s, given in points], slots=(1,))
        stems = ["cost-vs-slots-m-w16", "cost-vs-slots-m-w64", "cost-vs-slots-m-w3-b1"]
        self.assertEqual(list(self.figures(CHART["slots"], document)), stems)

    def test_slots_have_a_panel_for_the_lowest_and_the_highest_share_redrawn(self):
        points = [(s, {"slots": s, "vary": v}) for s in (1, 8, 64) for v in (0, 0.05, 1)]
        (page, _, _), = self.figures(CHART["slots"], document_of(points, slots=(1,))).values()
        text = words(page)
        self.assertIn("write 16 · S swept, V=0 %, B=0", text)
        self.assertIn("write 16 · S swept, V=100 %, B=0", text)
        self.assertIn("3 of 9 cases are only in the CSV: the picture takes the lowest and the highest V.", text)

    def test_nothing_grown_is_the_workload_none_when_nothing_else_is_done(self):
        points = [(0, {"kind": "none", "write": 0})] + of_setting("grow", (1, 4))
        points = [(at, given | {"write": 0}) for at, given in points]
        (page, group, _), = self.figures(CHART["growth"], document_of(points)).values()
        self.assertEqual(sorted(CHART["growth"].axis.at(c) for c in group), [0, 0, 1, 1, 4, 4])
        self.assertIn("0 is the workload none.", words(page))
        points = [(at, given | {"write": 16 if at else 0}) for at, given in points]
        (_, group, _), = self.figures(CHART["growth"], document_of(points)).values()
        self.assertNotIn("none", {c.workload["kind"] for c in group})

    def test_a_call_over_slots_is_a_sweep_too(self):
        document = document_of(SWEEPS["slots"][0], slots=(1,))
        for case in document["cases"]:
            old, case["id"], case["workload"] = case["id"], f"m call s{case['slots']}", {"kind": "call"}
            for cell in document["cells"]:
                cell["case"] = case["id"] if cell["case"] == old else cell["case"]
        (stem, (page, _, _)), = self.figures(CHART["slots"], document).items()
        self.assertEqual(stem, "cost-vs-slots-m-call")
        self.assertIn("call · S swept, V=0 %, B=0", words(page))

    def test_pages_are_still_a_sweep_beside_others(self):
        points = [(s, {"slots": s, "write": w}) for s in (1, 8, 64) for w in (1, 4, 16)]
        document = document_of(points, slots=(1,))
        self.assertEqual(list(self.figures(cost_vs_pages, document)), ["cost-vs-pages-m-write"])
        self.assertEqual(len(self.figures(CHART["slots"], document)), 3)


class Words(Scratch):
    def line(self, first, last, spread=0.0, faults=((16, 16), (16, 16)), unit=None):
        class Cell:
            def __init__(self, ns, counted):
                self.median_ns, self.low_ns, self.high_ns = ns, ns * (1 - spread), ns * (1 + spread)
                self.faults = counted
        return sweep.Line("core:best", [(1, Cell(first, faults[0])), (65, Cell(last, faults[1]))], unit)

    def test_ends_are_compared_where_a_step_has_no_cost_of_its_own(self):
        self.assertEqual(sweep.in_words(self.line(100, 320)), "× 3.2, 16 faults")
        self.assertEqual(sweep.in_words(self.line(100, 320, faults=((0, 0), (1, 1)))), "× 3.2, 0 → 1 fault")
        self.assertEqual(sweep.in_words(self.line(100, 320, faults=(None, (1, 1)))), "× 3.2")
        self.assertEqual(sweep.in_words(self.line(100, 320, faults=((0.71, 26.8), (1356, 1356.2)))),
                         "× 3.2, 0.71–27 → 1,356 faults")
        self.assertEqual(sweep.in_words(self.line(100, 110, spread=0.1)), "unresolved, 16 faults")
        self.assertEqual(sweep.in_words(self.line(100, 740, unit="entry")), "10.0 ns per entry, 0 faults")
        self.assertEqual(sweep.in_words(self.line(100, 100.01, unit="MiB")), "< 0.001 ns per MiB, 0 faults")
        self.assertEqual(sweep.in_words(self.line(100, 100, unit="MiB")), "≤ 0.001 ns per MiB, 0 faults")

    def test_ticks_of_a_linear_axis_keep_both_ends(self):
        points = [(v, {"vary": v / 100}) for v in (0, 1, 5, 50, 99, 100)]
        (page, _, _), = self.figures(CHART["vary"], document_of(points)).values()
        FigureCanvasAgg(page.figure).draw()
        for panel in page.figure.axes:
            labels = panel.get_xticklabels()
            self.assertEqual([label.get_text() for label in labels], ["0 %", "50 %", "100 %"])
            below = panel.get_xticklabels(minor=True)
            self.assertEqual([label.get_text() for label in below], ["1 %", "99 %"])
            for row in (labels, below):
                boxes = [label.get_window_extent() for label in row]
                self.assertTrue(all(a.x1 < b.x0 for a, b in zip(boxes, boxes[1:])))
            self.assertLess(below[0].get_window_extent().y1, labels[0].get_window_extent().y0)

    def test_a_line_that_ends_before_others_says_how_far_its_figure_holds(self):
        for name in SWEEPS:
            places, axis = SWEEPS[name][1], CHART[name].axis
            for end, words_of in ((-1, f"to {axis.tick(places[-2])}"), (0, f"from {axis.tick(places[1])}")):
                document = document_for(name)
                ids = {case["id"] for case in document["cases"]}
                points = sorted(({c["case"]: 0 for c in document["cells"]}), key=lambda i: places_of(document, name)[i])
                self.assertEqual(set(points), ids)
                gone = {i for i in ids if places_of(document, name)[i] == places_of(document, name)[points[end]]}
                for cell in document["cells"]:
                    if cell["arm"] == "core:best" and cell["case"] in gone:
                        cell.update(status="skipped", reason="no room", batch=None)
                (page, group, result), = self.figures(CHART[name], document).values()
                self.check_layout(name, page)
                labels = [text for text in words(page) if f"({words_of})" in text]
                self.assertEqual(len(labels), 1 if name == "slots" else 2, (name, words_of))
                ends = {(row[CHART[name].COLUMNS.index("line_from")], row[CHART[name].COLUMNS.index("line_to")])
                        for row in CHART[name].rows(result, group) if row[CHART[name].COLUMNS.index("arm")] == "core:best"}
                left = places[:-1] if end else places[1:]
                self.assertEqual(ends, {(left[0], left[-1]), (None, None)})

    def test_no_line_leads_from_a_lone_point_to_its_label(self):
        document = document_for("entries", slots=(1,))
        for cell in document["cells"]:
            if cell["arm"] == "core:best" and "(write16) " not in cell["case"]:
                cell.update(status="skipped", reason="no table", batch=None)
        (page, _, _), = self.figures(CHART["entries"], document).values()
        self.assertIn("one point only", words(page))
        self.assertEqual(len([text for text in page.figure.axes[0].texts if getattr(text, "arrow_patch", None)]), len(ARMS) - 1)

    def test_half_of_the_data_does_not_lie_beyond_the_last_tick(self):
        document = document_for("pool", slots=(1,))
        for cell in document["cells"]:
            ns = {"core:best": 1600.0}.get(cell["arm"], 42000.0)
            cell["batch"] = {"real_ns": [ns], "median_real_ns": ns}
        (page, _, _), = self.figures(CHART["pool"], document).values()
        low, high = page.figure.axes[0].get_ylim()
        ticks = [at for at in page.figure.axes[0].get_yticks() if low <= at <= high]
        self.assertTrue(any(at > 42000 for at in ticks) and any(at <= 1600 for at in ticks), ticks)

    def test_sizes_are_written_in_their_unit(self):
        memory = CHART["memory-size"].axis.tick
        sizes = {0.0625: "64 KiB", 0.5: "512 KiB", 16: "16 MiB", 256: "256 MiB", 1024: "1 GiB"}
        self.assertEqual({mib: memory(mib) for mib in sizes}, sizes)

    def test_modules_are_called_by_what_their_names_share(self):
        class Case:
            def __init__(self, name):
                self.module_name = name
        self.assertEqual(axes.modules_text([Case("table-16"), Case("table-128")]), "table")
        self.assertEqual(axes.modules_text([Case("a.wasm"), Case("b.wasm")]), "2 modules")
        self.assertEqual(axes.modules_text([Case("m-1"), Case("m-1")]), "m-1")


if __name__ == "__main__":
    unittest.main()
