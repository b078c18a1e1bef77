#!/usr/bin/env python3
"""The built worker, asked by hand: what it says of itself, what it refuses, what it verifies. No test looks at a time.

The worker is that of `instbench fetch wasmtime-rs`, or the program that INSTBENCH_WASMTIME_RS names; without one the test counts as skipped."""

import hashlib
import json
import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from fetched import or_skip

HERE = Path(__file__).resolve().parent
WAT = HERE.parent.parent / "corpus" / "wat"
WORKER = os.environ.get("INSTBENCH_WASMTIME_RS") or str(or_skip("wasmtime-rs", "worker"))

PRESETS = ("on-demand", "pooling", "pooling-keep", "pooling-scan")
ALL_PASSES = ["trace", "verify", "first", "batch", "phases", "counters", "memory", "verify_after"]
CANONICAL = {
    "": "allocator=on-demand,cow=on,table-lazy=on,reserve=4GiB,guard=32MiB,dense=16MiB,opt=speed",
    "pooling-scan,pool=8": "allocator=pooling,cow=on,table-lazy=on,reserve=4GiB,guard=32MiB,dense=16MiB,opt=speed,keep=16MiB,"
                           "table-keep=1MiB,pagemap-scan=on,warm-slots=100,batch=1,pool=8,max-memory=4GiB",
}
FOLDER = tempfile.TemporaryDirectory()
CACHE = Path(FOLDER.name) / "cache"


def ask_raw(text, **environment):
    """The answer: exit code 0, one line, nothing on standard error."""
    done = subprocess.run([WORKER], input=text, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "INSTBENCH_CACHE_DIR": str(CACHE), **environment})
    assert done.returncode == 0 and done.stdout.count("\n") == 1 and done.stderr == "", done
    return json.loads(done.stdout)


def ask(request, **environment):
    return ask_raw(json.dumps(request), **environment)


def build(wat):
    """The module as a file, made once."""
    path = Path(FOLDER.name) / (hashlib.sha256(wat.encode()).hexdigest()[:16] + ".wasm")
    if not path.exists():
        source = path.with_suffix(".wat")
        source.write_text(wat)
        subprocess.run(["wat2wasm", "--enable-all", source, "-o", path], check=True)
    return path


def corpus(name):
    return build((WAT / f"{name}.wat").read_text())


def request(path, strategy="pooling", touches=None, slots=1, **more):
    kind = "none" if touches is None else "touch"
    made = {"protocol": 1, "module": {"name": "test", "path": str(path)},
            "arm": {"id": "wasmtime-rs:test", "engine": "wasmtime-rs", "strategy": strategy, "library": ""},
            "cell": {"module": "test", "workload": {"kind": kind}, "slots": slots, "vary": 0, "bystanders": 0, "threads": 1},
            "seed": 1, "codegen": "auto", "passes": ALL_PASSES, "batch_ms": 1}
    if touches is not None:
        made["touches"] = touches
    for key, value in more.items():
        made[key] = value
    return made


def touching(reads=(), writes=(), entries=(), grow=0):
    return {"grow": grow, "cycles": [{"reads": list(reads), "writes": list(writes), "entries": list(entries)}]}


class WorkerTest(unittest.TestCase):
    def assert_ok(self, sample):
        self.assertEqual((sample["status"], sample["reason"]), ("ok", None))

    def assert_ended(self, sample, status, *words):
        """With one line as its reason."""
        self.assertEqual(sample["status"], status, sample)
        self.assertNotIn("\n", sample["reason"])
        for word in words:
            self.assertIn(word, sample["reason"])


