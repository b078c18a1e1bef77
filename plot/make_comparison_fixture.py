#!/usr/bin/python3
"""Writes comparison_fixture.json: SYNTHETIC numbers in the shape of a comparison, for comparison_test.py only.

Nothing in it was measured. Times are a median, an effect and a scatter drawn from a hash; changes and intervals are
computed from them, and verdicts are written down, so that every way of drawing a row occurs.
"""

import json
import statistics
import sys
import zlib
from math import exp, expm1, log, sqrt
from pathlib import Path
from typing import NamedTuple

import make_fixture

A, B, CONTROL = "A core:pool", "B core:pool-lazy", "A′ core:pool"
LONG = "a-module-with-a-name-that-is-longer-than-any-margin-has-room-for"
SCREEN, SHARE, FLOOR = 18, 0.03, 20
REDONE = {("sqlite touch(w16) s64", "screen", 3), ("sqlite touch(w16) s64", "confirm", 10), ("spidermonkey none s1", "screen", 7)}
DISTURBED = ("sqlite touch(w16) s64", "confirm", 11)  # even after its redo


class Effect(NamedTuple):
    module: str
    workload: str
    slots: int
    a_ns: float
    change: float
    scatter: float
    verdict: str
    confirm: int = 24  # blocks; 0: the screen cleared it
    reason: str = ""
    needs: object = None
    expected: object = None
    control: float = 0.0  # the change of A′
    vary: float = 0
    bystanders: int = 0
    instantiate: float = 0.0  # its share of the cycle; 0: no test of it

    @property
    def id(self):
        return (f"{self.module} {self.workload} s{self.slots}" + (f" v{100 * self.vary:g}%" if self.vary else "")
                + (f" b{self.bystanders}" if self.bystanders else ""))

    @property
    def tolerance(self):
        return max(SHARE, FLOOR / self.a_ns)


EFFECTS = (
    Effect("spidermonkey", "touch(w64)", 64, 58200, -0.861, 0.021, "improved", instantiate=0.4),
    Effect("spidermonkey", "none", 1, 412, -0.004, 0.008, "same", 0),
    Effect("sqlite", "touch(w16)", 64, 14500, 0.083, 0.018, "regressed", 30, instantiate=0.45),
    Effect("sqlite", "touch(w256)", 64, 231000, 0.009, 0.012, "same", 36),
    Effect("sqlite", "none", 1, 143, 0.049, 0.02, "same", 0),
    Effect(LONG, "touch(w32,g4)", 512, 91200, 0.024, 0.09, "inconclusive", 60, "scatter of 9.0 % between blocks", 120, vary=0.05, bystanders=1),
    Effect("indirect-calls", "none", 64, 2310, 0.052, 0.02, "inconclusive", 24, "control outside the tolerance", control=0.034),
    Effect("esbuild-go", "touch(w64)", 1, 402000, 0.21, 0.015, "regressed", 18,
           expected="the reset now writes the table again, so that a smaller slot is enough"),
)


def noise(*key):
    """Near enough to normal with variance 1: the sum of twelve uniform numbers drawn from a hash."""
    return sum(zlib.crc32(f"{key} {i}".encode()) % 10000 / 10000 for i in range(12)) - 6


def many(count):
    """`count` cases whose effects run from a gain of 9 % to a loss of 9 %."""
    found = []
    for i in range(count):
        change = round(0.18 * i / max(count - 1, 1) - 0.09, 4)
        verdict = "same" if abs(change) < 0.03 else "regressed" if change > 0 else "improved"
        found.append(Effect(f"module-{i:03}", "touch(w16)", (1, 64)[i % 2], 4000 + 97 * i, change, 0.015, verdict, 0 if verdict == "same" else 18))
    return found


# Blocks ---------------------------------------------------------------------------------------------

def blocks(effects):
    """Round-robin over the cases, the screen first; a superseded block stands before the one in its place."""
    found, clock = [], 0.4
    for stage in ("screen", "confirm"):
        for number in range(max((SCREEN if stage == "screen" else e.confirm) for e in effects)):
            for effect in effects:
                if number >= (SCREEN if stage == "screen" else effect.confirm):
                    continue
                key = (effect.id, stage, number)
                for attempt in range(2 if key in REDONE else 1):
                    roles = ["A", "B"] if stage == "screen" and effect is not effects[min(1, len(effects) - 1)] else ["A", "B", "A′"]
                    found.append(block(effect, stage, number, attempt, roles, clock))
                    clock += 0.07 * len(roles)
    return found


