#!/usr/bin/env python3
"""compare and gate as a user meets them: verdicts, exit codes, reports, resuming after kill -9. A fake worker
(fake_worker.py) says how long things take; the last tests use the real one."""

import hashlib
import json
import subprocess
import unittest
import xml.etree.ElementTree
from pathlib import Path

from fake_worker import CACHE, SOURCE, FakeWorkerTest


class CompareTest(FakeWorkerTest):
    def environment(self, **fake):
        return super().environment(**{"arm": "B", **fake})

    def with_own_cache(self, **fake):
        return dict(self.environment(**fake), XDG_CACHE_HOME=str(self.folder / "cache"))

    def copies(self):
        """Folders of fresh copies in the test's own cache."""
        return set((self.folder / "cache" / "instbench").glob("compare-*"))

    def gate(self, *arguments, **fake):
        return self.instbench("gate", "--a=core:pool", "--b=core:pool-lazy", "one-segment", "--touch=slots=1",
                              f"--out={self.out}", "--force", *arguments, **fake)

    def comparison(self):
        return self.result()["comparison"]


class Verdicts(CompareTest):
    def test_same_regressed_improved(self):
        for ratio, code, verdict in ((1, 0, "same"), (1.1, 3, "regressed"), (0.9, 0, "improved")):
            done = self.gate(ratio=ratio)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn(verdict, done.stdout)
            self.assertEqual(self.comparison()["tests"][0]["verdict"], verdict)

    def test_compare_shows_and_does_not_judge(self):
        done = self.instbench("compare", "--a=core:pool", "--b=core:pool-lazy", "one-segment", "--touch=slots=1",
                              f"--out={self.out}", ratio=1.1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("regressed", done.stdout)
        self.assertEqual(self.comparison()["exit_code"], 3)

    def test_inconclusive_is_red_unless_told_otherwise(self):
        noisy = {"ratio": 1.03, "noise": 0.12}
        done = self.gate("--confirm-blocks=18", **noisy)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertIn("INCONCLUSIVE", done.stdout)
        self.assertEqual(self.gate("--confirm-blocks=18", "--on-inconclusive=pass", **noisy).returncode, 0)

    def test_a_tolerance_decides(self):
        self.assertEqual(self.gate("--tolerance=20%", ratio=1.1).returncode, 0)
        self.assertEqual(self.gate("--floor=5us", ratio=1.1).returncode, 0)

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
        done = self.gate("--inject=10%", ratio=1.1)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("10%", done.stdout)
        self.assertEqual(self.gate("--inject=0%").returncode, 0)


class Turns(CompareTest):
    def lines(self):
        return [json.loads(line) for line in Path(f"{self.out}l").read_text().splitlines()[1:]]

    def test_processes_of_a_block_take_turns_where_all_can(self):
        done = self.gate(turns=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual({(line["role"], line["in_turns"]) for line in self.lines()}, {("pilot", False), ("screen", True)})
        self.assertNotIn("takes no turns", done.stdout)
        self.gate()
        self.assertEqual({line["in_turns"] for line in self.lines()}, {False})
        self.assertIn("in 18 of 18 blocks processes ran one after another", self.comparison()["warnings"][0])

    def test_one_that_crashes_or_hangs_in_its_turn_is_the_one_that_is_named(self):
        for ends, reason, timeout in (("crash", "killed by signal 6", 60), ("hang", "no answer within", 0.5)):
            done = self.gate(f"--timeout={timeout}", turns=True, ends=ends)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            (failed,) = [line for line in self.lines() if line["role"] == "screen" and line["arm"].startswith("B ")]
            self.assertIn(reason, failed["sample"]["reason"])
            others = {line["sample"]["reason"] for line in self.lines() if line["role"] == "screen" and not line["arm"].startswith("B ")}
            self.assertEqual(others, {None} if ends == "crash" else {"waited in vain"})

    def test_real_workers(self):
        environment = self.environment()
        del environment["INSTBENCH_WORKER"]
        self.gate("--batch-ms=2", "--screen-blocks=6", "--confirm-blocks=18", environment=environment)
        blocks = [line for line in self.lines() if line["role"] != "pilot"]
        self.assertTrue(blocks)
        for line in blocks:
            self.assertTrue(line["in_turns"])
            self.assertEqual(line["sample"]["status"], "ok", line["sample"]["reason"])
            self.assertEqual(len(line["sample"]["batch"]["parts_ns"]), 20)


class Policy(CompareTest):
    CASE = "one-segment none s1"

    def policy(self, **keys):
        path = self.folder / "policy.json"
        path.write_text(json.dumps({"policy": "instbench-policy/1", **keys}))
        return f"--policy={path}"

    def test_an_intended_change_is_a_line(self):
        slower = self.policy(expected=[{"case": self.CASE, "metric": "cycle", "change": "slower", "why": "safer"}])
        done = self.gate(slower, ratio=1.1)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("safer", done.stdout)
        count = self.policy(expected=[{"case": self.CASE, "metric": "syscalls.madvise", "a": 1, "b": 2, "why": "meant"}])
        self.assertEqual(self.gate(count, calls=2.0).returncode, 0)
        self.assertEqual(self.gate(count, calls=3.0).returncode, 3)

    def test_an_intended_change_that_is_too_large_or_too_late_is_red(self):
        line = {"case": self.CASE, "metric": "cycle", "change": "slower", "why": "safer"}
        self.assertEqual(self.gate(self.policy(expected=[line | {"at_most": 0.2, "until": "9999-12-31"}]), ratio=1.1).returncode, 0)
        done = self.gate(self.policy(expected=[line | {"at_most": 0.05}]), ratio=1.1)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("the policy expects 5 % at most (safer)", done.stdout)
        done = self.gate(self.policy(expected=[line | {"until": "2020-02-29"}]), ratio=1.1)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("stale in the policy", done.stdout)

    def test_coverage_and_tolerances(self):
        self.assertEqual(self.gate(self.policy(cases=[self.CASE])).returncode, 0)
        self.assertEqual(self.gate(self.policy(cases=[self.CASE, "renamed none s1"])).returncode, 5)
        self.assertEqual(self.gate(self.policy(tolerances=[{"cases": "segment", "tolerance": "20%"}]), ratio=1.1).returncode, 0)

    def test_a_bad_policy_is_refused_with_its_place(self):
        for keys, words in (({"expekted": []}, ("expected", "policy.json")), ({"tolerance": "3"}, ("tolerance",)),
                            ({"expected": [{"case": "x"}]}, ("expected[0]", "metric")),
                            ({"expected": [{"case": "x", "metric": "cycle", "change": "slower", "why": "y", "until": "soon"}]}, ("until",)),
                            ({"tolerances": [{"cases": "(", "tolerance": "3%"}]}, ("regular expression",))):
            self.assert_refused(self.gate(self.policy(**keys)), 2, *words)
        (self.folder / "policy.json").write_text("{")
        self.assert_refused(self.gate("--policy=policy.json"), 2, "not JSON")


class Files(CompareTest):
    def test_reports(self):
        summary = self.folder / "summary.md"
        environment = dict(self.environment(ratio=1.1), GITHUB_STEP_SUMMARY=str(summary))
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
        done = self.instbench("gate", *arguments, ratio=1.1)
        # The harness that runs this test may be a debug build, which is unfit in itself.
        self.assertIn(done.returncode, (0, 4), done.stdout + done.stderr)
        self.assertIn("unpaired", done.stdout)
        self.assertEqual(self.instbench("gate", *arguments, "--allow-unpaired", ratio=1.1).returncode, 3)
        self.assert_refused(self.instbench("gate", "one-segment", f"--baseline={self.folder / 'result.json'}"), 2, "#A core:pool")

    def test_bad_files(self):
        (self.folder / "bad.json").write_text("{}")
        self.assert_refused(self.instbench("gate", "--a=bad.json", "--b=core:pool", "one-segment"), 1, "bad.json", "schema")
        self.assert_refused(self.instbench("gate", "--a=none.json", "--b=core:pool", "one-segment"), 1, "none.json")


class Resume(CompareTest):
    COMMAND = ("--b=core:pool-lazy", "one-segment", "--touch=slots=1", "--screen-blocks=12", "--out=result.json")

    def killed(self, *command):
        """kill -9 after nine processes."""
        process = self.started(*command, environment=self.environment(sleep=0.05))
        journal = Path(f"{self.out}l")
        self.wait_until(lambda: journal.exists() and journal.read_text().count("\n") > 9, process)
        process.kill()
        process.wait()
        return journal

    def test_kill_9_and_resume(self):
        command = ("gate", "--a=core:pool", *self.COMMAND)
        journal = self.killed(*command)
        done = self.instbench(*command, "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        steps = [json.loads(line)["step"] for line in journal.read_text().splitlines()[1:]]
        self.assertEqual(steps, list(range(len(steps))))
        self.assertEqual(self.comparison()["tests"][0]["blocks"], 12)
        self.assert_refused(self.instbench(*command, "--resume", "--seed=2"), 1, "another plan")

    def test_an_arm_that_was_built_anew_is_another_arm(self):
        old = self.binary("old")
        bytes_of_old = old.read_bytes()
        command = ("compare", f"--a=core@{old}:pool", *self.COMMAND)
        journal = self.killed(*command)
        arms = json.loads(journal.read_text().splitlines()[0])["arms"]
        self.assertEqual([arm["id"] for arm in arms], ["A core@old:pool", "B core:pool-lazy", "A′ core@old:pool"])
        sha256 = hashlib.sha256(bytes_of_old).hexdigest()
        self.assertEqual([arm.get("worker_sha256") for arm in arms], [sha256, None, sha256])  # B's worker is INSTBENCH_WORKER
        old.write_bytes(bytes_of_old + b"\0")  # it says the same of itself
        self.assert_refused(self.instbench(*command, "--resume"), 1, "another worker of arm A core@old:pool", sha256[:12], "--force")
        old.write_bytes(bytes_of_old)
        done = self.instbench(*command, "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_advice_about_a_damaged_line_is_right(self):
        command = ("gate", "--a=core:pool", *self.COMMAND)
        journal = self.killed(*command)
        lines = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join([*lines[:5], lines[4], *lines[5:]]))
        self.assert_refused(self.instbench(*command, "--resume"), 1, "result.jsonl:6: step 3 is there already, in line 5; "
                            "take out this line and all below it")
        journal.write_text("".join(lines[:5]))
        self.assertEqual(self.instbench(*command, "--resume").returncode, 0)

    def test_copies_of_a_killed_run_go_with_the_next_and_those_of_a_living_one_stay(self):
        command = ("gate", "--a=core:pool", *self.COMMAND[:-1])
        go = self.folder / "go"
        waiting = self.with_own_cache(waits=str(go))
        killed = self.started(*command, "--out=killed.json", environment=waiting)
        self.wait_until(Path(f"{go}.started").exists, killed)
        killed.kill()
        killed.wait()
        (left,) = self.copies()
        living = self.started(*command, "--out=living.json", environment=waiting)
        self.wait_until((self.folder / "living.jsonl").exists, living)
        self.assertFalse(left.exists())
        (its,) = self.copies()
        done = self.instbench(*command, "--out=beside.json", environment=self.with_own_cache())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.copies(), {its})
        go.touch()
        _, err = living.communicate(timeout=300)
        self.assertEqual(living.returncode, 0, err)
        self.assertEqual(self.copies(), set())


class Usage(CompareTest):
    def test_sides(self):
        self.assert_refused(self.instbench("compare"), 2, "--a ARM --b ARM")
        self.assert_refused(self.instbench("compare", "--a=core:pool", "one-segment"), 2, "--a and --b")
        self.assert_refused(self.instbench("compare", "--a=core:pol", "--b=core:pool"), 2, "pool")
        self.assert_refused(self.instbench("compare", "--a=cor:pool", "--b=core:pool"), 2, "core")
        self.assert_refused(self.instbench("compare", "--a=core@nowhere/x:pool", "--b=core:pool"), 2, "nowhere/x")
        self.assert_refused(self.instbench("compare", "smoke", "embedded"), 2, "modules")
        self.assert_refused(self.instbench("gate", "--a=core:pool", "--b=core:pool", "--confirm-blocks=20"), 2, "multiple of 6")
        self.assert_refused(self.instbench("gate", "--a=core:pool", "--b=core:pool", "--tolerance=0"), 2, "0.1% to 100%")
        self.assert_refused(self.instbench("gate", "--a=core:pool", "--b=core:pool", "--inject=fast"), 2, "--inject")
        self.assert_refused(self.instbench("gate", "--exact", "--a=core:pool"), 2, "--exact")

    def test_outputs_are_files_of_their_own(self):
        (self.folder / "here").symlink_to(".")
        for one, other in ((("--out", "r.json"), ("--json", "r.json")), (("--markdown", "r"), ("--junit", "./r")),
                           (("--junit", "r"), ("--json", "here/r")), (("--out", f"{self.folder}/r"), ("--markdown", "r"))):
            done = self.instbench("gate", "--a=core:pool", "--b=core:pool", *one, *other)
            self.assert_refused(done, 2, f"{one[0]} and {other[0]} name the same file", "r")
        done = self.instbench("gate", "--a=core:pool", "--b=core:pool", "--out=r.json", "--json=r.jsonl")
        self.assert_refused(done, 2, "the journal of --out and --json name the same file, 'r.jsonl'")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["here", "worker.py"])

    def test_an_output_is_none_of_the_inputs(self):
        for name in ("old.wat", "new.wat"):
            (self.folder / name).write_text("(module)")
        done = self.instbench("gate", "./old.wat", "./new.wat", "--touch=slots=1", f"--out={self.out}", "--json=./new.wat")
        self.assert_refused(done, 2, "--json and the module name the same file")
        self.assertEqual((self.folder / "new.wat").read_text(), "(module)")

    def test_a_refused_resume_leaves_what_is_there(self):
        self.assertEqual(self.gate("--json=v.json").returncode, 0)
        before = self.out.read_bytes(), (self.folder / "v.json").read_bytes()
        command = ("gate", "--a=core:pool", "--b=core:pool-lazy", "one-segment", "--touch=slots=1", f"--out={self.out}", "--json=v.json", "--resume")
        self.assert_refused(self.instbench(*command, "--seed=2"), 1, "another plan")
        Path(f"{self.out}l").unlink()
        self.assertEqual(self.instbench(*command).returncode, 1)
        self.assertEqual((self.out.read_bytes(), (self.folder / "v.json").read_bytes()), before)

    def test_dry_run_names_a_revision_and_builds_nothing(self):
        home = self.folder / "home"
        home.mkdir()
        (home / "corpus").symlink_to(SOURCE / "corpus")
        git = ["git", "-C", str(home), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        for words in (["init", "--quiet", "--initial-branch=main"], ["commit", "--quiet", "--allow-empty", "--message=empty"]):
            subprocess.run([*git, *words], check=True)
        commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout[:12]
        for verb in ("compare", "gate"):
            done = self.instbench(verb, "--a=core@git+HEAD:pool", "--b=core:pool", "one-segment", "--touch=slots=1", "--dry-run",
                                  environment=dict(self.with_own_cache(), INSTBENCH_HOME=str(home)))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"\tA core@git+{commit}:pool\n", done.stdout)
            self.assertNotIn("building", done.stderr)
        self.assertFalse((self.folder / "cache").exists())
        unknown = self.instbench("compare", "--a=core@git+no-such-rev", "--b=core:pool", "one-segment", "--dry-run",
                                 environment=dict(self.environment(), INSTBENCH_HOME=str(home)))
        self.assert_refused(unknown, 2, "no-such-rev")

    def test_dry_run_prints_the_plan(self):
        done = self.gate("--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 2 + 18 * 3)
        self.assertEqual(done.stdout, self.gate("--dry-run").stdout)
        self.assertFalse(self.out.exists())


class RealWorker(CompareTest):
    def environment(self, **fake):
        environment = super().environment(**fake)
        del environment["INSTBENCH_WORKER"]
        return environment

    def test_two_modules_in_copies_of_equal_length(self):
        for name, pages in (("old.wat", 1), ("a-new-one.wat", 2)):
            (self.folder / name).write_text(f'(module (memory {pages}) (data (i32.const 0) "x"))')
        done = self.instbench("compare", "old.wat", "a-new-one.wat", "--touch=slots=1", "--batch-ms=2", "--screen-blocks=6",
                              "--confirm-blocks=18", f"--out={self.out}")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = self.result()
        self.assertEqual(result["cases"][0]["id"], "old.wat→a-new-one.wat none s1")
        self.assertEqual({m["name"] for m in result["modules"]}, {"old.wat", "a-new-one.wat"})
        self.assertEqual([a["module"] for a in result["arms"]], ["old.wat", "a-new-one.wat", "old.wat"])
        self.assertEqual(list(Path(CACHE.name).glob("instbench/compare-*")), [], "copies are left behind")

    def test_strategies_differ_in_exact_counts(self):
        self.instbench("gate", "--a=core:overlay-lazy", "--b=core:pool-lazy", "one-segment", "--touch=slots=1", "--batch-ms=2",
                       "--screen-blocks=6", "--confirm-blocks=18", f"--out={self.out}")
        changed = {c["counter"]: (c["a"]["value"], c["b"]["value"]) for c in self.comparison()["counters"]}
        self.assertEqual(changed["syscalls.madvise"], (0, 1))
        self.assertEqual(changed["syscalls.munmap"], (1, 0))


if __name__ == "__main__":
    unittest.main()
