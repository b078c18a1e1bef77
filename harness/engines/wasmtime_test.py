#!/usr/bin/env python3
"""Wasmtime through its C API: every preset on modules of one trait each, verified; what it lacks is said; exact counts, no times.

Needs libwasmtime.so in the user's cache (`instbench fetch wasmtime`); without it the tests are skipped.
"""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from fetched import or_skip

INSTBENCH = os.environ["INSTBENCH"]
SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent.parent))
LIBRARY = or_skip("wasmtime", "libwasmtime.so")

PRESETS = ["on-demand", "pooling", "pooling-keep"]
ARMS = [f"wasmtime:{preset}" for preset in PRESETS]


class Wasmtime(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.environment = {}

    def instbench(self, *arguments):
        return subprocess.run([INSTBENCH, *arguments], env=dict(os.environ, INSTBENCH_HOME=str(SOURCE), **self.environment), cwd=self.folder,
                              capture_output=True, text=True, timeout=600)

    def measure(self, *arguments, arms=tuple(ARMS)):
        done = self.instbench("run", *arguments, *[f"--arm={arm}" for arm in arms], "--blocks=3", "--batch-ms=1", "--out=result.json", "--force")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads((self.folder / "result.json").read_text())["cells"]

    def module(self, text):
        (self.folder / "own.wat").write_text(text)
        return "./own.wat"


class Verified(Wasmtime):
    def test_every_preset_on_every_trait(self):
        cells = self.measure("one-page", "one-segment", "overlapping-segments", "sparse-memory", "start-writes-memory", "mutable-globals", "two-tables",
                             "imported-functions-in-table", "passive-and-declared", "imported-memory", "imported-table", "indirect-calls", "--touch=slots=1,3")
        for cell in cells:
            self.assertEqual(cell["status"], "ok", cell)
        # What is not exported cannot be looked into: that is said, and not taken for verified.
        unseen = {cell["case"].split()[0] for cell in cells if cell["verified"] is None}
        self.assertLessEqual(unseen, {"imported-memory", "sparse-memory", "one-segment", "overlapping-segments", "mutable-globals", "two-tables"})
        for cell in cells:
            if cell["verified"] is None:
                self.assertIn("memory 0", cell["facts"]["not_compared"])

    def test_touched_pages_are_the_faults_of_a_cycle(self):
        for cell in self.measure("one-page", "--touch=write=4,slots=1,3", arms=("core:pool-lazy", "wasmtime:on-demand", "wasmtime:pooling")):
            self.assertEqual(cell["counters"]["cycle"]["faults.minor"]["value"], 4, cell["arm"])
            self.assertTrue(cell["verified"])

    def test_a_pool_that_keeps_pages_resident_faults_no_more(self):
        cell = self.measure("one-page", "--touch=write=4", arms=("wasmtime:pooling-keep",))[0]
        self.assertNotIn("faults.minor", cell["counters"]["cycle"])
        self.assertTrue(cell["verified"])

    def test_phases_that_it_cannot_part_are_unknown(self):
        cell = self.measure("start-writes-memory", arms=("wasmtime:pooling",))[0]
        self.assertIsNone(cell["phases"]["start"])
        self.assertIsNone(cell["first"]["start"])
        self.assertGreater(cell["phases"]["init"]["p50"], 0)

    def test_system_calls_are_counted_by_ptrace(self):
        on_demand, pooling = self.measure("one-page", "--touch=write=1", arms=("wasmtime:on-demand", "wasmtime:pooling"))
        if "unsupported" in on_demand["trace"]:
            self.skipTest(on_demand["trace"]["unsupported"])
        self.assertGreaterEqual(on_demand["counters"]["cycle"]["syscalls.mmap"]["value"], 1)
        self.assertNotIn("syscalls.mmap", pooling["counters"]["cycle"])
        self.assertGreaterEqual(pooling["counters"]["cycle"]["syscalls.madvise"]["value"], 1)


class Refusals(Wasmtime):
    def assert_usage(self, arm, *words):
        done = self.instbench("run", "one-page", f"--arm={arm}")
        self.assertEqual(done.returncode, 2, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_axes(self):
        self.assert_usage("wasmtime:poling", "did you mean 'pooling'?", "on-demand")
        self.assert_usage("wasmtime:pooling,keep=lots", "takes a size")
        self.assert_usage("wasmtime:on-demand,keep=1MiB", "'keep' is for allocator=pooling")
        self.assert_usage("wasmtime:on-demand,cow=perhaps", "takes on or off")

    def reason(self, *arguments, arm):
        cell = self.measure(*arguments, arms=(arm,))[0]
        self.assertEqual(cell["status"], "skipped", cell)
        return cell["reason"]

    def test_what_the_pool_has_no_room_for_is_skipped(self):
        self.assertIn("pool=2 has no room for slots=3", self.reason("one-page", "--touch=slots=3", arm="wasmtime:pooling,pool=2"))
        own = self.module('(module (memory (export "memory") 3))')
        self.assertIn("raise it with max-memory=192KiB", self.reason(own, "--touch=slots=1", arm="wasmtime:pooling,max-memory=64KiB,reserve=64KiB"))

    def test_a_table_beyond_the_pools_limit_names_the_setting_and_fits_with_it(self):
        own = self.module('(module (table (export "table") 30000 funcref))')
        self.assertIn("raise it with table-elements=30000", self.reason(own, "--touch=slots=1", arm="wasmtime:pooling"))
        cell = self.measure(own, "--touch=slots=1", arms=("wasmtime:pooling,table-elements=30000",))[0]
        self.assertEqual(cell["status"], "ok", cell)

    def test_injection_and_calls_are_the_cores(self):
        own = self.module('(module (func (export "f") (result i32) (i32.const 1)))')
        self.assertIn("cannot do the workload 'call'", self.reason(own, "--invoke=f()=1", arm="wasmtime:pooling"))


class Failures(Wasmtime):
    def test_damaged_code_is_compiled_anew(self):
        self.environment = {"INSTBENCH_CACHE_DIR": str(self.folder / "cache")}
        arm = f"wasmtime@{LIBRARY}:pooling"
        self.measure("one-page", arms=(arm,))
        kept = next((self.folder / "cache" / "wasmtime").glob("*.code"))
        whole = kept.read_bytes()
        for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:len(whole) // 2], b""):
            kept.write_bytes(damaged)
            cell = self.measure("one-page", arms=(arm,))[0]
            self.assertEqual((cell["status"], cell["verified"]), ("ok", True), cell)
            self.assertEqual(len(kept.read_bytes()), len(whole))

    def test_a_trap_in_the_start_function_fails_the_cell(self):
        own = self.module("(module (func $f unreachable) (start $f))")
        cell = self.measure(own, "--touch=slots=1", arms=("wasmtime:pooling",))[0]
        self.assertEqual(cell["status"], "failed")
        self.assertTrue(cell["reason"].startswith("instantiation failed: "), cell["reason"])

    def test_a_segment_out_of_bounds_is_expected(self):
        cells = self.measure("must-fail")
        self.assertEqual({cell["status"] for cell in cells}, {"skipped"})
        for cell in cells:
            self.assertTrue(cell["reason"].startswith("expected: instantiation fails"), cell)


if __name__ == "__main__":
    unittest.main()
