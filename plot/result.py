"""Loading result.json (schema instbench-result/1; harness/report/README.md is the contract).

Fails closed: whatever cannot be understood is a ResultError of one line that names the file, the place
in it and the reason. Unknown is None, never 0: a phase, counter or fact that the file does not have is
not drawn and not guessed. Nothing here knows about pictures.
"""

import json
import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path

import comparison
from checked import At, ResultError, count, number, object_at, objects, one_of, texts, unique  # noqa: F401 (ResultError: for who loads)

SCHEMA = "instbench-result/1"
PHASES = ("acquire", "init", "start", "work", "release")
STATUSES = ("ok", "skipped", "failed")


@dataclass(frozen=True)
class Case:
    id: str
    module: str
    workload: dict = field(hash=False)
    slots: int
    vary: float
    bystanders: int
    threads: int
    facts: dict = field(hash=False, compare=False, default_factory=dict)  # what the file says of the module: name -> count
    pool: int = 0  # slots that the modules of a mix share; 0: the case is of one module
    order: str = ""  # of a mix

    @property
    def module_name(self):
        """A module given as a path is shown by its file name: pictures are published, paths are not."""
        return self.module.rsplit("/", 1)[-1]

    @property
    def name(self):
        """The id, with the module's name for its path."""
        return self.module_name + self.id[len(self.module):] if self.id.startswith(self.module) else self.id

    @property
    def workload_label(self):
        """The workload as the case id writes it: "none", "touch(w64)"."""
        match = re.fullmatch(re.escape(self.module) + r" (.+?) s%d( .*)?" % self.slots, self.id)
        return match.group(1) if match else self.workload["kind"]

    @property
    def pages(self):
        """(read, written) pages; nothing for workloads that do not say."""
        if self.workload["kind"] == "none":
            return (0, 0)
        if self.workload["kind"] == "touch":
            return (self.workload.get("read", 0), self.workload.get("write", 0))
        return None

    @property
    def argument(self):
        """(export, value) of a workload that makes one call with one whole number, "call(f(64))"; else nothing."""
        match = re.fullmatch(r"(?:preinit )?call\((.+)\((\d+)\)(?:=.*)?\)", self.workload_label)
        return (match.group(1), int(match.group(2))) if match else None

    @property
    def mixed(self):
        """Several modules take turns in it."""
        return bool(self.pool or self.order)

    @property
    def average(self):
        """How its phases are summed up, as the file calls it. The median of a mixture lies at one module's time or at another's,
        and a small change of their shares moves it from the one to the other."""
        return "mean" if self.mixed else "p50"

    @property
    def conditions(self):
        """What else flatters or hurts, apart from the number of slots."""
        return (self.vary, self.bystanders, self.threads, self.pool, self.order)


@dataclass(frozen=True)
class Engine:
    """What an arm's engine says of itself."""
    name: str
    version: str
    phases: object  # those that it can time apart; None: not in the file
    notes: tuple

    @property
    def joined(self):
        """The phases that it cannot time apart; their time lies in others."""
        return () if self.phases is None else tuple(p for p in PHASES if p not in self.phases)


@dataclass(frozen=True)
class Cell:
    case: Case
    arm: str
    status: str
    reason: str
    verified: object  # True, False or None
    real_ns: tuple  # one batch figure per process, nanoseconds per cycle; empty: not timed
    median_ns: object
    phases: dict  # name -> ns, only phases that were measured: the median, of a mix the mean
    instantiate_ns: object  # acquire, init and start together, the same
    resolution_ns: object
    faults: object  # minor faults per cycle as (low, high), or None
    floor_ns: object  # one madvise of the clean range in the same process
    delay_share: object  # largest share of a process's time that it waited for a CPU
    start: object  # what became of the start function: "none", "not run (…)"; None: not in the file

    @property
    def drawable(self):
        return self.status == "ok" and self.median_ns is not None

    @property
    def low_ns(self):
        return min(self.real_ns)

    @property
    def high_ns(self):
        return max(self.real_ns)


@dataclass
class Result:
    path: Path
    tool: dict
    run: dict
    machine: dict
    engines: dict  # arm id -> Engine, in the order of the file
    cases: list
    cells: dict = field(default_factory=dict)  # (case id, arm id) -> Cell
    comparison: object = None  # comparison.Comparison, of a file written by `instbench compare`

    @property
    def arms(self):
        """Their ids, in the order of the file."""
        return list(self.engines)

    @property
    def modules(self):
        return list(dict.fromkeys(case.module for case in self.cases))

    def cell(self, case, arm):
        return self.cells.get((case.id, arm))


def load(path):
    path = Path(path)
    at = At(path)
    document = _read(path, at)
    if not isinstance(document, dict) or not isinstance(document.get("schema"), str):
        at.fail('not a result file (no "schema"); give a result.json written by `instbench run`')
    if document["schema"] != SCHEMA:
        at.fail(f'schema "{document["schema"][:60]}" is not "{SCHEMA}", the only one this version draws')
    facts = dict(_facts(module, here) for module, here in objects(document, "modules", at))
    cases = [_case(c, facts, at / f"cases[{i}]") for i, c in enumerate(at.get(document, "cases", list))]
    arms = [_arm(a, at / f"arms[{i}]") for i, a in enumerate(at.get(document, "arms", list))]
    unique([arm for arm, _ in arms], at / "arms")
    result = Result(path, at.get(document, "tool", dict, {}), at.get(document, "run", dict, {}),
                    at.get(document, "machine", dict, {}), dict(arms), cases)
    unique([case.id for case in cases], at / "cases")
    _add_cells(result, at.get(document, "cells", list), at)
    if document.get("comparison") is not None:
        result.comparison = comparison.read(at.get(document, "comparison", dict), at / "comparison", cases, result.arms)
    return result


