#!/usr/bin/env python3
"""`run --mix` as a user meets it: what it is asked, what it measures and reports, what it refuses."""

import json
import re
import unittest

from fake_worker import FakeWorkerTest

MODULES = {
    "a.wat": '(module (memory 2) (data (i32.const 100) "a") (table 4 funcref) (func $f) (elem (i32.const 0) $f))',
    "b.wat": '(module (memory 1) (data (i32.const 5000) "b") (func $s (i32.store (i32.const 0) (i32.const 7))) (start $s))',
    "c.wat": '(module (memory 3) (data (i32.const 9000) "c"))',
}
PATHS = r"slot=(fresh|hit|stolen|cold|shared|evicted) memory=\w+ tables=\w+ reset=\w+"


class MixTest(FakeWorkerTest):
    def setUp(self):
        super().setUp()
        for name, text in MODULES.items():
            (self.folder / name).write_text(text)

    def run_mix(self, *arguments, real=True, **fake):
        environment = self.environment(**fake)
        if real:
            del environment["INSTBENCH_WORKER"]
        return self.instbench("run", "--mix", *arguments, f"--out={self.out}", environment=environment)

    def cells(self):
        return {(c["case"], c["arm"]): c for c in self.result()["cells"]}


class Asked(MixTest):
    def test_a_case_is_a_workload_over_all_modules(self):
        done = self.run_mix("a.wat", "b.wat", "c.wat", "--arm=core:pool", "--touch=write=0,2,slots=1,2,threads=1,2", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        ids = {line.split("\t")[1] for line in done.stdout.splitlines()}
        name = "mix(a.wat+b.wat+c.wat)"  # one slot fewer than modules, or as many as instances are alive
        self.assertEqual(ids, {f"{name} {work} {rest}" for work in ("none", "touch(w2)") for rest in ("s1 p2", "s1 p2 t2", "s2 p2", "s2 p4 t2")})
        done = self.run_mix("a.wat", "b.wat", "--arm=core:pool", "--touch=pool=1,7,order=uniform,rotate,vary=0", "--dry-run")
        self.assertEqual({line.split("\t")[1].split(") ")[1] for line in done.stdout.splitlines()},
                         {"none s1 p1", "none s1 p7", "none s1 p1 rotate", "none s1 p7 rotate"})

    def test_what_makes_no_mix_is_refused(self):
        many = [f"m{i}.wat" for i in range(65)]
        for name in many:
            (self.folder / name).write_text("(module)")
        for arguments, words in ((["a.wat"], ["2 to 64 modules, not 1"]), ([], ["none is named"]), (many, ["2 to 64 modules, not 65"]),
                                 (["a.wat", "smoke"], ["'smoke' is a suite"]), (["a.wat", "a.wat"], ["named twice"]),
                                 (["a.wat", "no.wat"], ["no.wat"]), (["a.wat", "b.wat", "--call"], ["no --call"]),
                                 (["a.wat", "b.wat", "--touch=call"], ["takes no calls"]),
                                 (["a.wat", "b.wat", "--touch=slots=2,threads=2,pool=3"], ["pool=3", "4 instances"]),
                                 (["a.wat", "b.wat", "--touch=pool=0"], ["at least 1"]), (["a.wat", "b.wat", "--touch=order=lifo"], ["uniform or rotate"]),
                                 (["a.wat", "b.wat", "--touch=slots=65536,threads=2"], ["65536 slots at most"]),
                                 (["a.wat", "b.wat", "--touch=write=17"], ["17 pages", "the memory of b.wat begins with 16"])):
            self.assert_refused(self.run_mix(*arguments), 2, *words)
        for setting in ("pool=2", "order=rotate"):
            self.assert_refused(self.instbench("run", "a.wat", f"--touch={setting}"), 2, "is for --mix")
        (self.folder / "text.wasm").write_bytes(b"not wasm")
        self.assert_refused(self.run_mix("a.wat", "text.wasm"), 1, "text.wasm")
        self.assertFalse(self.out.exists())

    def test_a_module_that_is_not_there_skips_the_mix(self):
        done = self.run_mix("a.wat", "esbuild", "--arm=core:pool", "--blocks=1")
        self.assertEqual(done.returncode, 1, done.stderr)  # nothing was measured
        self.assertTrue(all(c["status"] == "skipped" and c["reason"].startswith("esbuild: ") for c in self.result()["cells"]))

    def test_resume_goes_on_with_the_same_mix_only(self):
        self.assertEqual(self.run_mix("a.wat", "b.wat", "--arm=core:pool", "--blocks=1", "--touch=pool=1", real=False).returncode, 0)
        self.assertEqual(self.run_mix("a.wat", "b.wat", "--arm=core:pool", "--blocks=1", "--touch=pool=1", "--resume", real=False).returncode, 0)
        for others in (["a.wat", "b.wat", "--touch=pool=2"], ["a.wat", "b.wat", "--touch=pool=1,order=rotate"], ["b.wat", "a.wat", "--touch=pool=1"],
                       ["a.wat", "c.wat", "--touch=pool=1"]):
            self.assert_refused(self.run_mix(*others, "--arm=core:pool", "--blocks=1", "--resume", real=False), 1, "another plan")


class Measured(MixTest):
    def test_the_whole_path(self):
        done = self.run_mix("a.wat", "b.wat", "c.wat", "--arm=core:eager", "--arm=core:pool-lazy", "--arm=core:best", "--touch=write=2,slots=1,2,threads=1,2",
                            "--touch=pool=3", "--touch=pool=1,order=rotate", "--blocks=1", "--batch-ms=2")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result, cells, name = self.result(), self.cells(), "mix(a.wat+b.wat+c.wat)"
        self.assertEqual([m["name"] for m in result["modules"]], list(MODULES))
        self.assertEqual(result["cases"][0]["mix"], {"modules": list(MODULES), "pool": 2, "order": "uniform"})
        self.assertEqual(len(cells), 6 * 3)
        for (case, arm), cell in cells.items():
            self.assertEqual((cell["status"], cell["verified"]), ("ok", True), (case, arm, cell["reason"]))
            self.assertTrue(all(re.fullmatch(PATHS, path) for path in cell["paths"]), cell["paths"])
            found = {re.fullmatch(PATHS + r" module=([abc]\.wat)", path).group(2) for path in cell["phases_by_path"]}
            self.assertEqual(found, set(MODULES))
            self.assertEqual(cell["facts"]["modules"]["b.wat"]["start_function"], "run")
        slots = {key: {path.split()[0] for path in cell["paths"]} for key, cell in cells.items()}
        self.assertEqual(slots[f"{name} none s1 p3", "core:pool-lazy"], {"slot=hit"})
        self.assertEqual(slots[f"{name} none s1 p1 rotate", "core:pool-lazy"], {"slot=evicted"})
        self.assertEqual(slots[f"{name} touch(w2) s1 p2", "core:pool-lazy"], {"slot=hit", "slot=evicted"})
        self.assertEqual(slots[f"{name} touch(w2) s1 p2", "core:eager"], {"slot=fresh"})
        self.assertRegex(done.stdout, r"core:pool-lazy: slots: [\d.]+ % hit, [\d.]+ % evicted; an evicted cycle takes [\d.]+ .s, a hit [\d.]+ .s\n")
        self.assertRegex(done.stdout, r"core:pool-lazy: slots: 100 % evicted; an evicted cycle takes [\d.]+ .s\n")
        self.assertRegex(done.stdout, r"core:best: reset=\w+ for .*a\.wat")


if __name__ == "__main__":
    unittest.main()
