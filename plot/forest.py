"""Forest: what B changed against A, one row per case and metric.

How to read it. The axis is the change of the time, B/A - 1, on a logarithmic scale: twice as long and half as long are
equally far from 0. The line is the 95 % interval, the grey box the tolerance of that row, inside which nothing counts as a
change. Colour and shape say the verdict, which is the file's and not read off the picture. The small hollow mark above
is A′, a copy of A measured beside it: what the machine does when nothing changed. The tick on a row is the smallest
slowdown that this comparison would have found (with 90 % probability). Rows are sorted by effect, the largest slowdown on
top; the metrics of a case stay together. Where effects are large a second panel shows what lies near 0.
"""

from dataclasses import dataclass
from math import log1p

from matplotlib import lines, patches

import caption
import selection
import style
import versus
from units import count, duration

NAME = "forest"
NEEDS = versus.NO_COMPARISON
OF_COMPARISON = True
MOST = 12.5  # inches of rows on a page
NAME_LEFT, METRIC, A_RIGHT, B_RIGHT, AXIS, PANEL, BETWEEN = 0.3, 3.1, 4.5, 5.2, 5.4, 4.3, 0.25  # inches
CHANGE, VERDICT, RIGHT = 1.7, 0.95, 0.3
ROW, LINE, SIZE, FINE, HEAD, FOOT = 0.27, 0.125, 8.5, 6.8, 0.32, 0.55
NEAR, MUCH = 4, 2.5  # tolerances shown in the panel near 0; it is drawn when the whole range is so many times wider
SIDE_LINES = 4
TIMED = (caption.TIMED + " Change: Hodges and Lehmann's estimate of B/A − 1 over {}, with its plain 95 % interval; the verdict comes from "
         "one-sided tests with a family error of {}. instantiate: each process's median.")


@dataclass
class Row:
    test: object
    first: bool  # of its case
    side: list  # lines of small print under it

    @property
    def height(self):
        return ROW + LINE * len(self.side) + (0.03 if self.side else 0)


@dataclass
class Sheet:
    cases: list  # all that were chosen: they share one axis
    rows: list
    gaps: list  # (case, why)
    number: int
    of: int


# The pages of one file ------------------------------------------------------------------------------

def pictures(result, cases):
    """(stem, Sheet): one, or as many as the rows need."""
    if result.comparison is None:
        return
    rows, gaps = rows_of(result.comparison, cases), versus.gaps_of(result, cases)
    pages = [[]]
    for row in rows:
        if pages[-1] and sum(r.height for r in pages[-1]) + row.height > MOST:
            pages.append([])
        pages[-1].append(row)
    for i, page in enumerate(pages if rows or gaps else []):
        last = i == len(pages) - 1
        yield NAME + (f"-{i + 1}" if len(pages) > 1 else ""), Sheet(cases, page, gaps if last else [], i + 1, len(pages))


def rows_of(comparison, cases):
    """By effect, the largest slowdown on top; a case stands where its worst metric does, what has no effect to show at the end."""
    found = []
    for case in cases:
        tests = sorted(comparison.tests_of(case), key=_effect)
        found += [(_effect(tests[0]), i, test) for i, test in enumerate(tests)]
    found.sort(key=lambda entry: (entry[0], entry[2].case.id, entry[1]))
    return [Row(test, i == 0, side_of(comparison, test, i == 0)) for _, i, test in found]


def _effect(test):
    return -test.change if test.change is not None else float("inf")


def side_of(comparison, test, first):
    """The small print of a row, wrapped: why, what would settle it, its own tolerance, and its case's exact counters."""
    room, found = B_RIGHT - NAME_LEFT - 0.2, []
    if test.reason:
        found.append(test.reason)
    if test.verdict == "inconclusive":
        blocks = test.needs_blocks
        found.append("how many blocks would settle it cannot be said" if blocks is None else f"about {blocks} blocks would settle it")
    if test.tolerance is not None and comparison.share is not None and abs(test.tolerance - comparison.share) > 1e-4:
        found.append(f"tolerance {versus.share(test.tolerance)}")
    if test.expected:
        found.append(f"expected: {test.expected}")
    text = style.wrap("; ".join(found), FINE, room) if found else []
    if first:
        changed = [c for c in comparison.counters if c.case is test.case and c.verdict == "changed"]
        text += [line for c in changed for line in style.wrap(f"exact counter changed: {c.words}", FINE, room)]
    return text if len(text) <= SIDE_LINES else text[:SIDE_LINES - 1] + ["… and more, in the CSV"]


