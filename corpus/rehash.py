#!/usr/bin/env python3
"""Writes the SHA-256 and size of every wat and shape file, and the SHA-256 of every call script and every
recipe, into manifest.json. To be run after they were edited.

Usage: rehash.py [CORPUS_DIR]. Changes nothing else in the file, so the diff shows what changed. Exit code 1 when
a file is absent.
"""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

import generate


def rehash_calls(corpus: Path, modules: list, text: str) -> str:
    """`text` with the hash of each module's call script. Raises OSError when one is absent."""
    for module in modules:
        if "call" not in module:
            continue
        file = module["call"]["file"]
        found = hashlib.sha256((corpus / file).read_bytes()).hexdigest()
        if found != module["call"]["sha256"]:
            entry = re.compile(rf'("file": {re.escape(json.dumps(file))}, )"sha256": "[0-9a-f]*"')
            text = entry.sub(rf'\g<1>"sha256": "{found}"', text)
            print(f"{module['name']} call: {found}")
    return text


def rehash_recipes(corpus: Path, modules: list, text: str) -> str:
    """`text` with the hash of each generated module's recipe. Raises OSError when a file is absent."""
    for module in modules:
        if "generate" not in module:
            continue
        recipe = module["generate"]["recipe"]
        found = generate.recipe_hash(corpus / recipe)
        if found != module["sha256"]:
            entry = re.compile(rf'("generate": \{{"recipe": {re.escape(json.dumps(recipe))}[^}}]*\}}, )"sha256": "[0-9a-f]*"')
            text = entry.sub(rf'\g<1>"sha256": "{found}"', text)
            print(f"{module['name']} recipe: {found}")
    return text


def main() -> int:
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    path = corpus / "manifest.json"
    text = path.read_text(encoding="utf-8")
    for module in json.loads(text)["modules"]:
        if module["tier"] == "real":
            continue
        try:
            data = (corpus / module["file"]).read_bytes()
        except OSError as error:
            print(f"{module['name']}: {error}", file=sys.stderr)
            return 1
        found = hashlib.sha256(data).hexdigest()
        if found == module["sha256"] and len(data) == module["bytes"]:
            continue
        entry = re.compile(rf'("file": {re.escape(json.dumps(module["file"]))}, )"sha256": "[0-9a-f]*", "bytes": \d+')
        text, count = entry.subn(rf'\g<1>"sha256": "{found}", "bytes": {len(data)}', text)
        if count != 1:
            print(f"{module['name']}: write its entry as … \"file\": …, \"sha256\": \"\", \"bytes\": 0, …", file=sys.stderr)
            return 1
        print(f"{module['name']}: {found}")
    try:
        text = rehash_calls(corpus, json.loads(text)["modules"], text)
        text = rehash_recipes(corpus, json.loads(text)["modules"], text)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    temporary = path.with_suffix(".json.new")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
