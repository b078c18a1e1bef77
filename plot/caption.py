"""The text under a chart: what is missing from it, what is timed, and where the numbers come from.

Every cell that should be in the picture and is not (skipped, failed, not run, not verified) is named.
Provenance is only what the file says; what it does not say reads "unknown".
"""

import re
import statistics

import style
from units import count

SIZE = 7.5
LEADING = 0.148  # inches from line to line
MOST_GAPS, MOST_NAMES = 12, 4
SYNTHETIC = "SYNTHETIC DATA: a test fixture. Nothing here was measured."
DELAY_LIMIT = 0.01  # the scheduler's own: a block above it is run again
TIMED = ("Timed: one whole cycle (acquire a slot, init memory and tables, work, release) as a batch of many cycles with no clock read "
         "inside.")


NAMES_A_PHASE = re.compile(r"\b(acquire|init|start|work|release|instantiate|phases?|cycles?)\b")


class Caption:
    """Paragraphs wrapped to a width; knows its height before the page exists."""

    def __init__(self, width, notes, provenance):
        self.notes = [line for note in notes for line in style.wrap(note, SIZE, width)]
        self.provenance = [line for part in provenance for line in style.wrap(part, SIZE, width)]

    @property
    def height(self):
        return LEADING * (len(self.notes) + len(self.provenance)) + 0.22

    def draw(self, page, left, top):
        for line in self.notes:
            loud = dict(color=style.VERMILLION, weight="bold") if line == SYNTHETIC else dict(color=style.INK)
            page.text(left, top, line, SIZE, **loud)
            top += LEADING
        page.rule(left, top + 0.03, page.width - 2 * left)
        top += 0.10
        for line in self.provenance:
            page.text(left, top, line, SIZE, color=style.SOFT)
            top += LEADING


def missing(result, cases, arms):
    """Which cells are not drawn, and why: a note for each reason, of all the arms that it keeps out of the same cases."""
    gaps = {}
    for case in cases:
        for arm in arms:
            why = _gap(result.cell(case, arm))
            if why:
                gaps.setdefault((arm, why), []).append(case.name)
    alike = {}
    for (arm, why), names in gaps.items():
        alike.setdefault((why, tuple(names)), []).append(arm)
    notes = [f"Not drawn: {_names(among, arms)} in {'; '.join(names[:MOST_NAMES])}"
             f"{f' and {len(names) - MOST_NAMES} more' if len(names) > MOST_NAMES else ''}: {why}." for (why, names), among in alike.items()]
    rest = sum(len(among) * len(names) for (_, names), among in list(alike.items())[MOST_GAPS:])
    return notes[:MOST_GAPS] + ([f"Not drawn either: {count(rest, 'cell')} for other reasons, listed in the CSV."] if rest else [])


def _names(some, arms):
    """Of several engines one whose arms are all meant stands for them."""
    own = {engine: [arm for arm in arms if style.split_arm(arm)[0] == engine] for engine in style.engines_of(arms)}
    whole = [engine for engine, members in own.items() if len(own) > 1 and len(members) > 1 and set(members) <= set(some)]
    names = [style.split_arm(arm)[0] if style.split_arm(arm)[0] in whole else style.name_of(arm) for arm in some]
    return ", ".join(dict.fromkeys(names))


def _gap(cell):
    if cell is None:
        return "no such cell in the file"
    if cell.status != "ok":
        return f"{cell.status} ({cell.reason.strip().rstrip('.') or 'no reason given'})"
    return None if cell.drawable else "no batch time in the file"


def gap_in_csv(cell):
    """[status, reason] of a cell without figures."""
    if cell is None:
        return ["absent", "no such cell in the file"]
    return [cell.status, cell.reason or ("no batch time in the file" if cell.status == "ok" else "")]


def why_not_drawn(cell):
    """The same in a few words, for the place where the cell would be."""
    if cell is None:
        return "not in the file"
    return f"{cell.status}: {cell.reason}" if cell.status != "ok" else "no batch time"


def doubts(result, cells):
    """What a reader should know before trusting what is drawn."""
    notes = []
    if result.run.get("suite") == "fixture":
        notes.append(SYNTHETIC)
    if result.run.get("complete") is not True:
        notes.append("The run is not complete: cells may be missing or have fewer processes than planned.")
    drawn = [c for c in cells if c.drawable]
    # A′ runs what A runs, and A is verified.
    unverified = [c for c in drawn if c.verified is not True and not c.arm.startswith("A′ ")]
    notes += _listed("Not verified against a reference instance", unverified)
    return notes + _disturbed(drawn) + _without_start(drawn)


