"""Before and after: what one cycle costs under each strategy, for one module.

How to read it. Each row of panels is a workload. Left: horizontal bars on a linear axis from zero, one
panel per number of live instances (S), with the same axis in all panels of a row; the bar's length is the
batch figure, cut into phases in proportion to their medians. A bar too short to see still has its figure
and, in bold, how many times faster than `eager` it is. Right: the same figures on a log axis that all
rows share, where equal steps are equal ratios; there a dot stands for a bar, since a log axis has no zero.
A phase shorter than what the clock resolves is never drawn: it belongs to the grey rest of the bar. The grey
is what the batch (a mean of wall time) has and the phase medians do not: waiting, tails, such phases. Of a mix (several
modules that share a pool) the phases are means: a median would be that of whichever module is in the middle.
"""

import re
from dataclasses import dataclass
from math import ceil, floor, log10

from matplotlib import lines, patches, ticker

import caption
import selection
import style
from result import PHASES
from units import count, duration, ratio, rounded, sum_of, tick

NAME = "before-after"
NEEDS = "it needs a cell with a batch time"
ROWS, SLOTS = 3, 2  # workloads and slot counts in one picture; the others are in the CSV
TITLE, BAR, GAP, LABEL, FINE = 0.98, 0.335, 0.12, 8.5, 6.8  # inches, inches, inches, points, points
HEAD, FOOT = 0.44, 0.42  # inches above and below the bars of a row
LEFT, WIDEST, BARS, BETWEEN, DOTS, RIGHT = 2.0, 3.4, 3.7, 0.2, 2.4, 0.35  # inches; LEFT of the bars, WIDEST when names are long
MIXED = "Of a mix, {}, not medians: the median of several modules is that of whichever is in the middle."
SHORT = 0.09  # of the axis: the phases of shorter bars are written out
MUCH = 0.25  # of a bar: more grey than this is said
AVERAGES = {"p50": "median", "mean": "mean"}


def average_of(cases):
    """"median" or "mean": how the phases of a picture's cases, all of them mixes or none, are summed up."""
    return AVERAGES[cases[0].average]


def timed(average):
    return caption.TIMED + (
        f" Ratios: median of eager over median of the strategy, same case. Phases: {average}s of a second pass, in "
        "which clock reads add to each; a bar is as long as the batch figure, and phases that sum to more are scaled down to it. "
        f"Grey: the batch figure, a mean of wall time, less these {average}s.")


@dataclass
class Bar:
    """One cell, ready to draw. `segments` are (phase, ns) whose lengths and `rest_ns` add up to the batch median."""
    cell: object
    arm: str
    segments: list
    rest_ns: float
    unresolved: list
    ratios: object  # (median, low, high) against eager, or None


def split(cell):
    """(segments, rest, unresolved): a phase is a segment only if its median (of a mix: mean) is at or above the resolution."""
    if not _is_split(cell):
        return [], cell.median_ns, []
    scale = min(1.0, cell.median_ns / max(sum(cell.phases.values()), 1e-9))
    segments = [(p, cell.phases[p] * scale) for p in PHASES if cell.phases.get(p, 0) >= cell.resolution_ns]
    unresolved = [p for p in PHASES if p in cell.phases and cell.phases[p] < cell.resolution_ns]
    return segments, max(0.0, cell.median_ns - sum(ns for _, ns in segments)), unresolved


def _is_split(cell):
    return cell.drawable and bool(cell.phases) and cell.resolution_ns is not None


def ratios(cell, eager):
    """(median, low, high): how many times faster than eager."""
    if eager is None or not eager.drawable:
        return None
    if cell is eager:
        return (1.0, 1.0, 1.0)
    return (eager.median_ns / cell.median_ns, eager.low_ns / cell.high_ns, eager.high_ns / cell.low_ns)


def bar_of(result, case, arm, eager):
    cell = result.cell(case, arm)
    if cell is None or not cell.drawable:
        return None
    segments, rest, unresolved = split(cell)
    return Bar(cell, arm, segments, rest, unresolved, ratios(cell, result.cell(case, eager) if eager else None))


