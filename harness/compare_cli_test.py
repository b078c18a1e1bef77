#!/usr/bin/env python3
"""compare and gate as a user meets them: verdicts, exit codes, reports, resuming after kill -9. A small fake worker says
how long things take, so that no test depends on a clock; the last tests use the real one."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree
from pathlib import Path

INSTBENCH = os.environ["INSTBENCH"]
SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent))
CACHE = tempfile.TemporaryDirectory()

# B's cycle is FAKE["b"] times A's; "noise" is the scatter; the other keys replace parts of B's sample.
FAKE_WORKER = '''
import json, os, random, sys, time
request = json.load(sys.stdin)
fake = json.loads(os.environ.get("FAKE", "{}"))
is_b = request["arm"]["id"].startswith("B")
time.sleep(fake.get("sleep", 0))
wobble = 1 + fake.get("noise", 0.005) * random.uniform(-1, 1)
cycle = 20000 * wobble * (fake.get("b", 1) if is_b else 1)
counters = {"cycles": [1, 2], "cycle": {"syscalls.madvise": fake.get("calls", 1.0) if is_b else 1.0}}
sample = {"protocol": 1, "status": "ok", "reason": None, "verified": True,
    "tool": {"version": "0", "git": "x", "build_type": fake.get("build", "Release"), "assertions": False, "sanitizers": ""},
    "batch": {"iterations": 20, "real_ns": cycle, "cpu_ns": cycle, "parts_ns": [cycle] * 20}, "first": {"cycle": 5.0},
    "phases": {"resolution_ns": 100.0, "instantiate": {"p50": 500.0}}, "phases_by_path": {}, "counters": counters,
    "trace": counters, "paths": {"slot=hit": 1}, "noise": {"wall_ns": 1000, "run_delay_ns": 0}}
if is_b and "inject" in request and not fake.get("ignores"):
    sample["injected"] = {"what": request["inject"]}
if is_b and fake.get("status"):
    sample = {"protocol": 1, "status": fake["status"], "reason": "it cannot"}
print(json.dumps(sample))
'''


class CompareTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.worker = self.folder / "worker.py"
        self.worker.write_text(FAKE_WORKER)
        self.out = self.folder / "result.json"

    def environment(self, fake):
        environment = dict(os.environ, INSTBENCH_HOME=str(SOURCE), XDG_CACHE_HOME=CACHE.name, FAKE=json.dumps(fake))
        environment["INSTBENCH_WORKER"] = f"{sys.executable} -S -E {self.worker}"
        environment.pop("GITHUB_STEP_SUMMARY", None)
        return environment

    def instbench(self, *arguments, environment=None, **fake):
        return subprocess.run([INSTBENCH, *arguments], env=environment or self.environment(fake), cwd=self.folder,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False)

    def gate(self, *arguments, **fake):
        return self.instbench("gate", "--a=core:pool", "--b=core:pool-lazy", "one-segment", "--touch=slots=1",
                              f"--out={self.out}", "--force", *arguments, **fake)

    def comparison(self):
        return json.loads(self.out.read_text())["comparison"]

    def assert_refused(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertTrue(done.stderr.startswith("instbench: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Verdicts(CompareTest):
    def test_same_regressed_improved(self):
        for ratio, code, verdict in ((1, 0, "same"), (1.1, 3, "regressed"), (0.9, 0, "improved")):
            done = self.gate(b=ratio)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn(verdict, done.stdout)
            self.assertEqual(self.comparison()["tests"][0]["verdict"], verdict)

    def test_compare_shows_and_does_not_judge(self):
        done = self.instbench("compare", "--a=core:pool", "--b=core:pool-lazy", "one-segment", "--touch=slots=1",
                              f"--out={self.out}", b=1.1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("regressed", done.stdout)
        self.assertEqual(self.comparison()["exit_code"], 3)

    def test_inconclusive_is_red_unless_told_otherwise(self):
        noisy = {"b": 1.03, "noise": 0.12}
        done = self.gate("--confirm-blocks=18", **noisy)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertIn("INCONCLUSIVE", done.stdout)
        self.assertEqual(self.gate("--confirm-blocks=18", "--on-inconclusive=pass", **noisy).returncode, 0)

    def test_a_tolerance_decides(self):
        self.assertEqual(self.gate("--tolerance=20%", b=1.1).returncode, 0)
        self.assertEqual(self.gate("--floor=5us", b=1.1).returncode, 0)

    def test_counters_gate_without_a_clock(self):
        for calls in (0.0, 2.0):
            done = self.gate(calls=calls)
            self.assertEqual(done.returncode, 3, done.stdout)
            self.assertIn("madvise", done.stdout)

    def test_what_cannot_be_trusted_is_never_green(self):
        self.assertEqual(self.gate(build="Debug").returncode, 4)
        self.assertEqual(self.gate(status="failed").returncode, 1)
        self.assertEqual(self.gate(status="skipped").returncode, 5)
        self.assertIn("skipped in B only", self.gate(status="skipped").stdout)
        self.assertEqual(self.gate("--inject=5%", ignores=True).returncode, 1)

    def test_the_selftest_fires(self):
        done = self.gate("--inject=10%", b=1.1)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("10%", done.stdout)
        self.assertEqual(self.gate("--inject=0%").returncode, 0)


class Policy(CompareTest):
    CASE = "one-segment none s1"

    def policy(self, **keys):
        path = self.folder / "policy.json"
        path.write_text(json.dumps({"policy": "instbench-policy/1", **keys}))
        return f"--policy={path}"

    def test_an_intended_change_is_a_line(self):
        slower = self.policy(expected=[{"case": self.CASE, "metric": "cycle", "change": "slower", "why": "safer"}])
        done = self.gate(slower, b=1.1)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("safer", done.stdout)
        count = self.policy(expected=[{"case": self.CASE, "metric": "syscalls.madvise", "a": 1, "b": 2, "why": "meant"}])
        self.assertEqual(self.gate(count, calls=2.0).returncode, 0)
        self.assertEqual(self.gate(count, calls=3.0).returncode, 3)

    def test_coverage_and_tolerances(self):
        self.assertEqual(self.gate(self.policy(cases=[self.CASE])).returncode, 0)
        self.assertEqual(self.gate(self.policy(cases=[self.CASE, "renamed none s1"])).returncode, 5)
        self.assertEqual(self.gate(self.policy(tolerances=[{"cases": "segment", "tolerance": "20%"}]), b=1.1).returncode, 0)

    def test_a_bad_policy_is_refused_with_its_place(self):
        for keys, words in (({"expekted": []}, ("expected", "policy.json")), ({"tolerance": "3"}, ("tolerance",)),
                            ({"expected": [{"case": "x"}]}, ("expected[0]", "metric")),
                            ({"tolerances": [{"cases": "(", "tolerance": "3%"}]}, ("regular expression",))):
            self.assert_refused(self.gate(self.policy(**keys)), 2, *words)
        (self.folder / "policy.json").write_text("{")
        self.assert_refused(self.gate("--policy=policy.json"), 2, "not JSON")


class Files(CompareTest):
    def test_reports(self):
        summary = self.folder / "summary.md"
        environment = dict(self.environment({"b": 1.1}), GITHUB_STEP_SUMMARY=str(summary))
        done = self.instbench("gate", "--a=core:pool", "--b=core:pool-lazy", "one-segment", "--touch=slots=1", "--out=r.json",
                              "--markdown=m.md", "--junit=j.xml", "--json=v.json", environment=environment)
        self.assertEqual(done.returncode, 3, done.stderr)
        markdown = (self.folder / "m.md").read_text()
        self.assertTrue(markdown.startswith("<!-- instbench:gate -->"))
        self.assertLess(len(markdown.encode()), 65000)
        self.assertIn("regressed", summary.read_text())
        suite = xml.etree.ElementTree.parse(self.folder / "j.xml").getroot()
        self.assertEqual(len(suite.findall(".//failure")), 1)
        self.assertEqual(json.loads((self.folder / "v.json").read_text())["exit_code"], 3)

    def test_a_saved_result_is_shown_and_does_not_gate_by_the_clock(self):
        self.assertEqual(self.gate().returncode, 0)
        saved = f"{self.out}#A core:pool"
        self.out = self.folder / "second.json"
        arguments = ["one-segment", "--touch=slots=1", f"--out={self.out}", "--force", f"--baseline={saved}"]
        done = self.instbench("gate", *arguments, b=1.1)
        # The harness that runs this test may be a debug build, which is unfit in itself.
        self.assertIn(done.returncode, (0, 4), done.stdout + done.stderr)
        self.assertIn("unpaired", done.stdout)
        self.assertEqual(self.instbench("gate", *arguments, "--allow-unpaired", b=1.1).returncode, 3)
        self.assert_refused(self.instbench("gate", "one-segment", f"--baseline={self.folder / 'result.json'}"), 2, "#A core:pool")

    def test_kill_9_and_resume(self):
        command = [INSTBENCH, "gate", "--a=core:pool", "--b=core:pool-lazy", "one-segment", "--touch=slots=1",
                   f"--out={self.out}", "--screen-blocks=12"]
        running = subprocess.Popen(command, env=self.environment({"sleep": 0.05}), cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        journal = Path(f"{self.out}l")
        while not (journal.exists() and journal.read_text().count("\n") > 9):
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.wait()
        done = self.instbench(*command[1:], "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        steps = [json.loads(line)["step"] for line in journal.read_text().splitlines()[1:]]
        self.assertEqual(steps, list(range(len(steps))))
        self.assertEqual(self.comparison()["tests"][0]["blocks"], 12)
        self.assert_refused(self.instbench(*command[1:], "--resume", "--seed=2"), 1, "another plan")

    def test_bad_files(self):
        (self.folder / "bad.json").write_text("{}")
        self.assert_refused(self.instbench("gate", "--a=bad.json", "--b=core:pool", "one-segment"), 1, "bad.json", "schema")
        self.assert_refused(self.instbench("gate", "--a=none.json", "--b=core:pool", "one-segment"), 1, "none.json")


class Usage(CompareTest):
    def test_sides(self):
        self.assert_refused(self.instbench("compare"), 2, "--a ARM --b ARM")
        self.assert_refused(self.instbench("compare", "--a=core:pool", "one-segment"), 2, "--a and --b")
        self.assert_refused(self.instbench("compare", "--a=core:pol", "--b=core:pool"), 2, "pool")
        self.assert_refused(self.instbench("compare", "--a=cor:pool", "--b=core:pool"), 2, "core")
        self.assert_refused(self.instbench("compare", "--a=core@nowhere/x:pool", "--b=core:pool"), 2, "nowhere/x")
        self.assert_refused(self.instbench("compare", "--a=core@git+no-such-rev", "--b=core:pool"), 2, "no-such-rev")
        self.assert_refused(self.instbench("compare", "smoke", "embedded"), 2, "modules")
        self.assert_refused(self.instbench("gate", "--a=core:pool", "--b=core:pool", "--confirm-blocks=20"), 2, "multiple of 6")
        self.assert_refused(self.instbench("gate", "--a=core:pool", "--b=core:pool", "--tolerance=0"), 2, "0.1% to 100%")
        self.assert_refused(self.instbench("gate", "--a=core:pool", "--b=core:pool", "--inject=fast"), 2, "--inject")
        self.assert_refused(self.instbench("gate", "--exact", "--a=core:pool"), 2, "--exact")

    def test_dry_run_prints_the_plan(self):
        done = self.gate("--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 2 + 18 * 3)
        self.assertEqual(done.stdout, self.gate("--dry-run").stdout)
        self.assertFalse(self.out.exists())


class RealWorker(CompareTest):
    def environment(self, fake):
        environment = super().environment(fake)
        del environment["INSTBENCH_WORKER"]
        return environment

    def test_two_modules_in_copies_of_equal_length(self):
        for name, pages in (("old.wat", 1), ("a-new-one.wat", 2)):
            (self.folder / name).write_text(f'(module (memory {pages}) (data (i32.const 0) "x"))')
        before = set(Path(CACHE.name).glob("instbench/compare-*"))  # of the run that was killed
        done = self.instbench("compare", "old.wat", "a-new-one.wat", "--touch=slots=1", "--batch-ms=2", "--screen-blocks=6",
                              "--confirm-blocks=18", f"--out={self.out}")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(self.out.read_text())
        self.assertEqual(result["cases"][0]["id"], "old.wat→a-new-one.wat none s1")
        self.assertEqual({m["name"] for m in result["modules"]}, {"old.wat", "a-new-one.wat"})
        self.assertEqual([a["module"] for a in result["arms"]], ["old.wat", "a-new-one.wat", "old.wat"])
        self.assertEqual(set(Path(CACHE.name).glob("instbench/compare-*")), before, "copies are left behind")

    def test_strategies_differ_in_exact_counts(self):
        self.instbench("gate", "--a=core:overlay-lazy", "--b=core:pool-lazy", "one-segment", "--touch=slots=1", "--batch-ms=2",
                       "--screen-blocks=6", "--confirm-blocks=18", f"--out={self.out}")
        changed = {c["counter"]: (c["a"]["value"], c["b"]["value"]) for c in self.comparison()["counters"]}
        self.assertEqual(changed["syscalls.madvise"], (0, 1))
        self.assertEqual(changed["syscalls.munmap"], (1, 0))


if __name__ == "__main__":
    unittest.main()
