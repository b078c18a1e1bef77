#!/usr/bin/env python3
"""instbench wast as a user meets it: what it says about right and wrong scripts, and how it counts."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

INSTBENCH = os.environ["INSTBENCH"]

RIGHT = """(module (memory 1) (global (export "g") (mut i32) (i32.const 5))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
(assert_return (invoke "add" (i32.const 2) (i32.const 3)) (i32.const 5))
(assert_return (get "g") (i32.const 5))
(assert_invalid (module (func (result i32))) "type mismatch")
"""


class WastTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def wast(self, *arguments):
        return subprocess.run([INSTBENCH, "wast", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300)

    def last_line(self, done):
        return done.stdout.splitlines()[-1]

    def test_a_right_script_under_two_arms(self):
        done = self.wast(self.write("right.wast", RIGHT), "--arm=core:pool-lazy", "--arm=core:eager", "--codegen=tcc")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.last_line(done), "8 passed, 0 failed, 0 skipped")
        self.assertRegex(done.stdout, r"(?m)^core:pool-lazy +1 +1 +1 +4 +4 +0 +0$")
        self.assertRegex(done.stdout, r"(?m)^core:eager +1 +1 +0 +4 +4 +0 +0$")

    def test_images_in_files(self):
        self.write("a.wast", RIGHT)
        done = self.wast("a.wast", "--arm=core:pool,backing=file", "--codegen=none")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_preset_by_default(self):
        done = self.wast(self.write("right.wast", RIGHT), "--codegen=tcc")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        arms = [line for line in done.stdout.splitlines() if line.startswith("core:")]
        self.assertGreaterEqual(len(arms), 6)
        self.assertEqual(self.last_line(done), f"{4 * len(arms)} passed, 0 failed, 0 skipped")

    def test_wrong_expectations_are_named_and_the_rest_goes_on(self):
        text = RIGHT + """(assert_return (invoke "add" (i32.const 2) (i32.const 3)) (i32.const 6))
(assert_trap (invoke "add" (i32.const 2) (i32.const 3)) "unreachable")
(assert_invalid (module) "type mismatch")
(assert_return (get "g") (i64.const 5))
(assert_return (invoke "absent"))
(assert_unlinkable (module) "unknown import")
(assert_return (invoke "add" (i32.const -1) (i32.const 1)) (i32.const 0))
"""
        done = self.wast(self.write("wrong.wast", text), "--arm=core:pool", "--codegen=tcc")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(self.last_line(done), "5 passed, 6 failed, 0 skipped")
        for words in ("wrong.wast:6: expected (i32:6), got (i32:5)", "wrong.wast:7: expected trap: unreachable, got (i32:5)",
                      "wrong.wast:8: expected to be refused as invalid", "wrong.wast:9: expected (i64:5), got (i32:5)",
                      'wrong.wast:10: the export "absent"', "wrong.wast:11: expected no link"):
            self.assertIn(words, done.stdout)

    def test_a_module_that_fails_takes_its_commands_along(self):
        text = '(module (import "nobody" "f" (func)))\n(invoke "f")\n' + RIGHT
        done = self.wast(self.write("fails.wast", text), "--arm=core:pool", "--codegen=tcc")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.last_line(done), "4 passed, 2 failed, 0 skipped")
        self.assertIn('fails.wast:1: unknown import "nobody" "f"', done.stdout)

    def test_without_code_nothing_is_called_and_all_is_counted(self):
        done = self.wast(self.write("right.wast", RIGHT), "--arm=core:pool", "--codegen=none")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.last_line(done), "3 passed, 0 failed, 1 skipped")
        self.assertIn("skipped 1: codegen=none: there is no code to run (first at right.wast:3)", done.stdout)

    def test_what_cannot_be_translated_is_skipped_with_its_reason(self):
        text = RIGHT + '(module (func (export "v") (result v128) (v128.const i32x4 1 2 3 4)))\n(assert_return (invoke "v") ' \
                       "(v128.const i32x4 1 2 3 4))\n"
        done = self.wast(self.write("simd.wast", text), "--arm=core:pool", "--codegen=tcc")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(self.last_line(done), r"^[45] passed, 0 failed, [12] skipped$")
        self.assertRegex(done.stdout, r"(?m)^skipped \d: .*SIMD.*simd\.wast:[67]\)$")

    def test_folders_and_unreadable_files(self):
        self.write("a.wast", RIGHT)
        self.write("b.wast", "(module\n  (memroy 1))\n")
        self.write("c.txt", "not looked at")
        done = self.wast(".", "--arm=core:pool", "--codegen=none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("b.wast:2:4: ", done.stdout)
        self.assertEqual(self.last_line(done), "3 passed, 1 failed, 1 skipped")

    def test_wrong_arguments(self):
        self.write("b.wast", "(module")
        empty = self.folder / "empty"
        empty.mkdir()
        for arguments, words in ((("b.wast",), "b.wast:1:"), (("absent.wast",), "absent.wast"), (("empty",), "no *.wast file"),
                                 (("b.wast", "--codegen=gcc"), "--codegen"), (("b.wast", "--arm=core:pol"), "core:pool"),
                                 (("b.wast", "--arm=core:pool", "--arm=core:pool,tables=eager"), "the same as"), ((), "SCRIPTS")):
            done = self.wast(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stdout, "")
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_a_script_without_end_costs_itself_only(self):
        self.write("a.wast", RIGHT)
        self.write("b.wast", '(module (func (export "f") (loop (br 0))))\n(invoke "f")\n')
        done = self.wast(".", "--arm=core:pool", "--codegen=tcc", "--timeout=10")
        self.assertEqual(done.returncode, 1)
        self.assertIn("b.wast: the process that ran this script did not end within 10 s", done.stdout)
        self.assertEqual(self.last_line(done), "4 passed, 1 failed, 0 skipped")


if __name__ == "__main__":
    unittest.main()
