"""Run order: every process of a comparison against the time of day at which its block ran.

How to read it. One strip per case, all with the same time axis. A mark is a process: its time per cycle as a change from the
case's median of A, on a log axis. The thin lines join the processes of one arm. What moves all arms of a strip, or all strips at
once, is the machine (it drifts, it throttles, a neighbour wakes up), and pairs cancel it; what moves one arm only they do not.
The confirm stage is shaded. A cross is a process of a block that was run again and does not count; a ring is one of a disturbed block that does.
Where B lies so far from A that the strip would be flat, B is drawn against its own median, and the strip says so.
"""

import statistics
from dataclasses import dataclass
from math import log

from matplotlib import lines, patches, ticker

import caption
import selection
import style
import versus
from block_pairs import COLUMNS as BLOCK_COLUMNS
from block_pairs import line
from comparison import STAGES
from units import count, rounded

NAME = "run-order"
NEEDS = "it needs blocks with a time per cycle and the time of day at which they ran"
OF_COMPARISON = True
STRIPS = 10
LEFT, WIDTH, STRIP, HEAD, RIGHT, FOOT = 0.95, 9.6, 0.95, 0.36, 0.4, 0.55  # inches
FAR, LEAST = log(1.2), log(1.06)  # B's distance from A from which on it has its own reference; the least that a strip spans
TIMED = caption.TIMED + " Marks: one process each, at the time of its block; changes are from the median of A over all blocks that count."
SUBTITLE = "Time per cycle of each process, as a change from its case's median of A, against the time since the run began."
MARKER = {"A": 3.6, "B": 4.2, "A′": 3.8}


@dataclass
class Strip:
    """What is drawn of a case: [(block, role, ln of its time over the reference)], and B's own reference if it has one."""
    case: object
    marks: list
    b_change: object  # of B's median against A's, when B is drawn against its own


def pictures(result, cases):
    """(stem, Sheet) of the cases whose blocks say when they ran."""
    if result.comparison is None:
        return
    yield from versus.sheets(result, NAME, cases, lambda c: bool(strip_of(result.comparison, c).marks), STRIPS)


def strip_of(comparison, case):
    blocks, references = comparison.blocks_of(case), {}
    for role in style.ROLE_LOOK:
        times = [b.cycle_ns[role] for b in blocks if b.counts and role in b.cycle_ns]
        references[role] = statistics.median(times) if times else None
    reference, b_change = references["A"] or references["B"], None
    if references["A"] and references["B"] and abs(log(references["B"] / references["A"])) > FAR:
        b_change = references["B"] / references["A"] - 1
    marks = [(b, role, log(ns / (references["B"] if role == "B" and b_change is not None else reference)))
             for b in blocks if b.at_s is not None and reference for role, ns in b.cycle_ns.items()]
    return Strip(case, marks, b_change)


def draw(result, sheet, source):
    comparison = result.comparison
    strips = [strip_of(comparison, case) for case in sheet.cases]
    width = LEFT + WIDTH + RIGHT
    text = caption.Caption(width - 0.6, notes(result, sheet), versus.provenance(result, sheet.cases, TIMED, source, "both stages, each a mark"))
    subtitle = style.subtitle_lines(SUBTITLE, width)
    legend = style.legend_rows(_legend(comparison, strips), width - 0.6)
    legend_top = 0.58 + style.SUBTITLE_LEADING * len(subtitle)
    top = legend_top + style.LEGEND_LEADING * len(legend) + 0.12
    page = style.Page(width, top + len(strips) * (HEAD + STRIP) + FOOT + text.height + 0.15, versus.title(result),
                      ": in the order of the run" + sheet.numbered)
    page.subtitle(subtitle)
    for i, handles in enumerate(legend):
        page.legend(handles, 0.3, legend_top + i * style.LEGEND_LEADING)
    ends = _ends(comparison)
    for i, strip in enumerate(strips):
        down = top + i * (HEAD + STRIP)
        _strip_title(page, comparison, strip, down)
        axes = page.axes(LEFT, down + HEAD, WIDTH, STRIP)
        _strip(axes, strip, ends)
        axes.tick_params(labelbottom=i == len(strips) - 1)
    axes.set_xlabel("seconds since the run began", fontsize=8.5)
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def _ends(comparison):
    """(first, last) second of the whole run: the same axis in every picture."""
    times = [b.at_s for b in comparison.blocks if b.at_s is not None]
    margin = 0.015 * max(max(times) - min(times), 1.0)
    return min(times) - margin, max(times) + margin


