#!/usr/bin/env python3
"""`instbench profile` and ITT: each phase of each cycle is one task of the collector that INTEL_LIBITTNOTIFY64 names.

Collectors are built here against the ittnotify that `instbench fetch ittapi` brought: a counting one of our own, and
Intel's reference collector, which logs every call. VTune itself is not needed.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from fetched import or_skip

INSTBENCH = os.environ["INSTBENCH"]
HERE = Path(__file__).resolve().parent
PHASES = ["release", "acquire", "init", "start", "work"]

or_skip("ittapi", "libinstbench_itt.so")


def ittnotify():
    """The folder of ittnotify's C sources, where cargo keeps what it built the library from."""
    for program in ("cargo", "cc"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
            raise SystemExit(77)
    done = subprocess.run(["cargo", "metadata", "--format-version=1", "--locked", "--offline", f"--manifest-path={HERE}/ittapi/Cargo.toml"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"skipped: cargo no longer has the sources of ittapi: {done.stderr.strip()}")
        raise SystemExit(77)
    manifest = next(package["manifest_path"] for package in json.loads(done.stdout)["packages"] if package["name"] == "ittapi-sys")
    return Path(manifest).parent / "c-library"


class Itt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder, sources = Path(folder.name), ittnotify()
        cls.counting, cls.reference = cls.folder / "counting.so", cls.folder / "reference.so"
        for collector, source in ((cls.counting, HERE / "ittapi/counting_collector.c"), (cls.reference, sources / "src/ittnotify_refcol/itt_refcol_impl.c")):
            subprocess.run(["cc", "-w", "-shared", "-fPIC", "-O1", f"-I{sources}/include", f"-I{sources}/src/ittnotify", str(source), "-o", str(collector)],
                           check=True)

    def profile(self, collector, *arguments, module="one-page", **environment):
        """The number of cycles, and what standard error said."""
        done = subprocess.run([INSTBENCH, "profile", module, "--seconds=0.1", *arguments], capture_output=True, text=True, check=False,
                              env=os.environ | {"INTEL_LIBITTNOTIFY64": str(collector)} | environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(re.match(r"(\d+) cycles, ", done.stdout)[1]), done.stderr

    def counted(self, *arguments, **options):
        counts = self.folder / "counts.json"
        counts.unlink(missing_ok=True)
        cycles, said = self.profile(self.counting, *arguments, COLLECTOR_COUNTS=str(counts), **options)
        self.assertIn(f"ITT tasks, instead of USDT probes, for the collector {self.counting}", said)
        return cycles, json.loads(counts.read_text())

    def test_every_phase_of_every_cycle_is_one_task(self):
        for module, *arguments in (("one-page", "--touch=write=1,slots=4"), ("one-page", "--arm=core:eager"), ("indirect-calls", "--call")):
            cycles, counts = self.counted(*arguments, module=module)
            self.assertGreater(cycles, 0)
            self.assertEqual(counts, {"domains": ["instbench"], "begins": dict.fromkeys(PHASES, cycles), "ends": 5 * cycles,
                                      "misplaced": 0, "out_of_order": 0, "open": 0}, (module, arguments))

    def test_a_domain_that_is_switched_off_gets_no_tasks(self):
        cycles, counts = self.counted(COLLECTOR_OFF="1")
        self.assertGreater(cycles, 0)
        self.assertEqual((counts["domains"], counts["begins"], counts["ends"]), (["instbench"], dict.fromkeys(PHASES, 0), 0))

    def test_intels_reference_collector_logs_the_same(self):
        cycles, _ = self.profile(self.reference, INTEL_LIBITTNOTIFY_LOG_DIR=str(self.folder))
        log = next(self.folder.glob("libittnotify_refcol_*.log")).read_text().splitlines()
        calls = collections.Counter(re.sub(r"^\[INFO\] | \(created.*", "", line) for line in log)
        expected = {f"__itt_task_begin(...) - function args: domain=instbench handle={phase}": cycles for phase in PHASES}
        expected |= {f"__itt_string_handle_create(...) - function args: name={phase}": 1 for phase in PHASES}
        self.assertEqual(calls, expected | {"__itt_domain_create(...) - function args: name=instbench": 1,
                                            "__itt_task_end(...) - function args: domain=instbench": 5 * cycles})

    def test_what_cannot_be_loaded_is_said(self):
        for collector, reason in (("", "no ITT tasks: INTEL_LIBITTNOTIFY64 names no collector"),
                                  (self.folder / "none.so", "no ITT tasks: INTEL_LIBITTNOTIFY64 names no collector that can be loaded")):
            self.assertIn(reason, self.profile(collector)[1])
        with tempfile.TemporaryDirectory() as empty:
            self.assertRegex(self.profile(self.counting, INSTBENCH_CACHE_DIR=empty)[1], r"no ITT tasks: ittapi [\d.]+ is not in the cache: run `instbench fetch ittapi`")


if __name__ == "__main__":
    unittest.main()
