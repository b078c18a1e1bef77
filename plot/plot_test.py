#!/usr/bin/python3
"""Tests of the charts, on fixture.json (synthetic). Run: /usr/bin/python3 -B plot/plot_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import json
import os
import re
import shlex
import subprocess
import sys
import unittest
import xml.etree.ElementTree
from pathlib import Path

from testing import CELLS, DOCUMENT, FIXTURE, HERE, Scratch, fixture, run, table, words

import matplotlib

import before_after
import cost_vs_pages
import make_fixture
import overview
import plot
import result as result_file
import selection
import style
import sweep
import units


class Files(Scratch):
    def test_every_picture_comes_as_png_svg_and_csv(self):
        code, listed, err = run(FIXTURE, "--out", self.folder / "charts")
        self.assertEqual((code, err), (0, ""))
        stems = {"before-after-spidermonkey", "before-after-sqlite", "before-after-esbuild-go", "cost-vs-pages-spidermonkey-write",
                 "cost-vs-pages-sqlite-write", "overview-none", "overview-touch-w64", "overview-touch-w256", "overview-touch-w16"}
        found = {Path(p).stem for p in listed}
        self.assertEqual(len(found & stems), len(found), found)
        self.assertEqual(sorted(Path(p).name for p in listed), sorted(os.listdir(self.folder / "charts")))
        self.assertEqual(sorted(Path(p).name for p in listed), sorted(f"{s}.{kind}" for s in found for kind in ("csv", "png", "svg")))
        for path in map(Path, listed):
            if path.suffix == ".svg":
                self.assertTrue(xml.etree.ElementTree.parse(path).getroot().tag.endswith("svg"))
            elif path.suffix == ".png":
                data = path.read_bytes()
                self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
                self.assertGreater(int.from_bytes(data[16:20], "big"), 1500)
                self.assertEqual(data[-8:-4], b"IEND")

    def test_same_file_gives_the_same_bytes(self):
        for name in ("one", "two"):
            environment = dict(os.environ, PYTHONHASHSEED="1" if name == "one" else "2")
            subprocess.run([sys.executable, "-B", HERE / "plot.py", FIXTURE, "--out", self.folder / name, "--modules", "sqlite"],
                           check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = os.listdir(self.folder / "one")
        self.assertIn("before-after-sqlite.svg", names)
        for name in names:
            self.assertEqual((self.folder / "one" / name).read_bytes(), (self.folder / "two" / name).read_bytes(), name)
        self.assertNotIn("<dc:date>", (self.folder / "one" / "before-after-sqlite.svg").read_text(encoding="utf-8"))

    def test_default_folder_lies_beside_the_file(self):
        path = self.write(DOCUMENT, "morning.json")
        code, listed, _ = run(path, "--chart", "overview", "--format", "svg")
        self.assertEqual(code, 0)
        self.assertEqual({Path(p).parent for p in listed}, {self.folder / "morning-charts"})

    def test_several_files_get_a_folder_each(self):
        a, b = self.write(DOCUMENT, "a.json"), self.write(DOCUMENT, "b.json")
        code, listed, _ = run(a, b, "--out", self.folder / "out", "--chart", "overview", "--format", "svg", "--case-filter", "none")
        self.assertEqual(code, 0)
        self.assertEqual({Path(p).parent for p in listed}, {self.folder / "out" / "a", self.folder / "out" / "b"})

    def test_choices_narrow_what_is_drawn(self):
        code, listed, _ = run(FIXTURE, "--out", self.folder, "--modules", "sqlite", "--chart", "before-after", "--format", "png",
                              "--case-filter", r"w16\b.* s64")
        self.assertEqual(code, 0)
        self.assertEqual([Path(p).name for p in listed], ["before-after-sqlite.png", "before-after-sqlite.csv"])
        self.assertEqual({row["case"] for row in table(listed[1])}, {"sqlite touch(w16) s64"})

    def test_fixture_is_what_its_generator_writes(self):
        self.assertEqual(FIXTURE.read_text(encoding="utf-8"), make_fixture.text())
        self.assertEqual(DOCUMENT["run"]["suite"], "fixture")


class Numbers(Scratch):
    def test_before_after_table_is_the_fixture(self):
        run(FIXTURE, "--out", self.folder, "--chart", "before-after", "--format", "svg")
        rows = table(self.folder / "before-after-spidermonkey.csv")
        self.assertEqual(len(rows), 6 * 2 * 6)  # also the cases that the picture leaves out
        for row in rows:
            cell, eager = CELLS[row["case"], row["arm"]], CELLS[row["case"], "core:eager"]
            self.assertEqual(row["status"], cell["status"])
            if cell["status"] != "ok":
                self.assertEqual((row["reason"], row["median_ns"]), (cell["reason"], ""))
                continue
            batch = cell["batch"]
            self.assertEqual(float(row["median_ns"]), batch["median_real_ns"])
            self.assertEqual((float(row["min_ns"]), float(row["max_ns"])), (min(batch["real_ns"]), max(batch["real_ns"])))
            self.assertEqual(row["times_faster_than_eager"], f"{float('%.6g' % (eager['batch']['median_real_ns'] / batch['median_real_ns']))}")
            drawn = [float(row[f"{p}_drawn_ns"] or 0) for p in result_file.PHASES] + [float(row["not_in_phases_ns"])]
            self.assertAlmostEqual(sum(drawn) / batch["median_real_ns"], 1, places=4)
            for phase in result_file.PHASES:
                self.assertEqual(float(row[f"{phase}_ns"]), cell["phases"][phase]["p50"])

    def test_cost_table_is_the_fixture(self):
        run(FIXTURE, "--out", self.folder, "--chart", "cost-vs-pages", "--format", "svg")
        rows = table(self.folder / "cost-vs-pages-spidermonkey-write.csv")
        self.assertEqual([r["pages_written"] for r in rows if r["arm"] == "core:pool" and r["slots"] == "1"], ["0", "1", "4", "16", "64", "256"])
        row = next(r for r in rows if r["case"] == "spidermonkey touch(w64) s64" and r["arm"] == "core:pool-lazy")
        first, last = (CELLS[f"spidermonkey {w} s64", "core:pool-lazy"] for w in ("none", "touch(w256)"))
        slope = (last["batch"]["median_real_ns"] - first["batch"]["median_real_ns"]) / 256
        self.assertAlmostEqual(float(row["line_ns_per_page"]), slope, delta=slope * 1e-5)
        self.assertLess(float(row["line_ns_per_page_low"]), slope)
        self.assertGreater(float(row["line_ns_per_page_high"]), slope)
        self.assertAlmostEqual(float(row["line_faults_per_page_low"]), 1, places=2)

    def test_written_numbers(self):
        for ns, text in ((0.3214, "0.321 ns"), (41.26, "41.3 ns"), (999.9, "1.00 µs"), (413823.7, "414 µs"), (2.5e9, "2.50 s")):
            self.assertEqual(units.duration(ns), text)
        for value, text in ((1, "× 1"), (0.821, "× 0.82"), (5.46, "× 5.5"), (9.97, "× 10"), (41.4, "× 41"), (1624.6, "× 1,620")):
            self.assertEqual(units.ratio(value), text)
        self.assertEqual(units.sum_of([("acquire", 930), ("work", 12.4)]), "acquire 930 + work 12 ns")
        self.assertEqual(units.sum_of([("acquire", 930), ("work", 14500)]), "acquire 0.9 + work 14.5 µs")

    def test_labels_keep_their_distance_and_their_order(self):
        self.assertEqual([round(p, 9) for p in sweep.spaced([0.9, 0.5, 0.1], 0.1)], [0.9, 0.5, 0.1])
        for ends in ([0.99, 0.98, 0.97, 0.02], [0.5] * 5, [0.01, 0.0], [0.8, 0.79, 0.75, 0.74, 0.3, 0.29]):
            places = sweep.spaced(ends, 0.1)
            self.assertTrue(all(a - b > 0.0999 for a, b in zip(places, places[1:])), places)
            self.assertTrue(0.0499 < places[-1] and places[0] < 0.9501, places)

    def test_counters_of_a_counted_phase_are_zero_when_absent_and_unknown_when_it_was_not_counted(self):
        document = fixture()
        document["cells"][0]["counters"] = {"cycle": {}}
        document["cells"][1]["counters"] = None
        document["cells"][2]["counters"] = {"work": {}}
        loaded = list(result_file.load(self.write(document)).cells.values())
        self.assertEqual([c.faults for c in loaded[:3]], [(0, 0), None, None])

    def test_a_process_without_a_batch_figure_is_not_counted(self):
        document = fixture()
        document["cells"][0]["batch"] = {"real_ns": [10.0, None, 30.0], "median_real_ns": 20.0}
        cell = next(iter(result_file.load(self.write(document)).cells.values()))
        self.assertEqual((cell.real_ns, cell.median_ns), ((10.0, 30.0), 20.0))


class Pictures(Scratch):
    def test_no_phase_below_the_resolution_is_drawn(self):
        seen = set()
        for page, _, result in self.figures(before_after).values():
            drawn = {p.get_gid(): p.get_width() for p in page.figure.findobj(matplotlib.patches.Rectangle) if p.get_gid()}
            for cell in result.cells.values():
                for phase in result_file.PHASES:
                    gid = before_after._id(before_after.Bar(cell, cell.arm, [], 0, [], None), phase)
                    if gid in drawn:
                        seen.add(phase)
                        self.assertGreaterEqual(cell.phases[phase], cell.resolution_ns, gid)
        self.assertEqual(seen, {"acquire", "init", "work", "release"})  # `start` is short everywhere in the fixture

    def test_bars_start_at_zero_and_are_as_long_as_the_batch(self):
        page, _, result = self.figures(before_after)["before-after-spidermonkey"]
        pieces = {}
        for piece in page.figure.findobj(matplotlib.patches.Rectangle):
            if piece.get_gid():
                pieces.setdefault(piece.get_gid().rsplit("-", 1)[0], []).append(piece)
        gid = before_after._id(before_after.Bar(result.cells["spidermonkey none s1", "core:overlay"], "core:overlay", [], 0, [], None), "x")[:-2]
        self.assertEqual(min(p.get_x() for p in pieces[gid]), 0)
        self.assertAlmostEqual(sum(p.get_width() for p in pieces[gid]), CELLS["spidermonkey none s1", "core:overlay"]["batch"]["median_real_ns"], places=3)

    def test_ratio_is_written_on_each_bar(self):
        page, _, _ = self.figures(before_after)["before-after-spidermonkey"]
        eager, lazy = (CELLS["spidermonkey none s1", f"core:{s}"]["batch"]["median_real_ns"] for s in ("eager", "pool-lazy"))
        self.assertIn(units.ratio(eager / lazy), words(page))
        self.assertEqual(len([w for w in words(page) if w.startswith("× ")]), 35)  # 36 bars, one of them failed

    def test_panels_of_a_row_share_their_axis(self):
        page, _, _ = self.figures(before_after)["before-after-spidermonkey"]
        bars = [a for a in page.figure.axes if a.get_xscale() == "linear"]
        self.assertEqual(len(bars), 6)
        for one, other in zip(bars[::2], bars[1::2]):
            self.assertEqual(one.get_xlim(), other.get_xlim())
            self.assertEqual(one.get_xlim()[0], 0)
        page, _, _ = self.figures(cost_vs_pages)["cost-vs-pages-spidermonkey-write"]
        one, other = page.figure.axes
        self.assertEqual((one.get_xlim(), one.get_ylim()), (other.get_xlim(), other.get_ylim()))

    def test_skipped_and_failed_cells_are_named_with_their_reason(self):
        for chart, stem, reason in ((before_after, "before-after-esbuild-go", "64 slots need 3.9 GiB"),
                                    (before_after, "before-after-spidermonkey", "memory differs from the reference"),
                                    (cost_vs_pages, "cost-vs-pages-spidermonkey-write", "memory differs from the reference"),
                                    (overview, "overview-none", "64 slots need 3.9 GiB")):
            text = " ".join(words(self.figures(chart)[stem][0]))
            self.assertIn("Not drawn: pool-copy in", text, stem)
            self.assertIn(reason, text, stem)

    def test_caption_says_where_the_numbers_come_from(self):
        for chart in (before_after, cost_vs_pages, overview):
            for stem, (page, _, _) in self.figures(chart).items():
                text = " ".join(words(page))
                for fact in ("SYNTHETIC DATA", "abc1234, uncommitted changes", "Linux 6.18.0", "THP never", "2026-11-22", "3 processes", "Timed: "
                             "one whole cycle", "governor unknown", "S=1, V=0 %, B=0", "S=64, V=0 %, B=0"):
                    self.assertIn(fact, text, stem)

    def test_nothing_leaves_the_page_or_lies_on_another_text(self):
        for chart in (before_after, cost_vs_pages, overview):
            for stem, (page, _, _) in self.figures(chart).items():
                self.check_layout(stem, page)

    def test_odd_names_are_drawn_as_they_are(self):
        text = json.dumps(DOCUMENT).replace("sqlite", "a\\nb\\t$x_{1}$ \u7a4d <&>")
        code, listed, err = run(self.write(text), "--out", self.folder / "out", "--chart", "before-after", "--case-filter", "x_")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([Path(p).name for p in listed], [f"before-after-a-b-x_-1.{kind}" for kind in ("png", "svg", "csv")])
        self.assertEqual(table(listed[2])[0]["module"], "a\nb\t$x_{1}$ \u7a4d <&>")

    def test_layout_holds_with_long_names_and_foreign_arms(self):
        document = fixture()
        document["arms"] += [{"id": "core:pool-lazy,affinity=off,reset=remap,thp=on"}, {"id": "wasmtime:pooling"}]
        for cell in [c for c in document["cells"] if c["arm"] == "core:pool"]:
            document["cells"] += [dict(cell, arm=a["id"]) for a in document["arms"][-2:]]
        text = json.dumps(document).replace("spidermonkey", "/tmp/somewhere/a module $with$ a rather long name and a_{1}.wasm#2")
        for chart in (before_after, cost_vs_pages, overview):
            for stem, (page, _, _) in self.figures(chart, text).items():
                self.check_layout(stem, page)
                self.assertNotIn("/tmp/somewhere", " ".join(words(page)), stem)

    def one_column(self, **changes):
        """The fixture with S=1 only: the narrowest pictures, and the normal case of a user's own module."""
        document = fixture()
        document["cases"] = [dict(c, **changes) for c in document["cases"] if c["slots"] == 1]
        document["cells"] = [c for c in document["cells"] if c["case"].endswith(" s1")]
        return document

    def test_layout_holds_with_one_column(self):
        few = self.one_column()
        few["arms"] = [a for a in few["arms"] if a["id"] in ("core:pool-lazy", "core:pool-copy")]
        few["cells"] = [c for c in few["cells"] if c["arm"] in ("core:pool-lazy", "core:pool-copy")]
        full = self.one_column(threads=2, bystanders=1)
        for cell in full["cells"]:
            cell["noise"] = {"run_delay_share_max": 0.1}
            cell["facts"] = {"start_function": "not run (codegen=none)"}
            if cell["status"] == "ok":
                cell["phases"]["start"]["p50"] = 500.0  # every phase is in the legend
        many = self.one_column()
        many["arms"] += [{"id": f"core:pool-lazy,affinity=off,reset=remap,thp=on,n={i}"} for i in range(4)]
        many["cells"] += [dict(c, arm=a["id"]) for a in many["arms"][-4:] for c in many["cells"] if c["arm"] == "core:pool"]
        for chart in (before_after, cost_vs_pages, overview):
            for name, document in (("few", few), ("full", full), ("many", many)):
                pages = self.figures(chart, document)
                self.assertTrue(pages or (chart, name) == (overview, "few"), name)  # no ratios without eager
                for stem, (page, _, _) in pages.items():
                    self.check_layout(f"{name} {stem}", page)

    def test_layout_check_sees_what_is_wrong(self):
        page = style.Page(5, 5)
        for i in range(21):
            page.text(0.3, 0.2 + 0.2 * i, f"line {i}")
        self.check_layout("good", page)
        for left, message in ((0.4, "lies on"), (4.8, "clipped")):
            text = page.text(left, 0.2, "one more")
            with self.assertRaisesRegex(AssertionError, message):
                self.check_layout("bad", page)
            text.remove()

    def test_an_arm_looks_the_same_everywhere(self):
        arms = ["core:x", "core:eager", "core:y", "core:pool-copy"]
        looks = style.looks(arms)
        self.assertEqual(len(set(looks.values())), 4)
        self.assertEqual(style.looks(arms[:1])["core:x"], looks["core:x"])
        page, _, _ = self.figures(cost_vs_pages)["cost-vs-pages-spidermonkey-write"]
        for axes in page.figure.axes:
            names = {t.get_text(): t.get_position()[1] for t in axes.texts}
            glyphs = {ln.get_ydata()[0]: ln.get_color() for ln in axes.lines if ln.get_transform() == axes.transAxes}
            self.assertEqual(set(style.STRATEGY_LOOK) - set(names), {"best"})  # the fixture is older than it
            for name, look in style.STRATEGY_LOOK.items():
                if name in names:
                    self.assertEqual(glyphs[names[name]], look.colour)

    def test_every_preset_with_an_idea_has_a_look_that_no_other_arm_takes(self):
        self.assertEqual(set(style.STRATEGY_LOOK), set(style.IDEA))
        self.assertEqual(set(style.STRATEGY_LOOK), set(style.STORY + style.APART))
        for others in ([], ["core:x"], ["core:eager", "core:x", "core:y"], ["core:pool-lazy"]):
            self.assertEqual(style.looks([*others, "core:best"])["core:best"], style.STRATEGY_LOOK["best"])
        marks = {(look.colour, look.marker) for look in style.STRATEGY_LOOK.values()}
        self.assertFalse(marks & {(look.colour, look.marker) for look in style.SPARE_LOOK})
        self.assertFalse({(look.marker, look.open) for look in style.STRATEGY_LOOK.values()} & set(style.SHAPES))
        self.assertEqual(style.idea_of("core:best")[0], "best")
        self.assertTrue(style.idea_of("core:best")[1])

    def test_threads_and_pools_are_explained_where_they_occur(self):
        for changes, said in (({}, set()), ({"threads": 2}, {"T"}), ({"mix": {"modules": ["a"], "pool": 3, "order": "rotate"}}, {"P"})):
            for chart in (before_after, cost_vs_pages, overview):
                for stem, (page, _, _) in self.figures(chart, self.one_column(**changes)).items():
                    text = " ".join(words(page))
                    self.assertEqual({letter for letter in "TP" if f"; {letter}: " in text}, said, stem)
                    self.check_layout(stem, page)

    def test_phases_absent_from_the_file_are_said_and_not_drawn(self):
        document = fixture()
        for cell in document["cells"]:
            cell.pop("phases", None)
        page, _, _ = self.figures(before_after, document)["before-after-sqlite"]
        self.assertIn("have no phases in the file", " ".join(words(page)))
        gids = [p.get_gid() for p in page.figure.findobj(matplotlib.patches.Rectangle) if p.get_gid()]
        self.assertTrue(gids and all(g.endswith("-rest") for g in gids))

    def test_doubts_are_said(self):
        document = fixture()
        document["run"]["complete"] = False
        for cell in document["cells"]:
            if cell["case"] == "sqlite none s1" and cell["arm"] == "core:pool":
                cell["verified"], cell["noise"] = None, {"run_delay_share_max": 0.2}
        text = " ".join(words(self.figures(before_after, document)["before-after-sqlite"][0]))
        for doubt in ("The run is not complete", "Not verified against a reference instance: pool in sqlite none s1",
                      "1 of 36 cells waited for a CPU more than 1 % of the time, in the worst process of each: 20 % (sqlite none s1, pool)."):
            self.assertIn(doubt, text)

    def test_waiting_is_counted_with_its_median_and_its_worst_cell(self):
        document = fixture()
        shares = {"core:pool": 0.02, "core:overlay": 0.034, "core:eager": 0.3, "core:pool-lazy": None}
        for cell in document["cells"]:
            if cell["case"] == "sqlite none s1" and cell["arm"] in shares:
                cell["noise"] = {"run_delay_share_max": shares[cell["arm"]]}
        text = " ".join(words(self.figures(before_after, document)["before-after-sqlite"][0]))
        self.assertIn("3 of 35 cells waited for a CPU more than 1 % of the time, in the worst process of each: median 3.4 %, worst 30 % "
                      "(sqlite none s1, eager).", text)
        self.assertIn("How long 1 of 36 cells waited for a CPU is not in the file.", text)

    def test_start_functions_not_run_are_said_and_none_is_claimed(self):
        document = fixture()
        for cell in document["cells"]:
            cell["facts"] = {"start_function": "not run (codegen=none)" if cell["case"].startswith("sqlite") else "none"}
        for chart in (before_after, cost_vs_pages, overview):
            for stem, (page, group, _) in self.figures(chart, document).items():
                text = " ".join(words(page))
                self.assertNotIn("start function, work", text)
                drawn = "sqlite" in stem or (chart is overview and any(c.module == "sqlite" for c in group))
                (self.assertIn if drawn else self.assertNotIn)("Start function not run (codegen=none): sqlite.", text, stem)

    def test_much_grey_is_counted(self):
        document = fixture()
        for cell in document["cells"]:
            if cell["case"] == "sqlite none s1" and cell["arm"] in ("core:pool", "core:eager"):
                cell["batch"] = {"real_ns": [v * 2 for v in cell["batch"]["real_ns"]], "median_real_ns": cell["batch"]["median_real_ns"] * 2}
        texts = [" ".join(words(self.figures(before_after, d)["before-after-sqlite"][0])) for d in (document, fixture())]
        counts = [int(re.search(r"It is more than 25 % of the bar in (\d+) of 36 bars", t + " It is more than 25 % of the bar in 0 of 36 bars").group(1))
                  for t in texts]
        self.assertEqual(counts[0] - counts[1], 2)
        self.assertIn("Grey is not in the phase medians: waiting, tails, phases < 100 ns.", texts[0])

    def test_redraw_repeats_the_choices(self):
        path = self.write(json.dumps(DOCUMENT).replace("sqlite", "/home/someone/sqlite.wasm"), "my run.json")
        code, listed, _ = run(path, "--out", self.folder, "--chart", "before-after", "--modules", "/home/someone/sqlite.wasm", "--case-filter",
                              "none|w16", "--format", "svg")
        self.assertEqual(code, 0)
        self.assertEqual(len(listed), 2)
        options = plot.parse([str(path), "--chart", "before-after", "--modules", "/home/someone/sqlite.wasm", "--case-filter", "none|w16"])
        line = plot.source("x.csv", path, options)
        self.assertEqual(line, "Data: x.csv. Redraw: instbench plot 'my run.json' --chart before-after --modules sqlite.wasm --case-filter 'none|w16'")
        self.assertEqual(plot.source("x.csv", path, plot.parse([str(path)])), "Data: x.csv. Redraw: instbench plot 'my run.json'")
        code, again, _ = run(path, "--out", self.folder, *shlex.split(line)[6:], "--format", "svg")
        self.assertEqual((code, again), (0, listed))

    def test_a_prefix_names_the_files_and_the_last_line_names_them(self):
        code, listed, _ = run(FIXTURE, "--chart", "before-after", "--modules", "sqlite", "--prefix", "real", "--out", self.folder, "--format", "svg")
        self.assertEqual((code, [Path(p).name for p in listed]), (0, ["real-before-after-sqlite.svg", "real-before-after-sqlite.csv"]))
        options = plot.parse(["x.json", "--prefix", "real"])
        self.assertEqual(plot.source("real-engines.csv", Path("x.json"), options), "Data: real-engines.csv. Redraw: instbench plot x.json --prefix real")
        for wrong in ("a/b", "", "..", "-x", "a b"):
            self.assertEqual(run(FIXTURE, f"--prefix={wrong}", "--out", self.folder)[0], 2, wrong)

    def test_each_description_is_complete_without_its_neighbours(self):
        for name, idea in style.IDEA.items():
            self.assertNotIn("…", idea)
            self.assertEqual(style.shorten_middle(idea, before_after.FINE, before_after.LEFT - 0.4), idea, name)

    def test_one_slot_alone_is_called_flattering(self):
        document = fixture()
        document["cases"] = [c for c in document["cases"] if c["slots"] == 1]
        document["cells"] = [c for c in document["cells"] if c["case"].endswith(" s1")]
        for chart in (before_after, cost_vs_pages, overview):
            for page, _, _ in self.figures(chart, document).values():
                self.assertIn("S=1 only", " ".join(words(page)))

    def test_without_eager_there_are_no_ratios_and_it_is_said(self):
        document = fixture()
        document["arms"] = [a for a in document["arms"] if a["id"] == "core:pool-lazy"]
        document["cells"] = [c for c in document["cells"] if c["arm"] == "core:pool-lazy"]
        page, _, _ = self.figures(before_after, document)["before-after-sqlite"]
        self.assertIn("no core:eager arm", " ".join(words(page)))
        self.assertEqual([w for w in words(page) if w.startswith("× ")], [])
        self.assertEqual(self.figures(overview, document), {})

    def test_conditions_get_pictures_of_their_own_and_share_the_idle_case(self):
        document = fixture()
        for case in document["cases"]:
            if case["module"] == "sqlite" and case["workload"]["kind"] == "touch":
                case["vary"], old = 0.05, case["id"]
                case["id"] += " v5%"
                for cell in document["cells"]:
                    cell["case"] = case["id"] if cell["case"] == old else cell["case"]
        self.assertIn("before-after-sqlite-v5", self.figures(before_after, document))
        page, (_, group), _ = self.figures(cost_vs_pages, document)["cost-vs-pages-sqlite-write-v5"]
        self.assertEqual({c.workload_label for c in group}, {"none", "touch(w16)", "touch(w256)"})
        self.assertIn("S=64, V=5 %, B=0", words(page))

    def test_reads_are_a_sweep_of_their_own(self):
        document = fixture()
        for case in document["cases"]:
            if case["module"] == "sqlite" and case["workload"]["kind"] == "touch":
                case["workload"]["read"], case["workload"]["write"] = case["workload"]["write"], 3
        page, (axis, _), _ = self.figures(cost_vs_pages, document)["cost-vs-pages-sqlite-read-w3"]
        self.assertEqual(axis.name, "read")
        self.assertIn("write 3 · S=1, V=0 %, B=0", words(page))

    def test_pictures_of_equal_names_do_not_overwrite_each_other(self):
        taken = set()
        self.assertEqual([selection.file_stem(n, taken) for n in ("a/b", "a:b", "A b", "..")], ["a-b", "a-b-2", "A-b-3", "chart"])

    def test_spread_takes_both_ends(self):
        self.assertEqual(selection.spread([1, 2], 3), [1, 2])
        self.assertEqual(selection.spread([1, 4, 16, 64, 256], 3), [1, 16, 256])
        self.assertEqual(selection.spread([1, 8, 64], 2), [1, 64])


if __name__ == "__main__":
    unittest.main()