class Describe(WorkerTest):
    def describe(self, strategy, **arm):
        return ask({"protocol": 1, "describe": True,
                    "arm": {"id": "x", "engine": "wasmtime-rs", "strategy": strategy, "library": "", **arm}})

    def test_what_it_says_of_itself(self):
        for strategy, canonical in CANONICAL.items():
            answer = self.describe(strategy)
            self.assertIn(answer["status"], ("ok", "skipped"))
            engine = answer["engine"]
            self.assertEqual((engine["name"], engine["version"]), ("wasmtime-rs", "50.0.1"))
            self.assertEqual(engine["strategy"], canonical)
            self.assertEqual(engine["phases"], ["acquire", "init", "work", "release"])
            self.assertEqual(engine["counters"], ["faults"])
            self.assertEqual(engine["threads"], 1)
            self.assertTrue(engine["build"]["rustc"].startswith("rustc "))
            self.assertTrue(all(note.endswith(".") for note in engine["notes"]))

    def test_the_canonical_text_is_a_fixed_point(self):
        for preset in PRESETS:
            canonical = self.describe(preset)["engine"]["strategy"]
            self.assertEqual(self.describe(canonical)["engine"]["strategy"], canonical)

    def test_what_it_refuses(self):
        for strategy, said in {"eager": "presets are on-demand, pooling", "keep": "unknown strategy", "pooling,depth=3": "unknown axis 'depth'",
                               "cow=maybe": "takes off|on", "on-demand,keep=1MiB": "belongs to the pool",
                               "pooling,batch=0": "at least 1", "pooling,pagemap-scan=on": "keep="}.items():
            answer = self.describe(strategy)
            self.assert_ended(answer, "refused", said)
            self.assertIsNone(answer["engine"])
        self.assert_ended(self.describe("pooling", engine="core"), "refused", "'wasmtime-rs' only")
        self.assert_ended(self.describe("pooling", library="/lib/libwasmtime.so"), "refused", "behind '@'")