# The pictures of one file ---------------------------------------------------------------------------

def pictures(result, cases):
    """(stem, cases) for each picture: one per module and conditions."""
    taken = set()
    for group in selection.groups(cases, lambda c: (c.module, c.conditions)).values():
        if any(cell.drawable for case in group for arm in result.arms if (cell := result.cell(case, arm))):
            stem = f"{NAME}-{group[0].module_name}{selection.suffix(group[0])}"
            yield selection.file_stem(stem, taken), group


def chosen(cases):
    """(workloads, slot counts) that are drawn: `none` or the lightest, the heaviest, and one between."""
    loads = list(dict.fromkeys(c.workload_label for c in sorted(cases, key=_weight)))
    return selection.spread(loads, ROWS), selection.spread(sorted({c.slots for c in cases}), SLOTS)


def _weight(case):
    read, write = case.pages or (0, 0)
    return (case.workload["kind"] != "none", read + write, case.workload.get("calls", 0), case.workload.get("grow", 0))


def draw(result, cases, source):
    """The figure of one module."""
    order, apart = style.story_order(result.arms)
    loads, slots = chosen(cases)
    grid = [[next((c for c in cases if c.workload_label == w and c.slots == s), None) for s in slots] for w in loads]
    shown = [c for row in grid for c in row if c]
    cells = [cell for c in shown for arm in result.arms if (cell := result.cell(c, arm))]
    names = names_of(order + apart)
    width = names.left + len(slots) * (BARS + BETWEEN) + 0.3 + DOTS + RIGHT
    text = caption.Caption(width - 0.6, notes(result, cases, shown, cells), caption.provenance(result, cells, timed(average_of(cases)), source))
    row_height = (len(order) + len(apart)) * BAR + (GAP if apart else 0) + HEAD + FOOT
    subtitle, legend = style.subtitle_lines(_subtitle(result), width), _legend(cells, slots, names.left, width)
    legend_top = 0.73 + style.SUBTITLE_LEADING * (len(subtitle) - 1)
    top = TITLE + legend_top - 0.73 + style.LEGEND_LEADING * max(line for line, *_ in legend)
    page = style.Page(width, top + len(loads) * row_height + text.height + 0.28, cases[0].module_name,
                      ": what one instance costs, from acquire to release")
    page.subtitle(subtitle)
    for line, left, handles, look in legend:
        page.legend(handles, left, legend_top + line * style.LEGEND_LEADING, **look)
    dots = []
    for i, row in enumerate(grid):
        dots.append(_row(page, result, row, loads[i], slots, top + i * row_height, (order, apart), names, last=i == len(grid) - 1))
    _share_dots(dots, cells)
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def _subtitle(result):
    ratios_too = "" if selection.baseline(result.arms) is None else "; in bold, how many times faster than eager"
    return f"One cycle per strategy. Shorter is better{ratios_too}."


def _legend(cells, slots, indent, width):
    """[(line, left, handles, look)]: the pieces of the bars and, at the right of the same line if they fit, the marks of the dots."""
    room, pieces, marks = width - 0.3 - indent, _pieces(cells), _marks(cells, slots)
    if style.legend_width(pieces) + 0.3 + style.legend_width(marks) <= room:
        return [(0, indent, pieces, {}), (0, width - 0.3, marks, dict(loc="upper right", columnspacing=1.0, handletextpad=0.2))]
    rows = style.legend_rows(pieces, room) + style.legend_rows(marks, room)
    return [(line, indent, row, {}) for line, row in enumerate(rows)]


def _pieces(cells):
    drawn = {p for cell in cells if cell.drawable for p, _ in split(cell)[0]}
    handles = [patches.Patch(facecolor=style.PHASE_LOOK[p][0], hatch=style.PHASE_LOOK[p][1], edgecolor="white", linewidth=0, label=p)
               for p in PHASES if p in drawn]
    split_up = [c.case for c in cells if _is_split(c)]
    label = f"not in the phase {average_of(split_up)}s" if split_up else "not split (no phases in the file)"
    return handles + [patches.Patch(facecolor=style.GREY, label=label)]