# One page -------------------------------------------------------------------------------------------

def draw(result, sheet, source):
    comparison = result.comparison
    ranges = panels_of(comparison, rows_of(comparison, sheet.cases))
    panel = PANEL if len(ranges) == 1 else PANEL * 0.72
    right = AXIS + len(ranges) * (panel + BETWEEN)
    width = right + CHANGE + VERDICT + RIGHT
    text = caption.Caption(width - 0.6, notes(result, sheet), provenance(result, sheet, source))
    subtitle, legend = style.subtitle_lines(_subtitle(comparison, sheet), width), style.legend_rows(_legend(sheet.rows), width - 0.6)
    legend_top = 0.58 + style.SUBTITLE_LEADING * len(subtitle)
    top = legend_top + style.LEGEND_LEADING * len(legend) + HEAD + 0.1
    height, foot = sum(r.height for r in sheet.rows), FOOT if sheet.rows else 0
    page = style.Page(width, top + height + foot + ROW * len(sheet.gaps) + text.height + 0.2, versus.title(result),
                      ": what changed" + (f" ({sheet.number} of {sheet.of})" if sheet.of > 1 else ""))
    page.subtitle(subtitle)
    for i, handles in enumerate(legend):
        page.legend(handles, 0.3, legend_top + i * style.LEGEND_LEADING)
    if sheet.rows:
        _columns(page, right, top)
        for i, (low, high, name) in enumerate(ranges):
            _panel(page.axes(AXIS + i * (panel + BETWEEN), top, panel, height), sheet.rows, low, high, name, panel, height)
    for row, at in zip(sheet.rows, _tops(sheet.rows)):
        _words(page, row, top + at, right, row is sheet.rows[0])
    for i, (name, why) in enumerate(sheet.gaps):
        _gap(page, name, why, top + height + foot + ROW * (i + 0.5), width)
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def _tops(rows):
    return [sum(r.height for r in rows[:i]) for i in range(len(rows))]


