#!/usr/bin/python3
"""Tests of the chart of a call's cost against its argument. Run: /usr/bin/python3 -B plot/argument_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import unittest
from pathlib import Path

from testing import FIXTURE, Scratch, fixture, run, table, words

from matplotlib.backends.backend_agg import FigureCanvasAgg

import cost_vs_argument as chart
from sweep import Line

LAZY, EAGER, KEPT = "core:pool-lazy", "core:pool", "core:pool,table-reset=refill"
# Costs by argument, in ns: the lazy one costs 10 a step, the others 0: they meet at 100 and at 20.
COSTS = {LAZY: lambda k: 1000 + 10 * k, EAGER: lambda k: 2000, KEPT: lambda k: 1200}


def sweep(arguments=(0, 1, 8, 64, 512), costs=None, spread=0.01, slots=(1, 64)):
    """The fixture's document with cells of f(k) only; `costs` by arm, each process `spread` above or below."""
    costs = costs or COSTS
    document = fixture()
    document["arms"] = [{"id": arm} for arm in costs]
    document["cases"], document["cells"] = [], []
    for s in slots:
        for k in arguments:
            name = f"m call(f({k})) s{s}"
            document["cases"].append({"id": name, "module": "m", "workload": {"kind": "call"}, "slots": s, "vary": 0, "bystanders": 0, "threads": 1})
            for arm, cost in costs.items():
                document["cells"].append({"case": name, "arm": arm, "status": "ok", "verified": True, "counters": {"cycle": {}}, "batch": {
                    "real_ns": [cost(k) * (1 - spread), cost(k), cost(k) * (1 + spread)], "median_real_ns": cost(k)}})
    return document


def points(values, spread=0.0):
    """A line with stand-ins for its cells."""
    class Cell:
        def __init__(self, ns):
            self.median_ns, self.low_ns, self.high_ns = ns, ns * (1 - spread), ns * (1 + spread)
    return [(k, Cell(ns)) for k, ns in values]


def meeting(lazy, eager, spread=0.0):
    return chart.break_even(1, Line(LAZY, points(lazy, spread)), Line(EAGER, points(eager, spread)))


class BreakEven(unittest.TestCase):
    def test_lies_where_the_medians_meet_between_measured_points(self):
        found = meeting([(0, 10), (10, 20), (20, 40)], [(0, 25), (10, 25), (20, 25)])
        self.assertEqual((found.at, found.clear_below, found.clear_above), (12.5, 10, 20))

    def test_is_nowhere_when_lazy_is_not_dearer_in_the_end(self):
        found = meeting([(0, 10), (10, 20)], [(0, 25), (10, 25)])
        self.assertIsNone(found.at)
        self.assertIn("pool-lazy is never dearer than pool, up to 10 (in every process cheaper up to 10).", found.words)
        found = meeting([(0, 10), (10, 30), (1000, 20)], [(0, 25), (10, 25), (1000, 25)])
        self.assertIsNone(found.at)
        self.assertIn("dearer than pool only at 10", found.words)

    def test_is_the_first_point_when_lazy_is_dearer_at_all(self):
        found = meeting([(0, 10), (10, 20)], [(0, 5), (10, 5)])
        self.assertEqual((found.at, found.clear_below, found.clear_above), (0, None, 0))

    def test_one_noisy_point_is_no_place_from_which_on_anything_is_dearer(self):
        eager = [(k, 25) for k in (0, 10, 20, 30, 40)]
        found = meeting([(0, 10), (10, 26), (20, 15), (30, 20), (40, 30)], eager)
        self.assertEqual((found.at, found.dearer_at, found.clear_below, found.clear_above), (35, [10, 40], 0, 40))

    def test_points_where_the_processes_overlap_are_not_told_apart(self):
        lazy, eager = [(0, 10), (10, 24), (20, 26), (30, 60)], [(k, 25) for k in (0, 10, 20, 30)]
        found = meeting(lazy, eager, spread=0.1)
        self.assertEqual((found.at, found.clear_below, found.clear_above), (15, 0, 30))
        found = meeting([(0, 24), (10, 26)], [(0, 25), (10, 25)], spread=0.5)
        self.assertEqual((found.clear_below, found.clear_above), (None, None))
        self.assertIn("(the processes overlap everywhere)", found.words)

    def test_only_points_of_both_count(self):
        self.assertEqual(meeting([(0, 10), (5, 99), (20, 40)], [(0, 25), (20, 25)]).at, 10)
        self.assertIsNone(meeting([(0, 10)], [(1, 25)]))