def block(effect, stage, number, attempt, roles, clock):
    key = (effect.id, stage, number)
    redone, late = key in REDONE and attempt == 0, key in REDONE and attempt == 0 or key == DISTURBED
    shared = 0.006 * noise(*key, attempt) + 0.012 * (clock / 60)  # what all processes of a block see: a slow drift too
    changes = {"A": 0.0, "B": log(1 + effect.change), "A′": log(1 + effect.control)}
    times = {}
    for role in roles:
        own = shared + effect.scatter / sqrt(2) * noise(*key, attempt, role) + (0.09 if late and role == "A" else 0)
        times[role] = effect.a_ns * exp(changes[role] + own)
    at = 41 if clock >= 60 else int(clock)
    return {"case": effect.id, "stage": stage, "block": number, "attempt": attempt, "order": roles[number % 2:] + roles[:number % 2],
            "counts": not redone, "disturbed": late, "run_delay_share": {r: 0.034 if late and r == "A" else 0.001 for r in roles},
            "at": f"2026-11-26T20:00:{at:02}Z", "at_s": round(clock, 2), "cycle_ns": {r: round(t, 2) for r, t in times.items()},
            "instantiate_ns": {r: round(t * effect.instantiate, 2) if effect.instantiate else None for r, t in times.items()}}


# Tests ----------------------------------------------------------------------------------------------

def seen(blocks, side, paired=True):
    """Change and interval of the arm `side` against A: Hodges and Lehmann's, the interval by the normal approximation."""
    logs = [log(b["cycle_ns"][side] / b["cycle_ns"]["A"]) for b in blocks]
    walsh = sorted((x + y) / 2 for i, x in enumerate(logs) for y in logs[i:])
    n = len(logs)
    cut = max(0, int(n * (n + 1) / 4 - 1.96 * sqrt(n * (n + 1) * (2 * n + 1) / 24)))
    ends = [round(expm1(v), 5) for v in (walsh[cut], walsh[-1 - cut])]
    return {"change": round(expm1(statistics.median(walsh)), 5), "interval": ends, "blocks": n}


def tests(effects, all_blocks):
    found = []
    for effect in effects:
        of = {stage: [b for b in all_blocks if b["case"] == effect.id and b["stage"] == stage and b["counts"]] for stage in ("screen", "confirm")}
        stage = "confirm" if effect.confirm else "screen"
        main, with_control = seen(of[stage], "B"), [b for b in of[stage] if "A′" in b["cycle_ns"]]
        control = dict(seen(with_control, "A′"), inside=not effect.control) if with_control else None
        base = {
            "case": effect.id, "metric": "cycle", "stage": stage, "blocks": main["blocks"],
            "a_ns": round(statistics.median(b["cycle_ns"]["A"] for b in of[stage]), 1),
            "b_ns": round(statistics.median(b["cycle_ns"]["B"] for b in of[stage]), 1),
            "change": main["change"], "interval": main["interval"], "tolerance": round(effect.tolerance, 4),
            "p_regressed": None if stage == "screen" else 2e-6 if effect.verdict == "regressed" else 0.4,
            "p_improved": None if stage == "screen" else 4e-6 if effect.verdict == "improved" else 0.6,
            "scatter": effect.scatter, "detectable": round(effect.tolerance + 5.4 * effect.scatter / sqrt(main["blocks"]), 4),
            "verdict": effect.verdict, "reason": effect.reason, "needs_blocks": effect.needs, "control": control,
            "screen": seen(of["screen"], "B") if stage == "confirm" else None, "expected": effect.expected}
        found.append(base)
        if effect.instantiate:
            found.append(dict(base, metric="instantiate", a_ns=round(base["a_ns"] * effect.instantiate, 1),
                              b_ns=round(base["b_ns"] * effect.instantiate, 1)))
    return found


def shown(effects):
    return [{"case": e.id, "metric": metric, "a_ns": round(e.a_ns * scale, 1), "b_ns": round(e.a_ns * (1 + e.change) * scale, 1),
             "change": e.change, "interval": None if metric == "cycle.p99" else [round((1 + e.change) * f - 1, 6) for f in (0.98, 1.02)],
             "blocks": e.confirm or SCREEN} for e in effects for metric, scale in (("cycle.p90", 1.1), ("cycle.p99", 1.4))]


COUNTERS = [
    {"case": "spidermonkey touch(w64) s64", "phase": "cycle", "counter": "faults.minor", "a": {"exact": True, "value": 64},
     "b": {"exact": True, "value": 0}, "verdict": "changed", "expected": "lazy tables touch no page"},
    {"case": "sqlite touch(w16) s64", "phase": "cycle", "counter": "syscalls.madvise", "a": {"exact": True, "value": 1},
     "b": {"exact": True, "value": 2}, "verdict": "changed", "expected": None},
    {"case": "sqlite touch(w16) s64", "phase": "release", "counter": "bytes.copied", "a": None, "b": {"exact": True, "value": 65536},
     "verdict": "changed", "expected": None},
    {"case": "sqlite touch(w256) s64", "phase": "cycle", "counter": "faults.minor", "a": {"exact": False, "min": 255.9, "max": 256.1},
     "b": {"exact": True, "value": 256}, "verdict": "not exact", "expected": None}]


# The document ---------------------------------------------------------------------------------------

def cell(effect, arm, times):
    out = {"case": effect.id, "arm": arm, "status": "ok", "reason": None, "verified": True, "processes": len(times)}
    if not times:
        return dict(out, status="skipped", verified=None, reason="not needed: the screen cleared this case without a control")
    return dict(out, batch={"real_ns": times, "cpu_ns": [], "iterations": [], "median_real_ns": statistics.median(times)},
                counters={"cycle": {}}, noise={"run_delay_share_max": 0.001})


