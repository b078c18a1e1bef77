#!/usr/bin/env python3
"""Fetches the corpus's real modules from npm into a cache, at pinned versions, and makes those that are generated.

Usage: fetch.py --manifest MANIFEST --cache DIR [--only NAME]... [SUITE_OR_MODULE]...

Each package comes through the `npm` client (`npm pack`, so no install script runs). The tarball's sha512
and the module's SHA-256 are both checked here, against the manifest, before anything enters the cache; a file
there is complete and right, or absent. What is there already and hashes right is not fetched again. How a module is
generated, and what is checked then, is said in generate.py.

Standard output: one line "NAME<tab>present|fetched|generated<tab>PATH" per module. Progress and errors: standard error.
Exit code: 0 all there; 1 at least one is not (one line each says why; the others were fetched); 2 usage;
130 or 143 interrupted.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import generate

# A wasm module as a base64 string literal in JavaScript: "AGFzbQ" is the magic number "\0asm".
BASE64_WASM = re.compile(rb"""(["'`])(AGFzbQ[A-Za-z0-9+/]*={0,2})\1""")

NETWORK_CODES = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ENOTCACHED")


class FetchError(Exception):
    """One module's failure, as one line."""


class Progress:
    """A line on standard error with the time left; silent when that is no terminal."""

    def __init__(self, total_weight: int):
        self.total = total_weight
        self.done = 0
        self.began = time.monotonic()
        self.shown = sys.stderr.isatty()

    def show(self, text: str) -> None:
        if not self.shown:
            return
        elapsed = time.monotonic() - self.began
        left = f", about {elapsed * (self.total - self.done) / self.done:.0f} s left" if self.done else ""
        print(f"\r\033[K{text}  {elapsed:.0f} s{left}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def cache_path(cache: Path, module: dict) -> Path:
    """Where resolve.cpp looks for it: the hash in the name keeps versions apart."""
    return cache / "real" / f"{module['name']}-{module['sha256'][:16]}.wasm"


def hash_path(path: Path) -> Path:
    """A generated module's own hash lies beside it: the manifest has that of its recipe."""
    return path.with_name(path.name + ".sha256")


def is_present(path: Path, module: dict) -> bool:
    if not path.is_file():
        return False
    expected = module["sha256"]
    if "generate" in module:
        beside = hash_path(path)
        expected = beside.read_text(encoding="ascii", errors="replace") if beside.is_file() else None
    return sha256_of(path.read_bytes()) == expected


def npm_failure(stderr: str, spec: str, command: str = "npm pack") -> str:
    """npm's many lines of error as one."""
    lines = [re.sub(r"^npm (error|ERR!) ?", "", line).strip() for line in stderr.splitlines() if re.match(r"npm (error|ERR!)", line)]
    code = next((line[5:] for line in lines if line.startswith("code ")), "")
    if code in ("E404", "ETARGET"):
        return f"{spec} is not in the registry ({code})"
    if code in NETWORK_CODES:
        return f"no network: npm could not reach its registry ({code}); try again when it can"
    detail = next((line for line in lines if line and not line.startswith("code ")), stderr.strip().splitlines()[-1] if stderr.strip() else "no message")
    return f"{command} {spec} failed: {code + ': ' if code else ''}{detail}"


def run_watched(command: list, folder: Path, environment, what: str, progress: Progress) -> tuple:
    """Runs the command while `what` is shown. Returns its exit code and standard error.

    It has a process group of its own, so that an interrupt ends all that it started.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=errors, start_new_session=True)
        try:
            while child.poll() is None:
                progress.show(what)
                time.sleep(0.1)
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        errors.seek(0)
        return child.returncode, errors.read()


def npm_pack(spec: str, folder: Path, progress: Progress) -> Path:
    """Has npm put the package's tarball into `folder`. Its folder is empty, so no project's settings apply."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm is not installed (Debian: apt install npm); it is needed to fetch real modules")
    command = [npm, "pack", "--ignore-scripts", "--json", "--fetch-retries=1", spec]
    code, errors = run_watched(command, folder, None, f"npm pack {spec}", progress)
    if code != 0:
        raise FetchError(npm_failure(errors, spec))
    tarballs = list(folder.glob("**/*.tgz"))
    if len(tarballs) != 1:
        raise FetchError(f"npm pack {spec} left {len(tarballs)} tarballs instead of one")
    return tarballs[0]


def check_integrity(tarball: Path, expected: str, spec: str) -> None:
    algorithm, _, digest = expected.partition("-")
    if algorithm != "sha512":
        raise FetchError(f"{spec}: the manifest's integrity must be sha512, not '{algorithm}'")
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != digest:
        raise FetchError(f"{spec}: wrong tarball integrity: sha512-{found[:16]}… instead of the pinned sha512-{digest[:16]}…")


def read_member(tarball: Path, member: str, spec: str) -> bytes:
    """The file `member`, below the tarball's one top folder ("package/" mostly). Nothing is unpacked to disk."""
    try:
        with tarfile.open(tarball, "r:gz") as archive:
            for info in archive:
                if info.isfile() and info.name.removeprefix("./").partition("/")[2] == member:
                    return archive.extractfile(info).read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise FetchError(f"{spec}: the tarball cannot be read: {error}") from error
    raise FetchError(f"{spec}: no file {member} in the tarball")


def extract_wasm(data: bytes, extract: str, where: str) -> bytes:
    """`extract` is "file", or "base64[N]": the N-th wasm literal of a JavaScript file."""
    if extract == "file":
        return data
    match = re.fullmatch(r"base64\[(\d+)\]", extract)
    if not match:
        raise FetchError(f"{where}: unknown extract kind '{extract}' (file, base64[N])")
    literals = [found.group(2) for found in BASE64_WASM.finditer(data)]
    index = int(match.group(1))
    if index >= len(literals):
        raise FetchError(f"{where}: {len(literals)} wasm literals, no number {index}")
    text = literals[index].rstrip(b"=")
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def write_atomically(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".fetch-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def store(module: dict, tarball: Path, cache: Path) -> Path:
    npm = module["npm"]
    where = f"{npm['package']}@{npm['version']} {npm['member']}"
    wasm = extract_wasm(read_member(tarball, npm["member"], f"{npm['package']}@{npm['version']}"), npm["extract"], where)
    if sha256_of(wasm) != module["sha256"]:
        raise FetchError(f"{where}: wrong SHA-256 {sha256_of(wasm)[:16]}… instead of the pinned {module['sha256'][:16]}…")
    path = cache_path(cache, module)
    try:
        write_atomically(path, wasm)
    except OSError as error:
        raise FetchError(f"cannot write {path}: {error.strerror}") from error
    return path


def fail(module: dict, error: Exception, progress: Progress) -> None:
    progress.clear()
    print(f"instbench fetch: {module['name']}: {error}", file=sys.stderr)


def fetch_package(modules: list, cache: Path, progress: Progress) -> int:
    """All wanted modules of one package version, from one tarball. Returns how many failed."""
    npm = modules[0]["npm"]
    spec = f"{npm['package']}@{npm['version']}"
    failures = 0
    with tempfile.TemporaryDirectory(prefix="instbench-fetch-") as folder:
        try:
            tarball = npm_pack(spec, Path(folder), progress)
            check_integrity(tarball, npm["integrity"], spec)
        except FetchError as error:
            for module in modules:
                fail(module, error, progress)
            return len(modules)
        for module in modules:
            try:
                path = store(module, tarball, cache)
                progress.clear()
                print(f"{module['name']}\tfetched\t{path}", flush=True)
            except FetchError as error:
                fail(module, error, progress)
                failures += 1
    return failures


def last_error(stderr: str) -> str:
    """Of a program's many lines the one that says what went wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if re.match(r"\w*Error\b", line)), lines[-1] if lines else "no message")


def generate_module(module: dict, recipe: Path, cache: Path, progress: Progress) -> int:
    """Makes one module and puts it into the cache. Returns how many failed."""
    def run(command, folder, environment, what):
        code, errors = run_watched(command, folder, environment, what, progress)
        if code != 0 and command[1] == "ci":
            raise FetchError(npm_failure(errors, f"of {recipe.name}/package-lock.json", "npm ci"))
        if code != 0:
            raise FetchError(f"{recipe.name}/make.mjs failed: {last_error(errors)}")

    path = cache_path(cache, module)
    try:
        with tempfile.TemporaryDirectory(prefix="instbench-fetch-") as folder:
            wasm = generate.generate(module, recipe, Path(folder), run)
        write_atomically(hash_path(path), sha256_of(wasm).encode())  # first: a module without it counts as damaged
        write_atomically(path, wasm)
    except (FetchError, generate.GenerateError) as error:
        fail(module, error, progress)
        return 1
    except OSError as error:
        fail(module, FetchError(f"cannot write {path}: {error.strerror}"), progress)
        return 1
    progress.clear()
    print(f"{module['name']}\tgenerated\t{path}", flush=True)
    return 0


def wanted(manifest: dict, names: list, only: list) -> list:
    """The real modules that the names (suites or modules) and --only ask for, in the manifest's order."""
    modules = {module["name"]: module for module in manifest["modules"]}
    suites = {suite["name"]: suite for suite in manifest["suites"]}
    chosen = set()
    for name in names or ["real"]:
        if name in suites:
            chosen.update(module for case in suites[name]["cases"] for module in case["modules"])
        elif name in modules:
            chosen.add(name)
        else:
            usage(f"no suite or module '{name}'; suites: {', '.join(suites)}")
    for name in only:
        if name not in modules:
            usage(f"no module '{name}'; real modules: {', '.join(n for n, m in modules.items() if m['tier'] == 'real')}")
    return [m for n, m in modules.items() if n in chosen and (not only or n in only) and m["tier"] == "real"]


def usage(message: str) -> None:
    print(f"instbench fetch: {message}", file=sys.stderr)
    sys.exit(2)


def weight_of(group: list) -> int:
    """A package's share of the time left: its bytes, and as much as 2 MB take for starting npm and asking (measured
    against that, a generated module takes as long as 200 MB)."""
    if "generate" in group[0]:
        return 200_000_000
    return 2_000_000 + sum(module["bytes"] for module in group)


def fetch(modules: list, corpus: Path, cache: Path) -> int:
    packages = {}
    generated = []
    for module in modules:
        path = cache_path(cache, module)
        if is_present(path, module):
            print(f"{module['name']}\tpresent\t{path}", flush=True)
        elif "generate" in module:
            generated.append(module)
        else:
            packages.setdefault((module["npm"]["package"], module["npm"]["version"]), []).append(module)
    progress = Progress(sum(map(weight_of, packages.values())) + sum(weight_of([module]) for module in generated))
    failures = 0
    for group in packages.values():
        failures += fetch_package(group, cache, progress)
        progress.done += weight_of(group)
    for module in generated:
        failures += generate_module(module, corpus / module["generate"]["recipe"], cache, progress)
        progress.done += weight_of([module])
    progress.clear()
    return 1 if failures else 0


def stop(number, _frame):
    """SIGTERM unwinds like Ctrl-C, so that temporary files go."""
    raise KeyboardInterrupt(number)


def main() -> int:
    parser = argparse.ArgumentParser(prog="instbench fetch", description="Fetch the corpus's real modules from npm.")
    parser.add_argument("names", nargs="*", metavar="SUITE_OR_MODULE", help="what to fetch (default: real)")
    parser.add_argument("--manifest", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cache", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this module; repeatable")
    arguments = parser.parse_args()
    try:
        manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"instbench fetch: {arguments.manifest}: {error}", file=sys.stderr)
        return 1
    modules = wanted(manifest, arguments.names, arguments.only)
    if not modules:
        print("instbench fetch: nothing to fetch: none of these modules comes from npm", file=sys.stderr)
        return 0
    signal.signal(signal.SIGTERM, stop)
    try:
        return fetch(modules, arguments.manifest.parent, arguments.cache)
    except KeyboardInterrupt as interrupt:
        print("\ninstbench fetch: interrupted; what was fetched is kept", file=sys.stderr)
        return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
