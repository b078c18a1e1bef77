"""Which cells go into which picture. Pure; the rules are here so that no chart picks its own cherries."""

import re

import style


def matching(result, modules, case_filter):
    """The cases of the chosen modules (by name, or the file name of a path) whose id the expression finds."""
    wanted = re.compile(case_filter) if case_filter else None
    return [c for c in result.cases if (not modules or {c.module, c.module_name} & set(modules)) and (wanted is None or wanted.search(c.id))]


def spread(values, limit):
    """At most `limit` of the values: the first, the last and those evenly between."""
    values = list(values)
    if len(values) <= limit:
        return values
    step = (len(values) - 1) / (limit - 1)
    return [values[int(i * step + 0.5)] for i in range(limit)]


def groups(cases, key):
    """{key: cases}, both in the order of the file."""
    found = {}
    for case in cases:
        found.setdefault(key(case), []).append(case)
    return found


def conditions_text(case, swept=()):
    """The conditions that flatter: live instances, redrawn addresses, running bystanders; `swept`: settings that an axis shows."""
    slots, vary = "S swept" if "slots" in swept else f"S={case.slots}", "V swept" if "vary" in swept else f"V={100 * case.vary:g} %"
    text = f"{slots}, {vary}, B={case.bystanders}"
    text = text if case.threads == 1 else f"{text}, T={case.threads}"
    pool = "P swept" if "pool" in swept else f"P={case.pool}" if case.pool else ""
    return ", ".join(part for part in (text, pool, _order(case)) if part)


def _order(case):
    """Of a mix: the order of its modules, where it is not the usual one."""
    return "" if case.order == "uniform" else case.order


CONDITIONS_KEY = ("S: instances alive at once, the oldest dropped first; V: share of the touched addresses redrawn each cycle; "
                  "B: other threads running.")


def conditions_key(cases):
    """What the letters mean: those of every picture, T and P where they occur."""
    more = [("; T: threads that make instances", any(case.threads != 1 for case in cases)),
            ("; P: slots of the pool that a mix's modules share", any(case.pool for case in cases))]
    return CONDITIONS_KEY.rstrip(".") + "".join(words for words, occurs in more if occurs) + "."


ONE_HOT_SLOT = "S=1 only: one slot that stays in every cache flatters the strategies that keep memory resident."


def marks(case):
    """The conditions of a row among others, as short as they can be: "S=64 B=1"."""
    parts = [f"S={case.slots}", f"V={100 * case.vary:g}%" if case.vary else "", f"B={case.bystanders}" if case.bystanders else "",
             f"T={case.threads}" if case.threads != 1 else "", f"P={case.pool}" if case.pool else "", _order(case)]
    return " ".join(p for p in parts if p)


def suffix(case):
    """Conditions other than slots, for a file name; nothing when they are the usual ones."""
    parts = [f"v{100 * case.vary:g}" if case.vary else "", f"b{case.bystanders}" if case.bystanders else "",
             f"t{case.threads}" if case.threads != 1 else "", f"p{case.pool}" if case.pool else "", _order(case)]
    return "".join(f"-{p}" for p in parts if p)


def file_stem(text, taken):
    """A file name of `text` that no earlier picture has (module names may be paths)."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")[-120:] or "chart"
    stem, n = plain, 2
    while stem.lower() in taken:
        stem, n = f"{plain}-{n}", n + 1
    taken.add(stem.lower())
    return stem


def baseline(arms):
    """The arm all ratios refer to, or None."""
    return next((arm for arm in arms if style.name_of(arm) == "eager"), None)