class Samples(WorkerTest):
    def test_a_whole_sample(self):
        touches = touching(reads=[0, 4096], writes=[4096 * page for page in range(2, 10)], entries=[0, 5], grow=2)
        wat = '(module (memory (export "m") 1 8) (table (export "t") 6 funcref) (func) (elem (i32.const 5) 0) (data (i32.const 9) "9"))'
        for strategy in PRESETS:
            sample = ask(request(build(wat), strategy, touches, slots=3))
            if sample["status"] == "skipped" and strategy == "pooling-scan":
                self.assertIn("PAGEMAP_SCAN", sample["reason"])
                continue
            self.assert_ok(sample)
            self.assertIs(sample["verified"], True)
            self.assertEqual(sample["verified_slots"], 3)
            self.assertEqual(sample["engine"]["name"], "wasmtime-rs")
            for phase in ("acquire", "init", "work", "release", "instantiate", "cycle"):
                self.assertGreater(sample["first"][phase], 0)
                self.assertGreater(sample["phases"][phase]["p50"], 0)
            self.assertIsNone(sample["first"]["start"])
            self.assertIsNone(sample["phases"]["start"])
            self.assertGreaterEqual(sample["batch"]["iterations"], 1)
            self.assertNotIn("parts_ns", sample["batch"])
            self.assertEqual(sample["counters"]["cycles"], [4, 12])
            self.assertEqual(sorted(sample["counters"]), ["cycle", "cycles"])
            self.assertIsNone(sample["memory"])
            self.assertEqual(sample["facts"]["codegen"], "Cranelift, opt=speed")
            self.assertEqual(sample["facts"]["linked_by"], "InstancePre")
            self.assertEqual(sample["tool"]["assertions"], sample["tool"]["build_type"] == "Debug")

    def test_pages_that_are_written_fault_unless_they_are_kept(self):
        """The writes that the request names are done: each costs a fault where memory is given back, and none where it stays."""
        touches = touching(writes=[4096 * page for page in range(16)])
        faults = {}
        for strategy in ("on-demand", "pooling", "pooling-keep"):
            sample = ask(request(corpus("one-page"), strategy, touches, passes=["counters"]))
            self.assert_ok(sample)
            faults[strategy] = sample["counters"]["cycle"].get("faults.minor", 0)
        self.assertEqual(faults["pooling"], 16)
        self.assertEqual(faults["pooling-keep"], 0)
        self.assertGreaterEqual(faults["on-demand"], 16)

    def test_a_batch_of_parts(self):
        sample = ask(request(corpus("one-page"), passes=["batch"], iterations=100, parts=20))
        self.assert_ok(sample)
        self.assertEqual(sample["batch"]["iterations"], 100)
        self.assertEqual(len(sample["batch"]["parts_ns"]), 20)
        self.assertGreaterEqual(sample["noise"]["wall_ns"], 100 * sample["batch"]["real_ns"])
        self.assertIsNone(sample["noise"]["migrations"])
        self.assertNotIn("phases", sample)

    def test_the_corpus_is_verified_under_every_preset(self):
        for source in sorted(WAT.glob("*.wat")):
            if source.stem == "gigabyte-memory":  # a second each; its own test
                continue
            for strategy in PRESETS:
                with self.subTest(module=source.stem, strategy=strategy):
                    sample = ask(request(corpus(source.stem), strategy, passes=["verify", "verify_after"], slots=2))
                    if source.stem == "out-of-bounds-segment":
                        self.assert_ended(sample, "failed", "instantiation failed: ", "out of bounds")
                        continue
                    if sample["status"] == "skipped":
                        self.assertIn("PAGEMAP_SCAN", sample["reason"])
                        continue
                    self.assert_ok(sample)
                    self.assertIs(sample["verified"], True)
                    self.assertGreaterEqual(sample["verified_slots"], 1)

    def test_a_large_memory(self):
        sample = ask(request(corpus("gigabyte-memory"), "pooling-keep", passes=["verify"]))
        self.assert_ok(sample)
        self.assertIs(sample["verified"], True)

    def test_batches_of_resets_are_verified(self):
        for strategy in ("pooling,batch=16", "pooling,batch=1000,pool=2", "pooling,warm-slots=0", "pooling-keep,keep=4KiB", "pooling,cow=off",
                         "pooling,table-lazy=off", "pooling,opt=none", "on-demand,cow=off,reserve=0,guard=64KiB", "pooling,reserve=1MiB"):
            with self.subTest(strategy=strategy):
                sample = ask(request(corpus("one-segment"), strategy, passes=["verify", "batch", "verify_after"], slots=2))
                self.assert_ok(sample)
                self.assertIs(sample["verified"], True)

    def test_it_verifies_as_long_as_it_is_asked_to(self):
        for rounds in (None, 1, 50):
            asked = {} if rounds is None else {"verify_rounds": rounds}
            self.assertEqual(ask(request(corpus("one-segment"), "pooling", passes=["verify"], **asked))["verified_rounds"], rounds or 4)

    def test_imports_are_given(self):
        sample = ask(request(corpus("imported-memory"), "pooling", touching(writes=[0, 65536]), passes=["verify", "batch"]))
        self.assert_ok(sample)
        self.assertTrue(sample["facts"]["linked_by"].startswith("Instance::new"))

    def test_a_start_function_that_calls_an_import(self):
        wat = '(module (import "env" "f" (func)) (start 0))'
        sample = ask(request(build(wat)))
        self.assert_ended(sample, "failed", "the import 'env.f' was called")
        self.assertTrue(sample["reason"].startswith("instantiation failed: "))

    def test_what_is_not_exported_is_not_compared(self):
        hidden = ask(request(build("(module (memory 1) (table 1 funcref))"), passes=["verify"]))["facts"]["not_compared"]
        self.assertEqual(hidden[:2], ["memories that are not exported", "tables that are not exported"])
        shown = ask(request(corpus("one-page"), passes=["verify"]))["facts"]["not_compared"]
        self.assertNotIn("memories that are not exported", shown)


def calling(path, script, strategy="pooling", **more):
    made = request(path, strategy, **more)
    made["cell"]["workload"] = {"kind": "call", "label": "call", "script": script}
    return made