def _read(path, at):
    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    try:
        document = json.loads(path.read_bytes().decode("utf-8"), parse_constant=refuse)
        json.dumps(document, ensure_ascii=False).encode("utf-8")  # half a surrogate pair could not be written again
        return document
    except OSError as error:
        at.fail(f"cannot read: {error.strerror or error}")
    except RecursionError:
        at.fail("not a result file (nested too deeply)")
    except UnicodeDecodeError:
        at.fail("not a result file (not UTF-8 text)")
    except ValueError as error:
        at.fail(f"not a result file ({error})")


def _arm(value, at):
    """(id, Engine)."""
    object_at(value, at)
    facts, here = at.get(value, "facts", dict, {}), at / "facts"
    phases = None if facts.get("phases") is None else tuple(texts(facts, "phases", here))
    engine = Engine(here.get(facts, "name", str, None) or at.get(value, "engine", str, ""), here.get(facts, "version", str, ""),
                    phases, tuple(texts(facts, "notes", here)))
    return at.get(value, "id", str), engine


def _facts(module, at):
    """(name, {fact: count}), with those facts that the file knows."""
    counts = {key: value for key, value in module.items() if isinstance(value, int) and not isinstance(value, bool)}
    return at.get(module, "name", str), {key: count(counts, key, at, 0) for key in counts}


def _case(value, facts, at):
    object_at(value, at)
    workload = at.get(value, "workload", dict)
    (at / "workload").get(workload, "kind", str)
    for key in ("read", "write", "calls", "grow", "runs"):
        count(workload, key, at / "workload", 0, None)
    vary = at.get(value, "vary", (int, float), 0)
    if not 0 <= vary <= 1:
        (at / "vary").fail("lies outside 0..1")
    module = at.get(value, "module", str)
    mix, mix_at = at.get(value, "mix", dict, {}), at / "mix"
    return Case(at.get(value, "id", str), module, workload, count(value, "slots", at, 1), vary,
                count(value, "bystanders", at, 0, 0), count(value, "threads", at, 1, 1), facts.get(module, {}),
                count(mix, "pool", mix_at, 0, 0), mix_at.get(mix, "order", str, ""))


def _add_cells(result, values, at):
    cases = {case.id: case for case in result.cases}
    for i, value in enumerate(values):
        here = at / f"cells[{i}]"
        object_at(value, here)
        case, arm = here.get(value, "case", str), here.get(value, "arm", str)
        if case not in cases:
            (here / "case").fail(f'"{case}" is not among the cases')
        if arm not in result.arms:
            (here / "arm").fail(f'"{arm}" is not among the arms')
        if (case, arm) in result.cells:
            here.fail(f'case "{case}", arm "{arm}" occurs twice')
        result.cells[case, arm] = _cell(value, cases[case], arm, here)


def _cell(value, case, arm, at):
    status = one_of(value, "status", at, STATUSES)
    real_ns, median_ns = (), None
    if status == "ok" and value.get("batch") is not None:
        real_ns, median_ns = _batch(at.get(value, "batch", dict), at / "batch")
    phases = at.get(value, "phases", dict, {}) if status == "ok" else {}
    return Cell(case, arm, status, at.get(value, "reason", str, "") or "", at.get(value, "verified", bool, None),
                real_ns, median_ns, *_phases(phases, case.average, at / "phases"),
                number(phases.get("resolution_ns"), at / "phases.resolution_ns"),
                _faults(value, at),
                number(at.get(value, "floor", dict, {}).get("madvise_clean_ns"), at / "floor.madvise_clean_ns"),
                number(at.get(value, "noise", dict, {}).get("run_delay_share_max"), at / "noise.run_delay_share_max"),
                (at / "facts").get(at.get(value, "facts", dict, {}), "start_function", str, None))


def _batch(batch, at):
    numbers = [number(v, at / "real_ns") for v in at.get(batch, "real_ns", list)]
    real_ns = tuple(v for v in numbers if v is not None)  # null: that process has no batch figure
    if not real_ns:
        return (), None
    if min(real_ns) <= 0:
        (at / "real_ns").fail("holds a time that is zero or negative")
    median = number(batch.get("median_real_ns"), at / "median_real_ns")
    if median is None:
        median = statistics.median(real_ns)
    if not min(real_ns) * (1 - 1e-6) <= median <= max(real_ns) * (1 + 1e-6):
        (at / "median_real_ns").fail(f"{median:g} lies outside real_ns ({min(real_ns):g} to {max(real_ns):g})")
    return real_ns, median


def _phases(phases, average, at):
    """({phase: ns} of those that were measured, that of instantiate or None)."""
    found = {}
    for name in PHASES + ("instantiate",):
        ns = number(at.get(phases, name, dict, {}).get(average), at / name / average)
        if ns is not None:
            found[name] = ns
    return found, found.pop("instantiate", None)


def _faults(cell, at):
    """Minor faults per cycle, (low, high). A counted phase leaves out counters that are zero everywhere; a phase
    that is absent was not counted, nor is anything that the cell's engine does not list."""
    counters, engine = at.get(cell, "counters", dict, {}), at.get(cell, "engine", dict, {})
    counted = engine.get("counters") is None or "faults" in texts(engine, "counters", at / "engine")
    if counters.get("cycle") is None or not counted:
        return None
    here = at / "counters" / "cycle" / "faults.minor"
    entry = (at / "counters").get(counters, "cycle", dict).get("faults.minor", {"exact": True, "value": 0})
    object_at(entry, here)
    if entry.get("exact") is True:
        value = number(entry.get("value"), here / "value")
        return None if value is None else (value, value)
    low, high = number(entry.get("min"), here / "min"), number(entry.get("max"), here / "max")
    return None if low is None or high is None else (low, high)
