#!/usr/bin/env python3
"""Fetches real engines into the cache, at pinned versions.

Usage: fetch.py --cache DIR [--sha256 HEX] ENGINE[@VERSION]...

  wasmtime[@VERSION]   libwasmtime.so from the PyPI wheel `wasmtime`, through pip. The wheel's SHA-256 must be the one in
                       pins.json; for a version that is not there, give it with --sha256.
  wasmtime-rs          the worker in harness/engines/wasmtime-rs, built by cargo from its Cargo.lock.
  wasmi                libwasmi.so, which exports the standard wasm-c-api, for the engine `capi`: built by cargo from
                       harness/engines/capi/wasmi and its Cargo.lock.
  ittapi               libinstbench_itt.so, Intel's ITT API, for `instbench profile` under VTune: built by cargo from
                       harness/engines/ittapi and its Cargo.lock.

Each comes to CACHE/engines/ENGINE-VERSION/; a file there is complete and right, or absent.
Standard output: one line "ENGINE VERSION<tab>present|fetched<tab>PATH" each. Errors: standard error.
Exit code: 0 all there; 1 at least one is not; 2 usage; 130 interrupted.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = json.loads((HERE / "pins.json").read_text(encoding="utf-8"))

# What each leaves in its folder.
FILES = {"wasmtime": "libwasmtime.so", "wasmtime-rs": "worker", "wasmi": "libwasmi.so", "ittapi": "libinstbench_itt.so"}

# Crates of ours: where they lie, what cargo makes of them, and what to do with a build of one's own.
CRATES = {"wasmtime-rs": ("wasmtime-rs", "instbench-wasmtime-rs", "name your build: wasmtime-rs@/path/to/worker"),
          "wasmi": ("capi/wasmi", "libinstbench_wasmi.so", "name your build: capi@/path/to/libwasmi.so"),
          "ittapi": ("ittapi", "libinstbench_itt.so", "its pin in harness/engines/pins.json")}


class FetchError(Exception):
    """One engine's failure, as one line."""


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("WARNING", "[notice]"))]
    return lines[-1] if lines else "no message"


def run(command: list, what: str, **options) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    except FileNotFoundError:
        raise FetchError(f"{what}: {command[0]} is not installed") from None
    if done.returncode != 0:
        raise FetchError(f"{what} failed: {last_line(done.stderr or done.stdout)}")


def pip() -> list:
    """A pip there is: this Python's own, or the one on PATH."""
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        if shutil.which(command[0]) and subprocess.run([*command, "--version"], capture_output=True, check=False).returncode == 0:
            return command
    raise FetchError("pip is not installed (Debian: apt install python3-pip)")


def put(folder: Path, name: str, data: bytes, mode: int) -> Path:
    """The file, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="." + name, delete=False) as file:
        file.write(data)
    os.chmod(file.name, mode)
    os.rename(file.name, folder / name)
    return folder / name


def fetch_wasmtime(version: str, folder: Path, given_sha256: str) -> str:
    target = folder / FILES["wasmtime"]
    if target.is_file():
        return "present"
    machine = platform.machine()
    expected = given_sha256 or PINS["wasmtime"]["sha256"].get(version, {}).get(machine)
    if not expected:
        raise FetchError(f"wasmtime {version} for {machine} is not pinned: give the SHA-256 of its wheel with --sha256 HEX "
                         f"(pinned: {', '.join(PINS['wasmtime']['sha256'])})")
    with tempfile.TemporaryDirectory() as scratch:
        run([*pip(), "download", f"wasmtime=={version}", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "-d", scratch],
            f"pip download wasmtime=={version}")
        wheel = next(Path(scratch).glob("*.whl"))
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != expected:
            raise FetchError(f"wasmtime {version}: the wheel's SHA-256 is {found}, expected {expected}; nothing was kept")
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith("/_libwasmtime.so")]
            if len(names) != 1:
                raise FetchError(f"wasmtime {version}: its wheel holds {len(names)} libraries named _libwasmtime.so, expected one")
            put(folder, target.name, archive.read(names[0]), 0o700)
    return "fetched"


def build_crate(name: str, version: str, folder: Path) -> str:
    """Its Cargo.lock pins one version of the engine; another that was built before is taken as it is."""
    place, artifact, own_build = CRATES[name]
    target = folder / FILES[name]
    source, pinned = HERE / place, PINS[name]["default"]
    newest = max(path.stat().st_mtime for path in source.rglob("*") if path.suffix in (".rs", ".toml", ".lock"))
    if target.is_file() and (version != pinned or target.stat().st_mtime >= newest):
        return "present"
    if version != pinned:
        raise FetchError(f"{name} is built with {pinned}, the version in its Cargo.lock; for {version} change "
                         f"harness/engines/{place}/Cargo.toml and {own_build}")
    print(f"building {name} with cargo; this takes some minutes", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        run(["cargo", "build", "--release", "--locked", "--ignore-rust-version", "--manifest-path", str(source / "Cargo.toml"), "--target-dir", scratch], f"cargo build of {name}")
        put(folder, target.name, (Path(scratch) / "release" / artifact).read_bytes(), 0o700)
    return "fetched"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sha256", default="", metavar="HEX", help="of the wheel, for a version that is not pinned")
    parser.add_argument("engines", nargs="+", metavar="ENGINE[@VERSION]")
    options = parser.parse_args()
    failed = False
    for text in options.engines:
        name, _, version = text.partition("@")
        if name not in FILES:
            parser.error(f"unknown engine '{name}'; available: {', '.join(FILES)}")
        version = version or PINS[name]["default"]
        folder = options.cache / "engines" / f"{name}-{version}"
        try:
            how = build_crate(name, version, folder) if name in CRATES else fetch_wasmtime(version, folder, options.sha256)
            print(f"{name} {version}\t{how}\t{folder / FILES[name]}", flush=True)
        except FetchError as error:
            print(f"fetch: {error}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