class Picture(Scratch):
    def test_break_evens_are_marked_and_noted_for_each_number_of_slots(self):
        (stem, (page, _, _)), = self.figures(chart, sweep()).items()
        self.assertEqual(stem, "cost-vs-argument-m-f")
        text = " ".join(words(page))
        for s in (1, 64):
            self.assertIn(f"Break-even, S={s}: pool-lazy is dearer than pool from about 100 on (in every process cheaper up to 64 and "
                          "dearer from 512).", text)
            self.assertIn(f"Break-even, S={s}: pool-lazy is dearer than pool,table-reset=refill from about 20 on", text)
        for axes in page.figure.axes:
            dotted = sorted(round(line.get_xdata()[0], 6) for line in axes.lines if line.get_linestyle() == ":")
            self.assertEqual(dotted, [20, 100])
            self.assertIn("pool-lazy = pool: 100", [t.get_text() for t in axes.texts])

    def test_strategies_that_differ_in_more_than_their_tables_are_not_compared(self):
        costs = {LAZY: COSTS[LAZY], "core:eager": COSTS[EAGER], "core:overlay": COSTS[EAGER]}
        (page, group, result), = self.figures(chart, sweep(costs=costs)).values()
        self.assertEqual(chart.break_evens(result, group), [])
        self.assertNotIn("Break-even", " ".join(words(page)))

    def test_without_a_break_even_no_line_is_drawn(self):
        (page, _, _), = self.figures(chart, sweep((0, 1, 8))).values()
        self.assertIn("never dearer than pool, up to 8", " ".join(words(page)))
        self.assertEqual([line for axes in page.figure.axes for line in axes.lines if line.get_linestyle() == ":"], [])

    def test_table_is_the_file_with_the_break_even_on_the_lazy_rows(self):
        path = self.write(sweep())
        code, listed, err = run(path, "--chart", "cost-vs-argument", "--out", self.folder / "out", "--format", "svg")
        self.assertEqual((code, err, [Path(p).suffix for p in listed]), (0, "", [".svg", ".csv"]))
        rows = table(listed[1])
        self.assertEqual(len(rows), 2 * 5 * 3)
        for row in rows:
            self.assertEqual((row["export"], float(row["median_ns"])), ("f", COSTS[row["arm"]](int(row["argument"]))))
            self.assertEqual(row["break_even"], f"{EAGER} at 100; {KEPT} at 20" if row["arm"] == LAZY else "")
            if row["arm"] == LAZY:
                self.assertAlmostEqual(float(row["line_ns_per_step"]), 10)

    def test_a_failed_cell_is_named_and_is_no_point(self):
        document = sweep()
        for cell in document["cells"]:
            if cell["case"] == "m call(f(512)) s1" and cell["arm"] == LAZY:
                cell.update(status="failed", reason="wrong answer", batch=None)
        (page, _, _), = self.figures(chart, document).values()
        text = " ".join(words(page))
        self.assertIn("Not drawn: pool-lazy in m call(f(512)) s1: failed (wrong answer).", text)
        self.assertIn("Break-even, S=1: pool-lazy is never dearer than pool, up to 64", text)

    def test_tick_labels_of_a_fine_sweep_do_not_touch(self):
        (page, _, _), = self.figures(chart, sweep((0, *(2 ** i for i in range(14))))).values()
        FigureCanvasAgg(page.figure).draw()
        for axes in page.figure.axes:
            labels = axes.get_xticklabels()
            self.assertEqual((labels[0].get_text(), labels[-1].get_text()), ("0", "8,192"))
            boxes = [label.get_window_extent() for label in labels]
            self.assertTrue(all(a.x1 < b.x0 for a, b in zip(boxes, boxes[1:])), [label.get_text() for label in labels])

    def test_each_export_has_its_picture_and_one_argument_has_none(self):
        document = sweep()
        other = sweep()
        for item in other["cases"]:
            item["id"] = item["id"].replace("f(", "g(")
        for item in other["cells"]:
            item["case"] = item["case"].replace("f(", "g(")
        document["cases"] += other["cases"]
        document["cells"] += other["cells"]
        self.assertEqual(list(self.figures(chart, document)), ["cost-vs-argument-m-f", "cost-vs-argument-m-g"])
        self.assertEqual(self.figures(chart, sweep((0, 8))), {})
        code, _, err = run(FIXTURE, "--chart", "cost-vs-argument", "--out", self.folder / "out")
        self.assertEqual(code, 2)
        self.assertIn("--invoke 'f({0,1,8,64})'", err)


if __name__ == "__main__":
    unittest.main()
