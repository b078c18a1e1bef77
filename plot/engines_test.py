#!/usr/bin/python3
"""Tests of the charts of results with several engines. Run: /usr/bin/python3 -B plot/engines_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import json
import unittest

from testing import ENGINES, FIXTURE, HERE, Scratch, fixture, foreign, run, several_engines, table, words

import matplotlib

import before_after
import block_pairs
import cost_vs_argument
import cost_vs_pages
import ecdf
import engines
import forest
import overview
import result as result_file
import run_order
import style
from argument_test import sweep

PLAIN = (before_after, cost_vs_pages, overview, engines)


def cells_of(document, arm):
    return [cell for cell in document["cells"] if cell["arm"] == arm]


def marks(axes):
    """[(x, y)] of every mark of a panel."""
    return [(x, y) for line in axes.lines if line.get_marker() not in ("None", "", None)
            for x, y in zip(line.get_xdata(orig=True), line.get_ydata(orig=True))]


class Looks(unittest.TestCase):
    def test_an_arm_is_an_engine_with_its_build_and_a_strategy(self):
        for arm, parts in (("core:pool", ("core", "pool")), ("v8", ("v8", "")),
                           ("wasmtime@45.0.0:pooling,keep=1MiB", ("wasmtime@45.0.0", "pooling,keep=1MiB")),
                           ("core@git+a/b:pool", ("core@git+a/b", "pool")), ("mine@a:b/worker.py", ("mine@a:b/worker.py", ""))):
            self.assertEqual(style.split_arm(arm), parts)

    def test_the_colour_says_the_engine_and_the_shape_the_arm(self):
        arms = ["core:eager", "core:overlay", "core:pool-scan", *ENGINES]
        looks = style.looks(arms)
        for arm in arms:
            for other in arms:
                same = style.split_arm(arm)[0] == style.split_arm(other)[0]
                self.assertEqual(looks[arm].colour == looks[other].colour, same, (arm, other))
        self.assertEqual(len({(look.marker, look.open) for look in looks.values()}), len(arms))
        self.assertEqual((looks["core:overlay"].marker, looks["core:overlay"].open), ("s", True))
        self.assertEqual([looks[arm].colour for arm in ("core:eager", "wasmtime:pooling", "v8")], [style.BLUE, style.VERMILLION, style.GREEN])

    def test_more_engines_than_colours_still_differ_in_shape(self):
        arms = [f"mine@{i}:x" for i in range(10)]
        self.assertEqual(len(set(style.looks(arms).values())), 10)

    def test_the_core_alone_and_the_roles_of_a_comparison_look_as_ever(self):
        self.assertEqual(style.looks(["core:eager", "core:pool"])["core:pool"], style.STRATEGY_LOOK["pool"])
        self.assertEqual(style.looks(["A core:pool", "B wasmtime:pooling"])["B wasmtime:pooling"], style.ROLE_LOOK["B"])


class EveryChart(Scratch):
    def test_is_drawn_of_what_other_engines_measure(self):
        document = several_engines()
        for chart in PLAIN:
            pages = self.figures(chart, document)
            self.assertTrue(pages, chart.NAME)
            for stem, (page, _, _) in pages.items():
                self.check_layout(stem, page)
                self.assertIn("Engines: wasmtime 46.0.1, wasmtime@45.0.0, v8 11.3.", words(page), stem)

    def test_is_drawn_of_an_engine_that_says_and_measures_nothing_but_cycles(self):
        document = several_engines()
        for arm in document["arms"]:
            arm.pop("facts", None)
        for cell in cells_of(document, "v8"):
            cell.update(phases=None, engine=None)
        for chart in PLAIN:
            for stem, (page, _, _) in self.figures(chart, document).items():
                self.check_layout(stem, page)

    def test_a_call_against_its_argument_is_drawn_of_several_engines(self):
        document = sweep(costs={"core:pool-lazy": lambda k: 1000 + k, "wasmtime:pooling": lambda k: 5000 + k, "v8": lambda k: 9000})
        (page, _, _), = self.figures(cost_vs_argument, document).values()
        self.check_layout("argument", page)
        for arm in ("wasmtime:pooling", "v8", "pool-lazy"):
            self.assertIn(arm, words(page))

    def test_a_comparison_of_two_engines_is_drawn(self):
        text = (HERE / "comparison_fixture.json").read_text(encoding="utf-8").replace("B core:pool-lazy", "B wasmtime@45.0.0:pooling")
        document = json.loads(text)
        for arm in document["arms"]:
            if arm["id"].startswith("B "):
                arm.update(engine="wasmtime", facts=ENGINES["wasmtime@45.0.0:pooling"])
        for cell in document["cells"]:
            if cell["arm"].startswith("B ") and cell["status"] == "ok":
                cell.update(phases=None, counters=None, paths=None, memory=None, floor=None, facts=None, noise=None)
        for block in document["comparison"]["blocks"]:
            block["instantiate_ns"] = {role: None for role in block["instantiate_ns"]}
        for chart in (forest, block_pairs, ecdf, run_order):
            pages = self.figures(chart, document)
            self.assertTrue(pages, chart.NAME)
            for stem, (page, _, _) in pages.items():
                self.check_layout(stem, page)
                self.assertIn("B wasmtime@45.0.0: start not timed apart; init holds the start function.", words(page))

    def test_lines_of_many_arms_have_room_for_their_labels(self):
        document = several_engines()
        document["arms"] += [{"id": f"wasmtime@45.0.0:pooling,keep={n}MiB"} for n in (1, 2, 4, 8, 16)]
        for arm in document["arms"][-5:]:
            document["cells"] += [foreign(cell, arm["id"], ENGINES["wasmtime:pooling"], 4) for cell in cells_of(document, "core:pool-lazy")]
        page, _, _ = self.figures(cost_vs_pages, document)["cost-vs-pages-spidermonkey-write"]
        self.check_layout("many", page)
        for arm in ("wasmtime@45.0.0:pooling,keep=16MiB", "wasmtime:pooling-keep", "v8", "overlay-lazy"):
            self.assertIn(arm, words(page))

    def test_what_an_engine_does_not_count_is_unknown_and_not_zero(self):
        document = fixture()
        document["cells"][0].update(counters={"cycle": {}}, engine={"counters": ["syscalls"]})
        document["cells"][1].update(counters={"cycle": {}}, engine={"counters": ["faults"]})
        loaded = list(result_file.load(self.write(document)).cells.values())
        self.assertEqual([cell.faults for cell in loaded[:2]], [None, (0, 0)])

    def test_phases_that_an_engine_cannot_time_apart_are_said_in_its_own_words(self):
        document = several_engines()
        for chart in (before_after, engines):
            for page, _, _ in self.figures(chart, document).values():
                text = " ".join(words(page))
                self.assertIn("wasmtime, wasmtime@45.0.0: start not timed apart; init holds the start function.", text)
                self.assertIn("v8: acquire, start, release not timed apart (compare cycles only); V8 makes an instance in one call, init.", text)
                self.assertNotIn("4 TiB", text)  # no word about phases


class Engines(Scratch):
    def page(self, document=None, stem="engines"):
        page, _, _ = self.figures(engines, document or several_engines())[stem]
        return page, " ".join(words(page))

    def panels(self, page):
        return [axes for axes in page.figure.axes if axes.get_xscale() == "log"]

    def small(self):
        """Two modules, four arms."""
        document = several_engines()
        kept = ("core:eager", "core:pool-lazy", "wasmtime:pooling", "v8")
        document["arms"] = [arm for arm in document["arms"] if arm["id"] in kept]
        document["cases"] = [case for case in document["cases"] if case["module"] != "esbuild-go"]
        ids = [case["id"] for case in document["cases"]]
        document["cells"] = [cell for cell in document["cells"] if cell["arm"] in kept and cell["case"] in ids]
        return document

    def test_both_panels_and_all_pages_have_one_axis(self):
        pages = self.figures(engines, several_engines())
        self.assertEqual(list(pages), [f"engines-{i + 1}" for i in range(len(pages))] if len(pages) > 1 else ["engines"])
        limits = {axes.get_xlim() for page, _, _ in pages.values() for axes in self.panels(page)}
        self.assertEqual(len(limits), 1)

    def test_every_case_stands_on_one_page_with_all_its_conditions(self):
        document = several_engines()
        found = [case.id for _, sheet, _ in self.figures(engines, document).values() for row in sheet.rows for case in row]
        self.assertEqual(sorted(found), sorted(case["id"] for case in document["cases"]))
        page, text = self.page(self.small())
        self.assertEqual((words(page).count("S=1"), words(page).count("S=64")), (9, 9))
        self.assertNotIn("S=1 only", text)

    def test_a_dot_for_each_cell_at_its_figure(self):
        document = self.small()
        page, _ = self.page(document)
        instantiate, cycle = (sorted(x for x, _ in marks(axes)) for axes in self.panels(page))
        self.assertEqual(cycle, sorted(cell["batch"]["median_real_ns"] for cell in document["cells"]))
        lanes = [y for _, y in marks(self.panels(page)[1])]
        self.assertEqual(len(set(lanes)), len(lanes))  # none hides another
        self.assertEqual(len(instantiate), len(cycle))

    def test_what_the_clock_does_not_resolve_stands_at_its_resolution_with_an_arrow(self):
        document = self.small()
        for cell in document["cells"]:
            cell["phases"]["instantiate"]["p50"] = 0 if cell["arm"] == "core:pool-lazy" else 40.0 if cell["arm"] == "v8" else 500.0
            if cell["arm"] == "v8":
                cell["phases"]["resolution_ns"] = 300.0
        page, text = self.page(document)
        self.assertEqual({x for x, _ in marks(self.panels(page)[0])}, {100.5, 300.0, 500.0})
        self.assertIn("< 100 ns", text)
        self.assertIn("< 300 ns", text)
        self.check_layout("unresolved", page)
        arrows = [t for t in self.panels(page)[0].texts if t.arrow_patch is not None]
        self.assertEqual(len(arrows), len(cells_of(document, "v8")) + len(cells_of(document, "core:pool-lazy")))
        self.assertGreater(min(axes.get_xlim()[0] for axes in self.panels(page)), 0)

    def test_cells_without_an_instantiate_are_counted_and_have_no_dot(self):
        document = self.small()
        for cell in cells_of(document, "v8"):
            cell["phases"] = None
        page, text = self.page(document)
        cells = len(cells_of(document, "v8"))
        self.assertIn(f"Without a time for instantiate: {cells} cells of v8.", text)
        counts = [len(marks(axes)) for axes in self.panels(page)]
        self.assertEqual(counts[1] - counts[0], cells)

    def test_what_is_not_there_stands_in_the_margin_with_its_reason(self):
        document = self.small()
        for i, cell in enumerate(cells_of(document, "v8")):
            cell.update([("status", "skipped" if i else "failed"), ("reason", "no threads in v8" if i else "not isolated: memory 0 at 0x1a000")])
        cells_of(document, "wasmtime:pooling")[3]["batch"] = None
        cells_of(document, "v8")[5].update(status="ok", reason=None)
        page, text = self.page(document)
        for reason in ("skipped: no threads in v8", "failed: not isolated: memory 0 at 0x1a000", "no batch time", "Not drawn: v8 in"):
            self.assertIn(reason, text)
        self.check_layout("gaps", page)

    def test_an_arm_with_nothing_to_draw_is_a_note_and_takes_no_room(self):
        document = self.small()
        for cell in cells_of(document, "v8"):
            cell.update(status="skipped", reason="no node on PATH")
        page, text = self.page(document)
        self.assertIn("Not drawn: v8 in", text)
        self.assertNotIn("v8 11.3", words(page))
        self.assertEqual(len({y for _, y in marks(self.panels(page)[1])}), 3 * 18)

    def test_arms_that_are_missing_for_the_same_reason_share_a_note(self):
        document = several_engines()
        case = document["cases"][0]["id"]
        pooling = [arm for arm in ENGINES if arm.startswith("wasmtime:")]
        for cell in document["cells"]:
            if cell["case"] == case and (cell["arm"] in pooling or cell["arm"] in ("core:pool", "wasmtime@45.0.0:pooling")):
                cell.update(status="skipped", reason="no room", batch=None)
        text = " ".join(" ".join(words(page)) for page, _, _ in self.figures(engines, document).values())
        self.assertIn(f"Not drawn: pool, wasmtime, wasmtime@45.0.0:pooling in {case}: skipped (no room).", text)
        self.assertEqual(text.count("no room)"), 1)

    def test_the_order_of_the_modules_is_said(self):
        _, text = self.page(self.small())
        self.assertIn("the module with the dearest cycle first", text)

    def test_a_few_rows_get_no_page_of_their_own(self):
        document, pages = self.small(), 0
        sqlite = [c for c in document["cases"] if c["module"] == "sqlite"][:2]
        for i in range(30):
            for case in sqlite:
                other = dict(case, module=f"m{i}", id=case["id"].replace("sqlite", f"m{i}"))
                document["cases"].append(other)
                document["cells"] += [dict(c, case=other["id"]) for c in document["cells"] if c["case"] == case["id"]]
            result = result_file.load(self.write(document))
            sheets = [sheet for _, sheet in engines.pictures(result, result.cases)]
            height = sum(engines.row_height(row, engines.arms_of(result, result.cases)) for row in sheets[-1].rows)
            self.assertTrue(len(sheets) == 1 or height > engines.REST, (i, height))
            pages = max(pages, len(sheets))
        self.assertGreater(pages, 1)

    def test_reasons_are_wrapped_cut_or_counted_as_the_lane_has_room(self):
        long = "a reason that is far too long for one line of the margin, and goes on"
        self.assertGreater(len(engines.gap_lines({long: ["a"]}, 3, 2.0)), 1)
        (text, _, arms), = engines.gap_lines({long: ["a"]}, 1, 2.0)
        self.assertEqual((text[-1], arms), ("…", ["a"]))
        texts = [text for text, _, _ in engines.gap_lines({"one": ["a"], "two": ["b"], "three": ["c"]}, 2, 2.0)]
        self.assertEqual(texts, ["one", "2 more reasons, in the CSV"])

    def test_many_modules_and_conditions_fill_pages_that_can_be_read(self):
        document = several_engines()
        for i in range(8):
            for case in [c for c in fixture()["cases"] if c["module"] == "sqlite"]:
                name = f"a-module-with-quite-a-long-name-{i}"
                bystanders = 1 if case["slots"] == 64 else 0
                other = dict(case, module=name, id=case["id"].replace("sqlite", name) + (" b1" if bystanders else ""), bystanders=bystanders)
                document["cases"].append(other)
                document["cells"] += [dict(c, case=other["id"]) for c in document["cells"] if c["case"] == case["id"]]
        pages = self.figures(engines, document)
        self.assertGreater(len(pages), 1)
        for stem, (page, sheet, _) in pages.items():
            self.check_layout(stem, page)
            self.assertLessEqual(page.height, 20)
            self.assertIn(f"What an instance costs on each engine ({sheet.number} of {len(pages)})", words(page))
        self.assertTrue(any("S=64 B=1" in words(page) for page, _, _ in pages.values()))

    def test_table_holds_what_the_picture_shows(self):
        document = self.small()
        code, listed, err = run(self.write(document), "--chart", "engines", "--out", self.folder / "out", "--format", "svg")
        self.assertEqual((code, err), (0, ""))
        found = {(row["case"], row["arm"]): row for row in table(listed[1])}
        self.assertEqual(len(found), len(document["cells"]))
        for cell in document["cells"]:
            row = found[cell["case"], cell["arm"]]
            self.assertEqual(float(row["cycle_median_ns"]), cell["batch"]["median_real_ns"])
            self.assertEqual(row["instantiate_resolved"], str(cell["phases"]["instantiate"]["p50"] >= cell["phases"]["resolution_ns"]).lower())
            engine, joined = {"v8": ("v8", "acquire start release"), "wasmtime:pooling": ("wasmtime", "start")}.get(cell["arm"], ("core", ""))
            self.assertEqual((row["engine"], row["phases_not_timed_apart"]), (engine, joined))

    def test_one_engine_is_no_picture_and_no_remark(self):
        self.assertEqual(self.figures(engines), {})
        code, _, err = run(FIXTURE, "--chart", "engines", "--out", self.folder / "out")
        self.assertEqual(code, 2)
        self.assertIn("no engines chart: it needs cells with batch times of two engines", err)


if __name__ == "__main__":
    unittest.main()
