"""Blocks: what each block of a comparison measured, before and after.

How to read it. One panel per case. Each thin line is a block, one process of A and one of B, from A's time per
cycle to B's; the bold line joins the medians. Where the thin lines are parallel the effect is the same in every block,
however the machine drifted; where they cross, it is not. The two stages stand apart, the screen at the left; the verdict
comes from the confirm stage where there is one. A′, a copy of A, stands at the right of B where it ran: it should be as high
as A. Each panel has its own log axis, which does not start at zero and spans at least a tenth; on it, equal slopes
are equal ratios. Blocks that were run again are left out; a dotted line is a block that was disturbed and counts all the same.
"""

import statistics

from matplotlib import lines

import caption
import style
import versus
from comparison import STAGES
from units import count, rounded

NAME = "blocks"
NEEDS = "it needs blocks with a time of both arms, which a comparison with a saved result has not"
OF_COMPARISON = True
TIMED = caption.TIMED + " Thin: one block, a process of A and one of B; bold: medians of the stage."
APART = 0.7  # between the stages, in units of the distance between A and B


def pictures(result, cases):
    """(stem, Sheet) of the cases with a block to draw."""
    if result.comparison is None:
        return
    yield from versus.sheets(result, NAME, cases, lambda c: any(b.paired and b.counts for b in result.comparison.blocks_of(c)))


def draw(result, sheet, source):
    comparison = result.comparison
    noted = versus.sheet_notes(result, sheet)
    sources = versus.provenance(result, sheet.cases, TIMED, source, "both stages, one line for each pair")
    subtitle = "One thin line per block, medians bold. Each panel has its own log axis, not from zero."
    return versus.draw_sheet(result, sheet, (": time per cycle, block by block", subtitle, noted, sources), _legend(comparison, sheet.cases),
                             lambda axes, case: _panel(axes, comparison, case))


def _legend(comparison, cases):
    blocks = [b for c in cases for b in comparison.blocks_of(c) if b.counts]
    roles = [r for r in style.ROLE_LOOK if any(r in b.cycle_ns for b in blocks)]
    found = [lines.Line2D([], [], linestyle="", label=style.escape(versus.arm_label(comparison, role)), **style.ROLE_LOOK[role].marker_style(0.9))
             for role in roles]
    found.append(lines.Line2D([], [], color=style.GREY, linewidth=0.8, label="one block"))
    found.append(lines.Line2D([], [], color=style.INK, linewidth=2.2, label="medians"))
    if any(b.disturbed for b in blocks):
        found.append(lines.Line2D([], [], color=style.VERMILLION, linewidth=1, linestyle=":", label="disturbed, counted"))
    return found


def _panel(axes, comparison, case):
    left, ticks, drawn = 0.0, [], []
    for stage in STAGES:
        blocks = [b for b in comparison.blocks_of(case) if b.stage == stage and b.counts and b.paired]
        if not blocks:
            continue
        roles = [r for r in style.ROLE_LOOK if any(r in b.cycle_ns for b in blocks)]
        places = {role: left + i for i, role in enumerate(roles)}
        _stage(axes, blocks, places)
        ticks += [(x, role) for role, x in places.items()]
        drawn += [ns for b in blocks for ns in b.cycle_ns.values()]
        middle = (left + max(places.values())) / 2
        axes.annotate(f"{stage}, {count(len(blocks), 'block')}", (middle, 0), xycoords=("data", "axes fraction"), xytext=(0, -19),
                      textcoords="offset points", ha="center", va="top", fontsize=7.5, color=style.SOFT)
        left = max(places.values()) + 1 + APART
        axes.axvline(left - (1 + APART) / 2, color="#DDDDDD", linewidth=0.8)
    end = left - 1 - APART
    axes.lines[-1].remove()  # no line after the last stage
    axes.set_xlim(-0.45, end + 0.45 if end > 1 else 1.45)
    axes.set_xticks([x for x, _ in ticks], [role for _, role in ticks])
    axes.tick_params(axis="x", length=0, labelsize=8.5, labelcolor=style.INK)
    axes.set_yscale("log")
    versus.set_time_axis(axes.yaxis, axes.set_ylim, *versus.span(drawn), 6)
    axes.grid(axis="y")


def _stage(axes, blocks, places):
    for block in blocks:
        look = dict(color=style.VERMILLION, linestyle=":", linewidth=1) if block.disturbed else dict(color=style.GREY, linewidth=0.7)
        axes.plot([places[r] for r in ("A", "B")], [block.cycle_ns[r] for r in ("A", "B")], zorder=2, **look)
    for role, x in places.items():
        look, times = style.ROLE_LOOK[role], [b.cycle_ns[role] for b in blocks if role in b.cycle_ns]
        axes.plot([x] * len(times), times, linestyle="", zorder=3, alpha=0.45, marker=look.marker, markersize=3, markeredgewidth=0.5,
                  color=look.colour, markerfacecolor="none" if look.open else look.colour)
    medians = {role: statistics.median(b.cycle_ns[role] for b in blocks if role in b.cycle_ns) for role in places}
    axes.plot([places["A"], places["B"]], [medians["A"], medians["B"]], color=style.INK, linewidth=2.2, zorder=4)
    for role, x in places.items():
        look = style.ROLE_LOOK[role]
        face = "white" if look.open else look.colour
        axes.plot(x, medians[role], zorder=5, **dict(look.marker_style(0.8 if look.open else 1.15), markerfacecolor=face))


COLUMNS = ["module", "case", "slots", "vary", "bystanders", "threads", "stage", "block", "attempt", "counts", "disturbed", "order", "at", "at_s",
           "a_cycle_ns", "b_cycle_ns", "control_cycle_ns", "b_over_a", "a_instantiate_ns", "b_instantiate_ns", "control_instantiate_ns",
           "a_run_delay_share", "b_run_delay_share", "control_run_delay_share"]


def rows(result, sheet):
    """Every block of the picture's cases, in the order of the file, also those that were run again."""
    for case in sheet.cases:
        for block in result.comparison.blocks_of(case):
            yield line(block)


def line(block):
    def of(values):
        return [values.get(role) for role in style.ROLE_LOOK]

    case = block.case
    change = block.cycle_ns["B"] / block.cycle_ns["A"] if block.paired else None
    return [case.module, case.id, case.slots, case.vary, case.bystanders, case.threads, block.stage, block.number, block.attempt, block.counts,
            block.disturbed, " ".join(block.order), block.at, block.at_s, *of(block.cycle_ns), rounded(change), *of(block.instantiate_ns),
            *of(block.run_delay)]