def _marks(cells, slots):
    marks = [lines.Line2D([], [], color=style.INK, marker=m, markerfacecolor=f, linestyle="", markersize=6, label=f"S={s}")
             for s, (m, f) in zip(slots, DOT_LOOK)]
    if any(c.floor_ns for c in cells):
        marks.append(lines.Line2D([], [], color=style.VERMILLION, marker="|", linestyle="", markersize=9, markeredgewidth=1.4,
                                  label="floor: one clean madvise"))
    return marks


# One workload ---------------------------------------------------------------------------------------

DOT_LOOK = (("o", style.INK), ("s", "white"))


def _places(order, apart):
    """{arm: y} in inches from the top of the axes; strategies that stand apart are set off by a gap."""
    places = {arm: (i + 0.5) * BAR for i, arm in enumerate(order)}
    places.update({arm: len(order) * BAR + GAP + (i + 0.5) * BAR for i, arm in enumerate(apart)})
    return places


@dataclass
class Names:
    left: float  # inches: the bars begin here
    labels: dict  # arm -> (name, its idea); no two alike


def names_of(arms):
    """As much room as the longest name needs, at most WIDEST."""
    ideas = {arm: style.idea_of(arm) for arm in arms}
    needs = [max(style.text_width(name, LABEL, "bold"), style.text_width(idea, FINE)) + 0.43 for name, idea in ideas.values()]
    left = min(WIDEST, max([LEFT] + needs))
    names = style.shorten_apart((name for name, _ in ideas.values()), LABEL, left - 0.42, "bold")
    short = style.shorten_apart((idea for _, idea in ideas.values()), FINE, left - 0.42)
    return Names(left, {arm: (names[name], short[idea]) for arm, (name, idea) in ideas.items()})


def _row(page, result, row, load, slots, top, arms, names, last):
    places = _places(*arms)
    height = len(places) * BAR + (GAP if arms[1] else 0)
    eager = selection.baseline(result.arms)
    bars = {(case.slots, arm): bar_of(result, case, arm, eager) for case in row if case for arm in places}
    limit = _limit([b for b in bars.values() if b])
    page.text(0.3, top + 0.03, f"workload {load}", 10.5, weight="bold")
    for arm, y in places.items():
        _name(page, names.labels[arm], names.left - 0.12, top + HEAD + y)
    for i, (case, alive) in enumerate(zip(row, slots)):
        axes = page.axes(names.left + i * (BARS + BETWEEN), top + HEAD, BARS, height)
        _panel(axes, result, case, alive, places, height, limit, {arm: bars.get((alive, arm)) for arm in places})
        if last:
            axes.set_xlabel("time per cycle, linear from 0", fontsize=8.5)
    axes = page.axes(names.left + len(slots) * (BARS + BETWEEN) + 0.3, top + HEAD, DOTS, height)
    _dots(axes, bars, slots, places, height)
    if last:
        axes.set_xlabel("time per cycle, log", fontsize=8.5)
    return axes


def _name(page, label, right, y):
    name, idea = label
    page.text(right, y - (0.06 if idea else 0), name, LABEL, ha="right", va="center", weight="bold")
    if idea:
        page.text(right, y + 0.085, idea, FINE, ha="right", va="center", color=style.SOFT)


def _label(bar):
    return duration(bar.cell.median_ns), ratio(bar.ratios[0]) if bar.ratios else ""


def _limit(bars):
    """Where the axis ends, in ns: every bar and the text behind it fit."""
    def words(bar):
        return sum(style.text_width(t, LABEL, w) + 0.09 for t, w in zip(_label(bar), ("normal", "bold")) if t)

    return max((bar.cell.high_ns * BARS / (BARS - 0.1 - words(bar)) for bar in bars), default=1.0)