class Calls(WorkerTest):
    EMSCRIPTEN = """(module
      (import "env" "memcpy" (func $memcpy (param i32 i32 i32) (result i32)))
      (import "env" "resize" (func $resize (param i32) (result i32)))
      (import "env" "invoke" (func $invoke (param i32 i32) (result i32)))
      (import "env" "longjmp" (func $longjmp (param i32 i32)))
      (import "env" "exit" (func $exit (param i32)))
      (import "env" "five" (func $five (result i64)))
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (table (export "table") funcref (elem $double $jump))
      (global $threw (mut i32) (i32.const 0)) (global (export "stack") (mut i32) (i32.const 64))
      (func (export "stackSave") (result i32) (global.get 1))
      (func (export "stackRestore") (param i32) (global.set 1 (local.get 0)))
      (func (export "setThrew") (param i32 i32) (global.set $threw (local.get 0)))
      (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
      (func $jump (param i32) (result i32) (global.set 1 (i32.const 7)) (call $longjmp (i32.const 0) (i32.const 1)) (i32.const 9))
      (func (export "copy") (param i32 i32 i32) (result i32) (call $memcpy (local.get 0) (local.get 1) (local.get 2)))
      (func (export "grow") (param i32) (result i32) (call $resize (local.get 0)))
      (func (export "pages") (result i32) (memory.size))
      (func (export "try") (param i32 i32) (result i32 i32) (call $invoke (local.get 0) (local.get 1)) (global.get $threw))
      (func (export "quit") (param i32) (call $exit (local.get 0)))
      (func (export "five") (result i64) (call $five))
      (func (export "swap") (param f32 f64) (result f64 f32) (local.get 1) (local.get 0))
      (func (export "print") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))))"""
    IMPORTS = {"env": {"memcpy": "memcpy", "resize": "resize_heap", "invoke": "invoke", "longjmp": "longjmp", "exit": "exit", "*": 5}}

    def script(self, *steps):
        return {"imports": self.IMPORTS, "steps": steps}

    def ask_calls(self, *steps, **more):
        return ask(calling(build(self.EMSCRIPTEN), self.script(*steps), passes=["batch"], **more))

    def test_every_script_of_a_text_module(self):
        scripts = [path for path in sorted((WAT.parent / "calls").glob("*.json")) if (WAT / f"{path.stem}.wat").exists()]
        self.assertGreaterEqual(len(scripts), 7)
        for path in scripts:
            for strategy in ("on-demand", "pooling", "pooling-keep"):
                with self.subTest(script=path.stem, strategy=strategy):
                    sample = ask(calling(corpus(path.stem), json.loads(path.read_text()), strategy, passes=["verify", "batch", "verify_after"]))
                    self.assert_ok(sample)
                    self.assertIs(sample["verified"], True)

    def test_what_imports_answer(self):
        self.assert_ok(self.ask_calls(
            {"write": {"utf8": "abc", "times": 2}, "at": 16}, {"call": "copy", "args": [32, 17, 5], "expect": 32},
            {"check": {"hex": "62 63 61 62 63"}, "at": 32}, {"call": "grow", "args": [65537], "expect": 1}, {"call": "pages", "expect": 2},
            {"call": "grow", "args": [1], "expect": 1}, {"call": "pages", "expect": 2},
            {"call": "try", "args": [0, 21], "expect": [42, 0]}, {"call": "try", "args": [1, 0], "expect": [0, 1]}, {"global": "stack", "expect": 64},
            {"call": "quit", "args": [3], "exit": 3}, {"call": "quit", "args": [0]}, {"call": "five", "expect": {"i64": "0x5"}}))

    def test_numbers_and_variables(self):
        self.assert_ok(self.ask_calls(
            {"call": "swap", "args": [1.5, "nan"], "expect": ["nan", 1.5]}, {"call": "swap", "args": ["-inf", -2], "expect": [{"f64": -2.0}, "-inf"]},
            {"write": {"i16": -2}, "at": 8}, {"load": "i16", "at": 8, "as": "signed", "expect": -2}, {"load": "u16", "at": 8, "expect": 65534},
            {"call": {"table": "table", "entry": 0}, "args": ["$signed+3"], "as": "two", "expect": 2}, {"load": "u8", "at": "$two+6", "expect": "nonzero"},
            {"write": {"i32": "$two", "times": 3}, "at": 100}, {"check": {"utf16": "\u0002\u0000"}, "at": 108}))

    def test_the_floor_is_the_same_calls_in_an_instance_that_goes_on(self):
        again = self.ask_calls({"call": "five", "expect": {"i64": "0x5"}})
        self.assertGreater(again["floor"]["kept_call_ns"], 0)
        once = self.ask_calls({"call": "pages", "expect": 1}, {"call": "grow", "args": [65537], "expect": 1})
        self.assert_ok(once)
        self.assertNotIn("floor", once)
        self.assertNotIn("floor", ask(request(corpus("indirect-calls"), passes=["batch"])))

    def test_wrong_answers_fail(self):
        for step, said in (({"call": "pages", "expect": 2}, "call: step 1 ('pages'): gave 1, expected 2"),
                           ({"check": {"i8": 1}, "at": 5}, "the bytes at 5 differ"), ({"load": "i32", "at": 65533, "expect": 0}, "address 65533 is out of bounds"),
                           ({"write": {"i8": 1}, "at": -1}, "out of bounds"), ({"global": "stack", "expect": 65}, "is 64, expected 65"),
                           ({"call": "try", "args": [2, 0]}, "undefined element"), ({"call": "copy", "args": [0, 65535, 2]}, "memcpy beyond the end"),
                           ({"call": "quit", "args": [3]}, "ended itself with code 3"), ({"call": "five", "exit": 0}, "returned instead of ending"),
                           ({"call": {"table": "table", "entry": 1}, "args": [0]}, "longjmp without an invoke")):
            self.assert_ended(self.ask_calls(step), "failed", said)
        self.assert_ended(self.ask_calls(), "failed", "no steps")

    def test_what_does_not_fit_is_skipped(self):
        for step, said in (({"call": "print"}, "does not provide WASI, and 'fd_write'"), ({"output": {"utf8": "x"}}, "WASI"),
                           ({"call": "nothing"}, "no function 'nothing'"), ({"call": "pages", "args": [1]}, "takes 0 arguments, not 1"),
                           ({"call": "pages", "expect": [1, 2]}, "has 1 results"), ({"call": "five", "expect": {"i32": 5}}, "the type is I64"),
                           ({"call": "grow", "args": ["$p"]}, "no variable"), ({"call": {"table": "table", "entry": 9}}, "no function there")):
            self.assert_ended(self.ask_calls(step), "skipped", said)


