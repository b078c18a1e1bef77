"""The axes of sweeps: where a case stands on each, and which cases make up one sweep. Pure; the rules are here so
that every chart of a cost against something has the same.

A sweep is cases that are alike in everything but the axis and the setting that tells its panels apart. Along an axis
of modules (density, size of table or memory) the modules may differ, and then all that the file says of them but what
the axis shows has to be equal: never are two kinds of module on one line.
"""

from dataclasses import dataclass, field, replace

import selection

WORK = ("read", "write", "calls", "grow")  # what `none` has none of
NAMED = ("name", "sha256", "bytes")  # facts that say which module it is, not what it is like


@dataclass(frozen=True)
class Axis:
    name: str
    at: object  # of a case: its place, a number; None: it has none
    title: str  # "cost of a cycle against …"
    label: str  # below the axis
    unit: object = None  # one more of it costs so much; None: the ends of the line are compared instead
    own: tuple = ()  # settings that may differ along it
    facts: object = None  # of an axis of modules: facts that may differ along it
    panel: str = "slots"  # the setting that tells panels apart
    least: int = 2  # points of a line, zero apart, that make a sweep
    linear: bool = False
    tick: object = field(default=lambda at: f"{at:,g}" if at < 1e6 else f"{at:,}")
    note: str = ""  # what its numbers mean, where the label does not say
    asked: str = ""  # how to get one


def _worked(key):
    """How much of it a case does; for the workloads that say."""
    return lambda case: {"none": 0, "touch": case.workload.get(key) or 0}.get(case.workload["kind"])


def _runs(case):
    """Scattered pages are runs of one page each."""
    load = case.workload
    return (load.get("runs") or load.get("write") or None) if load["kind"] == "touch" else None


def _fact(name, per):
    return lambda case: case.facts[name] / per if case.facts.get(name) else None


def _density(case):
    span = case.facts.get("image_span_bytes")
    return 100 * case.facts["image_bytes"] / span if span and case.facts.get("image_bytes") else None


def _size(mib):
    """"64 KiB", "256 MiB", "4 GiB"."""
    for unit, one in (("GiB", 1024), ("MiB", 1), ("KiB", 1 / 1024)):
        if mib >= one:
            return f"{mib / one:.3g} {unit}"
    return f"{mib * (1 << 20):g} B"


def _percent(share):
    return f"{share:.2g} %" if share < 10 else f"{share:.0f} %"


WRITE = Axis("write", _worked("write"), "pages written", "4 KiB pages written per cycle", "page", ("write",))
READ = Axis("read", _worked("read"), "pages read", "4 KiB pages read per cycle", "page", ("read",))
ARGUMENT = Axis("argument", lambda case: case.argument[1] if case.argument else None, "the argument", "argument",
                "step", ("does",))
THREADS = Axis("threads", lambda case: case.threads, "threads", "threads", own=("threads",))

# Those that are drawn alike, by cost_vs.py; the name is the chart's, cost-vs-NAME.
SWEEPS = (
    Axis("slots", lambda case: case.slots, "live instances", "instances alive at once (S)", own=("slots",),
         panel="vary", least=3, asked="three or more numbers of slots (--touch write=16,slots=1,8,64)"),
    Axis("vary", lambda case: 100 * case.vary if case.workload["kind"] == "touch" else None,
         "the share of addresses redrawn", "share of the touched addresses redrawn each cycle (V)", own=("vary",),
         least=3, linear=True, tick=_percent,
         asked="three or more shares redrawn (--touch write=16,vary=0,5%,50%,100%)"),
    Axis("runs", _runs, "how scattered the written pages are", "runs of neighbouring pages that the written ones form",
         own=("runs",), note="1 run: contiguous pages; as many runs as pages: scattered, each on its own.",
         asked="two or more numbers of runs (--touch write=64,runs=1,8,64)"),
    Axis("growth", _worked("grow"), "pages grown", "64 KiB pages that memory grows by per cycle", "page", ("grow",),
         asked="two or more counts (zero apart) of pages grown (--touch grow=0,1,4,16)"),
    Axis("entries", _worked("calls"), "table entries looked up", "table entries looked up per cycle", "entry",
         ("calls",), asked="two or more counts (zero apart) of table entries (--touch calls=0,1,64,1024)"),
    Axis("pool", lambda case: case.pool or None, "pool slots", "slots of the pool (P), which the modules share", own=("pool",),
         asked="two or more pools (--mix, --touch pool=1,2,4)"),
    Axis("density", _density, "the density of the data", "data, as a share of the memory that it spans", least=3,
         facts=("image_span_bytes",), tick=_percent,
         note="Density: the bytes that segments write, over those from the first of them to the last.",
         asked="three modules or more that differ in the density of their data only (run density)"),
    Axis("table-size", _fact("table_entries", 1), "the size of the table", "entries that tables start with", "entry",
         facts=("table_entries",), least=3,
         asked="three modules or more that differ in their table's size only (run table-size)"),
    Axis("memory-size", _fact("memory_pages", 16), "the size of memory", "size that memories start with", "MiB",
         facts=("memory_pages",), least=3, tick=_size,
         asked="three modules or more that differ in their memory's size only (run memory-size)"),
)


