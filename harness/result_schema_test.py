#!/usr/bin/env python3
"""The checked-in schema of results: a real run satisfies it, and a renamed, missing or misplaced key does not."""

import copy
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    raise SystemExit(77)

SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent))
SCHEMA = json.loads((SOURCE / "harness/report/result-1.schema.json").read_text())
FOLDER = tempfile.TemporaryDirectory()


def measure(*arguments, verb="run", length=("--blocks=2",)):
    """The result of a short run."""
    out = Path(FOLDER.name) / "result.json"
    environment = dict(os.environ, INSTBENCH_HOME=str(SOURCE), XDG_CACHE_HOME=FOLDER.name + "/cache")
    command = [os.environ["INSTBENCH"], verb, *arguments, *length, "--batch-ms=2", "--force", "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}: {done.stderr}")
    return json.loads(out.read_text())


class ResultSchema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.result = measure("smoke")

    def is_valid(self, result):
        return jsonschema.Draft7Validator(SCHEMA).is_valid(result)

    def test_the_schema_is_one(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_a_run_satisfies_it(self):
        jsonschema.validate(self.result, SCHEMA, cls=jsonschema.Draft7Validator)
        self.assertTrue(any(cell["status"] == "ok" for cell in self.result["cells"]))

    def test_a_comparison_satisfies_it(self):
        compared = measure("one-segment", "--touch=slots=1", "--a=core:pool", "--b=core:pool-lazy", verb="compare",
                           length=("--screen-blocks=6", "--confirm-blocks=18"))
        jsonschema.validate(compared, SCHEMA, cls=jsonschema.Draft7Validator)
        self.assertEqual(len(compared["comparison"]["tests"]), 1)

    def test_modules_that_share_a_pool_satisfy_it(self):
        mixed = measure("--mix", "one-segment", "start-writes-memory", "--touch=slots=1", "--arm=core:pool-lazy")
        jsonschema.validate(mixed, SCHEMA, cls=jsonschema.Draft7Validator)
        self.assertEqual((mixed["cases"][0]["mix"]["pool"], mixed["cells"][0]["status"]), (1, "ok"))
        for key in mixed["cases"][0]["mix"]:
            changed = copy.deepcopy(mixed)
            changed["cases"][0]["mix"][key + "_renamed"] = changed["cases"][0]["mix"].pop(key)
            self.assertFalse(self.is_valid(changed), key)

    def test_refused_cells_satisfy_it(self):
        jsonschema.validate(measure("must-fail"), SCHEMA, cls=jsonschema.Draft7Validator)

    def test_every_renamed_key_is_noticed(self):
        ok = next(i for i, cell in enumerate(self.result["cells"]) if cell["status"] == "ok")
        places = [(), ("tool",), ("run",), ("machine",), ("modules", 0), ("arms", 0), ("cases", 0), ("cases", 0, "workload"),
                  ("cells", ok), ("cells", ok, "batch"), ("cells", ok, "noise")]
        for place in places:
            original = self.result
            for step in place:
                original = original[step]
            for key in original:
                changed = copy.deepcopy(self.result)
                target = changed
                for step in place:
                    target = target[step]
                target[key + "_renamed"] = target.pop(key)
                self.assertFalse(self.is_valid(changed), f"{place} {key}")

    def test_a_counter_is_exact_or_a_range(self):
        changed = copy.deepcopy(self.result)
        counters = next(cell["counters"]["cycle"] for cell in changed["cells"] if cell["status"] == "ok" and cell["counters"]["cycle"])
        counters[next(iter(counters))] = {"exact": True, "min": 1, "max": 1}
        self.assertFalse(self.is_valid(changed))

    def test_a_failed_cell_needs_its_reason(self):
        for reason, valid in (("leak", True), ("", False), (None, False)):
            changed = copy.deepcopy(self.result)
            cell = changed["cells"][0]
            changed["cells"][0] = {"case": cell["case"], "arm": cell["arm"], "status": "failed", "reason": reason}
            self.assertEqual(self.is_valid(changed), valid, reason)

    def test_no_host_user_or_folder(self):
        text = json.dumps(self.result)
        self.assertNotIn(os.uname().nodename + '"', text)
        self.assertNotIn(FOLDER.name, text)
        self.assertNotIn(str(Path.home()) + "/", text)


class ComparisonSchema(unittest.TestCase):
    """harness/report/comparison_fixture.json, which the tests of every text about a comparison use."""

    def setUp(self):
        self.result = json.loads((SOURCE / "harness/report/comparison_fixture.json").read_text())

    def is_valid(self, result):
        return jsonschema.Draft7Validator(SCHEMA).is_valid(result)

    def changed(self, *place_and_value):
        """The result with another value at a place, or with what a function makes of the value there."""
        *place, last, value = place_and_value
        changed = copy.deepcopy(self.result)
        target = changed["comparison"]
        for step in place:
            target = target[step]
        target[last] = value(target[last]) if callable(value) else value
        return changed

    def test_the_fixture_satisfies_it(self):
        jsonschema.validate(self.result, SCHEMA, cls=jsonschema.Draft7Validator)

    def test_every_renamed_key_is_noticed(self):
        places = [(), ("a",), ("tolerance",), ("tests", 0), ("tests", 0, "control"), ("tests", 0, "screen"), ("shown", 0), ("counters", 0),
                  ("counters", 0, "a"), ("blocks", 0), ("order_effect",), ("redone",), ("verdicts",)]
        for place in places:
            original = self.result["comparison"]
            for step in place:
                original = original[step]
            for key in original:
                renamed = {name + ("_renamed" if name == key else ""): value for name, value in original.items()}
                changed = self.changed(*place, renamed) if place else self.result | {"comparison": renamed}
                self.assertFalse(self.is_valid(changed), f"{place} {key}")

    def test_what_cannot_be_is_noticed(self):
        for changed in (self.changed("exit_code", 2), self.changed("tests", 0, "interval", [0.1]), self.changed("tests", 0, "change", -1.5),
                        self.changed("tests", 0, "verdict", "slower"), self.changed("tests", 2, "p_regressed", 0.5),
                        self.changed("tests", 0, "p_regressed", 2), self.changed("tests", 0, "stage", "unpaired"),
                        self.changed("shown", 0, "metric", "cycle"), self.changed("counters", 0, "verdict", "equal"),
                        self.changed("blocks", 0, "order", ["A", "A"]), self.changed("injected", "a lot"), self.changed("paired", False),
                        self.changed("redone", "lean", "C"), self.changed("tests", 0, "expected", "")):
            self.assertFalse(self.is_valid(changed))

    def test_what_is_not_known_may_be_null(self):
        for place in (("tests", 0, "interval"), ("tests", 0, "detectable"), ("tests", 0, "control"), ("tests", 5, "needs_blocks"),
                      ("order_effect",), ("counters", 0, "a"), ("blocks", 0, "cycle_ns", "A"), ("control",)):
            self.assertTrue(self.is_valid(self.changed(*place, None)), place)

    def test_a_comparison_names_its_mode(self):
        self.result["run"]["mode"] = "run"
        self.assertFalse(self.is_valid(self.result))
        del self.result["run"]["mode"]
        self.assertFalse(self.is_valid(self.result))


if __name__ == "__main__":
    unittest.main()
