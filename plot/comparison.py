"""The `comparison` of a result file: arm A against arm B, as `instbench compare` judged them.

Read and checked here, judged nowhere: every figure of a test (change, interval, verdict) is the file's. A change is
B/A - 1. What contradicts itself is refused with its place in the file.
"""

import statistics
from dataclasses import dataclass
from math import isfinite, log1p

from checked import count, number, object_at, objects, one_of, positive, texts, unique

VERDICTS = ("regressed", "inconclusive", "same", "improved")
STAGES = ("screen", "confirm", "unpaired")
CONTROL = "A′"
ROLES = ("A", "B", CONTROL)


@dataclass(frozen=True)
class Seen:
    """An effect and its 95 % interval: of the control, or of what the screen saw."""
    change: object  # None: unknown
    interval: object  # (low, high) or None
    blocks: object
    inside: object = None  # of the control: its interval lies inside the tolerance


@dataclass(frozen=True)
class Test:
    """One case and metric."""
    case: object
    metric: str
    stage: str
    verdict: str
    reason: str
    blocks: object
    a_ns: object
    b_ns: object
    change: object
    interval: object
    tolerance: object
    p_regressed: object
    p_improved: object
    scatter: object
    detectable: object
    needs_blocks: object
    control: object  # Seen or None
    screen: object  # Seen or None
    expected: object


@dataclass(frozen=True)
class Shown:
    """A figure that is shown and never judged, such as cycle.p99."""
    case: object
    metric: str
    blocks: object
    a_ns: object
    b_ns: object
    change: object
    interval: object


@dataclass(frozen=True)
class Counter:
    case: object
    phase: str
    name: str
    a: str
    b: str
    verdict: str
    expected: object

    @property
    def words(self):
        where = "" if self.phase == "cycle" else f"{self.phase} "
        return f"{where}{self.name} {self.a} → {self.b}" + (f" (expected: {self.expected})" if self.expected else "")


@dataclass(frozen=True)
class Block:
    """One process of each arm. `counts` is false when a redo took its place."""
    case: object
    stage: str
    number: int
    attempt: int
    order: tuple
    counts: bool
    disturbed: bool
    run_delay: dict  # role -> share of its time that the process waited for a CPU
    at: str
    at_s: object
    cycle_ns: dict  # role -> ns, only what is known
    instantiate_ns: dict

    @property
    def paired(self):
        return "A" in self.cycle_ns and "B" in self.cycle_ns


@dataclass
class Comparison:
    paired: bool
    arms: dict  # role -> arm id
    labels: dict  # role -> what the user called it
    share: object
    floor_ns: object
    family_error: object
    injected: object
    tests: list
    shown: list
    counters: list
    counters_equal: object
    blocks: list
    order_effect: object  # Seen or None
    redone: dict
    notes: dict  # coverage, skipped, failures, unfit, warnings -> [text]
    exit_code: object

    def tests_of(self, case):
        return [t for t in self.tests if t.case is case]

    def blocks_of(self, case):
        return [b for b in self.blocks if b.case is case]

    def judged_stage(self, case):
        """The stage whose blocks the case's verdict comes from: the last one it reached."""
        stages = {b.stage for b in self.blocks_of(case) if b.counts}
        return next((s for s in ("unpaired", "confirm", "screen") if s in stages), None)

    def times(self, case, role, stage):
        """Time per cycle of the processes of one arm in one stage, in the order of the file; superseded ones left out."""
        return [b.cycle_ns[role] for b in self.blocks_of(case) if b.counts and b.stage == stage and role in b.cycle_ns]

    def median_of_a(self, case):
        """Over every block that counts, both stages: the one reference of a run-order strip. None: no A has a time."""
        times = [b.cycle_ns["A"] for b in self.blocks_of(case) if b.counts and "A" in b.cycle_ns]
        return statistics.median(times) if times else None


def read(value, at, cases, arms):
    cases = {case.id: case for case in cases}
    sides = {role: object_at(at.get(value, key, dict), at / key) for role, key in (("A", "a"), ("B", "b"))}
    ids = {role: (at / key).get(sides[role], "arm", str) for role, key in (("A", "a"), ("B", "b"))}
    control = at.get(value, "control", str, None)
    if control is not None:
        ids[CONTROL] = control
    for role, arm in ids.items():
        if arm not in arms:
            (at / {"A": "a.arm", "B": "b.arm"}.get(role, "control")).fail(f'"{arm}" is not among the arms')
    labels = {role: side.get("label") or ids[role] for role, side in sides.items()}
    tolerance = at.get(value, "tolerance", dict, {})
    tests = [_test(entry, here, cases) for entry, here in objects(value, "tests", at)]
    unique([f"{t.case.id}, {t.metric}" for t in tests], at / "tests")
    return Comparison(
        paired=at.get(value, "paired", bool), arms=ids, labels={role: str(label) for role, label in labels.items()},
        share=number(tolerance.get("share"), at / "tolerance.share"), floor_ns=number(tolerance.get("floor_ns"), at / "tolerance.floor_ns"),
        family_error=number(value.get("family_error"), at / "family_error"), injected=at.get(value, "injected", str, None), tests=tests,
        shown=[_shown(entry, here, cases) for entry, here in objects(value, "shown", at)],
        counters=[_counter(entry, here, cases) for entry, here in objects(value, "counters", at)],
        counters_equal=count(value, "counters_equal", at, 0, None),
        blocks=[_block(entry, here, cases) for entry, here in objects(value, "blocks", at)],
        order_effect=_seen(value, "order_effect", at), redone=_redone(at.get(value, "redone", dict, {}), at / "redone"),
        notes={key: texts(value, key, at) for key in ("coverage", "skipped", "failures", "unfit", "warnings")},
        exit_code=count(value, "exit_code", at, 0, None))