def panels_of(comparison, rows):
    """[(low, high, title)] in ln(1 + change): the whole range and, when that dwarfs the tolerances, what is near 0."""
    tests = [r.test for r in rows]
    changes = [c for t in tests for c in (t.change, *(t.interval or ())) if c is not None]
    changes += [c for t in tests if t.control for c in (t.control.change, *(t.control.interval or ())) if c is not None]
    bands = [log1p(t.tolerance) for t in tests if t.tolerance is not None] or [log1p(comparison.share or 0.03)]
    widest = max([abs(log1p(c)) for c in changes] + [max(bands)])
    near = NEAR * sorted(bands)[len(bands) // 2]
    low, high = (f([0.0, *(log1p(c) for c in changes), *(s * b for b in bands)]) for f, s in ((min, -1), (max, 1)))
    margin = 0.05 * (high - low)
    whole = (low - margin, high + margin)
    return [(*whole, "")] if widest <= MUCH * near else [(*whole, "all"), (-near, near, "near 0 (a mark at the edge lies beyond)")]


def _subtitle(comparison, sheet):
    tests = [t for case in sheet.cases for t in comparison.tests_of(case)]
    beside = "" if comparison.paired else " Not paired: one side is a saved result."
    return (f"{versus.verdicts(tests)}. Further right: B takes longer. Sorted by effect, the largest slowdown on top; grey: the "
            f"{versus.tolerance(comparison)}.{beside}")


def _legend(rows):
    found = [lines.Line2D([], [], linestyle="-", label=verdict, **look.marker_style(0.9 if not look.open else 0.7))
             for verdict, look in style.VERDICT_LOOK.items() if any(r.test.verdict == verdict for r in rows)]
    controls = [r.test.control for r in rows if r.test.control]
    if any(c.inside is not False for c in controls):
        found.append(lines.Line2D([], [], linewidth=0.7, label="A′, a copy of A", **_control_look(True)))
    if any(c.inside is False for c in controls):
        found.append(lines.Line2D([], [], linewidth=0.7, label="A′ outside the tolerance", **_control_look(False)))
    found.append(patches.Patch(color="#E4E4E4", label="tolerance"))
    if any(r.test.detectable is not None for r in rows):
        found.append(lines.Line2D([], [], linestyle="", marker="|", color=style.SOFT, markersize=7, label="smallest slowdown it would find"))
    return found


def _control_look(inside):
    return dict(marker="o" if inside else "s", color=style.SOFT if inside else style.VERMILLION, markerfacecolor="white", markersize=4,
                markeredgewidth=0.9)


def _columns(page, right, top):
    at = top - 0.15
    for left, text, align in ((NAME_LEFT, "case (s: S, v: V, b: B)", "left"), (METRIC, "metric", "left"), (A_RIGHT, "A", "right"),
                              (B_RIGHT, "B", "right"), (right, "change, 95 % interval", "left"), (right + CHANGE, "verdict", "left")):
        page.text(left, at, text, 8, ha=align, va="center", color=style.SOFT)


def _words(page, row, top, right, first_on_page):
    test, middle = row.test, top + ROW / 2
    if row.first or first_on_page:
        page.rule(NAME_LEFT, top, page.width - 2 * NAME_LEFT)
        page.text(NAME_LEFT, middle, style.shorten_middle(test.case.name, SIZE, METRIC - NAME_LEFT - 0.1, "bold"), SIZE, va="center", weight="bold")
    page.text(METRIC, middle, style.shorten(test.metric, 8, A_RIGHT - METRIC - 0.6), 8, va="center")
    for ns, at in ((test.a_ns, A_RIGHT), (test.b_ns, B_RIGHT)):
        page.text(at, middle, "?" if ns is None else duration(ns), 8, ha="right", va="center")
    page.text(right, middle, f"{versus.percent(test.change)} {versus.interval(test.interval)}".strip(), 8, va="center")
    look = style.VERDICT_LOOK[test.verdict]
    page.text(right + CHANGE, middle, test.verdict, SIZE, va="center", weight="normal" if test.verdict == "same" else "bold", color=look.colour)
    for i, line in enumerate(row.side):
        page.text(NAME_LEFT + 0.15, top + ROW + LINE * (i + 0.4), line, FINE, va="center", color=style.SOFT)


def _gap(page, name, why, y, width):
    page.rule(NAME_LEFT, y - ROW / 2, width - 2 * NAME_LEFT)
    page.text(NAME_LEFT, y, style.shorten_middle(name, SIZE, METRIC - NAME_LEFT - 0.1, "bold"), SIZE, va="center", weight="bold")
    page.text(METRIC, y, style.shorten(why, 8, width - METRIC - 0.3), 8, va="center", style="italic", color=style.VERMILLION)


def _panel(axes, rows, low, high, name, width, height):
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(side == "bottom")
    versus.set_change_axis(axes.xaxis, axes.set_xlim, low, high, width)
    axes.grid(axis="x")
    axes.axvline(0, color=style.INK, linewidth=0.8, zorder=1)
    axes.set_title(name, fontsize=8, loc="left", color=style.SOFT, pad=7)
    axes.set_xlabel("← B faster     change of the time, log     B slower →", fontsize=8)
    for row, top in zip(rows, _tops(rows)):
        _row(axes, row.test, top + ROW / 2, low, high)


def _row(axes, test, y, low, high):
    if test.tolerance is not None:
        band = log1p(test.tolerance)
        axes.add_patch(patches.Rectangle((-band, y - 0.1), 2 * band, 0.2, color="#E4E4E4", linewidth=0, zorder=0.5))
    if test.detectable is not None:
        axes.plot([log1p(test.detectable)] * 2, [y - 0.06, y + 0.06], color=style.SOFT, linewidth=0.9, zorder=2)
    if test.control and test.control.change is not None:
        _effect_at(axes, test.control, y - 0.075, low, high, _control_look(test.control.inside is not False), 0.7)
    if test.change is None:
        axes.text(low + 0.02 * (high - low), y, "no estimate", fontsize=7.5, va="center", style="italic", color=style.VERMILLION)
        return
    look = style.VERDICT_LOOK[test.verdict]
    _effect_at(axes, test, y + (0.035 if test.control else 0), low, high, look.marker_style(0.65 if look.open else 1.15), 1.6)


def _effect_at(axes, seen, y, low, high, marker, width):
    """The interval, cut at the edges of the panel, and the mark; what lies beyond becomes an arrow at the edge."""
    at = log1p(seen.change)
    if seen.interval:
        ends = [min(max(log1p(e), low), high) for e in seen.interval]
        axes.plot(ends, [y, y], color=marker["color"], linewidth=width, solid_capstyle="butt", zorder=3)
    if low <= at <= high:
        axes.plot(at, y, zorder=4, linestyle="", **marker)
    else:
        edge, head = (low, "$\\leftarrow$") if at < low else (high, "$\\rightarrow$")
        axes.plot(edge, y, linestyle="", marker=head, color=marker["color"], markersize=9, markeredgewidth=0.3, clip_on=False, zorder=4)


# Words ----------------------------------------------------------------------------------------------

def notes(result, sheet):
    comparison = result.comparison
    found = versus.notes(result, sheet.cases, [])
    on_rows = {r.test.case.id for r in sheet.rows}
    changed = [c for c in comparison.counters if c.case in sheet.cases and c.verdict == "changed"]
    apart = [c for c in changed if not comparison.tests_of(c.case)]
    found += [f"Exact counter changed in {c.case.name}, which has no row: {c.words}." for c in apart[:versus.MOST_LISTED]]
    loose = [c for c in comparison.counters if c.case in sheet.cases and c.verdict == "not exact"]
    if comparison.counters or comparison.counters_equal:
        equal = "?" if comparison.counters_equal is None else comparison.counters_equal
        found.insert(-1, f"Exact counters: {len(changed)} changed, {equal} equal in the whole comparison, {len(loose)} not exact and so not judged.")
    shown = sum(s.case.id in on_rows for s in comparison.shown)
    if shown:
        found.insert(-1, f"Only in the CSV: {count(shown, 'figure')} never judged (percentiles, the first cycle).")
    return found


def provenance(result, sheet, source):
    comparison = result.comparison
    timed = TIMED.format("blocks, each one process of A and one of B" if comparison.paired else "processes", versus.share(comparison.family_error))
    return versus.provenance(result, sheet.cases, timed, source, "both stages; figures from the stage that was judged")


COLUMNS = ["module", "case", "slots", "vary", "bystanders", "threads", "kind", "metric", "stage", "blocks", "a_ns", "b_ns", "change", "change_low",
           "change_high", "tolerance", "p_regressed", "p_improved", "scatter", "detectable", "verdict", "reason", "needs_blocks", "control_change",
           "control_low", "control_high", "control_inside", "control_blocks", "screen_change", "screen_low", "screen_high", "screen_blocks",
           "expected", "a_counter", "b_counter"]


def rows(result, sheet):
    """One line per row of the picture; then the figures never judged and the counters of its cases, and what was not compared."""
    comparison, cases = result.comparison, list(dict.fromkeys(r.test.case.id for r in sheet.rows))
    for row in sheet.rows:
        yield _line(row.test.case, "judged", **_fields(row.test))
    for shown in (s for s in comparison.shown if s.case.id in cases):
        yield _line(shown.case, "shown", metric=shown.metric, **_pair(shown))
    for c in comparison.counters:
        if c.case.id in cases or (sheet.number == sheet.of and c.case in sheet.cases and not comparison.tests_of(c.case)):
            yield _line(c.case, "counter", metric=c.name if c.phase == "cycle" else f"{c.phase} {c.name}", verdict=c.verdict, expected=c.expected,
                        a_counter=c.a, b_counter=c.b)
    for name, why in sheet.gaps:
        yield [None, name, None, None, None, None, "not compared"] + [why if c == "reason" else None for c in COLUMNS[7:]]


def _pair(figure):
    low, high = figure.interval or (None, None)
    return dict(blocks=figure.blocks, a_ns=figure.a_ns, b_ns=figure.b_ns, change=figure.change, change_low=low, change_high=high)


def _fields(test):
    fields = {name: getattr(test, name) for name in ("metric", "stage", "tolerance", "p_regressed", "p_improved", "scatter", "detectable",
                                                    "verdict", "reason", "needs_blocks", "expected")}
    for name, seen in (("control", test.control), ("screen", test.screen)):
        if seen:
            low, high = seen.interval or (None, None)
            fields.update({f"{name}_change": seen.change, f"{name}_low": low, f"{name}_high": high, f"{name}_blocks": seen.blocks})
    return dict(fields, control_inside=test.control.inside if test.control else None, **_pair(test))


def _line(case, kind, **fields):
    head = [case.module, case.id, case.slots, case.vary, case.bystanders, case.threads, kind]
    return head + [fields.get(name) for name in COLUMNS[len(head):]]
