#!/usr/bin/env python3
"""The engines `capi` and `sightglass`, by worker requests made here: exact counts, no times.

Real libraries are those in the user's cache (`instbench fetch wasmtime wasmi`); a test that finds none is skipped. How an
engine may go wrong is tried on small libraries that are compiled from the C text below.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from fetched import fetched

INSTBENCH = os.environ["INSTBENCH"]
SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent.parent))

for program, package in (("wat2wasm", "wabt"), ("cc", "gcc")):
    if shutil.which(program) is None:
        print(f"skipped: {program} is not installed (Debian: apt install {package})")
        raise SystemExit(77)

SCRATCH = tempfile.TemporaryDirectory()
FOLDER = Path(SCRATCH.name)


# Name of a library in the cache -> its path and the strategy under which it can be measured.
STRATEGY = {"wasmtime": "own", "wasmi": "own"}
REAL = {}
for name, strategy in STRATEGY.items():
    path = fetched(name, f"lib{name}.so")
    if path.exists():
        REAL[name] = (path, strategy)

# What can be reached of the corpus's modules: as the parent finds it out for a worker.
NOTHING = {"has_memory": False, "memory": None, "table": None, "memory_imported": False, "table_imported": False, "globals": [], "hidden": [], "memory_bytes": 0,
           "growable_pages": 0, "table_entries": 0}
PAGE = 65536
REACH = {
    "empty": {},
    "one-page": {"memory": "memory", "memory_bytes": PAGE, "growable_pages": 65535},
    "max-equals-min": {"memory": "memory", "memory_bytes": 2 * PAGE, "hidden": ["table 0"]},
    "sparse-memory": {"memory": "memory", "memory_bytes": 1024 * PAGE},
    "start-writes-memory": {"memory": "memory", "memory_bytes": 4 * PAGE, "growable_pages": 65532, "hidden": ["1 global"]},
    "mutable-globals": {"globals": ["i", "l", "f", "d", "constant"], "hidden": ["1 global"]},
    "expression-elements": {"table": "table", "table_entries": 8},
    "externref-table": {"table": "functions", "table_entries": 2, "hidden": ["table 1"]},
    "imported-functions-in-table": {"table": "table", "table_entries": 6},
    "imported-memory": {"memory_imported": True, "memory_bytes": 2 * PAGE, "growable_pages": 14},
    "imported-table": {"table_imported": True, "table_entries": 4},
    "two-tables": {"table_entries": 4, "hidden": ["table 0", "table 1", "1 global"]},
    "dynamic-offset": {"memory": "memory", "memory_bytes": 2 * PAGE, "growable_pages": 65534, "hidden": ["table 0", "2 globals"]},
    "odd-import-names": {"memory_imported": True, "memory_bytes": PAGE, "growable_pages": 65535, "hidden": ["1 global"]},
}


def module(name):
    wasm = FOLDER / f"{name}.wasm"
    if not wasm.exists():
        subprocess.run(["wat2wasm", SOURCE / f"corpus/wat/{name}.wat", "-o", wasm], check=True)
    return wasm


def own_module(name, text):
    wat = FOLDER / f"{name}.wat"
    wat.write_text(text)
    return wat


def touch(**counts):
    return {"kind": "touch", "read": 0, "write": 0, "calls": 0, "grow": 0, "runs": None, "reread": False, **counts}


NONE = {**touch(), "kind": "none"}
PASSES = ["verify", "first", "batch", "phases", "counters", "memory", "verify_after"]


def ask(request, cache=None):
    environment = dict(os.environ, INSTBENCH_HOME=str(SOURCE))
    if cache is not None:
        environment["INSTBENCH_CACHE_DIR"] = str(cache)
    return subprocess.run([INSTBENCH, "worker", "--json"], input=json.dumps(request), env=environment, capture_output=True, text=True, timeout=300)


def describe(engine, library, strategy=""):
    done = ask({"protocol": 1, "describe": True, "arm": {"id": engine, "engine": engine, "strategy": strategy, "library": str(library)}})
    return json.loads(done.stdout)


def exports(reach):
    return {**NOTHING, "has_memory": reach.get("memory_bytes", 0) > 0, **reach}


def measure(engine, library, wasm, strategy="", workload=NONE, slots=1, reach=NOTHING, cache=None, passes=PASSES):
    request = {"protocol": 1, "module": {"name": "test", "path": str(wasm), "exports": exports(reach)},
               "arm": {"id": engine, "engine": engine, "strategy": strategy, "library": str(library)},
               "cell": {"module": "test", "workload": workload, "slots": slots, "vary": 0.0, "bystanders": 0, "threads": 1},
               "seed": 1, "passes": passes, "iterations": 20}
    return ask(request, cache)


def sample(*arguments, **options):
    return json.loads(measure(*arguments, **options).stdout)


def c_library(name, text, *options):
    source, library = FOLDER / f"{name}.c", FOLDER / f"{name}.so"
    source.write_text(text)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-w", *options, "-o", library, source], check=True)
    return library


# A wasm-c-api of a module that imports and exports nothing: enough to be instantiated.
CAPI = r"""
#include <stddef.h>
typedef struct { size_t size; void *data; } vec;
static int thing;
#define GIVES(name) void *wasm_##name(void) { return &thing; }
#define NULLS(name) void *wasm_##name(void) { return 0; }
#define EMPTY(name) void wasm_##name(const void *from, vec *out) { out->size = 0; out->data = 0; }
#ifndef LACKS_ENGINE
GIVES(engine_new)
#endif
GIVES(store_new) GIVES(module_new)
#ifndef LACKS_SHARING
GIVES(module_share) GIVES(module_obtain) NULLS(shared_module_delete)
#endif
EMPTY(module_imports) EMPTY(module_exports) EMPTY(instance_exports) EMPTY(trap_message)
NULLS(engine_delete) NULLS(store_delete) NULLS(module_delete) NULLS(instance_delete) NULLS(importtype_vec_delete)
NULLS(exporttype_vec_delete) NULLS(extern_vec_delete) NULLS(byte_vec_delete) NULLS(trap_delete) NULLS(ref_delete)
NULLS(func_delete) NULLS(global_delete) NULLS(table_delete) NULLS(memory_delete)
NULLS(importtype_module) NULLS(importtype_name) NULLS(importtype_type) NULLS(exporttype_type) NULLS(exporttype_name) NULLS(externtype_as_functype_const)
NULLS(externtype_as_globaltype_const) NULLS(externtype_as_tabletype_const) NULLS(externtype_as_memorytype_const)
NULLS(globaltype_content) NULLS(globaltype_mutability) NULLS(valtype_kind)
NULLS(extern_as_global) NULLS(extern_as_table) NULLS(extern_as_memory)
NULLS(func_new_with_env) NULLS(func_as_extern) NULLS(global_new) NULLS(global_as_extern) NULLS(global_get) NULLS(global_set)
NULLS(table_new) NULLS(table_as_extern) NULLS(table_size) NULLS(table_get) NULLS(table_set)
NULLS(memory_new) NULLS(memory_as_extern) NULLS(memory_data) NULLS(memory_data_size) NULLS(memory_grow) NULLS(trap_new)
void *wasm_instance_new(void) {
#ifdef CRASHES
  *(volatile int *)0 = 1;
#endif
#ifdef REFUSES
  return 0;
#endif
  return &thing;
}
"""

# An engine of Sightglass that counts its instances and writes what it is told into its standard output's file.
SIGHTGLASS = r"""
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct { const char *data; size_t size; } text;
typedef struct { void *self; void (*start)(void *); void (*end)(void *); } timer;
typedef struct {
  text working_dir, out, err, in;
  timer compilation, instantiation, execution;
#ifndef OLDER
  text flags;
#endif
} config;
typedef struct { config given; void *instance; size_t size; } state;
int wasm_bench_create(config given, void **out) {
#ifdef CREATE_FAILS
  return 7;
#endif
  char path[512];
  snprintf(path, sizeof path, "%.*s", (int)given.out.size, given.out.data);
  FILE *file = fopen(path, "w");
  if (file == NULL || strncmp(path, given.working_dir.data, given.working_dir.size) != 0) return 8;
  fclose(file);
  state *made = calloc(1, sizeof *made);
  made->given = given;
  *out = made;
  return 0;
}
int wasm_bench_compile(void *of, const uint8_t *wasm, size_t size) {
  state *self = of;
  self->size = size;
  self->given.compilation.start(self->given.compilation.self);
  self->given.compilation.end(self->given.compilation.self);
  return memcmp(wasm, "\0asm", 4) == 0 && size > 8 ? 0 : 3;
}
int wasm_bench_instantiate(void *of) {
  state *self = of;
  free(self->instance);
#ifndef NO_TIMER
  self->given.instantiation.start(self->given.instantiation.self);
#endif
  self->instance = malloc(100);
#ifdef INSTANTIATE_FAILS
  return -1;
#endif
#ifdef CRASHES
  abort();
#endif
#ifndef NO_TIMER
  self->given.instantiation.end(self->given.instantiation.self);
#endif
  return 0;
}
#ifndef LACKS_EXECUTE
int wasm_bench_execute(void *of) { return 0; }
#endif
void wasm_bench_free(void *of) {
  free(((state *)of)->instance);
  free(of);
}
"""


class Capi(unittest.TestCase):
    def each_library(self):
        if not REAL:
            self.skipTest("no library with wasm.h is in the cache; `instbench fetch wasmi` brings one")
        for name, (path, strategy) in REAL.items():
            with self.subTest(library=name):
                yield name, path, strategy

    def assert_ok(self, found):
        self.assertEqual(found["status"], "ok", found["reason"])
        return found

    def test_every_trait_is_instantiated_and_isolated(self):
        for _, path, strategy in self.each_library():
            for trait, reach in REACH.items():
                with self.subTest(trait=trait):
                    found = self.assert_ok(sample("capi", path, module(trait), strategy, slots=3, reach=reach))
                    seen = reach.get("memory") or reach.get("memory_imported") or not reach.get("memory_bytes")
                    self.assertEqual(found["verified"], True if seen else None)
                    self.assertEqual(found["facts"]["not_compared"], reach.get("hidden", []))
                    self.assertEqual(found["batch"]["iterations"], 20)

    def test_what_the_library_says_of_itself(self):
        for name, path, strategy in self.each_library():
            engine = describe("capi", path, strategy)["engine"]
            self.assertEqual((engine["name"], engine["version"], engine["build"]["file"]), ("capi", "", f"lib{name}.so"))
            self.assertEqual(len(engine["build"]["sha256"]), 64)
            self.assertEqual(engine["phases"], ["acquire", "init", "work", "release"])
            self.assertEqual(engine["strategy"], "store=own,module=" + ("direct" if "direct" in strategy else "obtain"))

    def test_touching_reaches_memory_and_table(self):
        for _, path, strategy in self.each_library():
            page = self.assert_ok(sample("capi", path, module("one-page"), strategy, touch(read=2, write=4, grow=1), 3, REACH["one-page"]))
            self.assertIsNone(page["phases"]["start"])
            self.assertTrue(page["verified"])
            for trait in ("expression-elements", "imported-functions-in-table", "imported-table"):
                self.assert_ok(sample("capi", path, module(trait), strategy, touch(calls=4), 3, REACH[trait]))

    def test_code_is_kept_where_the_library_can(self):
        for name, path, strategy in self.each_library():
            with tempfile.TemporaryDirectory() as cache:
                runs = [sample("capi", path, module("one-page"), strategy, reach=REACH["one-page"], cache=cache) for _ in range(2)]
                sources = [self.assert_ok(found)["facts"]["code_from"] for found in runs]
                if name == "wasmi":
                    self.assertEqual(sources, 2 * ["compiled in each worker: the library does not serialize modules"])
                    continue
                self.assertEqual(sources, ["compiled", "hit"])
                kept = next(Path(cache, "capi").glob("*.code"))
                kept.write_bytes(kept.read_bytes()[:-1] + b"?")  # as after a crash of the machine
                again = sample("capi", path, module("one-page"), strategy, reach=REACH["one-page"], cache=cache)
                self.assertEqual(self.assert_ok(again)["facts"]["code_from"], "compiled")

    def test_a_trap_in_the_start_function_fails_the_cell(self):
        traps = own_module("traps", "(module (func $f unreachable) (start $f))")
        calls = own_module("calls", '(module (import "env" "f" (func $f)) (start $f))')
        for _, path, strategy in self.each_library():
            for wat in (traps, calls):
                found = sample("capi", path, wat, strategy)
                self.assertEqual(found["status"], "failed")
                self.assertRegex(found["reason"], r"^instantiation failed: .+")
            self.assertIn("an imported function was called", found["reason"])

    def test_a_segment_out_of_bounds_fails_the_cell(self):
        for _, path, strategy in self.each_library():
            found = sample("capi", path, module("out-of-bounds-segment"), strategy)
            self.assertEqual(found["status"], "failed")
            self.assertRegex(found["reason"], r"^instantiation failed: .+")

    def test_a_module_that_the_library_refuses_is_skipped(self):
        text = FOLDER / "wrong.wasm"
        text.write_bytes(b"\0asm\1\0\0\0\x03\x02\x01\x00")  # a function without a body
        for name, path, strategy in self.each_library():
            found = sample("capi", path, text, strategy)
            self.assertEqual((found["status"], found["reason"]),
                             ("skipped", f"capi: lib{name}.so refuses the module; wasm.h has no way to say why"))

    def test_an_import_that_cannot_be_made_is_skipped(self):
        if "wasmtime" not in REAL:
            self.skipTest("Wasmtime is not in the cache")
        wat = own_module("shared", '(module (import "env" "memory" (memory 1 2 shared)))')
        found = sample("capi", *REAL["wasmtime"][:1], wat, reach={"memory_imported": True, "memory_bytes": PAGE})
        self.assertEqual((found["status"], found["reason"]), ("skipped", 'capi: libwasmtime.so makes no import "env" "memory" of its type'))

    def test_a_library_that_was_replaced_fails_the_cell(self):
        for _, path, strategy in self.each_library():
            request = json.loads('{"protocol": 1, "passes": ["batch"], "seed": 1, "iterations": 1}')
            request.update(module={"name": "test", "path": str(module("one-page")), "exports": exports({})},
                           arm={"id": "capi", "engine": "capi", "strategy": strategy, "library": str(path), "library_sha256": "0" * 64},
                           cell={"module": "test", "workload": NONE, "slots": 1, "vary": 0.0, "bystanders": 0, "threads": 1})
            found = json.loads(ask(request).stdout)
            self.assertEqual(found["status"], "failed")
            self.assertIn("its bytes changed since the run began", found["reason"])

    def test_what_is_not_exported_cannot_be_touched(self):
        hidden = {"memory_bytes": PAGE, "growable_pages": 3, "hidden": ["memory 0"]}
        wat = own_module("hidden", "(module (memory 1 4))")
        for _, path, strategy in self.each_library():
            found = sample("capi", path, wat, strategy, touch(write=1), reach=hidden)
            self.assertEqual(found["status"], "skipped")
            self.assertIn("its memory is not exported", found["reason"])
            self.assertIsNone(self.assert_ok(sample("capi", path, wat, strategy, reach=hidden))["verified"])


class Refusals(unittest.TestCase):
    def assert_skipped(self, engine, library, reason, strategy=""):
        self.assertEqual([describe(engine, library, strategy)[key] for key in ("status", "reason")], ["skipped", reason])
        found = sample(engine, library, module("empty"), strategy)
        self.assertEqual([found[key] for key in ("status", "reason")], ["skipped", reason])

    def assert_refused(self, engine, library, strategy, *words):
        found = describe(engine, library, strategy)
        self.assertEqual(found["status"], "refused")
        for word in words:
            self.assertIn(word, found["reason"])

    def test_what_is_no_library(self):
        text = FOLDER / "libtext.so"
        text.write_text("no library, but as long as a header is\n")
        short = FOLDER / "libshort.so"
        short.write_bytes(b"\x7fELF")
        for engine in ("capi", "sightglass"):
            self.assert_skipped(engine, FOLDER / "absent.so", f"{engine}: absent.so: no such file")
            self.assert_skipped(engine, text, f"{engine}: libtext.so: not a shared library")
            self.assert_skipped(engine, short, f"{engine}: libshort.so: not a shared library")
            self.assert_skipped(engine, FOLDER, f"{engine}: {FOLDER.name}: not a shared library")

    def test_a_library_for_another_machine(self):
        foreign = FOLDER / "libforeign.so"
        header = bytearray(Path(INSTBENCH).read_bytes()[:64])
        header[18:20] = (22).to_bytes(2, "little")
        foreign.write_bytes(header)
        for engine in ("capi", "sightglass"):
            found = describe(engine, foreign)
            self.assertEqual(found["status"], "skipped")
            self.assertIn("libforeign.so: it is for s390x (64 bit), and this program for ", found["reason"])

    def test_a_library_that_is_cut_short(self):
        whole = c_library("whole", CAPI)
        cut = FOLDER / "libcut.so"
        cut.write_bytes(whole.read_bytes()[:100])
        found = describe("capi", cut)
        self.assertEqual(found["status"], "skipped")
        self.assertTrue(found["reason"].startswith("capi: libcut.so: cannot load shared object: libcut.so: "), found["reason"])
        self.assertNotIn(str(FOLDER), found["reason"])

    def test_a_library_that_lacks_a_symbol(self):
        other = c_library("other", "int answer(void) { return 42; }")
        self.assert_skipped("capi", other, "capi: other.so has no symbol wasm_engine_new")
        self.assert_skipped("sightglass", other, "sightglass: other.so has no symbol wasm_bench_create")
        self.assert_skipped("capi", c_library("headless", CAPI, "-DLACKS_ENGINE"), "capi: headless.so has no symbol wasm_engine_new")
        self.assert_skipped("sightglass", c_library("inert", SIGHTGLASS, "-DLACKS_EXECUTE"), "sightglass: inert.so has no symbol wasm_bench_execute")

    def test_no_library_is_named(self):
        for engine, words in (("capi", "instbench fetch wasmi"), ("sightglass", "wasm_bench_*")):
            found = describe(engine, "")
            self.assertEqual(found["status"], "skipped")
            self.assertIn(words, found["reason"])

    def test_strategies(self):
        library = c_library("whole", CAPI)
        self.assert_refused("capi", library, "?", "available: own", "axes: store module")
        self.assert_refused("capi", library, "store=shared", "hardly any library gives an instance's memory back")
        self.assert_refused("capi", library, "module=copy", "takes obtain or direct")
        self.assert_refused("sightglass", library, "fast", "'default'")

    def test_stores_that_cannot_share_a_module(self):
        library = c_library("unshared", CAPI, "-DLACKS_SHARING")
        found = describe("capi", library)
        self.assertEqual(found["status"], "skipped")
        self.assertIn("module=direct does without", found["reason"])
        self.assertEqual(describe("capi", library, "module=direct")["engine"]["strategy"], "store=own,module=direct")
        self.assertEqual(sample("capi", library, module("empty"), "module=direct")["status"], "ok")

    def test_an_instance_that_is_not_made_without_a_trap(self):
        found = sample("capi", c_library("refuses", CAPI, "-DREFUSES"), module("empty"))
        self.assertEqual((found["status"], found["reason"]), ("failed", "instantiation failed: refuses.so gives no instance and no reason"))


class Sightglass(unittest.TestCase):
    def measure(self, *options, wasm="one-page", **more):
        library = c_library("glass", SIGHTGLASS, *options)
        return sample("sightglass", library, module(wasm), reach=REACH[wasm], **more)

    def test_a_cycle_is_one_call_and_init_is_what_the_library_times(self):
        for options in ((), ("-DOLDER",)):
            found = self.measure(*options)
            self.assertEqual(found["status"], "ok", found["reason"])
            self.assertEqual(found["engine"]["phases"], ["init"])
            self.assertEqual(found["batch"]["iterations"], 20)
            for phase in ("acquire", "start", "work", "release"):
                self.assertIsNone(found["phases"][phase])
                self.assertIsNone(found["first"][phase])
            self.assertEqual(found["first"]["instantiate"], found["first"]["init"])
            self.assertGreater(found["first"]["cycle"], found["first"]["init"])
            self.assertEqual(found["counters"]["cycle"].get("faults.major", 0), 0)

    def test_nothing_is_verified(self):
        found = self.measure()
        self.assertIsNone(found["verified"])
        self.assertNotIn("verified_slots", found)
        self.assertEqual(found["facts"]["not_compared"], ["everything: nothing of an instance can be reached"])

    def test_without_a_timer_the_call_is_init(self):
        found = self.measure("-DNO_TIMER")
        self.assertEqual(found["status"], "ok", found["reason"])
        self.assertEqual(found["first"]["init"], found["first"]["cycle"])

    def test_what_cannot_be_done_is_skipped(self):
        self.assertIn("slots=2: sightglass has 1 at most", self.measure(slots=2)["reason"])
        self.assertIn("cannot do the workload 'touch'", self.measure(workload=touch(write=1))["reason"])
        found = self.measure(wasm="empty")  # eight bytes: this library takes none so small
        self.assertEqual((found["status"], found["reason"]), ("skipped", "sightglass: glass.so cannot compile the module: wasm_bench_compile gives 3"))

    def test_failures_say_which_call_gave_what(self):
        for option, reason in (("-DCREATE_FAILS", "wasm_bench_create of glass.so gives 7"),
                               ("-DINSTANTIATE_FAILS", "instantiation failed: wasm_bench_instantiate gives -1")):
            found = self.measure(option)
            self.assertEqual((found["status"], found["reason"]), ("failed", reason))

    def test_no_files_are_left(self):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TMPDIR"] = folder
            self.addCleanup(os.environ.pop, "TMPDIR")
            self.assertEqual(self.measure()["status"], "ok")
            self.assertEqual(os.listdir(folder), [])


class Crashes(unittest.TestCase):
    def test_a_crash_in_the_library_ends_the_worker_and_nothing_else(self):
        crashing = {"capi": c_library("falls", CAPI, "-DCRASHES"), "sightglass": c_library("aborts", SIGHTGLASS, "-DCRASHES")}
        out = FOLDER / "result.json"
        arms = ["--arm=core:pool", *[f"--arm={engine}@{library}" for engine, library in crashing.items()]]
        done = subprocess.run([INSTBENCH, "run", "table-min-above-entries", "--touch=slots=1", *arms, "--blocks=3", "--batch-ms=1", f"--out={out}", "--force"],
                              env=dict(os.environ, INSTBENCH_HOME=str(SOURCE), TMPDIR=str(FOLDER)), cwd=FOLDER, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 1, done.stderr)
        cells = json.loads(out.read_text())["cells"]
        self.assertEqual([cell["status"] for cell in cells], ["ok", "failed", "failed"])
        self.assertIn("signal 11", cells[1]["reason"])
        self.assertIn("signal 6", cells[2]["reason"])


if __name__ == "__main__":
    print("libraries with wasm.h in the cache:", ", ".join(REAL) or "none; tests of real ones are skipped (`instbench fetch wasmi`)", flush=True)
    unittest.main()
