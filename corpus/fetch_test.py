#!/usr/bin/env python3
"""fetch.py against a fake npm: a script on PATH that serves a tarball made here, or fails as npm does."""

import base64
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
from pathlib import Path

FETCH = Path(__file__).with_name("fetch.py")
WASM = b"\0asm\1\0\0\0"
OTHER_WASM = WASM + b"\0\2\1x"

FAKE_NPM = f"""#!{sys.executable}
import os, shutil, sys, time
with open(os.environ["FAKE_NPM_LOG"], "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
mode = os.environ.get("FAKE_NPM_MODE", "serve")
if mode == "ci":
    pass
elif mode == "serve":
    shutil.copy(os.environ["FAKE_NPM_TARBALL"], "package-1.0.0.tgz")
elif mode == "broken":
    open("broken", "w").close()
elif mode == "hang":
    time.sleep(60)
else:
    sys.stderr.write("npm error code " + mode + "\\nnpm error something happened\\n")
    sys.exit(1)
"""


def tarball_of(files: dict) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo("package/" + name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def integrity_of(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


class Fixture(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="instbench-fetch-test-")
        self.addCleanup(self.scratch.cleanup)
        self.folder = Path(self.scratch.name)
        self.cache = self.folder / "cache"
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.bin / "npm").write_text(FAKE_NPM)
        (self.bin / "npm").chmod(0o755)
        js = b'const a="' + base64.b64encode(WASM).rstrip(b"=") + b'", b=`' + base64.b64encode(OTHER_WASM) + b"`;"
        self.tarball = tarball_of({"lib/a.wasm": WASM, "b.wasm": OTHER_WASM, "c.js": js})
        (self.folder / "served.tgz").write_bytes(self.tarball)

    def module(self, name, member, wasm, extract="file", **npm):
        source = {"package": "@fake/package", "version": "1.0.0", "integrity": integrity_of(self.tarball), "member": member, "extract": extract}
        return {"name": name, "tier": "real", "npm": source | npm, "sha256": hashlib.sha256(wasm).hexdigest(), "bytes": len(wasm)}

    def run_fetch(self, modules, *words, mode="serve", path=None):
        return subprocess.run(self.command(modules, *words), env=self.environment(mode, path), capture_output=True, text=True, timeout=60, check=False)

    def command(self, modules, *words):
        manifest = self.folder / "manifest.json"
        suites = [{"name": "real", "cases": [{"modules": [m["name"] for m in modules]}]}]
        manifest.write_text(json.dumps({"manifest": 1, "modules": modules, "suites": suites}))
        return [sys.executable, "-B", str(FETCH), "--manifest", str(manifest), "--cache", str(self.cache), *words]

    def environment(self, mode, path=None):
        return os.environ | {"PATH": path or str(self.bin), "FAKE_NPM_LOG": str(self.folder / "log"), "FAKE_NPM_MODE": mode,
                             "FAKE_NPM_TARBALL": str(self.folder / "served.tgz"), "TMPDIR": str(self.folder / "bin")}

    def npm_calls(self):
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def cached(self, module):
        return self.cache / "real" / f"{module['name']}-{module['sha256'][:16]}.wasm"

    def assert_one_line_failure(self, done, expected):
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(expected, done.stderr)
        self.assertEqual(list(self.cache.glob("**/*.wasm")) + list(self.cache.glob("**/.fetch-*")), [])


class FetchTest(Fixture):
    def test_good_modules_are_fetched_once_and_checked(self):
        modules = [self.module("a", "lib/a.wasm", WASM), self.module("b", "b.wasm", OTHER_WASM)]
        done = self.run_fetch(modules)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "".join(f"{m['name']}\tfetched\t{self.cached(m)}\n" for m in modules))
        self.assertEqual([self.cached(m).read_bytes() for m in modules], [WASM, OTHER_WASM])
        self.assertEqual(len(self.npm_calls()), 1)  # one tarball holds both
        self.assertIn("--ignore-scripts", self.npm_calls()[0])
        again = self.run_fetch(modules)
        self.assertEqual(again.returncode, 0)
        self.assertEqual(again.stdout.count("\tpresent\t"), 2)
        self.assertEqual(len(self.npm_calls()), 1)

    def test_a_damaged_file_in_the_cache_is_fetched_again(self):
        module = self.module("a", "lib/a.wasm", WASM)
        self.run_fetch([module])
        self.cached(module).write_bytes(b"half")
        self.assertIn("\tfetched\t", self.run_fetch([module]).stdout)
        self.assertEqual(self.cached(module).read_bytes(), WASM)

    def test_base64_literals_of_a_javascript_file(self):
        modules = [self.module("first", "c.js", WASM, "base64[0]"), self.module("second", "c.js", OTHER_WASM, "base64[1]")]
        self.assertEqual(self.run_fetch(modules).returncode, 0)
        self.assertEqual([self.cached(m).read_bytes() for m in modules], [WASM, OTHER_WASM])
        third = self.run_fetch([self.module("third", "c.js", WASM, "base64[2]")])
        self.assertEqual(third.returncode, 1)
        self.assertIn("2 wasm literals, no number 2", third.stderr)

    def test_only_takes_what_it_names(self):
        modules = [self.module("a", "lib/a.wasm", WASM), self.module("b", "b.wasm", OTHER_WASM)]
        self.assertEqual(self.run_fetch(modules, "real", "--only", "b").stdout.split("\t")[0], "b")
        self.assertFalse(self.cached(modules[0]).exists())

    def test_wrong_integrity(self):
        module = self.module("a", "lib/a.wasm", WASM, integrity=integrity_of(b"another"))
        self.assert_one_line_failure(self.run_fetch([module]), "wrong tarball integrity")

    def test_wrong_file_hash(self):
        self.assert_one_line_failure(self.run_fetch([self.module("a", "lib/a.wasm", OTHER_WASM)]), "wrong SHA-256")

    def test_missing_member(self):
        self.assert_one_line_failure(self.run_fetch([self.module("a", "absent.wasm", WASM)]), "no file absent.wasm in the tarball")

    def test_npm_absent(self):
        empty = self.folder / "empty"
        empty.mkdir()
        self.assert_one_line_failure(self.run_fetch([self.module("a", "lib/a.wasm", WASM)], path=str(empty)), "npm is not installed")

    def test_missing_package(self):
        self.assert_one_line_failure(self.run_fetch([self.module("a", "lib/a.wasm", WASM)], mode="E404"), "is not in the registry (E404)")

    def test_no_network(self):
        self.assert_one_line_failure(self.run_fetch([self.module("a", "lib/a.wasm", WASM)], mode="ENOTFOUND"), "no network")

    def test_one_failure_leaves_the_others(self):
        good, bad = self.module("good", "lib/a.wasm", WASM), self.module("bad", "b.wasm", WASM)
        done = self.run_fetch([bad, good])
        self.assertEqual(done.returncode, 1)
        self.assertIn("bad: ", done.stderr)
        self.assertEqual(self.cached(good).read_bytes(), WASM)

    def test_unknown_names_are_usage_errors(self):
        modules = [self.module("a", "lib/a.wasm", WASM)]
        self.assertEqual(self.run_fetch(modules, "nothing").returncode, 2)
        self.assertEqual(self.run_fetch(modules, "--only", "nothing").returncode, 2)
        self.assertEqual(self.npm_calls(), [])

    def test_interrupts_leave_nothing_half_written(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                (self.folder / "log").unlink(missing_ok=True)
                command = self.command([self.module("a", "lib/a.wasm", WASM)])
                # A job in the background of a script inherits an ignored SIGINT.
                child = subprocess.Popen(command, env=self.environment("hang"), stderr=subprocess.PIPE, text=True,
                                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
                while not self.npm_calls():
                    self.assertIsNone(child.poll())
                    time.sleep(0.02)
                child.send_signal(number)
                _, stderr = child.communicate(timeout=30)
                self.assertEqual(child.returncode, code)
                self.assertIn("interrupted", stderr)
                self.assertNotIn("Traceback", stderr)
                self.assertEqual(list(self.cache.glob("**/*")) + list(self.bin.glob("instbench-fetch-*")), [])


def section(number: int, *body: int) -> bytes:
    return bytes([number, len(body), *body])


# Two functions, one segment, and a table of three entries (function indices 0, 1 and 0 from offset 5).
SHAPED = WASM + section(3, 2, 0, 0) + section(9, 1, 0, 0x41, 5, 0x0B, 3, 0, 1, 0) + section(11, 1, 1, 0)

FAKE_NODE = f"""#!{sys.executable}
import os, shutil, sys
with open(os.path.join(os.path.dirname(sys.argv[0]), "..", "node.log"), "a") as log:
    log.write(repr(sorted(os.environ)) + "\\n")
if os.path.exists("broken"):
    sys.stderr.write("file:///make.mjs:1\\nError: it does not work\\n    at make.mjs\\n")
    sys.exit(1)
shutil.copy("make.mjs", sys.argv[2])
"""


class GenerateTest(Fixture):
    """The recipe's make.mjs is the module itself, which the fake node copies to the place asked for."""

    def setUp(self):
        super().setUp()
        (self.bin / "node").write_text(FAKE_NODE)
        (self.bin / "node").chmod(0o755)
        self.recipe = self.folder / "recipe"
        self.recipe.mkdir()
        for name, data in (("make.mjs", SHAPED), ("package.json", b"{}"), ("package-lock.json", b"{}")):
            (self.recipe / name).write_bytes(data)

    def generated(self, **changed):
        """The manifest's entry for the recipe as it is now."""
        recipe = b"".join((self.recipe / name).read_bytes() for name in ("make.mjs", "package.json", "package-lock.json"))
        shape = {"recipe": "recipe", "functions": 2, "data_segments": 1, "table_entries": 3}
        return {"name": "g", "tier": "real", "generate": shape | changed, "sha256": hashlib.sha256(recipe).hexdigest(), "bytes": len(SHAPED)}

    def environment(self, mode, path=None):
        return super().environment("ci" if mode == "serve" else mode, path)

    def test_a_generated_module_has_its_hash_beside_it(self):
        module = self.generated()
        done = self.run_fetch([module])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"g\tgenerated\t{self.cached(module)}\n")
        self.assertEqual(self.cached(module).read_bytes(), SHAPED)
        beside = self.cached(module).with_name(self.cached(module).name + ".sha256")
        self.assertEqual(beside.read_text(), hashlib.sha256(SHAPED).hexdigest())
        self.assertIn("ci --ignore-scripts", self.npm_calls()[0])
        self.assertNotIn("FAKE_NPM_LOG", (self.folder / "node.log").read_text())  # the user's environment stays out
        self.assertIn("\tpresent\t", self.run_fetch([module]).stdout)
        beside.unlink()
        self.assertIn("\tgenerated\t", self.run_fetch([module]).stdout)

    def test_another_shape_is_refused(self):
        for key, found in (("functions", 2), ("data_segments", 1), ("table_entries", 3)):
            done = self.run_fetch([self.generated(**{key: 100})])
            self.assert_one_line_failure(done, f"the generated module has {key} {found}, more than 1 % off the pinned 100")

    def test_what_is_no_module_is_refused(self):
        (self.recipe / "make.mjs").write_bytes(b"no wasm")
        self.assert_one_line_failure(self.run_fetch([self.generated()]), "is no WebAssembly module")
        (self.recipe / "make.mjs").write_bytes(SHAPED[:20])
        self.assert_one_line_failure(self.run_fetch([self.generated()]), "the generated module is cut short")

    def test_an_edited_recipe_is_refused(self):
        module = self.generated()
        (self.recipe / "package.json").write_bytes(b"{ }")
        self.assert_one_line_failure(self.run_fetch([module]), "was edited: run `python3 corpus/rehash.py`")
        self.assertEqual(self.npm_calls(), [])

    def test_failures_of_the_programs(self):
        module = self.generated()
        self.assert_one_line_failure(self.run_fetch([module], mode="EINTEGRITY"), "npm ci of recipe/package-lock.json failed: EINTEGRITY")
        self.assert_one_line_failure(self.run_fetch([module], mode="broken"), "recipe/make.mjs failed: Error: it does not work")
        (self.bin / "node").unlink()
        self.assert_one_line_failure(self.run_fetch([module], path=str(self.bin)), "node is not installed")


if __name__ == "__main__":
    unittest.main()
