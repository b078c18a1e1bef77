#!/usr/bin/env python3
"""fetch.py without a network: what is kept, what is refused, and that nothing half-made stays behind."""

import hashlib
import io
import platform
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import fetch  # noqa: E402

LIBRARY = "wasmtime/linux-any/_libwasmtime.so"


def wheel(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


class Fetch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "wasmtime-9.9.9"

    def fetched(self, data, sha256):
        """fetch_wasmtime() where pip brings these bytes."""
        def download(command, _what, **_options):
            (Path(command[-1]) / "wasmtime-9.9.9.whl").write_bytes(data)
        with mock.patch.object(fetch, "run", download), mock.patch.object(fetch, "pip", lambda: ["pip"]):
            return fetch.fetch_wasmtime("9.9.9", self.folder, sha256)

    def test_the_library_is_kept_when_the_wheel_is_the_pinned_one(self):
        data = wheel({LIBRARY: "the library"})
        self.assertEqual(self.fetched(data, hashlib.sha256(data).hexdigest()), "fetched")
        self.assertEqual((self.folder / "libwasmtime.so").read_text(), "the library")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["libwasmtime.so"])
        self.assertEqual(self.fetched(b"no wheel", "0" * 64), "present")  # nothing is asked a second time

    def test_another_wheel_leaves_nothing(self):
        with self.assertRaisesRegex(fetch.FetchError, f"SHA-256 is {hashlib.sha256(b'other').hexdigest()}, expected {'0' * 64}"):
            self.fetched(b"other", "0" * 64)
        self.assertFalse(self.folder.exists())

    def test_a_wheel_without_the_library(self):
        data = wheel({"wasmtime/other.txt": "text"})
        with self.assertRaisesRegex(fetch.FetchError, "holds 0 libraries"):
            self.fetched(data, hashlib.sha256(data).hexdigest())

    def test_a_version_that_is_not_pinned_needs_its_hash(self):
        with self.assertRaisesRegex(fetch.FetchError, f"wasmtime 9.9.9 for {platform.machine()} is not pinned: give the SHA-256"):
            fetch.fetch_wasmtime("9.9.9", self.folder, "")

    def built(self, name, version, artifact):
        """build_crate() where cargo makes this artifact."""
        commands = []

        def cargo(command, _what, **_options):
            commands.append(command)
            (Path(command[-1]) / "release").mkdir()
            (Path(command[-1]) / "release" / artifact).write_text("the library")
        with mock.patch.object(fetch, "run", cargo):
            return fetch.build_crate(name, version, self.folder), commands

    def test_a_crate_is_built_from_its_lock_and_once(self):
        version = fetch.PINS["wasmi"]["default"]
        how, commands = self.built("wasmi", version, "libinstbench_wasmi.so")
        self.assertEqual((how, len(commands)), ("fetched", 1))
        self.assertIn("--locked", commands[0])
        self.assertEqual((self.folder / "libwasmi.so").read_text(), "the library")
        self.assertEqual(self.built("wasmi", version, "libinstbench_wasmi.so"), ("present", []))
        self.assertEqual(self.built("wasmi", "0.0.1", "libinstbench_wasmi.so"), ("present", []))  # built before its lock moved on

    def test_another_version_of_a_crate_is_the_users_to_build(self):
        with self.assertRaisesRegex(fetch.FetchError, "wasmi is built with .*; for 0.0.1 change harness/engines/capi/wasmi/Cargo.toml .*capi@"):
            self.built("wasmi", "0.0.1", "libinstbench_wasmi.so")
        self.assertFalse(self.folder.exists())

    def test_crates_are_pinned_as_their_manifests_say(self):
        for name in ("wasmi", "ittapi"):
            manifest = HERE / fetch.CRATES[name][0] / "Cargo.toml"
            self.assertIn(f'"={fetch.PINS[name]["default"]}"', manifest.read_text())

    def test_every_pin_is_whole(self):
        for version, by_machine in fetch.PINS["wasmtime"]["sha256"].items():
            self.assertEqual(sorted(by_machine), ["aarch64", "x86_64"], version)
            for digest in by_machine.values():
                self.assertRegex(digest, "^[0-9a-f]{64}$")
        self.assertIn(fetch.PINS["wasmtime"]["default"], fetch.PINS["wasmtime"]["sha256"])

    def test_an_unknown_engine_is_a_usage_error(self):
        done = subprocess.run([sys.executable, "-B", str(HERE / "fetch.py"), "--cache", str(self.folder), "wasmtim"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown engine 'wasmtim'; available: wasmtime, wasmtime-rs", done.stderr)


if __name__ == "__main__":
    unittest.main()
