"""What the charts of a cost against something share: lines, panels, the axes of both, labels at line ends.

How to read them. Time is logarithmic, and what it is drawn against too, unless it is a share that starts at zero; one
line per strategy, all panels with the same axes. Zero cannot be on a log axis: it stands in the grey strip at the left
and no line leads to it. The band is the range of the processes. At the end of each line stands either what one more
step costs (from the fewest to the most, with the range that the processes allow) and how many minor faults it takes,
or, where a step has no cost of its own, how many times the first point's cost the last one's is. A line that does not
reach as far as the others says in brackets how far its figure holds: no two such figures are comparable. Where the range
of the processes includes zero, or no change, the cost is not resolved.
"""

from dataclasses import dataclass
from math import exp, log

from matplotlib import ticker

import axes as axes_of
import caption
import selection
import style
from units import duration, ratio, rounded, tick

PANELS = 2
TOP, HEIGHT, LEFT, WIDTH, WORDS, BOTTOM = 1.08, 4.4, 0.85, 3.55, 2.45, 0.62  # inches
SPACING, WIDEST = 0.39, 3.7  # inches: from label to label, the most room for them
LABEL, FINE, TICK = 8.5, 7.2, 8  # points
APART = 0.08  # inches between the labels of ticks
FEW = 1000  # the longest of times over the shortest, below which 1-2-5 are ticks
LEAST = 0.001  # nanoseconds per step: less is not written


def subtitle(unit):
    if unit is None:
        return ("At the end of each line: how many times the first point's cost the last one's is, and the minor "
                "faults of both.")
    return f"At the end of each line: what one more {unit} costs (≤: no more than), and the minor faults it takes."


def timed(unit):
    if unit is None:
        return caption.TIMED + (
            " Times: the median at the last point over that at the first; unresolved when the range that "
            "the extremes of the processes allow includes 1.")
    units = {"entry": "entries", "MiB": "MiB"}.get(unit, f"{unit}s")
    return caption.TIMED + (
        f" Cost per {unit}: difference of the medians at the most and the fewest {units} over the difference in "
        f"{units}; its range from the extremes of the processes, and ≤ when that includes zero. "
        f"Faults per {unit}: the same difference of the kernel's minor-fault counts.")


@dataclass
class Line:
    """One strategy in one panel: cells by their place on the axis, smallest first."""
    arm: str
    points: list  # (place, Cell)
    unit: object = "page"
    span: str = ""  # where its figures hold, if that is not the whole axis: "to 8,192"

    def slope(self):
        """(ns per unit, low, high), or None with a single point."""
        (first, a), (last, b) = self.points[0], self.points[-1]
        steps = last - first
        if not steps:
            return None
        return ((b.median_ns - a.median_ns) / steps, (b.low_ns - a.high_ns) / steps, (b.high_ns - a.low_ns) / steps)

    def times(self):
        """(the last point's cost over the first's, low, high), or None with a single point."""
        (first, a), (last, b) = self.points[0], self.points[-1]
        return None if first == last else (b.median_ns / a.median_ns, b.low_ns / a.high_ns, b.high_ns / a.low_ns)

    def faults(self):
        """(low, high) minor faults per unit, or None when not counted."""
        (first, a), (last, b) = self.points[0], self.points[-1]
        if first == last or a.faults is None or b.faults is None:
            return None
        return ((b.faults[0] - a.faults[1]) / (last - first), (b.faults[1] - a.faults[0]) / (last - first))


def is_sweep(result, cases, axis):
    """Some strategy has batch times at enough points, zero apart."""
    return any(len({at for at, _ in line.points if at > 0 or axis.linear}) >= axis.least
               for panel in panels_of(cases, axis) for line in lines_of(result, cases, axis, panel))


def panels_of(cases, axis):
    """The values of the setting that tells panels apart, lowest first."""
    return sorted({getattr(c, axis.panel) for c in cases})


def lines_of(result, cases, axis, panel):
    order, apart = style.story_order(result.arms)
    found = []
    for arm in order + apart:
        cells = [(axis.at(c), result.cell(c, arm)) for c in cases if getattr(c, axis.panel) == panel]
        points = sorted((point for point in cells if point[1] and point[1].drawable), key=lambda point: point[0])
        if points:
            found.append(Line(arm, points, axis.unit))
    return found


@dataclass
class Words:
    """What a sweep's picture says that another's does not."""
    name: str  # the title begins with it: the module's
    notes: object  # of (result, all cases, shown cases, shown cells)
    rest: str = ""  # of the title; without it what the axis says
    label: str = ""  # of the axis; without it the axis's own