class Endings(WorkerTest):
    def test_a_module_too_large_for_the_pool(self):
        path = build('(module (memory (export "m") 2))')
        sample = ask(request(path, "pooling,max-memory=64KiB"))
        self.assert_ended(sample, "skipped", "does not fit in pooling allocator requirements", "131072", "limit")
        self.assert_ok(ask(request(path, "pooling,max-memory=128KiB", passes=["verify"])))

    def test_a_pool_that_is_too_small(self):
        self.assert_ended(ask(request(corpus("one-page"), "pooling,pool=2", slots=3)), "skipped", "limit of 2")

    def test_what_is_skipped(self):
        path = corpus("one-page")
        threads = request(path)
        threads["cell"]["threads"] = 2
        for made, said in ((threads, "one thread"), (request(path, inject="5%"), "--inject is for the core"),
                           (request(path, "pooling,reserve=0,max-memory=0"), "exceeds the limit"),
                           (request(path, slots=70000), "65536"),
                           (request(corpus("table-min-above-entries"), touches=touching(entries=[1])), "table 0 is neither"),
                           (request(corpus("empty"), touches=touching(reads=[0])), "memory 0 is neither"),
                           (request(corpus("max-equals-min"), touches=touching(grow=1)), "memory 0"),
                           (request(build("(module (memory (export \"m\") 1 1))"), touches=touching(grow=1)), "does not grow by 1 pages")):
            self.assert_ended(ask(made), "skipped", said)

    def test_what_fails(self):
        path = corpus("one-page")
        no_touches = request(path, touches=touching())
        del no_touches["touches"]
        for made, said in ((request(path, touches=touching(reads=[65536])), "offset 65536"), (request(path, touches=touching(writes=[4])), "8-aligned"),
                           (request(build('(module (table (export "t") 3 funcref))'), touches=touching(entries=[3])), "entry 3"),
                           (request(path, touches={"cycles": []}), "no cycles"), (no_touches, 'needs "touches"'),
                           (request(path, "eager"), "presets are"), (request(path, slots=0), "at least 1"), (request(path, iterations=0), "at least 1"),
                           (request(path, batch_ms=-1), "batch_ms"), (request(path, passes=["fast"]), "unknown variant `fast`"),
                           (request("/nowhere.wasm"), "/nowhere.wasm: No such file"), (request(path, protocol=2), "protocol 2")):
            self.assert_ended(ask(made), "failed", said)

    def test_bytes_that_are_not_those_that_were_meant(self):
        path = corpus("one-page")
        right = hashlib.sha256(path.read_bytes()).hexdigest()
        made = request(path, passes=["first"])
        made["module"]["sha256"] = right
        self.assert_ok(ask(made))
        made["module"]["sha256"] = right[::-1]
        self.assert_ended(ask(made), "failed", "its bytes changed", right)

    def test_no_module_at_all(self):
        path = Path(FOLDER.name) / "not.wasm"
        path.write_text("not a module\nat all")
        self.assert_ended(ask(request(path)), "skipped", "magic")

    def test_no_request_at_all(self):
        for text in ("", "{", "[]", "null", '{"protocol": 1}', '{"protocol": 1, "describe": true}', '"' + "x" * 100000):
            sample = ask_raw(text)
            self.assert_ended(sample, "failed")
            self.assertEqual(sample["protocol"], 1)


