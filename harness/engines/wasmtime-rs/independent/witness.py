#!/usr/bin/env python3
"""The witness as an engine of the harness: the same cells, measured by Criterion, in the same interleaved run.

    cargo build --release --locked            (beside this file; with --ignore-rust-version where rustc is older than 1.97)
    instbench run spidermonkey lua --touch write=16 --arm wasmtime:pooling --arm witness@…/independent/witness.py:pooling

Strategies are its settings: on-demand, pooling, pooling-keep (16 MiB of memory, 1 MiB of tables). One instance at a time; it times
whole cycles and nothing else, and verifies nothing: that is what its worker does. Speaks harness/protocol/README.md."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent / "target/release/instbench-wasmtime-independent"
SETTINGS = ("on-demand", "pooling", "pooling-keep")


def main():
    request = json.load(sys.stdin)
    strategy = request["arm"]["strategy"] or "pooling"
    answer = {"protocol": 1, "status": "ok", "reason": None, "facts": {}, "takes_turns": False,
              "engine": {"name": "witness", "version": "criterion", "strategy": strategy, "phases": [], "workloads": ["none", "touch"],
                         "counters": [], "threads": 1, "slots": 1, "notes": ["Criterion's mean; nothing is verified"]}}
    if strategy not in SETTINGS:
        answer.update(status="refused", reason=f"settings are {', '.join(SETTINGS)}, not '{strategy}'")
    elif not PROGRAM.exists():
        answer.update(status="skipped", reason=f"{PROGRAM} is not built (cargo build --release --locked)")
    elif not request.get("describe") and "batch" in request["passes"]:
        measure(request, strategy, answer)
    print(json.dumps(answer))


def measure(request, strategy, answer):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "request.json"
        path.write_text(json.dumps(request))
        done = subprocess.run([PROGRAM, "--setting", strategy, path], capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(found) != 1 or "mean_ns" not in found[0]:
        error = found[0]["error"] if found and "error" in found[0] else (done.stderr.strip().splitlines() or ["no answer"])[-1]
        answer.update(status="skipped", reason=error)
        return
    answer["batch"] = {"iterations": request.get("iterations") or 1, "real_ns": found[0]["mean_ns"], "cpu_ns": None}


if __name__ == "__main__":
    main()