def sheet(result, cases, axis, words, source):
    """(page, {panel: axes}): a panel for the lowest and the highest value of the setting that tells panels apart."""
    lines = {p: found for p in panels_of(cases, axis) if (found := lines_of(result, cases, axis, p))}
    chosen = selection.spread(lines, PANELS)
    shown = [c for c in cases if getattr(c, axis.panel) in chosen]
    cells = [cell for c in shown for arm in result.arms if (cell := result.cell(c, arm))]
    drawn = [line for p in chosen for line in lines[p]]
    say_spans(drawn, axis)
    height, margin = room_of(drawn)
    width = LEFT + len(chosen) * (WIDTH + margin) - 0.4
    text = caption.Caption(width - 0.6, words.notes(result, cases, shown, cells),
                           caption.provenance(result, cells, timed(axis.unit), source))
    under = style.subtitle_lines(subtitle(axis.unit), width)
    top = TOP + style.SUBTITLE_LEADING * (len(under) - 1)
    page = style.Page(width, top + height + BOTTOM + text.height + 0.1, words.name,
                      words.rest or f": cost of a cycle against {axis.title}")
    page.subtitle(under)
    scale = dict(xscale="linear" if axis.linear else "log", yscale="log")
    lefts = [LEFT + i * (WIDTH + margin) for i in range(len(chosen))]
    panels = {p: page.axes(left, top, WIDTH, height, **scale) for p, left in zip(chosen, lefts)}
    for p, axes in panels.items():
        case = next(c for c in cases if getattr(c, axis.panel) == p)
        load = axes_of.load_text(case, axis)
        title = f"{load} · " * bool(load) + selection.conditions_text(case, axis.own)
        title = style.escape(style.shorten(title, 9.5, WIDTH + margin - 0.5))
        axes.set_title(title, fontsize=9.5, loc="left", color=style.SOFT)
        axes.set_xlabel(words.label or axis.label, fontsize=9)
        axes.grid(axis="both")
    panels[chosen[0]].set_ylabel("time per cycle", fontsize=9)
    same_axes([(panels[p], lines[p]) for p in chosen], axis, style.looks(result.arms), (height, margin))
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page, panels


def say_spans(lines, axis):
    """Marks the lines that do not go from the first to the last place of all."""
    begin, end = (choose(line.points[i][0] for line in lines) for choose, i in ((min, 0), (max, -1)))
    for line in lines:
        first, last = line.points[0][0], line.points[-1][0]
        if first != begin and last != end:
            line.span = f"{axis.tick(first)} to {axis.tick(last)}"
        elif first != begin or last != end:
            line.span = f"from {axis.tick(first)}" if first != begin else f"to {axis.tick(last)}"


def room_of(lines):
    """(height, margin) of a panel, in inches: as much as the labels of its lines need."""
    names = max(style.text_width(style.name_of(line.arm), LABEL, "bold") for line in lines)
    words = max(style.text_width(in_words(line), FINE) for line in lines)
    return max(HEIGHT, SPACING * (len({line.arm for line in lines}) + 0.3)), min(WIDEST, max(WORDS, names + 1.05, words + 0.95))


# One panel ------------------------------------------------------------------------------------------

def same_axes(panels, axis, looks, room):
    points = [point for _, lines in panels for line in lines for point in line.points]
    places = sorted({at for at, _ in points})
    scale = Linear(places) if axis.linear else Log(places)
    low, high = min(c.low_ns for _, c in points) / 1.6, max(c.high_ns for _, c in points) * 1.6
    few = high / low < FEW
    for axes, lines in panels:
        axes.set_xlim(scale.left, scale.right)
        axes.set_ylim(low, high)
        _set_places(axes, places, scale, axis.tick)
        axes.yaxis.set_major_locator(ticker.LogLocator(10, subs=(1, 2, 5) if few else (1,), numticks=30))
        axes.yaxis.set_major_formatter(lambda ns, _: tick(float(f"{ns:.10g}")))
        axes.yaxis.set_minor_locator(ticker.NullLocator() if few else ticker.LogLocator(10, subs=(2, 5), numticks=30))
        axes.yaxis.set_minor_formatter(ticker.NullFormatter())
        if scale.strip is not None:
            axes.axvspan(scale.left, scale.strip, color=style.PALE, linewidth=0, zorder=0)
        for line in lines:
            _line(axes, line, scale, looks[line.arm])
        _line_ends(axes, lines, scale, looks, *room)


