"""ECDF: how the processes of each arm are distributed.

How to read it. One panel per case. At each time per cycle the line says what share of the arm's processes took no longer;
further left is faster. A step is a process. Two lines that are the same shape and shifted differ by a factor; lines that cross, or
one with a long tail to the right, differ in some processes only, which a median does not tell. A′ is a copy of A:
as far as it lies from A, so much is chance. Ticks below the lines are the medians. The processes are those of the stage that was judged.
The pairs of the blocks are not seen here (`blocks` shows them): what drifted for all arms alike widens every line.
"""

import statistics

from matplotlib import lines

import caption
import style
import versus

NAME = "ecdf"
NEEDS = "it needs a case with a batch time of both arms"
OF_COMPARISON = True
TIMED = caption.TIMED + " One step per process."
DASHES = {"A": "-", "B": "-", "A′": (0, (2, 1.2))}


def pictures(result, cases):
    """(stem, Sheet) of the cases with processes of both arms."""
    if result.comparison is None:
        return
    yield from versus.sheets(result, NAME, cases, lambda c: {"A", "B"} <= set(samples(result, c)[1]))


def samples(result, case):
    """(stage, {role: times}) of the judged stage; of the cells where the file lists no blocks of an arm, as for a saved result."""
    comparison = result.comparison
    stage, found = comparison.judged_stage(case), {}
    for role, arm in comparison.arms.items():
        times = comparison.times(case, role, stage)
        cell = result.cell(case, arm)
        if not times and not comparison.paired and cell is not None:
            times = list(cell.real_ns)
        if times:
            found[role] = sorted(times)
    return stage, found


def draw(result, sheet, source):
    noted = versus.sheet_notes(result, sheet)
    sources = versus.provenance(result, sheet.cases, TIMED, source, "in all; drawn are those of the judged stage")
    subtitle = "Share of the processes that took no longer. Further left is faster. Each panel has its own log axis."
    return versus.draw_sheet(result, sheet, (": time per cycle of each process", subtitle, noted, sources), _legend(result, sheet),
                             lambda axes, case: _panel(axes, *samples(result, case)))


def _legend(result, sheet):
    drawn = {role for case in sheet.cases for role in samples(result, case)[1]}
    return [lines.Line2D([], [], linewidth=1.5, linestyle=DASHES[role], color=look.colour, marker=look.marker, markersize=5,
                         markerfacecolor="white" if look.open else look.colour, label=style.escape(versus.arm_label(result.comparison, role)))
            for role, look in style.ROLE_LOOK.items() if role in drawn]


def _panel(axes, stage, found):
    axes.set_xscale("log")
    versus.set_time_axis(axes.xaxis, axes.set_xlim, *versus.span([t for times in found.values() for t in times]), 5)
    axes.set_ylim(-0.09, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.grid()
    for role, times in found.items():
        look = style.ROLE_LOOK[role]
        steps = [0.0] + [(i + 1) / len(times) for i in range(len(times))]
        axes.step([times[0], *times], steps, where="post", color=look.colour, linestyle=DASHES[role], linewidth=1.5)
        axes.plot(statistics.median(times), -0.045, zorder=4, **dict(look.marker_style(0.75 if look.open else 1), clip_on=False))
    counts = ", ".join(f"{role} {len(times)}" for role, times in found.items())
    axes.set_xlabel(f"time per cycle, log; {'' if stage is None else stage + ': '}{counts}", fontsize=7.5, color=style.SOFT)


COLUMNS = ["module", "case", "slots", "vary", "bystanders", "threads", "stage", "arm", "role", "processes", "cycle_ns", "share_no_longer"]


def rows(result, sheet):
    """One row per step of a line."""
    for case in sheet.cases:
        stage, found = samples(result, case)
        for role, times in found.items():
            for i, ns in enumerate(times):
                yield [case.module, case.id, case.slots, case.vary, case.bystanders, case.threads, stage, result.comparison.arms[role], role,
                       len(times), ns, float(f"{(i + 1) / len(times):.6g}")]