def _disturbed(drawn):
    known = [c for c in drawn if c.delay_share is not None]
    late = sorted((c for c in known if c.delay_share > DELAY_LIMIT), key=lambda c: c.delay_share)
    unknown = []
    if len(known) < len(drawn):
        unknown.append(f"How long {len(drawn) - len(known)} of {count(len(drawn), 'cell')} waited for a CPU is not in the file.")
    if not late:
        return unknown
    middle = f"median {_percent(statistics.median(c.delay_share for c in late))}, worst " if len(late) > 1 else ""
    return [f"{len(late)} of {count(len(known), 'cell')} waited for a CPU more than {_percent(DELAY_LIMIT)} of the time, in the worst "
            f"process of each: {middle}{_percent(late[-1].delay_share)} ({late[-1].case.name}, {style.name_of(late[-1].arm)})."] + unknown


def _percent(share):
    return f"{100 * share:.{0 if share >= 0.0995 else 1}f}".removesuffix(".0") + "\u00a0%"


def _without_start(drawn):
    """The modules whose start function exists and was not run, by what the file says about it."""
    found = {}
    for cell in drawn:
        if cell.start and cell.start.startswith("not run"):
            names = found.setdefault(cell.start.removeprefix("not run").strip(), [])
            names += [] if cell.case.module_name in names else [cell.case.module_name]
    return [f"Start function not run{f' {why}' if why else ''}: {', '.join(names)}." for why, names in found.items()]


def of_engines(result, arms):
    """What the engines say of their phases, in their own words, and which they cannot time apart."""
    said, notes = {}, {}
    for arm in arms:
        for words in _of_phases(result.engines[arm]):
            said.setdefault(words, []).append(arm)
    for words, among in said.items():
        notes.setdefault(_arms_in_words(among, arms), []).append(words)
    return [f"{among}: {'; '.join(words)}." for among, words in notes.items()]


def _of_phases(engine):
    found = [note.strip().rstrip(".") for note in engine.notes if NAMES_A_PHASE.search(note)]
    if not engine.joined:
        return found
    cycles = " (compare cycles only)" if {"work", "release"} & set(engine.joined) else ""
    return [f"{', '.join(engine.joined)} not timed apart{cycles}"] + found


def _arms_in_words(some, arms):
    """An engine for all of its arms."""
    names = []
    for arm in some:
        engine = style.split_arm(arm)[0]
        whole = all(other in some for other in arms if style.split_arm(other)[0] == engine)
        names.append(engine if whole else style.name_of(arm))
    return ", ".join(dict.fromkeys(names))


def _listed(what, cells):
    names = [f"{style.name_of(c.arm)} in {c.case.name}" for c in cells]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return [f"{what}: {'; '.join(names[:MOST_NAMES])}{more}."] if names else []


def provenance(result, cells, timed, source, drawn="median drawn, line from minimum to maximum"):
    """`source` says where the data is and how to draw it again, `drawn` what becomes of a cell's processes."""
    tool, run, machine = result.tool, result.run, result.machine
    dirty = {True: ", uncommitted changes", False: ", clean tree"}.get(tool.get("dirty"), ", clean or not: unknown")
    sizes = sorted({len(c.real_ns) for c in cells if c.drawable})
    processes = f"{'–'.join(str(s) for s in (sizes[0], sizes[-1])[:len(sizes)])} " + ("process" if sizes == [1] else "processes") if sizes else "no process"
    return [
        timed,
        f"{processes} per cell, {drawn}; batches of about {_or(run, 'batch_ms')} ms; "
        f"seed {_or(run, 'seed')}.",
        f"{_or(tool, 'name')} {_or(tool, 'version')}, commit {_or(tool, 'git')}{dirty}, {_or(tool, 'build_type')}, "
        f"{_or(tool, 'compiler')} {_or(tool, 'flags')} · run {_or(run, 'id')}, suite {_or(run, 'suite')}, {_or(run, 'started')[:10]} · "
        f"Linux {_or(machine, 'kernel')}, {_or(machine, 'cpu')}, {_cpus(machine)}, THP {_or(machine, 'thp')}, "
        f"governor {_or(machine, 'governor')}, ASLR {_or(machine, 'aslr')}.",
        *_engines(result),
        source,
    ]


def _engines(result):
    """The versions of engines that are not built with the tool."""
    found = dict.fromkeys(engine_in_words(arm, engine) for arm, engine in result.engines.items() if engine.version)
    return [f"Engines: {', '.join(found)}."] if found else []


def engine_in_words(arm, engine):
    """"wasmtime@45.0.0", "v8 11.3": the version unless its build says it."""
    name = style.split_arm(arm)[0]
    return name if engine.version in name else f"{name} {engine.version}"


def _or(facts, key):
    value = facts.get(key)
    return "unknown" if value is None or value == "" else str(value)


def _cpus(machine):
    cpus = machine.get("cpus")
    known = count(cpus, "CPU") if isinstance(cpus, int) else "number of CPUs unknown"
    return known + {True: " (virtual machine)", False: ""}.get(machine.get("hypervisor"), "")
