#!/usr/bin/env python3
"""The built binary as a user meets it: exit codes, messages, files, interruption. Most tests put a fake worker
(fake_worker.py) in the real one's place, so they are about the command line and not about measuring."""

import json
import os
import resource
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from fake_worker import FakeWorkerTest


class CliTest(FakeWorkerTest):
    def run_smoke(self, *arguments, **more):
        return self.instbench("run", "smoke", "--arm=core:eager", "--arm=core:pool", "--blocks=2", f"--out={self.out}", *arguments, **more)


class Usage(CliTest):
    def test_version_and_help(self):
        self.assertRegex(self.instbench("--version").stdout, r"^instbench \d+\.\d+\.\d+ \(.*(Release|Debug|RelWithDebInfo)")
        text = self.instbench("--help").stdout
        for word in ("list", "inspect", "run", "gate", "plot", "convert", "fetch", "worker", "shape", "Exit codes", "130"):
            self.assertIn(word, text)

    def test_unknown_things_name_the_nearest(self):
        self.assert_refused(self.instbench("rum"), 2, "did you mean 'run'", "inspect")
        self.assert_refused(self.instbench("run", "--bloks=3"), 2, "did you mean '--blocks'", "--touch")
        self.assert_refused(self.instbench("run", "embeded"), 2, "did you mean 'embedded'", "`instbench list` names them all")
        self.assert_refused(self.instbench("run", "xqj"), 2, "unknown suite or module 'xqj'; `instbench list`")
        self.assert_refused(self.instbench("run", "smoke", "--arm=core:pool-lasy"), 2, "core:pool-lazy")
        self.assert_refused(self.instbench("run", "smoke", "--arm=pool"), 2, "core:pool")
        self.assert_refused(self.instbench("run", "smoke", "--arm=cor:pool"), 2, "unknown engine", "core")
        self.assert_refused(self.instbench("run", "smoke", "--arm=core:pool,colour=red"), 2, "colour")
        self.assert_refused(self.instbench("run", "smoke", "--arm=core:pool,reset=magic"), 2, "magic", "madvise")
        self.assert_refused(self.instbench("run", "smoke", "--touch=wirte=1"), 2, "did you mean 'write'", "bystanders")
        self.assert_refused(self.instbench("run", "no-such-file.wasm"), 2, "no-such-file.wasm")
        self.assert_refused(self.instbench("convert", "x.json", "--to=gbenhc"), 2, "gbench")

    def test_an_arm_of_a_question_mark_prints_presets_and_axes_and_runs_nothing(self):
        done = self.instbench("run", "--arm=core:?", "--arm=wasmtime:?", "--arm=capi:?")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("core:PRESET", "pool-lazy", "February 2022", "tables=lazy", "eager|precomputed|lazy|retained|proven", "reserve=4GiB",
                     "pooling-keep", "keep=16MiB", "table-elements=20000", "module=obtain"):
            self.assertIn(word, done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 120)
        self.assert_refused(self.instbench("call", "one-page", "--invoke=f()", "--arm=core:?"), 2, "`instbench run --arm 'core:?'`")

    def test_run_help_names_what_touch_takes(self):
        text = self.instbench("run", "--help").stdout
        for word in ("ENGINE:?", "instbench list", "read ", "write ", "calls ", "grow ", "runs ", "reread ", "slots ", "vary ", "bystanders ",
                     "threads ", "pool ", "order ", "plot/README.md"):
            self.assertIn(word, text)

    def test_conditions_alone_are_about_the_calls(self):
        def cases(*arguments):
            done = self.instbench("run", "indirect-calls", "--arm=core:pool", "--blocks=1", "--dry-run", *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            return sorted({line.split("\t")[1].removeprefix("indirect-calls ") for line in done.stdout.splitlines()})
        self.assertEqual(cases("--call"), ["call s1", "call s64"])
        for touch in ("slots=1,8", "call,slots=1,8"):
            self.assertEqual(cases("--call", f"--touch={touch}"), ["call s1", "call s8"])
        self.assertEqual(cases("--invoke=call_each(1)", "--touch=threads=2"), ["call(call_each(1)) s1 t2"])
        self.assertEqual(cases("--call", "--touch=slots=8", "--touch=write=1"), ["call s8", "touch(w1) s1"])
        done = self.instbench("run", "indirect-calls", "--call", "--touch=slots=8,vary=5%")
        self.assert_refused(done, 2, "setting 'vary' means nothing for the workload 'call'")

    def test_no_verb_and_bad_values(self):
        self.assert_refused(self.instbench(), 2, "--help")
        self.assert_refused(self.instbench("run", "smoke", "--blocks=0"), 2, "--blocks")
        for value in ("-1", "0", "0.0001", "1e300", "nan", "inf", "86401"):
            self.assert_refused(self.instbench("run", "smoke", f"--timeout={value}"), 2, "--timeout takes 0.1 to 86400")
            self.assert_refused(self.instbench("gate", "--exact", "smoke", f"--timeout={value}"), 2, "--timeout takes 0.1 to 86400")
        for value in ("0", "0.01", "60001", "1e300", "nan"):
            self.assert_refused(self.instbench("run", "smoke", f"--batch-ms={value}"), 2, "--batch-ms takes 0.1 to 60000")
        self.assert_refused(self.instbench("run", "smoke", "--blocks=1001"), 2, "--blocks")
        self.assert_refused(self.instbench("run", "smoke", "--seed=x"), 2, "--seed")
        for arguments in (("run", "smoke"), ("compare", "--a=core:pool", "--b=core:best"), ("fuzz",)):
            self.assert_refused(self.instbench(*arguments, "--seed=-1"), 2, "--seed", "not -1")
        for arguments in (("run", "smoke"), ("compare", "--a=core:pool", "--b=core:best"), ("advise", "one-page")):
            self.assert_refused(self.instbench(*arguments, "--out", ""), 2, "--out", "is empty")
            self.assert_refused(self.instbench(*arguments, "--out=", "--force"), 2, "--out", "./--force")
        self.assert_refused(self.instbench("run", "smoke", "--touch=runs=5"), 2, "needs write=")
        self.assert_refused(self.instbench("gate"), 2, "--a ARM --b ARM")

    def test_a_filter_that_matches_nothing(self):
        self.assert_refused(self.run_smoke("--filter=xyz"), 2, "xyz", "'empty none s1'")
        self.assert_refused(self.run_smoke("--filter=["), 2, "regular expression")
        self.assertFalse(self.out.exists())

    def test_the_same_arm_twice(self):
        self.assert_refused(self.instbench("run", "smoke", "--arm=core:pool", "--arm=core:pool,tables=eager"), 2, "the same as")

    def test_touch_beyond_the_memory(self):
        done = self.instbench("run", "one-segment", "--touch=write=1,17", f"--out={self.out}")
        self.assert_refused(done, 2, "17 pages", "one-segment begins with 16")
        for touch in ("read=16,write=1", "read=1,write=16", "read=17", f"read={2**32},write={2**32}", f"read={2**64 - 1},write=1"):
            reason = "must be at most" if str(2**64 - 1) in touch else "pages of 4 KiB"
            self.assert_refused(self.instbench("run", "one-segment", f"--touch={touch}", f"--out={self.out}"), 2, "--touch", reason)
        self.assert_refused(self.instbench("run", "one-segment", "--touch=calls=1", f"--out={self.out}"), 2, "table entries")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["worker.py"])

    def test_calls_in_braces_have_a_bounded_product(self):
        values = "f({" + ",".join(str(i) for i in range(100)) + "})"
        self.assert_refused(self.instbench("run", "one-page", *[f"--invoke={values}"] * 3), 2, "--invoke", "more than 4096 cases")

    def test_what_has_no_end_or_no_writer_is_no_file(self):
        for name in ("pipe", "pipe.wat"):
            os.mkfifo(self.folder / name)
        for place in ("/dev/zero", self.folder / "pipe", self.folder / "pipe.wat"):
            self.assert_refused(self.instbench("inspect", place), 1, str(place), "not a regular file")
        self.assert_refused(self.instbench("run", "one-page", "--invoke=f()", "--stdin=/dev/zero"), 2, "--stdin", "/dev/zero", "not a regular file")

    def test_a_relative_cache_folder_is_refused(self):
        done = self.instbench("inspect", "one-page", environment={**self.environment(), "INSTBENCH_CACHE_DIR": "cache"})
        self.assert_refused(done, 1, "INSTBENCH_CACHE_DIR='cache' is not an absolute path")

    def test_a_bad_module_of_the_user(self):
        for name, content in (("text.wasm", b"not wasm"), ("cut.wasm", b"\0asm\1\0\0\0\1\x05"), ("empty.wasm", b"")):
            (self.folder / name).write_bytes(content)
            self.assert_refused(self.instbench("run", name, f"--out={self.out}"), 1, name)
            self.assert_refused(self.instbench("inspect", name), 1, name)
        self.assertFalse(self.out.exists())


