#!/usr/bin/python3
"""Writes fixture.json: SYNTHETIC numbers in the shape of instbench-result/1, for plot_test.py only; and comparison_fixture.json, which
make_comparison_fixture.py describes.

Nothing in it was measured. The model behind it (a fault costs this, a copied page that) only gives the
figures a believable range: five hundred microseconds beside a third of one.
"""

import json
import zlib
from pathlib import Path

PRESETS = ("eager", "overlay", "overlay-lazy", "pool", "pool-lazy", "pool-copy")
# name: image pages, table entries, data segments, functions, memory pages, imports, workloads (None = none)
MODULES = {
    "spidermonkey": (281, 7777, 5656, 13851, 36, 181, (None, 1, 4, 16, 64, 256)),
    "sqlite": (12, 900, 40, 1600, 16, 14, (None, 16, 256)),
    "esbuild-go": (900, 21000, 98450, 19000, 256, 22, (None, 64)),
}
SLOTS = (1, 64)
FAULT, COPY, MADVISE, ENTRY = 900.0, 95.0, 75.0, 9.0
RESOLUTION = 100.5
SKIPPED = ("esbuild-go none s64", "core:pool-copy")
FAILED = ("spidermonkey touch(w256) s64", "core:pool-copy")


def model(preset, pages, entries, written, slots):
    """Nanoseconds of each phase, and minor faults, of one cycle."""
    pool, lazy, copies = preset.startswith("pool"), preset.endswith("lazy") or preset == "pool-copy", "eager" in preset
    cold = 1.0 if slots == 1 else 1.35
    table_pages = 0 if lazy else entries * 24 / 4096
    acquire = 42.0 if pool else 930.0
    init = 48.0 if pool else 610.0
    init += 0 if lazy else entries * ENTRY + table_pages * FAULT
    init += pages * (FAULT + COPY) if copies else 0
    faults = table_pages + (pages if copies else 0)
    fresh = 0 if preset == "pool-copy" else (max(0, written - pages) if copies else written)
    work = 21.0 + written * 6 + fresh * FAULT
    dirty = faults + fresh
    release = 205.0 + dirty * MADVISE + (0 if pool else 640.0)
    if preset == "pool-copy":
        release = 60.0 + pages * COPY * cold
    times = {"acquire": acquire * cold, "init": init * cold, "start": 20.5, "work": work * cold, "release": release * cold}
    return times, round(faults + fresh)


def noise(text):
    return 1 + (zlib.crc32(text.encode()) % 2001 - 1000) / 1000 * 0.015


def label(written):
    return "none" if written is None else f"touch(w{written})"


def cell(module, written, slots, preset):
    pages, entries = MODULES[module][0], MODULES[module][1]
    case, arm = f"{module} {label(written)} s{slots}", f"core:{preset}"
    out = {"case": case, "arm": arm, "status": "ok", "reason": None, "verified": True, "processes": 3}
    if (case, arm) == SKIPPED:
        return dict(out, status="skipped", verified=None, processes=0,
                    reason="64 slots need 3.9 GiB of private copies, more than half of the memory that is free")
    if (case, arm) == FAILED:
        return dict(out, status="failed", verified=False, reason="verify: memory differs from the reference at 0x1a000 after reset")
    times, faults = model(preset, pages, entries, written or 0, slots)
    total = sum(times.values()) - 4 * 20.5
    real = [round(total * noise(f"{case}{arm}{i}"), 1) for i in range(3)]
    phases = {"resolution_ns": RESOLUTION}
    for name, time in times.items():
        phases[name] = {"p50": round(time, 1), "p90": round(time * 1.06, 1), "p99": round(time * 1.4, 1),
                        "mean": round(time * 1.02, 1), "min": round(time * 0.97, 1)}
    counters = {"syscalls.madvise": {"exact": True, "value": 1}} if preset in ("pool", "pool-lazy") else {}
    if not preset.startswith("pool"):
        counters = {f"syscalls.{name}": {"exact": True, "value": 2} for name in ("mmap", "munmap")}
    if preset == "pool-copy":
        counters["bytes.copied"] = {"exact": True, "value": pages * 4096}
    if faults:
        counters["faults.minor"] = ({"exact": True, "value": faults} if faults < 100
                                    else {"exact": False, "min": faults - 0.1, "max": faults + 0.2})
    return dict(out, batch={"real_ns": real, "cpu_ns": [], "iterations": [40000] * 3, "median_real_ns": sorted(real)[1]},
                phases=phases, counters={"cycle": counters, "instantiate": {}, "work": {}, "release": {}},
                floor={"madvise_clean_ns": 141.0, "range_bytes": pages * 4096},
                noise={"run_delay_share_max": 0.0004, "steal_ticks": 0})


def case_of(module, written, slots):
    workload = {"kind": "none" if written is None else "touch", "read": 0, "write": written or 0, "calls": 0,
                "grow": 0, "runs": None, "reread": False}
    return {"id": f"{module} {label(written)} s{slots}", "module": module, "workload": workload, "slots": slots,
            "vary": 0, "bystanders": 0, "threads": 1}


def document():
    grid = [(m, w, s) for m in MODULES for w in MODULES[m][6] for s in SLOTS]
    return {
        "schema": "instbench-result/1",
        "tool": {"name": "instbench", "version": "0.1.0", "git": "abc1234", "dirty": True, "build_type": "Release",
                 "compiler": "GNU 12.2.0", "flags": "-O2"},
        "run": {"id": "20261122-203000-1a2b", "started": "2026-11-22T20:30:00Z", "ended": "2026-11-22T20:34:10Z",
                "complete": True, "seed": 1, "argv": ["run", "fixture"], "suite": "fixture", "blocks": 3, "batch_ms": 60},
        "machine": {"kernel": "6.18.0", "cpu": "Synthetic CPU @ 3.00GHz", "cpus": 2, "memory_bytes": 8 << 30,
                    "page_bytes": 4096, "thp": "never", "hypervisor": True, "aslr": 2, "clock_source": "tsc",
                    "governor": None, "features": {"memfd": None}},
        "modules": [{"name": m, "tier": "shape", "sha256": "0" * 64, "bytes": f[0] * 40960, "functions": f[3],
                     "table_entries": f[1], "data_segments": f[2], "memory_pages": f[4], "imports": f[5]}
                    for m, f in MODULES.items()],
        "arms": [{"id": f"core:{p}", "engine": "core", "strategy": p} for p in PRESETS],
        "cases": [case_of(*key) for key in grid],
        "cells": [cell(*key, preset) for key in grid for preset in PRESETS],
        "errors": [],
    }


def lines(value, indent="  "):
    """JSON with one list element per line, so that a change of the model reads as a change of cells."""
    parts = []
    for key, entry in value.items():
        if isinstance(entry, list) and entry:
            body = f",\n{indent}".join(json.dumps(v, ensure_ascii=False) for v in entry)
            parts.append(f'"{key}": [\n{indent}{body}]')
        else:
            parts.append(f'"{key}": {json.dumps(entry, ensure_ascii=False)}')
    return "{" + f",\n{indent[1:]}".join(parts) + "}\n"


def text():
    return lines(document())


if __name__ == "__main__":
    import make_comparison_fixture  # builds on this module

    for name, write in (("fixture.json", text), ("comparison_fixture.json", make_comparison_fixture.text)):
        Path(__file__).with_name(name).write_text(write(), encoding="utf-8")
