#!/usr/bin/env python3
"""wast_conformance.py corpus|spectest tcc|cc: every script under every preset, compiled by that compiler. Passes when no
command failed and none was skipped; prints the table, whose last line is `N passed, N failed, N skipped`. The official
suite is looked for in $INSTBENCH_SPECTEST_DIR, then in ../shared/spectest; its SIMD files are left out."""

import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent))
SKIPPED = 77


def folder_of(suite):
    """The folder, or nothing and why."""
    if suite == "corpus":
        return SOURCE / "corpus" / "wast", None
    named = os.environ.get("INSTBENCH_SPECTEST_DIR")
    folder = Path(named) if named else SOURCE.parent / "shared" / "spectest"
    if not folder.is_dir():
        return None, f"{folder} is not there: set INSTBENCH_SPECTEST_DIR to a folder with the official suite's .wast files"
    return folder, None


def main(suite, compiler):
    folder, missing = folder_of(suite)
    if missing:
        print("skipped:", missing)
        return SKIPPED
    scripts = sorted(str(path) for path in folder.glob("*.wast") if not path.name.startswith("simd_"))
    if not scripts:
        print(f"{folder} holds no .wast file")
        return 1
    command = [os.environ["INSTBENCH"], "wast", "--quiet", f"--codegen={compiler}", *scripts]
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")
    counts = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped\n\Z", done.stdout, re.MULTILINE)
    clean = counts and int(counts[1]) > 0 and int(counts[2]) == int(counts[3]) == 0
    return 0 if done.returncode == 0 and clean else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