class Run(CliTest):
    def test_data_and_progress_are_apart(self):
        done = self.run_smoke()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")  # not a terminal: no progress
        self.assertIn("core:pool", done.stdout)
        self.assertIn(f"next: instbench plot {self.out}", done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_a_run_of_modules_by_path(self):
        (self.folder / "mine.wat").write_text("(module (memory 1))")
        done = self.instbench("run", str(self.folder / "mine.wat"), "--arm=core:pool", f"--out={self.out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([c["id"] for c in self.result()["cases"]], ["mine.wat none s1", "mine.wat none s64"])
        self.assertNotIn(str(self.folder), self.out.read_text())

    def test_dry_run_runs_nothing(self):
        done = self.run_smoke("--dry-run", ends="hang")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(done.stdout.splitlines()), 3 * 2 * (1 + 2))
        self.assertIn("nothing was run", done.stderr)
        self.assertFalse(self.out.exists())

    def test_an_existing_result_is_kept(self):
        self.out.write_text("precious")
        self.assert_refused(self.run_smoke(), 2, "--force", "--resume")
        self.assertEqual(self.out.read_text(), "precious")
        self.assertEqual(self.run_smoke("--force").returncode, 0)
        self.assertEqual(self.result()["schema"], "instbench-result/1")

    def test_one_bad_worker_costs_its_cells_only(self):
        for ends, reason in (("crash", "signal 6"), ("hang", "no answer within 0.5 s"), ("babble", "not one JSON object")):
            done = self.run_smoke("--force", "--timeout=0.5" if ends == "hang" else "--timeout=60", arm="core:pool", ends=ends)
            self.assertEqual(done.returncode, 1, done.stderr)
            cells = {(c["case"], c["arm"]): c for c in self.result()["cells"]}
            self.assertEqual(len(cells), 6)
            for (_, arm), cell in cells.items():
                self.assertEqual(cell["status"], "failed" if arm == "core:pool" else "ok")
                if arm == "core:pool":
                    self.assertIn(reason, cell["reason"])
                    self.assertIn("before the end", cell["reason"])  # the last line of its standard error
            self.assertEqual(len(self.result()["errors"]), 3)

    def test_a_caller_that_ignores_sigchld_hides_no_signal(self):
        done = self.run_smoke(ends="crash", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("killed by signal 6", done.stdout)

    def test_what_is_not_fetched_is_skipped_with_what_to_do(self):
        done = self.instbench("run", "fastly", "--arm=core:pool", "--filter=s1$", f"--out={self.out}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing was measured", done.stderr)
        self.assertIn("instbench fetch", self.result()["cells"][0]["reason"])


class Files(CliTest):
    def test_out_that_cannot_be_written(self):
        (self.folder / "file").write_text("")
        for out in (f"{self.folder}/file/result.json", "/proc/instbench/result.json"):
            done = self.instbench("run", "smoke", f"--out={out}", ends="hang")
            self.assert_refused(done, 1, out.split("/result")[0])
        self.assert_refused(self.instbench("run", "smoke", f"--out={self.folder}", ends="hang"), 2, "is a folder")

    def test_only_regular_files_are_replaced(self):
        (self.folder / "kept").write_text("precious")
        places = {"link": lambda path: path.symlink_to("kept"), "dangling": lambda path: path.symlink_to("absent"), "pipe": os.mkfifo}
        for name, make in places.items():
            for suffix in (".json", ".jsonl"):
                place = self.folder / (name + suffix)
                make(place)
                before = place.lstat()
                for how in ("--force", "--resume"):
                    done = self.instbench("run", "smoke", f"--out={name}.json", how, ends="hang")
                    self.assert_refused(done, 2, f"{place.name} is not a regular file")
                self.assertEqual(place.lstat().st_ino, before.st_ino)
                place.unlink()
        self.assert_refused(self.instbench("run", "smoke", "--out=/dev/null", "--force", ends="hang"), 2, "not a regular file")
        (self.folder / "link").symlink_to("kept")
        (self.folder / "mine.wat").write_text("(module)")
        self.assert_refused(self.instbench("shape", "extract", "mine.wat", "-o", "link"), 2, "not a regular file")
        self.assert_refused(self.instbench("convert", "x", "--to=csv", "-o", "link"), 2, "not a regular file")
        self.assert_refused(self.instbench("gate", "--exact", "smoke", "--lock=link", "--update"), 2, "not a regular file")
        self.assertEqual((self.folder / "kept").read_text(), "precious")

    def test_trying_the_folder_replaces_nothing(self):
        (self.folder / "result.json.probe").write_text("precious")
        self.assertEqual(self.run_smoke().returncode, 0)
        self.assertEqual((self.folder / "result.json.probe").read_text(), "precious")
        self.assertFalse(list(self.folder.glob(".*")))

    def test_a_full_disk_at_the_start_leaves_no_file(self):
        done = self.run_smoke(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        self.assert_refused(done, 1, "File too large")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["worker.py"])

    def test_a_full_disk_on_the_way_keeps_what_was_measured(self):
        self.assertEqual(self.run_smoke().returncode, 0)
        whole = self.out.with_suffix(".jsonl").read_text().splitlines()
        limit = sum(len(line) + 1 for line in whole[:5]) + 10
        done = self.run_smoke("--force", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assert_refused(done, 1, "File too large", "--resume")
        kept = self.out.with_suffix(".jsonl").read_text()
        self.assertTrue(kept.endswith("\n"))
        self.assertGreaterEqual(len([json.loads(line) for line in kept.splitlines()]), 3)
        self.assertFalse(list(self.folder.glob(".*")) + list(self.folder.glob("*.probe")))
        self.assertEqual(self.run_smoke("--resume").returncode, 0)
        self.assertTrue(self.result()["run"]["complete"])


class Interruption(CliTest):
    def interrupted(self, sent):
        process = self.started("run", "smoke", "--arm=core:eager", "--arm=core:pool", "--blocks=2", f"--out={self.out}",
                               environment=self.environment(sleep=0.15))
        journal = self.out.with_suffix(".jsonl")
        self.wait_until(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 4, process)
        process.send_signal(sent)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def check_resumed(self):
        before = self.out.with_suffix(".jsonl").read_text().splitlines()
        self.assertLess(len(before), 1 + 18)
        done = self.run_smoke("--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        after = self.out.with_suffix(".jsonl").read_text().splitlines()
        self.assertEqual(sorted(json.loads(line)["step"] for line in after[1:]), list(range(18)))
        whole_lines = [line for line in before if self.is_json(line)]
        self.assertEqual(after[: len(whole_lines)], whole_lines)
        resumed = self.result()
        self.assertTrue(resumed["run"]["complete"])
        self.assertEqual(self.run_smoke("--force").returncode, 0)
        names = lambda result: [(c["case"], c["arm"], c["status"], c.get("processes")) for c in result["cells"]]
        self.assertEqual(names(resumed), names(self.result()))

    @staticmethod
    def is_json(line):
        try:
            return bool(json.loads(line))
        except ValueError:
            return False

    def test_ctrl_c_and_sigterm_fold_what_is_there(self):
        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            returncode, out, err = self.interrupted(sent)
            self.assertEqual(returncode, code, err)
            self.assertIn("--resume", err)
            self.assertIn("NOT COMPLETE", out)
            self.assertFalse(self.result()["run"]["complete"])
            self.assertEqual(len(self.result()["cells"]), 6)
            self.check_resumed()
            self.out.unlink()
            self.out.with_suffix(".jsonl").unlink()

    def test_kill_9_loses_the_sample_in_flight_only(self):
        returncode, _, _ = self.interrupted(signal.SIGKILL)
        self.assertEqual(returncode, -signal.SIGKILL)
        self.assertFalse(self.out.exists())
        with self.out.with_suffix(".jsonl").open("a") as journal:
            journal.write('{"step": 17, "cut')  # a line the kill cut short
        self.check_resumed()

    def test_resume_asks_again_where_a_worker_was_killed(self):
        self.assertEqual(self.run_smoke(arm="core:pool", ends="crash").returncode, 1)
        self.assertEqual(self.run_smoke("--resume").returncode, 0)
        self.assertTrue(self.result()["run"]["complete"])
        self.assertEqual([cell["status"] for cell in self.result()["cells"]], ["ok"] * 6)
        self.assertEqual({cell["processes"] for cell in self.result()["cells"]}, {2})
        self.assertEqual(self.run_smoke("--force", arm="core:pool", ends="babble").returncode, 1)
        self.assertEqual(self.run_smoke("--resume").returncode, 1)  # an answer stands

    def test_resume_refuses_a_damaged_journal(self):
        self.assertEqual(self.run_smoke().returncode, 0)
        journal = self.out.with_suffix(".jsonl")
        lines = journal.read_text().splitlines()
        header, first = json.loads(lines[0]), json.loads(lines[1])
        damaged = {
            ":3: step 0 is there already, in line 2": [lines[0], lines[1], lines[1]],
            ":2: step 18": [lines[0], json.dumps(first | {"step": 18})],
            ":2: the arm": [lines[0], json.dumps(first | {"arm": "core:pool"})],
            ":2: no sample": [lines[0], json.dumps(first | {"sample": None})],
            ":2: not a JSON object": [lines[0], "[]"],
            "another machine": [json.dumps(header | {"machine": 1})],
            ":1: its \"cases\"": [json.dumps(header | {"cases": 1})],
        }
        for words, content in damaged.items():
            journal.write_text("\n".join(content) + "\n")
            done = self.run_smoke("--resume")
            self.assert_refused(done, 1, "result.jsonl", words)
            self.assertNotIn("json.exception", done.stderr)

    def test_resume_refuses_another_run(self):
        self.assertEqual(self.run_smoke().returncode, 0)
        before = self.out.with_suffix(".jsonl").read_text()
        self.assert_refused(self.run_smoke("--resume", "--seed=2"), 1, "another plan")
        self.assert_refused(self.instbench("run", "smoke", "--resume"), 2, "--out")
        self.assert_refused(self.instbench("run", "smoke", "--resume", "--out=absent.json"), 1, "no journal")
        self.assertEqual(self.out.with_suffix(".jsonl").read_text(), before)


class Gate(CliTest):
    def gate(self, *arguments, **fake):
        return self.instbench("gate", "--exact", "smoke", "--lock=lock.json", *arguments, **fake)

    def test_locks_passes_and_finds_changes_both_ways(self):
        self.assert_refused(self.gate(), 1, "lock.json", "--update")
        self.assertEqual(self.gate("--update").returncode, 0)
        self.assertEqual(self.gate().returncode, 0)
        for calls, text in ((2, "syscalls.madvise: 1 -> 2"), (0, "syscalls.madvise: 1 -> 0"), (1.5, "syscalls.madvise: 1 -> 1.5 (not exact)")):
            done = self.gate(calls=calls)
            self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
            self.assertIn("empty none s1  core:pool  cycle  " + text, done.stdout)
        done = self.gate("--update", calls=2)
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 -> 2", done.stdout)
        self.assertEqual(self.gate(calls=2).returncode, 0)

    def test_coverage_and_parts(self):
        self.assertEqual(self.gate("--update").returncode, 0)
        self.assertEqual(self.gate("--filter=empty", "--arm=core:pool").returncode, 0)
        self.assertEqual(self.gate("--arm=core:pool,thp=on").returncode, 5)
        lock = json.loads((self.folder / "lock.json").read_text())
        lock["sections"][0]["cases"]["gone none s1"] = lock["sections"][0]["cases"]["empty none s1"]
        (self.folder / "lock.json").write_text(json.dumps(lock))
        done = self.gate()
        self.assertEqual(done.returncode, 5)
        self.assertIn("gone none s1", done.stdout)
        lock["sections"][0]["key"]["thp"] = "other"
        (self.folder / "lock.json").write_text(json.dumps(lock))
        done = self.gate()
        self.assertEqual(done.returncode, 5)
        self.assertIn("thp: \"other\" there", done.stdout)

    def test_failures_come_first_and_are_never_locked(self):
        self.assertEqual(self.gate("--update").returncode, 0)
        before = (self.folder / "lock.json").read_text()
        for fake in ({"arm": "core:pool", "ends": "crash"}, {"traced": 7}):
            self.assertEqual(self.gate(**fake).returncode, 1, fake)
            self.assertEqual(self.gate("--update", **fake).returncode, 1, fake)
        self.assertIn("ptrace counts 7", self.gate(traced=7).stdout)
        self.assertEqual((self.folder / "lock.json").read_text(), before)

    def test_a_broken_lock_fails_closed(self):
        (self.folder / "lock.json").write_text("{")
        self.assert_refused(self.gate(), 1, "lock.json", "not JSON")
        (self.folder / "lock.json").unlink()
        self.assertEqual(self.gate("--update").returncode, 0)
        lock = json.loads((self.folder / "lock.json").read_text())
        section = lock["sections"][0]
        arm = next(iter(section["cases"]["empty none s1"]))
        for broken in ({"suite": 5}, {"kernel": None}, {"cases": {"empty none s1": {arm: {"phases": {"cycle": 5}, "ranges": []}}}},
                       {"cases": {"empty none s1": {arm: {"phases": {"cycle": {"x": {}}}, "ranges": []}}}},
                       {"cases": {"empty none s1": {arm: {"phases": {}, "ranges": [5]}}}}):
            (self.folder / "lock.json").write_text(json.dumps(lock | {"sections": [section | broken]}))
            self.assert_refused(self.gate(), 1, "lock.json", "a section lacks")


class Others(CliTest):
    def test_list_and_inspect(self):
        everything = json.loads(self.instbench("list", "--json").stdout)
        self.assertTrue({"suites", "modules", "strategies", "engines", "features"} <= everything.keys())
        text = self.instbench("list").stdout
        self.assertIn("spidermonkey", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 120)
        (inspected,) = json.loads(self.instbench("inspect", "--json", "dynamic-offset").stdout)
        self.assertFalse(inspected["memories"][0]["static_image"])
        self.assertIn("segment", self.instbench("inspect", "dynamic-offset").stdout)

    def test_inspect_says_which_tables_can_be_precomputed_or_retained_and_why_not(self):
        wat = self.folder / "tables.wat"
        wat.write_text("""(module (import "e" "g" (global i32)) (func $f) (table $kept 4 funcref) (table $out 2 funcref)
          (table $moved 2 funcref) (table $set 2 funcref) (export "table" (table $out)) (elem (table $kept) (i32.const 1) func $f)
          (elem (table $moved) (global.get 0) func $f) (func (table.set $set (i32.const 0) (ref.null func))))""")
        (inspected,) = json.loads(self.instbench("inspect", "--json", str(wat)).stdout)
        kept, out, moved, changed = inspected["tables"]
        self.assertEqual([t["precomputed"] for t in inspected["tables"]], [True, True, False, True])
        self.assertEqual((kept["retained"], kept["not_retained"]), (True, []))
        self.assertEqual(out["not_retained"], ['it is exported as "table": others can write it'])
        self.assertEqual(moved["not_retained"], ["element segment 1 starts where global 0 says, known only at instantiation"])
        self.assertEqual(changed["not_retained"], ["function 1 writes it (table.set)"])
        text = self.instbench("inspect", str(wat)).stdout
        self.assertIn("table 0: lazy: yes, precomputed: yes, retained: yes", text)
        self.assertIn("not retained: function 1 writes it (table.set)", text)
        self.assertEqual(inspected["tables"][0]["not_lazy"], None)
        self.assertIn("not lazy: element segment 1 starts where global 0 says, known only at instantiation", text)
        self.assertIn("1 import, 1 export, 1 global, 0 data segments, 2 element segments", text)

    def test_convert(self):
        self.assertEqual(self.run_smoke().returncode, 0)
        entries = json.loads(self.instbench("convert", str(self.out), "--to=gbench").stdout)["benchmarks"]
        self.assertEqual(len([e for e in entries if e["run_type"] == "iteration"]), 6 * 2)
        self.assertEqual(self.instbench("convert", str(self.out), "--to=csv", "-o", "r.csv").returncode, 0)
        self.assertEqual(len((self.folder / "r.csv").read_text().splitlines()), 1 + 6)
        (self.folder / "other.json").write_text("{}")
        self.assert_refused(self.instbench("convert", "other.json", "--to=csv"), 1, "schema")
        for damage in ({"cells": [{"status": "ok"}]}, {"cells": 5}, {"machine": 5, "cells": [5]}, {"tool": {"git": 5}, "cases": 5}):
            (self.folder / "other.json").write_text(json.dumps(self.result() | damage))
            for to in ("csv", "gbench"):
                done = self.instbench("convert", "other.json", f"--to={to}")
                self.assert_refused(done, 1, "other.json: not a whole result")
                self.assertNotIn("json.exception", done.stderr)

    def test_compare_py_reads_it(self):
        compare = Path("/usr/share/benchmark/compare.py")
        ready = [sys.executable, "-c", "import scipy, numpy"]
        if not compare.exists() or subprocess.run(ready, capture_output=True).returncode != 0:
            self.skipTest("compare.py or its scipy is not installed")
        self.assertEqual(self.run_smoke().returncode, 0)
        self.assertEqual(self.instbench("convert", str(self.out), "--to=gbench", "-o", "g.json").returncode, 0)
        command = [sys.executable, str(compare), "benchmarks", "g.json", "g.json"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("empty/none/s1/core:pool_median", done.stdout)

    def test_shapes_go_there_and_back(self):
        (self.folder / "mine.wat").write_text('(module (memory 1) (data (i32.const 8) "secret"))')
        self.assertEqual(self.instbench("shape", "extract", "mine.wat", "-o", "a.shape").returncode, 0)
        self.assertNotIn("secret", (self.folder / "a.shape").read_text())
        self.assertEqual(self.instbench("shape", "build", "a.shape", "-o", "b.wasm").returncode, 0)
        self.assertEqual(self.instbench("shape", "extract", "b.wasm").stdout, (self.folder / "a.shape").read_text())

    def test_plot_and_fetch_reach_their_programs(self):
        self.assertIn("usage", self.instbench("plot", "--help").stdout.lower())
        text = self.instbench("fetch", "--help").stdout
        for word in ("usage", "wasmtime[@VERSION]", "wasmtime-rs", "wasmi", "ittapi", "real", "--only"):
            self.assertIn(word, text)
        self.assertNotIn("MANIFEST", text)
        self.assert_refused(self.instbench("plot"), 2, "result file")

    def test_worker_by_hand(self):
        self.assert_refused(self.instbench("worker", "one-segment"), 2, "worker MODULE")
        self.assert_refused(self.instbench("worker", "one-segment", "core:pool", "--verbose"), 2, "--verbose")
        done = self.instbench("worker", "one-segment", "write=1", "core:pool", "--benchmark_min_time=0.001", "--benchmark_format=json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["benchmarks"]), 1)

    def test_fuzz_counts_what_it_did(self):
        done = self.instbench("fuzz", "--arm=core:best", "--operations=20000", "--seed=3")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(" ".join(done.stdout.split()), r"core:best (ok 20000 operations, \d+ modules, \d+ instances, .* forks, .* compared|skipped: )")
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 120)
        for word in ("steals", "budgets", "paged out", "aged", "made huge"):
            self.assertIn(word, self.instbench("fuzz", "--help").stdout)
        done = self.instbench("fuzz", "--arm=core:pool-lazy", "--canary=2")
        self.assertIn("core:pool-lazy  ok  2 tenants, 32768 pages looked at", done.stdout)
        done = self.instbench("fuzz", "--arm=core:pool-lazy,backing=file", "--operations=2000")
        self.assertRegex(done.stdout, r"core:pool-lazy,backing=file  (ok  2000 operations|skipped: )", done.stderr)
        self.assert_refused(self.instbench("fuzz", "--arm=v8"), 2, "the core only")

    def test_advise_measures_and_says_what_it_rests_on(self):
        done = self.instbench("advise", "one-page", "--arm=core:pool-lazy", "--arm=core:best", "--touch=write=1,8", "--blocks=1", f"--out={self.out}")
        self.assertEqual(done.returncode, 0, done.stderr)
        advice = done.stdout[done.stdout.index("cycle; ×: times faster"):]
        for word in ("\nadvice\ncore: core:", "all conditions", "one-page touch(w8) s1"):
            self.assertIn(word, advice)
        self.assertTrue(self.out.exists())
        self.assert_refused(self.instbench("advise"), 2, "MODULE")

    def test_profile_says_what_to_attach_to(self):
        done = self.instbench("profile", "one-page", "--touch=write=1", "--seconds=0.1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"pid \d+: warm; .*(USDT probes|built without).*; no ITT tasks: INTEL_LIBITTNOTIFY64 names no collector")
        self.assertRegex(done.stdout, r"^\d+ cycles, ")
        self.assert_refused(self.instbench("profile", "one-page", "--touch=write=1,2"), 2, "one case")
        self.assertRegex(self.instbench("profile", "indirect-calls", "--call", "--seconds=0.1").stdout, r"^\d+ cycles, ")
        self.assert_refused(self.instbench("profile", "indirect-calls", "--call", "--touch=slots=2"), 2, "one workload at a time")

    def test_worker_answers_bad_requests_with_a_sample(self):
        for request in ("", "[]", '{"protocol": 99}'):
            done = self.instbench("worker", "--json", input=request)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["status"], "failed")


if __name__ == "__main__":
    unittest.main()