# Sweeps ---------------------------------------------------------------------------------------------

def settings(case):
    """All that is asked of a case."""
    load, kind = case.workload, case.workload["kind"]
    does = case.workload_label
    if kind in ("none", "touch"):
        does = "preinit " + kind if does.startswith("preinit ") else kind
    return {"does": does, **{key: load.get(key) or 0 for key in WORK}, "runs": load.get("runs"),
            "reread": bool(load.get("reread")), "slots": case.slots, "vary": case.vary, "bystanders": case.bystanders,
            "threads": case.threads, "pool": case.pool, "order": case.order}


def groups(cases, axis):
    """Lists of cases that are alike but for the axis and the panel's setting, in the order of the file."""
    idle = ("none",) if _counts_work(axis) else ()
    standing = [c for c in cases if axis.at(c) is not None and c.workload["kind"] not in idle]
    for group in selection.groups(standing, lambda case: _key(case, axis)).values():
        yield group + _idle(group, cases, axis)


def _counts_work(axis):
    return bool(set(axis.own) & set(WORK))


def _key(case, axis):
    alike = tuple((k, v) for k, v in settings(case).items() if k not in axis.own and k != axis.panel)
    if axis.facts is None:
        return case.module, alike
    return tuple((k, v) for k, v in case.facts.items() if k not in axis.facts + NAMED), alike


def _idle(group, cases, axis):
    """The sweep's cases of zero pages or entries, when it has none of its own: with nothing touched, the workload is
    `none`, which has no addresses to vary."""
    first = settings(group[0])
    if not _counts_work(axis) or any(first[key] for key in WORK if key not in axis.own):
        return []
    wanted = {c.slots for c in group} - {c.slots for c in group if axis.at(c) == 0}
    others = ("bystanders", "threads", "pool", "order")
    alike = (group[0].module, first["does"].replace("touch", "none"), *(first[key] for key in others))
    return [c for c in cases if c.slots in wanted
            and (c.module, settings(c)["does"], *(settings(c)[key] for key in others)) == alike]


# Words ----------------------------------------------------------------------------------------------

def load_text(case, axis):
    """What else each cycle does, and what else is asked for; nothing when it only does what the axis shows."""
    given = settings(case)
    words = [] if case.workload["kind"] == "touch" else [given["does"]] if "does" not in axis.own else []
    words += [f"{key} {given[key]}" for key in (*WORK, "runs") if key not in axis.own and given[key]]
    return ", ".join(words + (["reread"] if given["reread"] else []))


def stem(case, axis, name):
    """A picture's file name: the chart, the module and what else is alike in its cases."""
    given = settings(case)
    letters = {"read": "r", "write": "w", "calls": "c", "grow": "g", "runs": "runs"}
    parts = [f"{letter}{given[key]}" for key, letter in letters.items() if key not in axis.own and given[key]]
    parts += ["reread"] if given["reread"] else []
    parts += [given["does"]] if case.workload["kind"] not in ("none", "touch") and "does" not in axis.own else []
    swept = {key: 0 for key in ("vary", "pool") if key in (*axis.own, axis.panel)}
    return "-".join([name, *parts]) + selection.suffix(replace(case, **swept))


def modules_text(cases):
    """What the modules' names have in common, else how many they are."""
    names = list(dict.fromkeys(c.module_name for c in cases))
    common = names[0]
    while not all(name.startswith(common) for name in names):
        common = common[:-1]
    if len(names) == 1:
        return names[0]
    return common.rstrip("-_. 0123456789") if len(common) > 2 else f"{len(names)} modules"
