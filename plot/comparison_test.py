#!/usr/bin/python3
"""Tests of the charts of a comparison, on comparison_fixture.json (synthetic). Run: /usr/bin/python3 -B plot/comparison_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import functools
import json
import os
import subprocess
import sys
import unittest
from math import log
from pathlib import Path

from testing import FIXTURE, HERE, Scratch, figures, run, table, words

import matplotlib

import before_after
import block_pairs
import ecdf
import forest
import make_comparison_fixture as make
import result as result_file
import run_order
import style
import versus

COMPARISON = HERE / "comparison_fixture.json"
TEXT = COMPARISON.read_text(encoding="utf-8")
CHARTS = (forest, block_pairs, ecdf, run_order)
LONG_ARM = "core@git+0123456789abcdef0123456789abcdef01234567:alloc=pool,affinity=off,memory=overlay,tables=lazy,reset=restore,keep=2MiB"


@functools.lru_cache(maxsize=None)
def fixture_pages(chart):
    return figures(chart, COMPARISON)


class Comparison(Scratch):
    def pages(self, chart, document=None):
        """{stem: (page, group, result)}."""
        return fixture_pages(chart) if document is None else figures(chart, self.write(document))

    def page(self, chart, document=None):
        (page, _, _), = self.pages(chart, document).values()
        return page, " ".join(words(page))

    def rows(self, chart, document=None):
        """Of the CSV of every picture of a chart."""
        path = COMPARISON if document is None else self.write(document)
        code, listed, err = run(path, "--chart", chart.NAME, "--format", "svg", "--out", self.folder / "out")
        self.assertEqual((code, err), (0, ""))
        return [row for p in listed if p.endswith(".csv") for row in table(p)]


class Files(Comparison):
    def test_the_four_are_drawn_and_the_others_for_who_asks(self):
        arguments = ("--format", "svg", "--out", self.folder / "out", "--modules", "sqlite,spidermonkey")
        code, listed, err = run(COMPARISON, *arguments)
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([Path(p).stem for p in listed if p.endswith(".csv")], ["forest", "blocks", "ecdf", "run-order"])
        code, listed, err = run(COMPARISON, *arguments, "--chart", "before-after")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([Path(p).stem for p in listed if p.endswith(".csv")], ["before-after-spidermonkey", "before-after-sqlite"])

    def test_a_result_without_a_comparison_has_none_of_them_and_only_who_asks_is_told(self):
        code, listed, err = run(FIXTURE, "--modules", "sqlite", "--case-filter", "none", "--format", "svg", "--out", self.folder / "out")
        self.assertEqual((code, [Path(p).stem for p in listed]), (0, ["before-after-sqlite"] * 2))
        self.assertNotIn("forest", err)
        for chart in CHARTS:
            code, listed, err = run(FIXTURE, "--chart", chart.NAME, "--out", self.folder / "none")
            self.assertEqual((code, listed), (2, []))
            self.assertEqual(len(err.splitlines()), 1)
        self.assertIn("no forest chart: the file has no comparison", run(FIXTURE, "--chart", "forest", "--out", self.folder / "none")[2])
        self.assertFalse((self.folder / "none").exists())

    def test_same_file_gives_the_same_bytes(self):
        for name in ("one", "two"):
            environment = dict(os.environ, PYTHONHASHSEED="1" if name == "one" else "2")
            subprocess.run([sys.executable, "-B", HERE / "plot.py", COMPARISON, "--out", self.folder / name, "--modules", "indirect-calls"],
                           check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = os.listdir(self.folder / "one")
        self.assertLessEqual({f"{c.NAME}.{kind}" for c in CHARTS for kind in ("png", "svg", "csv")}, set(names))
        for name in names:
            self.assertEqual((self.folder / "one" / name).read_bytes(), (self.folder / "two" / name).read_bytes(), name)

    def test_fixture_is_what_its_generator_writes(self):
        self.assertEqual(TEXT, make.text())
        comparison = json.loads(TEXT)["comparison"]
        self.assertEqual({t["verdict"] for t in comparison["tests"]}, set(style.VERDICT_LOOK))
        self.assertTrue(any(t["control"] and not t["control"]["inside"] for t in comparison["tests"]))
        self.assertTrue(any(not b["counts"] for b in comparison["blocks"]))


class Refusals(Comparison):
    def broken(self, change, pattern):
        document = json.loads(TEXT)
        change(document["comparison"])
        code, listed, err = run(self.write(document), "--out", self.folder / "out")
        self.assertEqual((code, listed), (1, []), err)
        self.assertRegex(err, r"^instbench plot: .*result\.json: comparison\." + pattern)
        self.assertEqual(len(err.splitlines()), 1)

    def test_what_contradicts_itself_is_refused_with_its_place(self):
        def test(**changes):
            return lambda c: c["tests"][2].update(changes)

        def block(**changes):
            return lambda c: c["blocks"][3].update(changes)

        self.broken(lambda c: c.pop("paired"), r"paired: missing")
        self.broken(lambda c: c["a"].update(arm="A core:none"), r'a\.arm: "A core:none" is not among the arms')
        self.broken(lambda c: c.update(control="A′ other"), r'control: "A′ other" is not among the arms')
        self.broken(lambda c: c["tests"].append(c["tests"][0]), r"tests: .*, cycle\" occurs twice")
        self.broken(test(case="nowhere"), r'tests\[2\]\.case: "nowhere" is not among the cases')
        self.broken(test(verdict="fine"), r'tests\[2\]\.verdict: "fine" is none of regressed, inconclusive, same, improved')
        self.broken(test(stage="later"), r'tests\[2\]\.stage: "later" is none of')
        self.broken(test(change=-1), r"tests\[2\]\.change: -1 is no change of a time")
        self.broken(test(a_ns=0), r"tests\[2\]\.a_ns: is a time that is zero or negative")
        self.broken(test(interval=[0.2]), r"tests\[2\]\.interval: is not a pair of numbers")
        self.broken(test(interval=[0.2, 0.1]), r"tests\[2\]\.interval: ends \(0\.1\) before it begins \(0\.2\)")
        self.broken(test(interval=["a", 0.1]), r"tests\[2\]\.interval: is not a number")
        self.broken(test(tolerance=0), r"tests\[2\]\.tolerance: is not above 0")
        self.broken(test(blocks=True), r"tests\[2\]\.blocks: unexpected bool")
        self.broken(test(control=[]), r"tests\[2\]\.control: unexpected list")
        self.broken(block(cycle_ns={"A": -1}), r"blocks\[3\]\.cycle_ns\.A: is a time")
        self.broken(block(cycle_ns={"C": 1}), r'blocks\[3\]\.cycle_ns: "C" is none of A, B, A′')
        self.broken(block(order=["A", "A"]), r"blocks\[3\]\.order: is no order of A, B, A′")
        self.broken(block(case="nowhere"), r"blocks\[3\]\.case")
        self.broken(lambda c: c["counters"][0].update(verdict="odd"), r'counters\[0\]\.verdict: "odd" is none of changed, not exact')
        self.broken(lambda c: c.update(skipped=[1]), r"skipped\[0\]: is not text")

    def test_unknown_is_null_and_drawn_as_such(self):
        document = json.loads(TEXT)
        comparison = document["comparison"]
        for test in comparison["tests"]:
            test.update(a_ns=None, b_ns=None, change=None, interval=None, tolerance=None, scatter=None, detectable=None, control=None, blocks=None,
                        screen=None, verdict="inconclusive", reason="no block was left")
        comparison.update(order_effect=None, counters_equal=None, redone={}, tolerance={}, exit_code=None, family_error=None)
        page, text = self.page(forest, document)
        self.check_layout("unknown", page)
        self.assertIn("no estimate", text)
        self.assertIn("no block was left", text)


class Forest(Comparison):
    def test_table_is_the_file(self):
        rows = self.rows(forest)
        tests = json.loads(TEXT)["comparison"]["tests"]
        judged = {(r["case"], r["metric"]): r for r in rows if r["kind"] == "judged"}
        self.assertEqual(len(judged), len(tests))
        for test in tests:
            row = judged[test["case"], test["metric"]]
            for key in ("a_ns", "b_ns", "change", "tolerance", "scatter", "detectable"):
                self.assertEqual(float(row[key]), test[key])
            self.assertEqual([float(row["change_low"]), float(row["change_high"])], test["interval"])
            self.assertEqual((row["verdict"], row["reason"], row["stage"]), (test["verdict"], test["reason"], test["stage"]))
            self.assertEqual(row["control_inside"], "" if test["control"] is None else str(test["control"]["inside"]).lower())
        self.assertEqual(sum(r["kind"] == "shown" for r in rows), 16)
        self.assertEqual([(r["metric"], r["a_counter"], r["b_counter"], r["verdict"]) for r in rows if r["kind"] == "counter"][-1],
                         ("faults.minor", "255.9–256.1", "256", "not exact"))
        self.assertEqual([r["case"] for r in rows if r["kind"] == "not compared"], ["uffd none s1", "fastly none s1", "leaky touch(w16) s64"])

    def test_rows_are_sorted_by_effect_and_metrics_stay_with_their_case(self):
        changes = {}
        for row in self.rows(forest):
            if row["kind"] == "judged":
                changes.setdefault(row["case"], []).append(float(row["change"]))
        firsts = [c[0] for c in changes.values()]
        self.assertEqual(firsts, sorted(firsts, reverse=True))
        (_, sheet, _), = self.pages(forest).values()
        cases = [r.test.case.id for r in sheet.rows]
        self.assertEqual(len(set(cases)), sum(a != b for a, b in zip([None, *cases], cases)))

    def test_twice_and_half_are_equally_far_from_zero(self):
        document = make.document(make.many(3), gaps=False)
        for test, change in zip(document["comparison"]["tests"], (1.0, -0.5, 0.0)):
            test.update(change=change, interval=[change, change], control=None)
        page, _ = self.page(forest, document)
        axes = page.figure.axes[0]
        shapes = {style.VERDICT_LOOK[v].marker for v in style.VERDICT_LOOK}
        marks = sorted(line.get_xdata()[0] for line in axes.lines if line.get_marker() in shapes)
        self.assertAlmostEqual(marks[0], -log(2))
        self.assertAlmostEqual(marks[-1], log(2))
        self.assertEqual([t.get_text() for t in axes.get_xticklabels() if t.get_text()], ["−50 %", "0", "+50 %", "+100 %"])

    def test_verdicts_differ_in_colour_and_in_shape(self):
        looks = style.VERDICT_LOOK.values()
        self.assertEqual((len({k.colour for k in looks}), len({k.marker for k in looks})), (4, 4))
        self.assertEqual(len({k.marker + str(k.open) for k in style.ROLE_LOOK.values()}), 3)

    def test_band_is_the_tolerance_of_the_row(self):
        page, _ = self.page(forest)
        bands = [p for p in page.figure.axes[0].patches if type(p) is matplotlib.patches.Rectangle]
        widths = sorted(round(p.get_width() / 2, 6) for p in bands)
        tests = json.loads(TEXT)["comparison"]["tests"]
        self.assertEqual(widths, sorted(round(log(1 + t["tolerance"]), 6) for t in tests))

    def test_what_a_reader_must_know_is_on_the_picture(self):
        _, text = self.page(forest)
        for part in ("B core:pool-lazy against A core:pool: what changed", "3 regressed · 2 inconclusive · 3 same · 2 improved",
                     "control outside the tolerance; how many blocks would settle it cannot be said", "about 120 blocks would settle it",
                     "tolerance 14 %", "expected: the reset now writes", "exact counter changed: faults.minor 64 → 0 (expected: lazy tables touch no page)",
                     "exact counter changed: release bytes.copied ? → 65,536", "coverage: skipped in B only: no userfaultfd", "skipped: not fetched",
                     "failed: A core:pool: leak", "Unfit for a verdict: transparent huge pages", "3 of 339 blocks run again", "1 block still disturbed",
                     "Order effect", "A′ outside the tolerance", "near 0", "SYNTHETIC DATA", "abc1234"):
            self.assertIn(part, text)

    def test_small_effects_need_no_second_panel(self):
        page, _ = self.page(forest, make.document(make.EFFECTS[2:3], gaps=False))
        self.assertEqual(len(page.figure.axes), 1)

    def test_many_rows_fill_several_pages_that_share_their_axis(self):
        pages = self.pages(forest, make.document(make.many(100), gaps=False))
        self.assertEqual(list(pages), ["forest-1", "forest-2", "forest-3"])
        self.assertEqual(len({page.figure.axes[0].get_xlim() for page, _, _ in pages.values()}), 1)
        tests = [row.test for _, sheet, _ in pages.values() for row in sheet.rows]
        self.assertEqual(len(tests), 100)
        self.assertEqual([t.change for t in tests], sorted((t.change for t in tests), reverse=True))
        for stem, (page, _, _) in pages.items():
            self.assertLess(page.height, 18)
            self.check_layout(stem, page)

    def test_only_failures_are_a_picture_too(self):
        document = json.loads(TEXT)
        document["comparison"].update(tests=[], shown=[], counters=[], blocks=[])
        page, text = self.page(forest, document)
        self.assertIn("failed: A core:pool: leak", text)
        self.check_layout("failures", page)

    def test_what_the_command_line_leaves_out_is_no_gap(self):
        code, listed, _ = run(COMPARISON, "--chart", "forest", "--modules", "sqlite", "--format", "svg", "--out", self.folder / "out")
        self.assertEqual(code, 0)
        self.assertEqual([r["case"] for r in table(listed[1]) if r["kind"] == "not compared"], ["fastly none s1"])  # it is no case of the file

    def test_an_injected_slowdown_is_said(self):
        document = json.loads(TEXT)
        document["comparison"]["injected"] = "5%"
        self.assertIn("On purpose, B was made slower (--inject 5%)", self.page(forest, document)[1])


class Blocks(Comparison):
    def test_every_block_is_in_the_table_and_only_those_that_count_are_lines(self):
        blocks = json.loads(TEXT)["comparison"]["blocks"]
        rows = self.rows(block_pairs)
        self.assertEqual(len(rows), len(blocks))
        self.assertEqual(sum(r["counts"] == "false" for r in rows), 3)
        page, text = self.page(block_pairs)
        drawn = [line for axes in page.figure.axes for line in axes.lines if line.get_linewidth() in (0.7, 1) and len(line.get_xdata()) == 2
                 and line.get_linestyle() in ("-", ":") and line.get_xdata()[0] + 1 == line.get_xdata()[1]]
        self.assertEqual(len(drawn), sum(b["counts"] for b in blocks))
        self.assertEqual(sum(line.get_linestyle() == ":" for line in drawn), 1)
        self.assertIn("disturbed, counted", text)
        for stage in ("screen, 18 blocks", "confirm, 30 blocks"):
            self.assertIn(stage, text)

    def test_ratio_of_the_table_is_that_of_the_pair(self):
        for row in self.rows(block_pairs)[:20]:
            self.assertAlmostEqual(float(row["b_over_a"]), float(row["b_cycle_ns"]) / float(row["a_cycle_ns"]), places=4)

    def test_a_quiet_machine_does_not_fill_a_panel(self):
        document = make.document([make.Effect("m", "none", 1, 1000, 0, 0.00001, "same", 0)], gaps=False)
        page, _ = self.page(block_pairs, document)
        low, high = page.figure.axes[0].get_ylim()
        self.assertGreater(high / low, versus.LEAST_SPAN)

    def test_a_saved_result_has_no_pairs_and_it_is_said(self):
        code, listed, err = run(self.write(make.unpaired()), "--format", "svg", "--out", self.folder / "out")
        self.assertEqual(code, 0)
        self.assertNotIn("blocks.svg", [Path(p).name for p in listed])
        self.assertIn("no blocks chart: it needs blocks with a time of both arms", err)
        self.assertIn("Not paired: one side is a saved result.", self.page(forest, make.unpaired())[1])


class Distribution(Comparison):
    def test_shares_end_at_all_of_the_judged_stage(self):
        rows = self.rows(ecdf)
        ends = {}
        for row in rows:
            ends[row["case"], row["role"]] = (float(row["share_no_longer"]), row["stage"], int(row["processes"]))
        self.assertEqual(ends["sqlite touch(w16) s64", "A′"], (1.0, "confirm", 30))
        self.assertEqual(ends["sqlite none s1", "A"], (1.0, "screen", 18))
        self.assertNotIn(("sqlite none s1", "A′"), ends)

    def test_a_saved_side_comes_from_its_cells(self):
        rows = self.rows(ecdf, make.unpaired())
        self.assertEqual({r["stage"] for r in rows}, {"unpaired"})
        self.assertEqual({r["role"] for r in rows}, {"A", "B"})


class RunOrder(Comparison):
    def test_marks_are_all_processes_and_what_does_not_count_is_crossed(self):
        blocks = json.loads(TEXT)["comparison"]["blocks"]
        page, text = self.page(run_order)
        crosses = sum(len(line.get_xdata()) for axes in page.figure.axes for line in axes.lines if line.get_marker() == "x")
        self.assertEqual(crosses, sum(len(b["cycle_ns"]) for b in blocks if not b["counts"]))
        size = run_order.RING["markersize"]
        rings = sum(len(line.get_xdata()) for axes in page.figure.axes for line in axes.lines if line.get_markersize() == size)
        self.assertEqual(rings, sum(len(b["cycle_ns"]) for b in blocks if b["counts"] and b["disturbed"]))
        self.assertIn("run again, does not count", text)
        self.assertIn("B against its own median (−86.1 % against A's)", text)

    def test_table_is_in_the_order_of_time(self):
        rows = self.rows(run_order)
        times = [float(r["at_s"]) for r in rows]
        self.assertEqual(times, sorted(times))
        row = next(r for r in rows if r["case"] == "sqlite none s1")
        self.assertAlmostEqual(float(row["a_change"]), float(row["a_cycle_ns"]) / float(row["median_a_ns"]) - 1, places=4)

    def test_cases_without_blocks_are_named(self):
        document = json.loads(TEXT)
        document["comparison"]["blocks"] = [b for b in document["comparison"]["blocks"] if b["case"] != "indirect-calls none s64"]
        for chart in (block_pairs, ecdf, run_order):
            self.assertIn("not drawn, for want of blocks in the file: indirect-calls none s64.", self.page(chart, document)[1])

    def test_blocks_without_a_time_of_day_are_counted(self):
        document = json.loads(TEXT)
        for block in document["comparison"]["blocks"][:5]:
            block["at_s"] = None
        self.assertIn("Not drawn: 5 blocks whose time of day is not in the file.", self.page(run_order, document)[1])


class Layout(Comparison):
    def test_nothing_leaves_the_page_or_lies_on_another_text(self):
        documents = {
            "fixture": None, "one": make.document(make.EFFECTS[2:3], gaps=False), "far": make.document(make.EFFECTS[:1], gaps=False),
            "two": make.document(make.EFFECTS[1:3]), "unpaired": make.unpaired(), "many": make.document(make.many(25), gaps=False)}
        for label, change in (("slow", 40.0), ("fast", -0.9999), ("none", 0.0001), ("half", -0.5)):
            documents[label] = make.document([make.Effect("m", "none", 1, 5e5, change, 0.004, "same", 18), make.EFFECTS[5]], gaps=False)
        text = TEXT.replace("core:pool-lazy", LONG_ARM).replace("spidermonkey", "/tmp/somewhere/a module $with$ a rather long name and a_{1}.wasm#2")
        documents["long"] = json.loads(text.replace("not fetched; instbench fetch fastly gets it", "no " * 100))
        long = documents["long"]["comparison"]
        long.update(warnings=["word " * 60] * 7, counters=long["counters"][1:3] * 6, redone=dict(long["redone"], lean="B"))
        for name, document in documents.items():
            for chart in CHARTS:
                pages = self.pages(chart, document)
                self.assertTrue(pages or (chart, name) == (block_pairs, "unpaired"), name)
                for stem, (page, _, _) in pages.items():
                    self.check_layout(f"{name} {stem}", page)
                    self.assertNotIn("/tmp/somewhere", " ".join(words(page)), stem)

    def test_provenance_and_conditions_are_on_every_picture(self):
        for chart in CHARTS:
            _, text = self.page(chart)
            for fact in ("SYNTHETIC DATA", "abc1234, uncommitted changes", "THP never", "Timed: one whole cycle", "S: instances alive at once"):
                self.assertIn(fact, text, chart.NAME)
            if chart is not forest:
                self.assertIn("S=512, V=5 %, B=1", text)
                self.assertIn("Not compared: leaky touch(w16) s64 (failed: A core:pool: leak", text)

    def test_arms_look_the_same_in_the_older_charts(self):
        result = result_file.load(COMPARISON)
        looks = style.looks(result.arms)
        self.assertEqual([looks[arm] for arm in (make.A, make.B, make.CONTROL)], list(style.ROLE_LOOK.values()))
        for page, _, _ in self.pages(before_after).values():
            self.assertIn("A′ core:pool", words(page))


class Words(unittest.TestCase):
    def test_changes(self):
        for change, text in ((0.0341, "+3.4 %"), (-0.861, "−86.1 %"), (1.134, "+113 %"), (-0.0001, "+0.0 %"), (12.3456, "+1,235 %"), (None, "?")):
            self.assertEqual(versus.percent(change), text)
        self.assertEqual(versus.interval((-0.865, -0.857)), "[−86.5, −85.7]")

    def test_ticks_fit(self):
        for low, high in ((-0.05, 0.05), (-0.6, 0.6), (-2, 0.1), (-7, 0.1), (-0.1, 4), (-30, 30), (-0.0002, 0.0003)):
            ticks = versus.change_ticks(low, high, 3.5)
            self.assertTrue(1 <= len(ticks) <= 20, (low, high, ticks))
            self.assertTrue(all(low <= log(1 + t) <= high for t in ticks))


if __name__ == "__main__":
    unittest.main()