def _case_of(value, at, cases):
    name = at.get(value, "case", str)
    if name not in cases:
        (at / "case").fail(f'"{name}" is not among the cases')
    return cases[name]


def _test(value, at, cases):
    tolerance = number(value.get("tolerance"), at / "tolerance")
    if tolerance is not None and tolerance <= 0:
        (at / "tolerance").fail("is not above 0")
    return Test(case=_case_of(value, at, cases), metric=at.get(value, "metric", str), stage=one_of(value, "stage", at, STAGES),
                verdict=one_of(value, "verdict", at, VERDICTS), reason=at.get(value, "reason", str, ""), blocks=count(value, "blocks", at, 0, None),
                **_pair(value, at), tolerance=tolerance, p_regressed=number(value.get("p_regressed"), at / "p_regressed"),
                p_improved=number(value.get("p_improved"), at / "p_improved"), scatter=number(value.get("scatter"), at / "scatter"),
                detectable=_change(value, "detectable", at), needs_blocks=count(value, "needs_blocks", at, 0, None),
                control=_seen(value, "control", at), screen=_seen(value, "screen", at), expected=at.get(value, "expected", str, None))


def _pair(value, at):
    return dict(a_ns=positive(value.get("a_ns"), at / "a_ns"), b_ns=positive(value.get("b_ns"), at / "b_ns"),
                change=_change(value, "change", at), interval=_interval(value, at))


def _shown(value, at, cases):
    return Shown(case=_case_of(value, at, cases), metric=at.get(value, "metric", str), blocks=count(value, "blocks", at, 0, None), **_pair(value, at))


def _change(value, key, at):
    """B/A - 1 of two times: never -1 or below."""
    change = number(value.get(key), at / key)
    if change is not None and not (change > -1 and isfinite(log1p(change))):
        (at / key).fail(f"{change:g} is no change of a time: below -100 %")
    return change


def _interval(value, at):
    ends = at.get(value, "interval", list, None)
    if ends is None:
        return None
    if len(ends) != 2 or None in ends:
        (at / "interval").fail("is not a pair of numbers")
    low, high = (_change({"interval": end}, "interval", at) for end in ends)
    if low > high:
        (at / "interval").fail(f"ends ({high:g}) before it begins ({low:g})")
    return low, high


def _seen(value, key, at):
    entry, here = at.get(value, key, dict, None), at / key
    if entry is None:
        return None
    return Seen(_change(entry, "change", here), _interval(entry, here), count(entry, "blocks", here, 0, None), here.get(entry, "inside", bool, None))


def _counter(value, at, cases):
    return Counter(_case_of(value, at, cases), at.get(value, "phase", str, "cycle"), at.get(value, "counter", str), _value(value, "a", at),
                   _value(value, "b", at), one_of(value, "verdict", at, ("changed", "not exact")), at.get(value, "expected", str, None))


def _value(value, side, at):
    """An exact counter as its number, another as its range; "?" when it was not counted."""
    entry, here = at.get(value, side, dict, None), at / side
    if entry is None:
        return "?"
    numbers = [number(entry.get(key), here / key) for key in (("value",) if entry.get("exact") is True else ("min", "max"))]
    return "?" if None in numbers else "–".join(f"{n:,.10g}" for n in numbers)


def _block(value, at, cases):
    def by_role(key, check):
        found = at.get(value, key, dict, {})
        for role in found:
            if role not in ROLES:
                (at / key).fail(f'"{role}" is none of {", ".join(ROLES)}')
        known = {role: check(found[role], at / key / role) for role in ROLES if role in found}
        return {role: known[role] for role in known if known[role] is not None}

    order = texts(value, "order", at)
    if len(set(order)) < len(order) or not set(order) <= set(ROLES):
        (at / "order").fail(f'is no order of {", ".join(ROLES)}')
    return Block(_case_of(value, at, cases), one_of(value, "stage", at, STAGES), count(value, "block", at, 0), count(value, "attempt", at, 0, 0),
                 tuple(order), at.get(value, "counts", bool, True), at.get(value, "disturbed", bool, False), by_role("run_delay_share", number),
                 at.get(value, "at", str, ""), number(value.get("at_s"), at / "at_s"), by_role("cycle_ns", positive),
                 by_role("instantiate_ns", positive))


def _redone(value, at):
    found = {key: count(value, key, at, 0, None) for key in ("blocks", "of", "still_disturbed", "unknown")}
    by_arm = at.get(value, "by_arm", dict, {})
    return dict(found, by_arm={role: count(by_arm, role, at / "by_arm", 0, None) for role in by_arm}, lean=at.get(value, "lean", str, None))