def gone(case, arm, status, reason):
    return {"case": case, "arm": arm, "status": status, "reason": reason, "verified": None, "processes": 0}


UFFD, LEAK = "no userfaultfd with asynchronous write protection here (Linux 6.7)", "leak: 1 mapping more after the run than before"


def case_of(effect):
    case = make_fixture.case_of(effect.module, None, effect.slots)
    kind = "none" if effect.workload == "none" else "touch"
    return dict(case, id=effect.id, workload=dict(case["workload"], kind=kind, write=0 if kind == "none" else 16), vary=effect.vary,
                bystanders=effect.bystanders)


def document(effects=EFFECTS, gaps=True):
    """A finished comparison; with `gaps`, cases that were skipped or failed as well."""
    all_blocks = blocks(effects)
    out = make_fixture.document()
    times = {(e.id, role): [b["cycle_ns"][role] for b in all_blocks if b["case"] == e.id and b["counts"] and role in b["cycle_ns"]]
             for e in effects for role in ("A", "B", "A′")}
    lost = [Effect("uffd", "none", 1, 1, 0, 0, ""), Effect("leaky", "touch(w16)", 64, 1, 0, 0, "")] if gaps else []
    verdicts = [t["verdict"] for t in tests(effects, all_blocks)]
    out.update(
        run=dict(out["run"], mode="compare", argv=["compare", "fixture", "--a", "core:pool", "--b", "core:pool-lazy"], blocks=SCREEN),
        modules=[], arms=[{"id": arm, "engine": "core", "strategy": arm.split(":")[1]} for arm in (A, B, CONTROL)],
        cases=[case_of(e) for e in list(effects) + lost],
        cells=[cell(e, arm, times[e.id, role]) for e in effects for arm, role in ((A, "A"), (B, "B"), (CONTROL, "A′"))])
    if gaps:
        out["cells"] += [gone("uffd none s1", B, "skipped", UFFD), gone("leaky touch(w16) s64", A, "failed", LEAK),
                         gone("leaky touch(w16) s64", B, "failed", LEAK)]
    redone = [b for b in all_blocks if not b["counts"]]
    out["comparison"] = {
        "paired": True, "a": {"arm": A, "label": "core:pool"}, "b": {"arm": B, "label": "core:pool-lazy"}, "control": CONTROL,
        "tolerance": {"share": SHARE, "floor_ns": FLOOR}, "family_error": 0.01, "screen_blocks": SCREEN, "confirm_blocks_most": 60, "injected": None,
        "tests": tests(effects, all_blocks), "shown": shown(effects), "counters_equal": 12, "blocks": all_blocks,
        "counters": [c for c in COUNTERS if gaps and c["case"] in {e.id for e in effects}],
        "order_effect": {"change": 0.002, "interval": [-0.001, 0.005]},
        "redone": {"blocks": len(redone), "of": len(all_blocks), "still_disturbed": int(gaps), "unknown": 0,
                   "by_arm": {"A": len(redone), "B": 0, "A′": 0}, "lean": None},
        "verdicts": {v: verdicts.count(v) for v in ("improved", "same", "regressed", "inconclusive")},
        "coverage": [f"uffd none s1: skipped in B only: {UFFD}"] if gaps else [],
        "skipped": ["fastly none s1: not fetched; instbench fetch fastly gets it"] if gaps else [],
        "failures": [f"leaky touch(w16) s64, A core:pool: {LEAK}"] if gaps else [],
        "unfit": ["transparent huge pages are 'always': page counts depend on the machine's free memory"] if gaps else [],
        "warnings": ["both arms are this build: only the strategies differ"], "exit_code": 1 if gaps else 3 if "regressed" in verdicts else 0}
    return out


def unpaired():
    """A saved result on one side: no pairs, no control, and only B's processes have a time of day."""
    out = document(EFFECTS[:5], gaps=False)
    comparison = out["comparison"]
    out["arms"], out["cells"] = out["arms"][:2], [c for c in out["cells"] if c["arm"] != CONTROL]
    comparison.update(paired=False, control=None, order_effect=None)
    comparison.update(warnings=["A is a saved result: what changed between the two runs is in the difference"])
    for test in comparison["tests"]:
        test.update(stage="unpaired", control=None, screen=None)
    alone = dict(stage="unpaired", order=["B"], run_delay_share={"B": 0.001}, instantiate_ns={})
    comparison["blocks"] = [dict(b, **alone, cycle_ns={"B": b["cycle_ns"]["B"]})
                            for b in comparison["blocks"] if b["counts"] and b["stage"] == "screen"]
    return out


def text():
    """One test, block, cell a line, so that a change of the model reads as a change of those."""
    whole = document()
    comparison = make_fixture.lines(whole.pop("comparison"), "   ")
    return make_fixture.lines(whole).rstrip("}\n") + f',\n "comparison": {comparison}' + "}\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("comparison_fixture.json")
    target.write_text(text(), encoding="utf-8")
