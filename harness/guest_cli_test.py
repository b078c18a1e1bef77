#!/usr/bin/env python3
"""Guest code as a user meets it: calls and their answers, compilers that are missing or fail, guests that never end."""

import json
import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

INSTBENCH = os.environ["INSTBENCH"]

PROGRAM = """(module (import "host" "log" (func $log (param i32))) (memory (export "m") 1) (global $n (mut i32) (i32.const 0))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "spin") (loop (br 0)))
  (func (export "overflow") (call $deep))
  (func $deep (call $deep))
  (func (export "eat") (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))))
  (func (export "log") (call $log (i32.const 1)))
  (func (export "setup") (global.set $n (i32.const 41)) (i32.store (i32.const 4096) (i32.const 7)))
  (func (export "n") (result i32) (i32.add (global.get $n) (i32.const 1))))
"""
VECTORS = '(module (func (export "f") (result i32) (i32x4.extract_lane 0 (v128.const i32x4 1 2 3 4))))'


class GuestTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.environment = dict(os.environ, INSTBENCH_CACHE_DIR=str(self.folder / "cache"))
        (self.folder / "p.wat").write_text(PROGRAM)

    def instbench(self, *arguments, **environment):
        return subprocess.run([INSTBENCH, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300,
                              env=dict(self.environment, **environment))

    def call(self, *arguments, **environment):
        return self.instbench("call", "p.wat", *arguments, **environment)

    def tools(self, **scripts):
        """A PATH with these programs first."""
        bin_folder = self.folder / "bin"
        bin_folder.mkdir(exist_ok=True)
        for name, text in scripts.items():
            path = bin_folder / name
            path.write_text("#!/bin/sh\n" + text)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(bin_folder) + ":" + os.environ["PATH"]

    def left_over(self):
        cache = self.folder / "cache" / "precompiled"
        return [path.name for path in cache.glob("*") if path.suffix in (".c", ".o") or path.name.startswith(".")]

    def test_an_answer_right_and_wrong(self):
        done = self.call("--invoke", "fib(20)=6765")
        self.assertEqual((done.returncode, done.stdout), (0, "6765 (i32)\n"), done.stderr)
        done = self.call("--invoke", "fib(20)=6766")
        self.assertEqual(done.returncode, 1)
        self.assertIn("call: step 1 ('fib'): gave 6765, expected 6766", done.stderr)

    def test_the_second_process_finds_the_code(self):
        self.assertIn("compiled and stored", self.call("--invoke", "fib(1)=1").stderr)
        self.assertRegex(self.call("--invoke", "fib(2)=1").stderr, r"code: .*, hit\n")

    def test_traps_are_failures_with_their_names(self):
        for call, why in (("overflow()", "call stack exhausted"),
                          ("log()", 'the host does not provide the imported function "host" "log"'),
                          ("absent()", "exports no function 'absent'"), ("fib()", "takes 1 arguments, not 0")):
            done = self.call("--invoke", call)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(why, done.stderr)

    def test_a_sweep_is_a_case_for_each_value_and_nothing_for_a_single_call(self):
        done = self.instbench("run", "p.wat", "--invoke", "fib({1,2,3})", "--arm", "core:pool-lazy", "--dry-run")
        self.assertIn("6 cases", done.stderr)
        self.assertIn("p.wat call(fib(2)) s64", done.stdout)
        done = self.call("--invoke", "fib({1,2})")
        self.assertEqual(done.returncode, 2)
        self.assertIn("a sweep", done.stderr)

    def test_a_guest_that_grows_without_end_meets_its_limit(self):
        self.assertEqual(self.call("--invoke", "eat()").returncode, 0)

    def test_a_wrong_answer_fails_its_cell_and_the_others_go_on(self):
        for invoke, status in (("fib(10)=55", "ok"), ("fib(10)=56", "failed")):
            done = self.instbench("run", "p.wat", "--invoke", invoke, "--arm", "core:pool-lazy", "--blocks", "1", "--out", "r.json", "--force")
            self.assertEqual(done.returncode, 0 if status == "ok" else 1, done.stderr)
            cells = json.loads((self.folder / "r.json").read_text())["cells"]
            self.assertEqual({cell["status"] for cell in cells}, {status})

    def test_a_guest_that_never_ends_costs_its_cell(self):
        done = self.instbench("run", "p.wat", "--invoke", "spin()", "--arm", "core:pool-lazy", "--filter", "s1$", "--timeout", "1", "--out", "r.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no answer within 1 s", done.stdout)

    def test_no_compiler_is_a_skipped_cell_with_its_reason(self):
        (self.folder / "empty").mkdir()
        done = self.instbench("run", "p.wat", "--invoke", "fib(1)=1", "--arm", "core:pool-lazy", "--filter", "s1$", "--blocks", "1", "--out", "r.json",
                              PATH=str(self.folder / "empty"))
        self.assertIn("no C compiler 'cc' is installed", done.stdout + done.stderr)
        cell, = json.loads((self.folder / "r.json").read_text())["cells"]
        self.assertEqual(cell["status"], "skipped")

    def test_a_compiler_that_fails_or_dies_leaves_a_line_and_nothing_else(self):
        version = '[ "$1" = -v ] && { echo "tcc version 0.9.27 (x86_64 Linux)"; exit 0; }\n'
        for script, why in (("echo 'p.c:1: error: out of registers' >&2; exit 1", "TinyCC failed: p.c:1: error: out of registers"),
                            ("kill -9 $$", "TinyCC was killed by signal 9")):
            done = self.call("--invoke", "fib(1)", "--codegen", "tcc", PATH=self.tools(tcc=version + script))
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(why, done.stderr)
            self.assertEqual(self.left_over(), [])

    def test_what_wasm2c_cannot_translate_is_skipped_with_its_reason(self):
        (self.folder / "v.wat").write_text(VECTORS)
        done = self.instbench("call", "v.wat", "--invoke", "f()=1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("wasm2c cannot translate it", done.stderr)

    def test_preinit_is_where_instances_start(self):
        self.assertEqual(self.call("--invoke", "n()=1").returncode, 0)
        done = self.call("--preinit", "setup", "--invoke", "n()=42")
        self.assertEqual(done.returncode, 0, done.stderr)
        for exports, why in (("absent", "exports no 'absent'"), ("fib", "'fib' takes parameters"), ("overflow", "trapped: call stack exhausted")):
            done = self.call("--preinit", exports, "--invoke", "n()=42")
            self.assertEqual(done.returncode, 1)
            self.assertIn(why, done.stderr)

    def test_preinit_holds_under_every_strategy(self):
        done = self.instbench("run", "p.wat", "--preinit", "setup", "--invoke", "n()=42", "--blocks", "1", "--batch-ms", "1", "--out", "r.json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        cells = json.loads((self.folder / "r.json").read_text())["cells"]
        self.assertGreaterEqual(len(cells), 12)
        for cell in cells:
            self.assertTrue(cell["verified"], cell["case"])
            self.assertEqual(cell["facts"]["preinit"]["content_pages"], [0, 1])

    def test_the_calls_of_the_embedded_modules_answer_under_every_strategy(self):
        done = self.instbench("run", "calls", "--filter", "^(start-writes-memory|passive-and-declared|expression-elements|two-tables|externref-table"
                              "|imported-functions-in-table|mutable-globals) ", "--blocks", "1", "--batch-ms", "1", "--out", "r.json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        cells = json.loads((self.folder / "r.json").read_text())["cells"]
        self.assertGreaterEqual(len(cells), 42)
        for cell in cells:
            self.assertEqual((cell["status"], cell["verified"]), ("ok", True), cell)

    def test_a_program_reads_its_input_and_no_file_outside_its_folder(self):
        (self.folder / "w.wat").write_text("""(module (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (memory (export "memory") 1) (data (i32.const 0) "\\40\\00\\00\\00\\08\\00\\00\\00") (data (i32.const 128) "../secret")
          (func (export "read") (result i32) (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32))) (i32.load8_u (i32.const 64)))
          (func (export "open") (param i32 i32) (result i32)
            (call $open (i32.const 3) (i32.const 0) (local.get 0) (local.get 1) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 96))))""")
        (self.folder / "in").write_text("A")
        (self.folder / "secret").write_text("x")
        inside = self.folder / "inside"
        inside.mkdir()
        (inside / "secret").write_text("y")
        done = self.instbench("call", "w.wat", "--invoke", "read()=65", "--stdin", "in")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.instbench("call", "w.wat", "--invoke", "open(131,6)=0", "--dir", "inside").returncode, 0)
        self.assertEqual(self.instbench("call", "w.wat", "--invoke", "open(128,9)=76", "--dir", "inside").returncode, 0)
        self.assertEqual(self.instbench("call", "w.wat", "--invoke", "open(131,6)=8").returncode, 0)


if __name__ == "__main__":
    unittest.main()
