"""Cost against a call's argument: what one cycle costs as the same export is called with larger numbers.

How to read it. As cost-vs-pages, with the argument in place of the pages: made by a sweep such as
`--invoke 'call_each({0,1,8,64,512,8192})'`. Of two strategies that differ in their tables only, the note below the
picture says where they break even: the argument from which the lazy one costs more, between measured points
by a straight line; "never" when it was cheaper at all of them.
"""

import caption
import cost_vs_pages as sweep
import selection
import style
from units import rounded

NAME = "cost-vs-argument"
NEEDS = "it needs cells of one call at two or more arguments (zero apart): --invoke 'f({0,1,8,64})'"
ON_REQUEST = True  # its absence is no remark
AXIS = "argument"
TIMED = sweep.TIMED.replace("page", "step")
SUBTITLE = "At the end of each line: what one more step of the argument costs (≤: no more than), and the minor faults it takes."
# lazy, eager: alike but for the tables
PAIRS = (("core:overlay-lazy", "core:overlay"), ("core:pool-lazy", "core:pool"), ("core:pool-lazy", "core:pool,table-reset=refill"))


def pictures(result, cases):
    """(stem, cases) for each sweep: same module, export and conditions, but for the slots and the argument."""
    taken = set()
    for group in selection.groups([c for c in cases if c.argument], lambda c: (c.module, c.argument[0], c.conditions)).values():
        lines = [line for slots in {c.slots for c in group} for line in sweep.lines_of(result, group, AXIS, slots)]
        if any(sum(at > 0 for at, _ in line.points) > 1 for line in lines):
            stem = f"{NAME}-{group[0].module_name}-{group[0].argument[0]}{selection.suffix(group[0])}"
            yield selection.file_stem(stem, taken), group


def draw(result, group, source):
    slots = selection.spread(sorted({c.slots for c in group}), sweep.PANELS)
    shown = [c for c in group if c.slots in slots]
    cells = [cell for c in shown for arm in result.arms if (cell := result.cell(c, arm))]
    width = sweep.LEFT + len(slots) * (sweep.WIDTH + sweep.WORDS) - 0.4
    text = caption.Caption(width - 0.6, notes(result, group, shown, cells), caption.provenance(result, cells, TIMED, source))
    subtitle = style.subtitle_lines(SUBTITLE, width)
    top = sweep.TOP + style.SUBTITLE_LEADING * (len(subtitle) - 1)
    page = style.Page(width, top + sweep.HEIGHT + sweep.BOTTOM + text.height + 0.1)
    export = group[0].argument[0]
    page.title(group[0].module_name, f": cost of a cycle against the argument of {export}")
    page.subtitle(subtitle)
    panels = [sweep.panel(page, result, group, AXIS, s, sweep.LEFT + i * (sweep.WIDTH + sweep.WORDS), top, f"argument of {export}")
              for i, s in enumerate(slots)]
    sweep.same_axes(panels, cells, AXIS, style.looks(result.arms))
    panels[0][0].set_ylabel("time per cycle", fontsize=9)
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def break_even(lazy, eager):
    """The argument from which the lazy line is the dearer one; None when it never is at a measured point."""
    dear = {at: cell.median_ns for at, cell in eager.points}
    gaps = [(at, cell.median_ns - dear[at]) for at, cell in lazy.points if at in dear]
    for i, (at, gap) in enumerate(gaps):
        if gap <= 0:
            continue
        if i == 0:
            return at
        before, was = gaps[i - 1]
        return before + (at - before) * -was / (gap - was)
    return None


def pairs(result, group):
    """(slots, lazy line, eager line) of strategies that differ in their tables only."""
    for slots in sorted({c.slots for c in group}):
        lines = {line.arm: line for line in sweep.lines_of(result, group, AXIS, slots)}
        for lazy, eager in PAIRS:
            if lazy in lines and eager in lines:
                yield slots, lines[lazy], lines[eager]


def notes(result, group, shown, cells):
    found = caption.doubts(result, cells) + caption.missing(result, group, result.arms)
    for slots, lazy, eager in pairs(result, group):
        at = break_even(lazy, eager)
        words = f"dearer than {style.name_of(eager.arm)} from about {at:,.0f} on" if at is not None else (
            f"never dearer than {style.name_of(eager.arm)}, up to {lazy.points[-1][0]:,}")
        found.append(f"Break-even, S={slots}: {style.name_of(lazy.arm)} is {words}.")
    if {c.slots for c in shown} == {1}:
        found.append("S=1 only: one slot that stays in every cache flatters the strategies that keep memory resident.")
    return found + [selection.CONDITIONS_KEY]


COLUMNS = ["module", "case", "export", "argument", "slots", "vary", "bystanders", "threads", "arm", "status", "reason", "verified", "processes",
           "median_ns", "min_ns", "max_ns", "faults_minor_low", "faults_minor_high", "line_ns_per_step", "line_ns_per_step_low",
           "line_ns_per_step_high"]


def rows(result, group):
    """One row per cell; the line's figures are repeated on each of its cells."""
    order, apart = style.story_order(result.arms)
    lines = {(slots, line.arm): line for slots in {c.slots for c in group} for line in sweep.lines_of(result, group, AXIS, slots)}
    for case in sorted(group, key=lambda c: (c.slots, c.argument[1])):
        for arm in order + apart:
            cell = result.cell(case, arm)
            head = [case.module, case.id, *case.argument, case.slots, case.vary, case.bystanders, case.threads, arm]
            if cell is None or not cell.drawable:
                yield head + caption.gap_in_csv(cell) + [None] * (len(COLUMNS) - len(head) - 2)
                continue
            slope = lines[(case.slots, arm)].slope() or (None,) * 3
            yield (head + [cell.status, cell.reason, cell.verified, len(cell.real_ns), cell.median_ns, cell.low_ns, cell.high_ns]
                   + list(cell.faults or (None, None)) + [rounded(v) for v in slope])
