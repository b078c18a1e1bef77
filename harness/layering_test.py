#!/usr/bin/env python3
"""The layers as CMakeLists.txt names them, made executable: who may include whom, and where the outside world is."""

import os
import re
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
LONGEST = 450

# Headers of system calls and of the kernel. <cerrno>, <ctime> and the C++ library are free for all.
OS_HEADERS = re.compile(r"^(sys/|linux/|asm/|unistd\.h|fcntl\.h|poll\.h|signal\.h|sched\.h|pthread\.h|dlfcn\.h|ucontext\.h|spawn\.h)")


def layers():
    """{folder: folders it may include}, from the instbench_layer() lines: its own and what USES names."""
    text = (SOURCE / "CMakeLists.txt").read_text()
    found = re.findall(r"^instbench_layer\((\w+)\s+([^\s)]+)([^)]*)\)", text, re.MULTILINE)
    folder_of = {name: folder for name, folder, _ in found}
    allowed = {}
    for name, folder, rest in found:
        uses = re.search(r"USES((?:\s+[a-z]+)*)", rest)
        allowed[folder] = {folder} | {folder_of[use] for use in (uses.group(1).split() if uses else [])}
    return allowed


def sources():
    for top in ("runtime", "harness"):
        for path in sorted((SOURCE / top).rglob("*")):
            if path.suffix in (".cpp", ".hpp"):
                yield path.relative_to(SOURCE), path.read_text()


class Layering(unittest.TestCase):
    def each_include(self):
        for path, text in sources():
            for mark, header in INCLUDE.findall(text):
                yield path, mark, header

    def test_there_is_something_to_check(self):
        self.assertGreaterEqual(len(layers()), 11)
        self.assertGreater(sum(1 for _ in self.each_include()), 100)

    def test_a_layer_includes_only_what_it_may(self):
        allowed = layers()
        for path, mark, header in self.each_include():
            folder = str(path.parent)
            self.assertIn(folder, allowed, f"{path} lies in no layer of CMakeLists.txt")
            if mark == '"' and "/" in header:
                self.assertIn(str(Path(header).parent), allowed[folder], f"{path} includes {header}")

    def test_project_headers_are_named_from_the_root(self):
        for path, mark, header in self.each_include():
            if mark == '"' and not header.endswith(".inc"):
                self.assertTrue((SOURCE / header).is_file(), f"{path} includes {header}, which is not there")

    def test_the_operating_system_is_in_one_place(self):
        for path, _, header in self.each_include():
            is_test = path.name.endswith("_test.cpp")
            if path.parent != Path("runtime/os") and not is_test:
                self.assertFalse(OS_HEADERS.match(header), f"{path} includes <{header}>: that is runtime/os's")

    def test_foreign_libraries_have_one_home_each(self):
        homes = {"wabt/": ("runtime/module", "runtime/codegen"), "benchmark/": ("harness/worker", "harness/engines/core", "harness/engines/library", "harness/engines/sightglass"), "CLI/": ("harness/cli",),
                 "xxhash": ("runtime/precompiled",)}
        for path, _, header in self.each_include():
            for library, folders in homes.items():
                if header.startswith(library):
                    self.assertIn(str(path.parent), folders, f"{path} includes <{header}>")
                    if library == "wabt/":
                        self.assertFalse(self.is_public(path), f"{path}: wabt's types stay in .cpp files and their private headers")

    def is_public(self, header):
        """A header that another layer includes."""
        if header.suffix != ".hpp":
            return False
        return any(included == str(header) and path.parent != header.parent for path, _, included in self.each_include())

    def test_the_runtime_does_not_know_the_harness(self):
        for path, _, header in self.each_include():
            if path.parts[0] == "runtime":
                self.assertFalse(header.startswith("harness/"), f"{path} includes {header}")

    def test_a_file_is_one_idea(self):
        for path, text in sources():
            if not path.name.endswith("_test.cpp"):
                self.assertLessEqual(text.count("\n"), LONGEST, f"{path} is too long: it holds two ideas")

    def test_main_is_small(self):
        self.assertLess((SOURCE / "harness/cli/main.cpp").read_text().count("\n"), 60)


if __name__ == "__main__":
    unittest.main()
