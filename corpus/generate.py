"""Real modules that are made here rather than fetched: a recipe, and the shape that its outcome must have.

A recipe is a folder with make.mjs, package.json and a package-lock.json that pins every package by its integrity (and
names no registry: the user's own is asked). npm installs it into a temporary folder, without running install scripts, and
`node make.mjs OUT.wasm` writes the module. Its bytes differ from making to making, so the manifest pins what does
not: functions, data segments and entries of tables, these and the size within 1 %. Imported by fetch.py and rehash.py.
"""

import hashlib
import os
import shutil
from pathlib import Path

RECIPE_FILES = ("make.mjs", "package.json", "package-lock.json")
TOLERANCE = 0.01

# Sections of a module: WebAssembly core specification 2.0, 5.5.2.
FUNCTION_SECTION, ELEMENT_SECTION, DATA_SECTION = 3, 9, 11


class GenerateError(Exception):
    """Why the module could not be made, as one line."""


def recipe_hash(recipe: Path) -> str:
    return hashlib.sha256(b"".join((recipe / name).read_bytes() for name in RECIPE_FILES)).hexdigest()


class Reader:
    def __init__(self, data: bytes, at: int = 0):
        self.data = data
        self.at = at

    def number(self) -> int:
        """An unsigned LEB128 number (also right for skipping a signed one)."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value


def table_entries(section: Reader) -> int:
    """Entries of the element segments, which are all of the plain kind: table 0, i32.const, function indices."""
    total = 0
    for _ in range(section.number()):
        kind, opcode = section.number(), section.number()
        section.number()
        end = section.number()
        if (kind, opcode, end) != (0, 0x41, 0x0B):
            raise GenerateError("the generated module has an element segment that is not plain")
        count = section.number()
        total += count
        for _ in range(count):
            section.number()
    return total


def shape_of(wasm: bytes) -> dict:
    """The counts that the manifest pins, and the size."""
    shape = {"functions": 0, "data_segments": 0, "table_entries": 0, "bytes": len(wasm)}
    if wasm[:8] != b"\0asm\1\0\0\0":
        raise GenerateError("what was generated is no WebAssembly module")
    reader = Reader(wasm, 8)
    try:
        while reader.at < len(wasm):
            section = reader.number()
            size = reader.number()
            begin = reader.at
            if section == FUNCTION_SECTION:
                shape["functions"] = Reader(wasm, begin).number()
            elif section == DATA_SECTION:
                shape["data_segments"] = Reader(wasm, begin).number()
            elif section == ELEMENT_SECTION:
                shape["table_entries"] = table_entries(Reader(wasm, begin))
            reader.at = begin + size
    except IndexError as error:
        raise GenerateError("the generated module is cut short") from error
    return shape


def check_shape(module: dict, wasm: bytes) -> None:
    expected = {key: value for key, value in module["generate"].items() if key != "recipe"} | {"bytes": module["bytes"]}
    found = shape_of(wasm)
    for key, value in expected.items():
        if abs(found[key] - value) > TOLERANCE * value:
            raise GenerateError(f"the generated module has {key} {found[key]}, more than 1 % off the pinned {value}")


def program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise GenerateError(f"{name} is not installed (Debian: apt install {package}); it is needed to generate this module")
    return path


def generate(module: dict, recipe: Path, folder: Path, run) -> bytes:
    """Makes the module below the empty `folder` and checks its shape.

    `run(command, cwd, env, what)` runs one program, and raises what its caller can report when that fails.
    """
    npm, node = program("npm", "npm"), program("node", "nodejs")
    try:
        if recipe_hash(recipe) != module["sha256"]:
            raise GenerateError(f"{recipe} was edited: run `python3 corpus/rehash.py`")
        work, temporary = folder / "work", folder / "tmp"  # componentize-js fails when one is below the other
        work.mkdir()
        temporary.mkdir()
        for name in RECIPE_FILES:
            shutil.copy(recipe / name, work / name)
        run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"], work, None, f"npm ci for {module['name']}")
        # Wizer could bake the environment into the module, so there is next to none.
        bare = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(temporary), "TMPDIR": str(temporary)}
        run([node, "make.mjs", str(folder / "out.wasm")], work, bare, f"generating {module['name']}")
        wasm = (folder / "out.wasm").read_bytes()
    except OSError as error:
        raise GenerateError(str(error)) from error
    check_shape(module, wasm)
    return wasm
