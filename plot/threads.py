"""Threads: how throughput, the time of a cycle and efficiency change as more threads make instances at once.

How to read it. Cases that differ in their number of threads only, one line per arm, a row of panels per number of live
instances (S); the panels of a column have the same axes. Every thread goes through cycles of its own. Left: cycles per
second of all threads together; both axes are logarithmic, and the thin dashed line from an arm's one thread is what it
would do if every thread added as much as the first. Middle: how long one cycle takes a thread. Right: efficiency, the
throughput as a share of that dashed line, from zero; 100 % is perfect. Right of the upright line there are more threads than
CPUs, so that no arm can keep up. Thin lines reach over what the processes allow.
"""

from dataclasses import replace

from matplotlib import lines, ticker

import axes as axes_of
import caption
import selection
import style
import sweep
import versus
from units import rate, rounded, tick

NAME = "threads"
NEEDS = "it needs a case with batch times at two or more numbers of threads (threads=1,2,4)"
ON_REQUEST = True  # its absence is no remark
ROWS = 2
LEFT, PANEL, BETWEEN, RIGHT, HEIGHT, HEAD, FOOT = 0.95, 3.1, 0.85, 0.35, 2.7, 0.4, 0.62  # inches
TIMED = caption.TIMED + (" Each thread goes through cycles of its own; throughput: threads over the median time of a cycle. Efficiency: "
                         "throughput over that of one thread times threads, its range from the extremes of the processes.")


# What is drawn of a line (sweep.Line): (threads, value, low, high) of each of its points ------

def throughput(line):
    """Cycles per second of all threads."""
    return [(n, n * 1e9 / cell.median_ns, n * 1e9 / cell.high_ns, n * 1e9 / cell.low_ns) for n, cell in line.points]


def cycle(line):
    """Nanoseconds."""
    return [(n, cell.median_ns, cell.low_ns, cell.high_ns) for n, cell in line.points]


def efficiency(line):
    """Shares of what as many times one thread would do; nothing without a figure for one thread."""
    first, one = line.points[0]
    if first != 1:
        return []
    return [(1, 1.0, 1.0, 1.0)] + [(n, one.median_ns / cell.median_ns, one.low_ns / cell.high_ns, one.high_ns / cell.low_ns)
                                   for n, cell in line.points[1:]]


METRICS = {"cycles per second, all threads, log": throughput, "time per cycle of a thread, log": cycle, "efficiency, from 0": efficiency}


# The pictures of one file ---------------------------------------------------------------------------

def pictures(result, cases):
    """(stem, cases) for each set of cases that differ in threads and slots only, and in threads at all."""
    taken = set()
    for group in selection.groups(cases, lambda c: (c.module, c.workload_label, c.vary, c.bystanders, c.pool, c.order)).values():
        if any(len(line.points) > 1 for slots in {c.slots for c in group} for line in lines_of(result, group, slots)):
            stem = f"{NAME}-{group[0].module_name}-{group[0].workload_label}{selection.suffix(_on_one(group[0]))}"
            yield selection.file_stem(stem, taken), group


def _on_one(case):
    """For what is said of all the cases of a picture."""
    return replace(case, threads=1)


def lines_of(result, cases, slots):
    return sweep.lines_of(result, cases, axes_of.THREADS, slots)


def draw(result, cases, source):
    slots = selection.spread([s for s in sorted({c.slots for c in cases}) if lines_of(result, cases, s)], ROWS)
    shown = [c for c in cases if c.slots in slots]
    cells = [cell for c in shown for arm in result.arms if (cell := result.cell(c, arm))]
    width = LEFT + 3 * PANEL + 2 * BETWEEN + RIGHT
    text = caption.Caption(width - 0.6, notes(result, cases, shown, cells), caption.provenance(result, cells, TIMED, source))
    subtitle, legend = style.subtitle_lines(_subtitle(result, cells), width), style.legend_rows(_legend(result, cells), width - 0.6)
    legend_top = 0.58 + style.SUBTITLE_LEADING * len(subtitle)
    top = legend_top + style.LEGEND_LEADING * len(legend) + 0.1
    page = style.Page(width, top + len(slots) * (HEAD + HEIGHT + FOOT) + text.height + 0.1, cases[0].module_name,
                      f" {cases[0].workload_label}: what more threads do")
    page.subtitle(subtitle)
    for i, row in enumerate(legend):
        page.legend(row, 0.3, legend_top + i * style.LEGEND_LEADING)
    grid = [_row(page, result, cases, s, top + i * (HEAD + HEIGHT + FOOT)) for i, s in enumerate(slots)]
    _same_axes(grid, [line for s in slots for line in lines_of(result, cases, s)], _cpus(result, cells))
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def _subtitle(result, cells):
    words, cpus = "Thin dashed lines: if every thread added as much as the first.", _cpus(result, cells)
    return words if cpus is None else f"{words} Right of the upright line there are more threads than CPUs ({cpus})."


def _cpus(result, cells):
    """Of the machine; None when they are unknown, or enough for all threads."""
    cpus = result.machine.get("cpus")
    return cpus if isinstance(cpus, int) and any(cell.case.threads > cpus for cell in cells if cell.drawable) else None


def _legend(result, cells):
    looks, drawn = style.looks(result.arms), {c.arm for c in cells if c.drawable}
    labels = style.legend_labels(result.arms)
    return [lines.Line2D([], [], linestyle=looks[arm].dashes, label=labels[arm], **looks[arm].marker_style())
            for arm in result.arms if arm in drawn]


# Panels ---------------------------------------------------------------------------------------------