class CodeCache(WorkerTest):
    def code_from(self, made, **environment):
        sample = ask(made, **environment)
        self.assert_ok(sample)
        return sample["facts"]["code_from"]

    def test_code_is_compiled_once_for_each_setting_that_decides_it(self):
        with tempfile.TemporaryDirectory() as folder:
            place = {"INSTBENCH_CACHE_DIR": folder}
            path = build('(module (memory (export "m") 3))')
            for strategy, stored in (("pooling", True), ("on-demand", False), ("pooling-keep", False), ("opt=none", True), ("dense=1MiB", True)):
                found = self.code_from(request(path, strategy, passes=["first"]), **place)
                self.assertEqual(found == "hit", not stored, f"{strategy}: {found}")
            own = Path(folder) / "wasmtime-rs"
            self.assertEqual(stat.S_IMODE(own.stat().st_mode), 0o700)
            self.assertEqual([file.suffix for file in own.iterdir()], [".cwasm"] * 3)

    def test_a_broken_file_is_replaced(self):
        with tempfile.TemporaryDirectory() as folder:
            place = {"INSTBENCH_CACHE_DIR": folder}
            made = request(corpus("one-page"), passes=["first"])
            self.code_from(made, **place)
            (file,) = (Path(folder) / "wasmtime-rs").iterdir()
            for content in (b"", b"broken", file.read_bytes()[:1000]):
                file.write_bytes(content)
                self.assertIn("stored", self.code_from(made, **place))
                self.assertEqual(self.code_from(made, **place), "hit")

    def test_a_folder_that_others_can_write_is_not_used(self):
        with tempfile.TemporaryDirectory() as folder:
            own = Path(folder) / "wasmtime-rs"
            own.mkdir()
            own.chmod(0o777)
            self.assertIn("not stored: ", self.code_from(request(corpus("one-page"), passes=["first"]), INSTBENCH_CACHE_DIR=folder))
            self.assertEqual(list(own.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