def _panel(axes, result, case, alive, places, height, limit, bars):
    axes.set_xlim(0, limit)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(lambda ns, _: tick(ns))
    axes.grid(axis="x")
    axes.set_title(selection.conditions_text(case) if case else f"S={alive}", fontsize=9, loc="left", color=style.SOFT)
    if case is None:
        axes.text(limit / 2, height / 2, "no such case in the file", ha="center", va="center", color=style.SOFT, style="italic")
        return
    for arm, y in places.items():
        if bars[arm]:
            _bar(axes, bars[arm], y, limit)
        else:
            why = style.shorten(caption.why_not_drawn(result.cell(case, arm)), 7.5, BARS - 0.15)
            axes.text(limit * 0.012, y, style.escape(why), fontsize=7.5, va="center", style="italic", color=style.VERMILLION)


def _bar(axes, bar, y, limit):
    left, thick = 0.0, BAR * 0.6
    for phase, ns in bar.segments:
        colour, hatch = style.PHASE_LOOK[phase]
        axes.barh(y, ns, thick, left=left, color=colour, hatch=hatch, edgecolor="white", linewidth=0, gid=_id(bar, phase))
        left += ns
    if bar.rest_ns > 0:
        axes.barh(y, bar.rest_ns, thick, left=left, color=style.GREY, linewidth=0, gid=_id(bar, "rest"))
    axes.plot([bar.cell.low_ns, bar.cell.high_ns], [y, y], color=style.INK, linewidth=1.1, solid_capstyle="butt")
    _write(axes, bar, y, limit)


