#!/usr/bin/python3
"""Tests of the pictures of mixes, modules that share a pool. Run: /usr/bin/python3 -B plot/mix_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import unittest

from testing import Scratch, several_engines, table, run, words

import before_after
import engines

MIX = "mix(sqlite+lua)"


def mixed(pool=2):
    """The cases of sqlite as those of a mix; a phase's median is 150 ns or more, its mean 1,000 ns more."""
    document = several_engines()
    names = {case["id"]: case["id"].replace("sqlite", MIX) + f" p{pool}" for case in document["cases"] if case["module"] == "sqlite"}
    document["cases"] = [dict(case, id=names[case["id"]], module=MIX, mix={"modules": ["sqlite", "lua"], "pool": pool, "order": "uniform"})
                         for case in document["cases"] if case["id"] in names]
    document["cells"] = [dict(cell, case=names[cell["case"]]) for cell in document["cells"] if cell["case"] in names]
    document["modules"] = []
    for cell in document["cells"]:
        for spread in (cell.get("phases") or {}).values():
            if isinstance(spread, dict):
                spread["mean"] = spread["p50"] + 1000.0
    return document


class Mix(Scratch):
    def test_its_phases_are_means(self):
        document = mixed()
        (page, group, result), = self.figures(before_after, document).values()
        self.check_layout("mix", page)
        for cell in document["cells"]:
            found = result.cells[cell["case"], cell["arm"]]
            if cell["status"] == "ok":
                self.assertEqual(found.phases, {p: cell["phases"][p]["mean"] for p in found.phases})
                self.assertEqual(found.instantiate_ns, cell["phases"]["instantiate"]["mean"])
        text = " ".join(words(page))
        self.assertIn("not in the phase means", text)
        self.assertIn("Of a mix, phases are means, not medians", text)
        self.assertIn("Phases: means of a second pass", text)
        self.assertEqual({row[before_after.COLUMNS.index("phases_are")] for row in before_after.rows(result, group)} - {None}, {"mean"})

    def test_of_one_module_they_are_medians(self):
        (page, _, result), *_ = self.figures(before_after).values()
        self.assertEqual({case.average for case in result.cases}, {"p50"})
        text = " ".join(words(page))
        self.assertNotIn("Of a mix", text)
        self.assertIn("Phases: medians of a second pass", text)

    def test_a_phase_without_a_mean_is_not_drawn(self):
        document = mixed()
        for cell in document["cells"]:
            for spread in (cell.get("phases") or {}).values():
                if isinstance(spread, dict):
                    spread["mean"] = None
        (page, _, result), = self.figures(before_after, document).values()
        self.assertEqual({bool(cell.phases) for cell in result.cells.values()}, {False})
        self.assertIn("have no phases in the file", " ".join(words(page)))

    def test_engines_draws_the_mean_of_instantiate_and_says_so(self):
        document = mixed()
        page, _, _ = self.figures(engines, document)["engines"]
        self.assertIn("Of a mix, instantiate is a mean", " ".join(words(page)))
        _, listed, _ = run(self.write(document), "--chart", "engines", "--out", self.folder / "out", "--format", "svg")
        cells = {(cell["case"], cell["arm"]): cell for cell in document["cells"]}
        for row in table(listed[1]):
            self.assertEqual(row["instantiate_is"], "mean")
            self.assertEqual(float(row["instantiate_ns"]), cells[row["case"], row["arm"]]["phases"]["instantiate"]["mean"])


if __name__ == "__main__":
    unittest.main()