class Log:
    """Where a number stands on the log axis; zero in the middle of a strip at the left."""

    def __init__(self, places):
        positive = [p for p in places if p > 0]
        room = max(log(positive[-1] / positive[0]), log(2)) / 0.76  # the axis: strip 13 %, margins, data 76 %
        edge = positive[0] / exp(0.06 * room)
        self.strip = edge if 0 in places else None
        self.left = edge / exp(0.13 * room) if 0 in places else edge
        self.right = positive[-1] * exp(0.05 * room)
        self.zero = edge / exp(0.065 * room)

    def on_line(self, place):
        return place > 0

    def at(self, place):
        return place if place > 0 else self.zero

    def share(self, place):
        return log(self.at(place) / self.left) / log(self.right / self.left)


class Linear:
    """The same on a linear axis, where zero is a number like any other."""
    strip = None

    def __init__(self, places):
        room = (places[-1] - places[0] or 1) / 0.89
        self.left, self.right = places[0] - 0.06 * room, places[-1] + 0.05 * room

    def on_line(self, _place):
        return True

    def at(self, place):
        return place

    def share(self, place):
        return (place - self.left) / (self.right - self.left)


def _set_places(axes, places, scale, words):
    """A tick at every place that has room for its label, in a second row of labels when the first has none."""
    first = _readable(places, scale, words)
    second = _between([p for p in places if p not in first], scale, words)
    axes.set_xticks([scale.at(p) for p in first], [words(p) for p in first])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    if second:
        axes.set_xticks([scale.at(p) for p in second], [words(p) for p in second], minor=True)
        axes.tick_params(axis="x", which="minor", length=3.5, pad=3.5 + 1.25 * TICK, labelsize=TICK)
        axes.grid(axis="x", which="minor")


def _between(places, scale, words):
    """Those far enough apart for their labels, from the left."""
    kept = []
    for p in places:
        if not kept or _apart(kept[-1], p, scale, words):
            kept.append(p)
    return kept


def _apart(a, b, scale, words):
    room = (style.text_width(words(a), TICK) + style.text_width(words(b), TICK)) / 2
    return (scale.share(b) - scale.share(a)) * WIDTH > room + APART


def _readable(places, scale, words):
    """Tick values far enough apart for their labels, the smallest and the largest among them."""
    kept = places[-1:]
    for p in reversed(places[1:-1]):
        if _apart(p, kept[0], scale, words) and _apart(places[0], p, scale, words):
            kept.insert(0, p)
    return kept if len(places) == 1 else places[:1] + kept


def _line(axes, line, scale, look):
    joined = [(at, cell) for at, cell in line.points if scale.on_line(at)]
    x = [at for at, _ in joined]
    low, high = [c.low_ns for _, c in joined], [c.high_ns for _, c in joined]
    axes.fill_between(x, low, high, color=look.colour, alpha=0.2, linewidth=0)
    axes.plot(x, [c.median_ns for _, c in joined], look.dashes, color=look.colour, linewidth=1.4)
    for place, cell in line.points:
        at = scale.at(place)
        axes.plot([at, at], [cell.low_ns, cell.high_ns], color=look.colour, linewidth=1.2)
        axes.plot(at, cell.median_ns, **look.marker_style())


# Line ends ------------------------------------------------------------------------------------------

def in_words(line):
    """"975 ns per page, 1 fault"; "≤ 12 ns per page" when the range of the processes includes zero; "4.3 ns per entry (to 8,192)"
    of a line that ends before others. Without a unit "× 3.2, 16 → 62 faults"."""
    if line.unit is None:
        return _ends_in_words(line)
    slope, faults = line.slope(), line.faults()
    if slope is None:
        return "one point only"
    if slope[1] <= 0 <= slope[2]:
        text = f"≤ {duration(max(slope[2], LEAST))} per {line.unit}"
    elif abs(slope[0]) < LEAST:
        text = f"< {duration(LEAST)} per {line.unit}"
    else:
        text = f"{'−' if slope[0] < 0 else ''}{duration(abs(slope[0]))} per {line.unit}"
    return text + _in_brackets(line) + (f", {_range(faults)}" if faults else "")


def _in_brackets(line):
    return f" ({line.span})" if line.span else ""


def _ends_in_words(line):
    times, (first, last) = line.times(), (line.points[0][1].faults, line.points[-1][1].faults)
    if times is None:
        return "one point only"
    text = ("unresolved" if times[1] <= 1 <= times[2] else ratio(times[0])) + _in_brackets(line)
    if first is None or last is None:
        return text
    before, after = _counted(first), _counted(last)
    return f"{text}, {f'{before} → ' if before != after else ''}{after} fault{'' if after == '1' else 's'}"


def _counted(faults):
    """"16"; "0.7–27" where the processes do not agree, and that can be seen."""
    low, high = (f"{n:,.0f}" if n >= 10 or n == int(n) else f"{n:.2g}" for n in faults)
    return low if low == high else f"{low}–{high}"


