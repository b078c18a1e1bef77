"""Where `instbench fetch` puts engines, for tests that need one."""

import json
import os
from pathlib import Path

PINS = json.loads((Path(__file__).resolve().parent / "pins.json").read_text(encoding="utf-8"))


def cache() -> Path:
    if "INSTBENCH_CACHE_DIR" in os.environ:
        return Path(os.environ["INSTBENCH_CACHE_DIR"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "instbench"


def fetched(engine: str, file: str) -> Path:
    """`file` of the engine's pinned version; it need not be there."""
    return cache() / "engines" / f"{engine}-{PINS[engine]['default']}" / file


def or_skip(engine: str, file: str) -> Path:
    """Ends the test as skipped (exit code 77) when it is not there."""
    path = fetched(engine, file)
    if not path.exists():
        print(f"skipped: {engine} is not in the cache; `instbench fetch {engine}` brings it")
        raise SystemExit(77)
    return path
