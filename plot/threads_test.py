#!/usr/bin/python3
"""Tests of the chart of several threads. Run: /usr/bin/python3 -B plot/threads_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import re
import unittest
from pathlib import Path

from testing import ENGINES, FIXTURE, Scratch, fixture, run, table, words

import threads


class Threads(Scratch):
    def document(self, counts=(1, 2, 4), slots=(1, 64), without=()):
        """Two arms: one that scales, one whose threads take turns."""
        document = fixture()
        document["arms"] = [{"id": "core:pool"}, {"id": "wasmtime:pooling", "facts": ENGINES["wasmtime:pooling"]}]
        document["cases"], document["cells"] = [], []
        for s in slots:
            for t in counts:
                name = f"m touch(w16) s{s}" + (f" t{t}" if t > 1 else "")
                document["cases"].append({"id": name, "module": "m", "workload": {"kind": "touch", "write": 16}, "slots": s, "threads": t})
                for arm, ns in (("core:pool", 1000.0), ("wasmtime:pooling", 1000.0 * t)):
                    batch = {"real_ns": [ns * 0.9, ns, ns * 1.1], "median_real_ns": ns}
                    cell = {"case": name, "arm": arm, "status": "ok", "verified": True, "batch": batch}
                    if (arm, t) in without:
                        cell = {"case": name, "arm": arm, "status": "skipped", "reason": "one thread too many"}
                    document["cells"].append(cell)
        return document

    def test_modules_that_share_a_pool_are_drawn_for_each_pool_by_itself(self):
        document = self.document(slots=(1,))
        for case in list(document["cases"]):
            for pool, order in ((4, "uniform"), (8, "uniform"), (8, "rotate")):
                name = case["id"].replace("m ", "mix(a+b) ").replace(" s1", f" s1 p{pool}") + (" rotate" if order == "rotate" else "")
                document["cases"].append(dict(case, id=name, module="mix(a+b)", mix={"modules": ["a", "b"], "pool": pool, "order": order}))
                document["cells"] += [dict(cell, case=name) for cell in list(document["cells"]) if cell["case"] == case["id"]]
        path = self.write(document)
        self.assertEqual(run(path, "--out", self.folder / "all", "--format", "svg")[0], 0)  # no other chart chokes on them
        code, listed, err = run(path, "--chart", "threads", "--out", self.folder / "out", "--format", "svg")
        self.assertEqual((code, err), (0, ""))
        tables = {Path(line).stem: table(line) for line in listed if line.endswith(".csv") and "mix" in line}
        self.assertEqual({re.search(r"-p.*", stem).group() for stem in tables}, {"-p4", "-p8", "-p8-rotate"})
        self.assertEqual({len(rows) for rows in tables.values()}, {3 * 2})

    def test_throughput_and_efficiency_are_those_of_the_file(self):
        path = self.write(self.document())
        code, listed, err = run(path, "--chart", "threads", "--out", self.folder / "out", "--format", "svg")
        self.assertEqual((code, err), (0, ""))
        rows = table(listed[1])
        self.assertEqual(len(rows), 2 * 3 * 2)
        for row in rows:
            n, scales = int(row["threads"]), row["arm"] == "core:pool"
            self.assertAlmostEqual(float(row["cycles_per_second"]), 1e6 * (n if scales else 1), delta=10)
            self.assertAlmostEqual(float(row["efficiency"]), 1 if scales else 1 / n, places=5)
            self.assertLessEqual(float(row["efficiency_low"]), float(row["efficiency"]))

    def test_panels_of_a_column_share_their_axes_and_efficiency_starts_at_zero(self):
        (page, _, _), = self.figures(threads, self.document()).values()
        self.check_layout("threads", page)
        axes = page.figure.axes
        self.assertEqual(len(axes), 6)
        for one, other in zip(axes[:3], axes[3:]):
            self.assertEqual((one.get_xlim(), one.get_ylim()), (other.get_xlim(), other.get_ylim()))
        self.assertEqual(axes[2].get_ylim()[0], 0)
        self.assertIn("S=64, V=0 %, B=0", words(page))

    def test_the_dashed_lines_stay_inside_and_ticks_enclose_the_points(self):
        (page, _, _), = self.figures(threads, self.document(counts=(1, 2, 8))).values()
        for axes in (page.figure.axes[i] for i in (0, 1, 3, 4)):
            low, high = axes.get_ylim()
            drawn = [y for line in axes.lines for y in line.get_ydata(orig=True) if y != 0 and y != 1]
            ticks = [at for at in axes.get_yticks() if low * 0.999 <= at <= high * 1.001]
            self.assertLessEqual(max(drawn), high)
            self.assertLessEqual(min(ticks), min(drawn))
            self.assertGreaterEqual(max(ticks), max(drawn))

    def test_without_one_thread_there_is_no_efficiency_and_it_is_said(self):
        (page, _, _), = self.figures(threads, self.document(without={("wasmtime:pooling", 1), ("core:pool", 4)})).values()
        text = " ".join(words(page))
        self.assertIn("No efficiency, for want of a batch time with one thread: wasmtime:pooling (S=1), wasmtime:pooling (S=64).", text)
        self.assertIn("Not drawn: pool in m touch(w16) s1 t4; m touch(w16) s64 t4: skipped (one thread too many).", text)

    def test_one_slot_alone_is_called_flattering(self):
        (page, _, _), = self.figures(threads, self.document(slots=(1,))).values()
        self.assertIn("S=1 only", " ".join(words(page)))

    def test_a_file_of_one_thread_has_no_such_chart_and_says_so(self):
        self.assertEqual(self.figures(threads), {})
        self.assertEqual(self.figures(threads, self.document(counts=(2,))), {})
        self.assertEqual(self.figures(threads, self.document(without={(a, t) for a in ("core:pool", "wasmtime:pooling") for t in (2, 4)})), {})
        code, _, err = run(FIXTURE, "--chart", "threads", "--out", self.folder / "out")
        self.assertEqual(code, 2)
        self.assertIn("no threads chart: it needs a case with batch times at two or more numbers of threads", err)


if __name__ == "__main__":
    unittest.main()