def _range(faults):
    low, high = (round(f, 2) + 0.0 for f in faults)
    return f"{low:g} fault{'' if low == 1 else 's'}" if low == high else f"{low:g} to {high:g} faults"


def _line_ends(axes, lines, scale, looks, height, margin):
    """Labels in the margin, in the order of the line ends and pushed apart, each tied to its end."""
    low, high = axes.get_ylim()
    lines = sorted(lines, key=lambda line: -line.points[-1][1].median_ns)
    ends = [log(line.points[-1][1].median_ns / low) / log(high / low) for line in lines]
    names = style.shorten_apart((style.name_of(line.arm) for line in lines), LABEL, margin - 0.9, "bold")
    for line, end, at in zip(lines, ends, spaced(ends, SPACING / height)):
        look = looks[line.arm]
        if len(line.points) > 1:  # the line to the label of a point far away would look like a line of the plot
            axes.annotate("", xy=(scale.share(line.points[-1][0]), end), xytext=(1.055, at), xycoords="axes fraction",
                          annotation_clip=False,
                          arrowprops=dict(arrowstyle="-", color=look.colour, linewidth=0.7, shrinkA=0, shrinkB=5))
        name = style.escape(names[style.name_of(line.arm)])
        words = style.shorten(in_words(line), FINE, margin - 0.65)
        place = dict(transform=axes.transAxes)
        axes.plot(1.09, at + 0.07 / height, clip_on=False, linestyle="", **place, **look.marker_style(0.8))
        axes.text(1.125, at + 0.07 / height, name, fontsize=LABEL, weight="bold", va="center", **place)
        axes.text(1.07, at - 0.085 / height, words, fontsize=FINE, va="center", color=style.SOFT, **place)


def spaced(ends, gap):
    """The places in 0..1 nearest to `ends` (descending) that are `gap` apart: labels that would overlap are
    spread evenly about their mean."""
    blocks = []  # (sum of wished tops, count): the top label's wish, were the block alone
    for i, end in enumerate(ends):
        blocks.append((end + i * gap, 1))
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] < blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1] = (blocks[-1][0] + total, blocks[-1][1] + count)
    lowest, highest = gap / 2 + gap * (len(ends) - 1), 1 - gap / 2  # of a wish, so that the last label stays inside
    wishes = [max(lowest, min(highest, total / count)) for total, count in blocks for _ in range(count)]
    return [wish - gap * i for i, wish in enumerate(wishes)]


# Words and numbers ----------------------------------------------------------------------------------

def notes(result, axis, cases, shown, cells, more=()):
    """`more`: what a chart has to say besides."""
    found = caption.doubts(result, cells) + caption.missing(result, cases, result.arms) + list(more)
    if {c.slots for c in shown} == {1}:
        found.append(selection.ONE_HOT_SLOT)
    if len(shown) < len(cases):
        found.append(f"{len(cases) - len(shown)} of {len(cases)} cases are only in the CSV: the picture takes the "
                     f"{LOWEST_HIGHEST[axis.panel]}.")
    return found + [selection.conditions_key(shown)]


LOWEST_HIGHEST = {"slots": "fewest and the most slots", "vary": "lowest and the highest V"}
FIGURES = ["status", "reason", "verified", "processes", "median_ns", "min_ns", "max_ns", "faults_minor_low",
           "faults_minor_high"]


def cells_in_csv(result, cases, axis):
    """(case, arm, its line, what FIGURES names) of each cell. One without a figure has no line."""
    order, apart = style.story_order(result.arms)
    lines = {(p, line.arm): line for p in panels_of(cases, axis) for line in lines_of(result, cases, axis, p)}
    for case in sorted(cases, key=lambda c: (getattr(c, axis.panel), axis.at(c))):
        for arm in order + apart:
            cell = result.cell(case, arm)
            if cell is None or not cell.drawable:
                yield case, arm, None, caption.gap_in_csv(cell) + [None] * (len(FIGURES) - 2)
            else:
                times = [cell.median_ns, cell.low_ns, cell.high_ns, *(cell.faults or (None, None))]
                figures = [cell.status, cell.reason, cell.verified, len(cell.real_ns), *times]
                yield case, arm, lines[getattr(case, axis.panel), arm], figures


def ends_in_csv(line):
    """The first and the last place of a line, between which its figures hold."""
    return [rounded(line.points[0][0]), rounded(line.points[-1][0])] if line else [None, None]


def in_csv(values, size=3):
    return [rounded(v) for v in values or (None,) * size]
