#!/usr/bin/env python3
"""Engines as a user meets them: arms of worker programs, what they say of themselves, what they refuse, and how they fail.

The worker is a small program written from harness/engines/README.md alone; it makes no instances, so nothing here is about measuring.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

INSTBENCH = os.environ["INSTBENCH"]
SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent.parent))
CACHE = tempfile.TemporaryDirectory()

WORKER = '''#!{python} -S
import json, os, sys, time
request = json.load(sys.stdin)
strategy = request["arm"]["strategy"]
ENGINE = {{"name": "mine", "version": "1.2", "strategy": "mode=" + (strategy.split("=")[-1] or "fast"), "phases": ["init", "work"],
          "workloads": ["none", "touch"], "counters": ["faults"], "threads": 1, "slots": 64, "notes": ["init holds the store too"]}}
def answer(status="ok", reason=None, **more):
    print(json.dumps({{"protocol": 1, "status": status, "reason": reason, "engine": ENGINE, **more}}))
    sys.exit(0)
if request.get("describe"):
    if strategy == "slow":
        answer("refused", "mine: unknown mode 'slow'; available: fast, crash, hang, edited, absent")
    if strategy == "?" and os.environ.get("SETTINGS"):
        print(json.dumps({{"protocol": 1, "status": "ok", "reason": None, "settings": json.loads(os.environ["SETTINGS"])}}))
        sys.exit(0)
    if strategy == "?":
        answer("refused", "mine: modes are fast, crash, hang")
    if strategy == "absent":
        answer("skipped", "mine: its library is not installed")
    answer()
mode = ENGINE["strategy"].split("=")[1]
if request["passes"] == ["trace"]:
    for cycles in (0, 4, 12):
        for _ in range(cycles):
            os.getppid()
        os.kill(os.getpid(), 0)
    answer()
with open(os.environ["SEEN"], "a") as seen:
    seen.write(json.dumps(request) + "\\n")
if mode == "crash":
    print("about to fall", file=sys.stderr, flush=True)
    os.abort()
if mode == "hang":
    time.sleep(1000)
if mode == "edited":
    with open(__file__, "a") as program:
        program.write("# once more\\n")
spread = {{"mean": 1.0, "min": 1.0, "p50": 500.0, "p90": None, "p99": None}}
answer(verified=True, batch={{"iterations": 1, "real_ns": 1000.0, "cpu_ns": 1000.0}},
       first={{"acquire": None, "init": 1, "start": None, "work": 1, "release": None, "instantiate": 1, "cycle": 2, "path": None}},
       phases={{"samples": 20, "clock_ns": 20.0, "resolution_ns": 100.0, "acquire": None, "init": spread, "start": None, "work": spread,
               "release": None, "instantiate": spread, "cycle": spread}},
       counters={{"cycles": [4, 12], "cycle": {{"faults.minor": 2.0, "faults.major": 0.0}}}}, facts={{}}, noise={{}})
'''


class EngineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.worker = self.folder / "mine.py"
        self.worker.write_text(WORKER.format(python=sys.executable))
        self.worker.chmod(0o755)
        self.seen = self.folder / "seen.jsonl"

    def instbench(self, *arguments):
        environment = dict(os.environ, INSTBENCH_HOME=str(SOURCE), XDG_CACHE_HOME=CACHE.name, SEEN=str(self.seen))
        return subprocess.run([INSTBENCH, *arguments], env=environment, cwd=self.folder, capture_output=True, text=True, timeout=300)

    def measure(self, *arms, case=("one-page", "--touch=write=2")):
        done = self.instbench("run", *case, *[f"--arm={arm}" for arm in arms], "--blocks=3", "--batch-ms=1", "--out=result.json", "--force", "--timeout=5")
        return done, json.loads((self.folder / "result.json").read_text()) if (self.folder / "result.json").exists() else None


class Programs(EngineTest):
    def test_a_program_is_an_engine_beside_the_core(self):
        done, result = self.measure("core:pool-lazy", "mine@./mine.py:fast")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([cell["status"] for cell in result["cells"]], ["ok", "ok"])
        arm, cell = result["arms"][1], result["cells"][1]
        self.assertEqual((arm["id"], arm["engine"], arm["strategy"], arm["build"]), ("mine@./mine.py:fast", "mine", "mode=fast", "./mine.py"))
        self.assertEqual(arm["facts"]["version"], "1.2")
        self.assertIsNone(cell["phases"]["acquire"])
        self.assertIn("init holds the store too", done.stdout)

    def test_system_calls_of_a_program_are_counted_by_ptrace(self):
        _, result = self.measure("core:pool-lazy", "mine@./mine.py")
        cell = result["cells"][1]
        if "unsupported" in cell["trace"]:
            self.skipTest(cell["trace"]["unsupported"])
        self.assertEqual(cell["counters"]["cycle"]["syscalls.getppid"], {"exact": True, "value": 1})
        self.assertEqual(cell["counters"]["cycle"]["faults.minor"], {"exact": True, "value": 2})
        self.assertEqual(cell["engine"]["counters"], ["faults", "syscalls"])

    def test_a_program_is_told_what_the_core_touches(self):
        self.measure("mine@./mine.py", case=("one-page", "--touch=write=2,read=1,vary=0.5"))
        request = json.loads(self.seen.read_text().splitlines()[0])
        cycles = request["touches"]["cycles"]
        self.assertGreater(len(cycles), 1)
        for cycle in cycles:
            self.assertEqual((len(cycle["reads"]), len(cycle["writes"]), len(cycle["entries"])), (1, 2, 0))
            for place in cycle["reads"] + cycle["writes"]:
                self.assertTrue(place % 8 == 0 and 0 <= place < 65536, place)
        self.assertEqual(request["module"]["exports"]["memory_bytes"], 65536)

    def test_modules_that_share_a_pool_are_for_the_core_and_nobody_else_is_asked(self):
        done, result = self.measure("core:pool-lazy", "mine@./mine.py", case=("--mix", "one-page", "one-segment", "--touch=slots=1"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([cell["status"] for cell in result["cells"]], ["ok", "skipped"])
        self.assertEqual(result["cells"][1]["reason"], "modules that share one pool are measured in the core only")
        self.assertFalse(self.seen.exists())

    def test_what_does_not_fit_the_module_is_skipped_without_asking(self):
        done, result = self.measure("mine@./mine.py", case=("smoke", "--touch=write=100000"))
        self.assertEqual({cell["status"] for cell in result["cells"]}, {"skipped"})
        self.assertIn("do not fit", result["cells"][0]["reason"])
        self.assertFalse(self.seen.exists())
        self.assertEqual(done.returncode, 1)


class Settings(EngineTest):
    def ask(self, settings=None):
        environment = dict(os.environ, INSTBENCH_HOME=str(SOURCE), XDG_CACHE_HOME=CACHE.name, SEEN=str(self.seen))
        if settings is not None:
            environment["SETTINGS"] = json.dumps(settings)
        return subprocess.run([INSTBENCH, "run", "--arm=mine@./mine.py:?"], env=environment, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def test_a_program_says_what_it_accepts(self):
        done = self.ask({"presets": [{"name": "fast", "stands_for": "no checks", "sets": ""}],
                         "axes": [{"name": "mode", "takes": "fast|slow", "usual": "fast", "meaning": "how it runs"}]})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("--arm mine@./mine.py:PRESET", "no checks: the usual values", "mode=fast", "fast|slow: how it runs"):
            self.assertIn(word, done.stdout)

    def test_what_it_refuses_with_is_printed_and_half_an_answer_is_none(self):
        self.assertEqual((self.ask().returncode, self.ask().stdout), (0, "mine@./mine.py: mine: modes are fast, crash, hang\n"))
        done = self.ask({"presets": [{"name": "fast"}], "axes": []})
        self.assertEqual(done.returncode, 1)
        self.assertIn("lack presets or axes", done.stderr)


class Refusals(EngineTest):
    def assert_usage(self, arm, *words):
        done = self.instbench("run", "one-page", f"--arm={arm}")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_strategy_that_the_engine_refuses_is_a_usage_error(self):
        self.assert_usage("mine@./mine.py:slow", "unknown mode 'slow'", "available: fast")

    def test_an_unknown_engine_and_an_absent_program(self):
        self.assert_usage("wasmtim:pooling", "did you mean 'wasmtime'?")
        self.assert_usage("mine@./absent.py", "no such worker program: ./absent.py")
        self.assert_usage("v8@git+HEAD:default", "for the engine 'core'")
        self.assert_usage("core@build-old:pool", "compare")

    def test_the_same_arm_twice(self):
        done = self.instbench("run", "one-page", "--arm=mine@./mine.py", "--arm=mine@./mine.py:fast")
        self.assertEqual(done.returncode, 2)
        self.assertIn("is the same as", done.stderr)

    def test_an_engine_that_is_not_there_is_skipped_with_what_to_do(self):
        done, result = self.measure("core:pool-lazy", "wasmtime:pooling", "wasmtime@1.2.3", "wasmtime@./no/lib.so", "mine@./mine.py:absent")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([cell["status"] for cell in result["cells"]], ["ok"] + 4 * ["skipped"])
        reasons = [cell["reason"] for cell in result["cells"]]
        self.assertIn("run `instbench fetch wasmtime`", reasons[1])
        self.assertIn("wasmtime 1.2.3 is not in the cache: run `instbench fetch wasmtime@1.2.3`", reasons[2])
        self.assertEqual(reasons[3], "no such file: lib.so")
        self.assertEqual(reasons[4], "mine: its library is not installed")

    def test_a_file_that_is_no_such_library_is_skipped(self):
        (self.folder / "libtext.so").write_text("no library")
        _, result = self.measure("core:pool-lazy", "wasmtime@./libtext.so:pooling")
        self.assertEqual(result["cells"][1]["status"], "skipped")
        self.assertIn("libtext.so", result["cells"][1]["reason"])


class Failures(EngineTest):
    def test_a_program_that_is_edited_meanwhile_is_no_longer_believed(self):
        done = self.instbench("run", "one-segment", f"--arm=mine@{self.worker}:edited", "--out=edited.json", "--blocks=2")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("its worker's file changed since the run began", done.stdout)

    def test_huge_pages_are_off_in_a_program(self):
        self.worker.write_text(self.worker.read_text().replace("facts={}", 'facts={"status": open("/proc/self/status").read()}'))
        self.instbench("run", "one-segment", f"--arm=mine@{self.worker}", "--out=pages.json")
        cell = json.loads((self.folder / "pages.json").read_text())["cells"][0]
        if "THP_enabled" not in cell["facts"]["status"]:
            self.skipTest("this kernel does not say whether huge pages are on (Linux 5.0)")
        self.assertIn("THP_enabled:\t0\n", cell["facts"]["status"])

    def test_a_crash_and_a_hang_cost_their_own_cells(self):
        done, result = self.measure("mine@./mine.py:crash", "mine@./mine.py:hang", "mine@./mine.py:fast")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([cell["status"] for cell in result["cells"]], ["failed", "failed", "ok"])
        self.assertIn("signal 6", result["cells"][0]["reason"])
        self.assertIn("about to fall", result["cells"][0]["reason"])
        self.assertIn("no answer within 5 s", result["cells"][1]["reason"])


if __name__ == "__main__":
    unittest.main()