def _row(page, result, cases, slots, top):
    """The three panels of one number of slots."""
    case, looks = next(c for c in cases if c.slots == slots), style.looks(result.arms)
    page.text(LEFT, top, selection.conditions_text(_on_one(case)), 9.5, color=style.SOFT)
    panels = [page.axes(LEFT + i * (PANEL + BETWEEN), top + HEAD, PANEL, HEIGHT, xscale="log") for i in range(len(METRICS))]
    for axes, (label, points) in zip(panels, METRICS.items()):
        axes.set_xlabel("threads, log", fontsize=8.5)
        axes.set_title(label, fontsize=9, loc="left")
        axes.grid(axis="both")
        for line in lines_of(result, cases, slots):
            _draw(axes, points(line), looks[line.arm])
    for line in lines_of(result, cases, slots):
        _ideal(panels[0], line, looks[line.arm])
    panels[2].axhline(1, color=style.INK, linewidth=0.8)
    return panels


def _ideal(axes, line, look):
    """What as many times one thread would do."""
    first, one, *_ = throughput(line)[0]
    if first == 1:
        axes.plot([1, line.points[-1][0]], [one, _ideal_end(line)], color=look.colour, linewidth=0.7, dashes=(3, 3))


def _ideal_end(line):
    """Of the dashed line; without one, the line's own."""
    (first, one, *_), (last, value, *_) = (throughput(line)[i] for i in (0, -1))
    return one * last if first == 1 else value


def _draw(axes, points, look):
    x = [n for n, *_ in points]
    axes.plot(x, [value for _, value, *_ in points], look.dashes, color=look.colour, linewidth=1.4)
    axes.vlines(x, [low for *_, low, _ in points], [high for *_, high in points], color=look.colour, linewidth=1.2)
    axes.plot(x, [value for _, value, *_ in points], linestyle="", clip_on=False, **look.marker_style())


def _same_axes(grid, found, cpus):
    """The same in a column of panels; `found` are all lines."""
    threads = sorted({n for line in found for n, _ in line.points})
    highest = max([high for line in found for *_, high in efficiency(line)] + [1])
    for panels in grid:
        for axes, points, words in zip(panels, (throughput, cycle), (rate, tick)):
            axes.set_yscale("log")
            ends = [end for line in found for *_, low, high in points(line) for end in (low, high)]
            low, high = versus.span(ends + ([_ideal_end(line) for line in found] if points is throughput else []), least=3)
            steps = (1, 2, 5) if high / low < 1000 else (1,)
            axes.set_ylim(*versus.to_ticks(low, high, steps))
            axes.yaxis.set_major_locator(ticker.LogLocator(10, subs=steps, numticks=30))
            axes.yaxis.set_minor_locator(ticker.NullLocator())
            axes.yaxis.set_major_formatter(lambda value, _, words=words: words(float(f"{value:.10g}")))
        panels[2].set_ylim(0, highest * 1.08)
        panels[2].yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol="\u00a0%"))
        for axes in panels:
            axes.set_xlim(threads[0] / 1.15, threads[-1] * 1.15)
            axes.set_xticks(threads, [str(n) for n in threads])
            axes.xaxis.set_minor_locator(ticker.NullLocator())
            if cpus is not None:
                axes.axvline(cpus, color=style.INK, linewidth=0.8, linestyle=":")


# Words ----------------------------------------------------------------------------------------------

def notes(result, cases, shown, cells):
    found = caption.doubts(result, cells) + caption.missing(result, cases, result.arms)
    alone = [f"{style.name_of(line.arm)} (S={slots})" for slots in sorted({c.slots for c in shown})
             for line in lines_of(result, shown, slots) if not efficiency(line)]
    if alone:
        found.append(f"No efficiency, for want of a batch time with one thread: {', '.join(alone)}.")
    if {c.slots for c in shown} == {1}:
        found.append(selection.ONE_HOT_SLOT)
    if len(shown) < len(cases):
        found.append(f"{len(cases) - len(shown)} of {len(cases)} cases are only in the CSV: the picture takes the fewest and the most slots.")
    return found + [selection.conditions_key([_on_one(case) for case in shown])]


COLUMNS = ["module", "case", "workload", "slots", "vary", "bystanders", "threads", "arm", "status", "reason", "verified", "processes", "median_ns",
           "min_ns", "max_ns", "cycles_per_second", "cycles_per_second_low", "cycles_per_second_high", "efficiency", "efficiency_low",
           "efficiency_high"]


def rows(result, cases):
    """One row per cell."""
    order, apart = style.story_order(result.arms)
    found = {(slots, line.arm): line for slots in {c.slots for c in cases} for line in lines_of(result, cases, slots)}
    for case in sorted(cases, key=lambda c: (c.slots, c.threads)):
        for arm in order + apart:
            yield _csv_row(result.cell(case, arm), case, arm, found.get((case.slots, arm)))


def _csv_row(cell, case, arm, line):
    head = [case.module, case.id, case.workload_label, case.slots, case.vary, case.bystanders, case.threads, arm]
    if cell is None or not cell.drawable:
        return head + caption.gap_in_csv(cell) + [None] * (len(COLUMNS) - len(head) - 2)
    rates, shares = ({n: values for n, *values in points(line)} for points in (throughput, efficiency))
    return (head + [cell.status, cell.reason, cell.verified, len(cell.real_ns), cell.median_ns, cell.low_ns, cell.high_ns]
            + [rounded(v) for v in rates[case.threads] + shares.get(case.threads, [None] * 3)])