def _id(bar, part):
    """Names the piece in the SVG, for tests and style sheets."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", f"bar {bar.cell.case.name} {bar.arm} {part}")


def _write(axes, bar, y, limit):
    """Behind the bar: its figure, the ratio and, when it is too short to show them, its phases."""
    inch, value_times = limit / BARS, _label(bar)
    at = bar.cell.high_ns + 0.08 * inch
    paper = dict(facecolor="white", linewidth=0, pad=0.4)
    for text, weight in zip(value_times, ("normal", "bold")):
        axes.text(at, y, text, fontsize=LABEL, va="center", weight=weight, bbox=paper)
        at += (style.text_width(text, LABEL, weight) + 0.09) * inch if text else 0
    phases = _phases_in_words(bar, (limit - at) / inch - 0.16)
    if bar.cell.median_ns < SHORT * limit and phases:
        axes.text(at + 0.08 * inch, y, phases, fontsize=FINE, va="center", color=style.SOFT, bbox=paper)


def _phases_in_words(bar, width):
    """"acquire 0.93 + release 0.85 µs", or "" when that is wider than `width` inches."""
    parts = bar.segments + ([("grey", bar.rest_ns)] if bar.rest_ns > 0.02 * bar.cell.median_ns else [])
    text = sum_of(parts) if bar.segments else "all grey"
    return text if style.text_width(text, FINE) <= width else ""


def _dots(axes, bars, slots, places, height):
    axes.set_xscale("log")
    axes.set_ylim(height, 0)
    axes.set_yticks(list(places.values()), [""] * len(places))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="both")
    axes.set_title("the same, log axis" if len(slots) > 1 else f"S={slots[0]}", fontsize=9, loc="left", color=style.SOFT)
    for arm, y in places.items():
        here = [(bars.get((s, arm)), y + (0.045 if i else -0.045) * (len(slots) > 1), DOT_LOOK[i]) for i, s in enumerate(slots)]
        for bar, at, (marker, face) in here:
            if bar:
                axes.plot([bar.cell.low_ns, bar.cell.high_ns], [at, at], color=style.INK, linewidth=1.2)
                axes.plot(bar.cell.median_ns, at, marker, color=style.INK, markerfacecolor=face, markersize=5.5)
        floors = [bar.cell.floor_ns for bar, _, _ in here if bar and bar.cell.floor_ns]
        if floors:
            axes.plot(min(floors), y, "|", color=style.VERMILLION, markersize=10, markeredgewidth=1.4)


def _share_dots(panels, cells):
    """One log axis for all rows: the decades around everything drawn."""
    values = [v for c in cells if c.drawable for v in (c.low_ns, c.high_ns, c.floor_ns) if v]
    for axes in panels:
        axes.set_xlim(10 ** floor(log10(min(values, default=1) / 1.2)), 10 ** ceil(log10(max(values, default=10) * 1.2)))
        axes.xaxis.set_major_locator(ticker.LogLocator(10, numticks=12))
        axes.xaxis.set_major_formatter(lambda ns, _: tick(ns))
        axes.xaxis.set_minor_locator(ticker.NullLocator())


# Words ----------------------------------------------------------------------------------------------

def notes(result, cases, shown, cells):
    found = caption.doubts(result, cells) + caption.missing(result, cases, result.arms) + _grey(cells)
    found += caption.of_engines(result, [arm for arm in result.arms if any(c.arm == arm and c.drawable for c in cells)])
    if selection.baseline(result.arms) is None:
        found.append("The file has no core:eager arm, so no ratios are written.")
    if {c.slots for c in shown} == {1}:
        found.append(selection.ONE_HOT_SLOT)
    left_out = [c for c in cases if c not in shown]
    if left_out:
        found.append(f"{len(left_out)} of {len(cases)} cases are only in the CSV: the picture takes the lightest, middle and heaviest "
                     f"workload and at most {SLOTS} slot counts.")
    return found + [selection.conditions_key(shown)]


def _grey(cells):
    """What the grey is made of, where it is much of a bar, and which phases are in it for being short."""
    drawable = [c for c in cells if c.drawable]
    with_phases = [c for c in drawable if _is_split(c)]
    whole = len(drawable) - len(with_phases)
    found = [f"{whole} of {count(len(drawable), 'bar')} have no phases in the file and are drawn whole."] if whole else []
    if not with_phases:
        return found
    average, mixed = average_of([c.case for c in with_phases]), with_phases[0].case.mixed
    found.append(f"Grey is not in the phase {average}s: waiting,{'' if mixed else ' tails,'} phases < "
                 f"{duration(max(c.resolution_ns for c in with_phases))}.")
    much = sum(split(c)[1] > MUCH * c.median_ns for c in with_phases)
    if much:
        found[-1] += f" It is more than {100 * MUCH:g} % of the bar in {much} of {count(len(with_phases), 'bar')}."
    counts = {p: sum(p in split(c)[2] for c in with_phases) for p in PHASES}
    text = ", ".join(f"{p} in {n}" for p, n in counts.items() if n)
    if mixed:
        found.append(MIXED.format("phases are means"))
    return found + ([f"Phases below the clock's resolution and so in the grey, of {count(len(with_phases), 'bar')}: {text}."] if text else [])


COLUMNS = ["module", "case", "workload", "slots", "vary", "bystanders", "threads", "arm", "status", "reason", "verified", "processes",
           "median_ns", "min_ns", "max_ns", "times_faster_than_eager", "times_faster_low", "times_faster_high", "floor_madvise_ns",
           "resolution_ns", "phases_are"] + [f"{p}_ns" for p in PHASES] + [f"{p}_drawn_ns" for p in PHASES] + ["not_in_phases_ns"]


def rows(result, cases):
    """The data of the picture, all cases and not only the drawn ones: one row per cell."""
    eager, (order, apart) = selection.baseline(result.arms), style.story_order(result.arms)
    for case in cases:
        for arm in order + apart:
            yield _csv_row(result, case, arm, eager)


def _csv_row(result, case, arm, eager):
    cell, bar = result.cell(case, arm), bar_of(result, case, arm, eager)
    head = [case.module, case.id, case.workload_label, case.slots, case.vary, case.bystanders, case.threads, arm]
    if bar is None:
        return head + caption.gap_in_csv(cell) + [None] * (len(COLUMNS) - len(head) - 2)
    drawn = dict(bar.segments)
    return (head + [cell.status, cell.reason, cell.verified, len(cell.real_ns), cell.median_ns, cell.low_ns, cell.high_ns]
            + [rounded(r) for r in bar.ratios or (None,) * 3] + [cell.floor_ns, cell.resolution_ns, AVERAGES[case.average]]
            + [cell.phases.get(p) for p in PHASES]
            + [rounded(drawn.get(p)) for p in PHASES] + [rounded(bar.rest_ns)])