def _legend(comparison, strips):
    marks = [m for strip in strips for m in strip.marks]
    found = [lines.Line2D([], [], linewidth=0.7, label=style.escape(versus.arm_label(comparison, role)), **_look(role, 1.3))
             for role in style.ROLE_LOOK if any(r == role for _, r, _ in marks)]
    if any(not b.counts for b, _, _ in marks):
        found.append(lines.Line2D([], [], linestyle="", marker="x", color=style.VERMILLION, markersize=5.5, label="run again, does not count"))
    if any(b.counts and b.disturbed for b, _, _ in marks):
        found.append(lines.Line2D([], [], linestyle="", label="disturbed, counts", **RING))
    if any(b.stage == "confirm" for b, _, _ in marks):
        found.append(patches.Patch(color=style.PALE, label="confirm stage"))
    return found


RING = dict(marker="o", markerfacecolor="none", color=style.VERMILLION, markersize=8.5, markeredgewidth=1.2)


def _look(role, scale=1.0):
    look = style.ROLE_LOOK[role]
    return dict(marker=look.marker, color=look.colour, markerfacecolor="white" if look.open else look.colour, markersize=MARKER[role] * scale,
                markeredgewidth=0.8 if look.open else 0.2)


def _strip_title(page, comparison, strip, top):
    found, look = versus.of_case(comparison, strip.case)
    room, left = LEFT + WIDTH - 0.3, 0.3
    own = "" if strip.b_change is None else f"B against its own median ({versus.percent(strip.b_change)} against A's)"
    parts = [(selection.conditions_text(strip.case), 8.5, "normal", style.SOFT), (found, 8.5, "bold", look.colour), (own, 8, "normal", style.SOFT)]
    used = sum(style.text_width(text, size, weight) + 0.15 for text, size, weight, _ in parts if text)
    name = style.shorten_middle(f"{strip.case.module_name} {strip.case.workload_label}", 9, room - used, "bold")
    for text, size, weight, colour in [(name, 9, "bold", style.INK)] + parts:
        if text:
            page.text(left, top + 0.22, text, size, weight=weight, color=colour, va="center")
            left += style.text_width(text, size, weight) + 0.15


def _strip(axes, strip, ends):
    axes.set_xlim(*ends)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(10, steps=[1, 2, 5, 10]))
    low, high = _range([y for _, _, y in strip.marks])
    versus.set_change_axis(axes.yaxis, axes.set_ylim, low, high, STRIP, upright=True)
    axes.grid()
    axes.axhline(0, color=style.SOFT, linewidth=0.8, zorder=1)
    confirm = [b.at_s for b, _, _ in strip.marks if b.stage == "confirm"]
    if confirm:
        margin = 0.006 * (ends[1] - ends[0])
        axes.axvspan(min(confirm) - margin, max(confirm) + margin, color=style.PALE, linewidth=0, zorder=0)
    for role in style.ROLE_LOOK:
        _arm(axes, [(b, y) for b, r, y in strip.marks if r == role], role)


def _arm(axes, marks, role):
    marks = sorted(marks, key=lambda m: m[0].at_s)
    for stage in STAGES:
        counted = [(b, y) for b, y in marks if b.counts and b.stage == stage]
        axes.plot([b.at_s for b, _ in counted], [y for _, y in counted], linewidth=0.5, alpha=0.9, zorder=2 if role == "B" else 3, **_look(role))
    redone, late = [m for m in marks if not m[0].counts], [m for m in marks if m[0].counts and m[0].disturbed]
    axes.plot([b.at_s for b, _ in redone], [y for _, y in redone], linestyle="", marker="x", color=style.VERMILLION, markersize=5, zorder=4)
    axes.plot([b.at_s for b, _ in late], [y for _, y in late], linestyle="", zorder=4, **RING)


def _range(values):
    low, high = min(values + [0.0]), max(values + [0.0])
    widen = max(0.0, LEAST - (high - low)) / 2
    margin = 0.1 * (high - low + 2 * widen)
    return low - widen - margin, high + widen + margin


# Words ----------------------------------------------------------------------------------------------

def notes(result, sheet):
    found = versus.sheet_notes(result, sheet)
    lost = sum(b.at_s is None for case in sheet.cases for b in result.comparison.blocks_of(case))
    if lost:
        found.insert(-1, f"Not drawn: {count(lost, 'block')} whose time of day is not in the file.")
    if any(result.comparison.median_of_a(case) is None for case in sheet.cases):
        found.insert(-1, "Where the blocks have no process of A, changes are from the median of B.")
    return found


COLUMNS = BLOCK_COLUMNS + ["median_a_ns", "a_change", "b_change", "control_change"]


def rows(result, sheet):
    """Every block of the picture's cases in the order in which they ran, those without a time of day at the end."""
    blocks = [b for case in sheet.cases for b in result.comparison.blocks_of(case)]
    for block in sorted(blocks, key=lambda b: (b.at_s is None, b.at_s or 0)):
        reference = result.comparison.median_of_a(block.case)
        changes = [rounded(ns / reference - 1) if reference and (ns := block.cycle_ns.get(role)) else None for role in style.ROLE_LOOK]
        yield line(block) + [reference, *changes]
