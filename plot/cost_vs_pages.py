"""Cost against pages touched: what one cycle costs as the instance writes (or reads) more pages.

How to read it. Both axes are logarithmic; one line per strategy, one panel per number of live instances
(S), all with the same axes. Zero pages cannot be on a log axis: they stand in the grey strip at the left
and no line leads to them. The band is the range of the processes. A flat line pays in advance whatever
the instance does; a line that rises by as much as its neighbours pays per page. At the end of each line:
what one more page costs (from the fewest to the most pages, with the range that the processes allow) and
how many minor faults it takes. Where the range includes zero, the cost per page is not resolved.
"""

from dataclasses import dataclass
from math import exp, log

from matplotlib import ticker

import caption
import selection
import style
from units import duration, rounded, tick

NAME = "cost-vs-pages"
NEEDS = "it needs cells with batch times at two or more counts (zero apart) of pages written or read (--touch write=0,1,4,16,…)"
PANELS = 2
TOP, HEIGHT, LEFT, WIDTH, WORDS, BOTTOM = 1.08, 4.4, 0.85, 3.55, 2.45, 0.62  # inches
SPACING, WIDEST = 0.39, 3.7  # inches: from label to label, the most room for them
LABEL, FINE = 8.5, 7.2  # points
DIGIT = 0.08  # inches, of a tick's label
SUBTITLE = "At the end of each line: what one more page costs (≤: no more than), and the minor faults it takes."
TIMED = caption.TIMED + (
         " Cost per page: difference of the medians at the most and the fewest pages over the difference in pages; its "
         "range from the extremes of the processes, and ≤ when that includes zero. Faults per page: the same difference of the kernel's minor-fault counts.")


@dataclass
class Line:
    """One strategy in one panel: cells by pages, fewest first."""
    arm: str
    points: list  # (pages, Cell)
    unit: str = "page"

    def slope(self):
        """(ns per page, low, high), or None with a single point."""
        (first, a), (last, b) = self.points[0], self.points[-1]
        pages = last - first
        if not pages:
            return None
        return ((b.median_ns - a.median_ns) / pages, (b.low_ns - a.high_ns) / pages, (b.high_ns - a.low_ns) / pages)

    def faults(self):
        """(low, high) minor faults per page, or None when not counted."""
        (first, a), (last, b) = self.points[0], self.points[-1]
        if first == last or a.faults is None or b.faults is None:
            return None
        return ((b.faults[0] - a.faults[1]) / (last - first), (b.faults[1] - a.faults[0]) / (last - first))


# The pictures of one file ---------------------------------------------------------------------------

def pictures(result, cases):
    """(stem, (axis, cases)) for each sweep: same module and settings, but for the slots and one page count."""
    taken, used = set(), set()
    for axis in ("write", "read"):
        touching = [c for c in cases if c.workload["kind"] == "touch" and c.id not in used]
        for group in selection.groups(touching, lambda c, axis=axis: _settings(c, axis)).values():
            group = group + _idle(group, cases, axis)
            if _is_sweep(result, group, axis):
                used.update(c.id for c in group)
                stem = f"{NAME}-{group[0].module_name}{_stem_suffix(group[0], axis)}{selection.suffix(group[0])}"
                yield selection.file_stem(stem, taken), (axis, group)


def _settings(case, axis):
    """Everything but the slots and the axis."""
    other = "read" if axis == "write" else "write"
    load = case.workload
    return (case.module, case.conditions, load.get(other) or 0, load.get("calls") or 0, load.get("grow") or 0, load.get("runs"),
            bool(load.get("reread")))


def _idle(group, cases, axis):
    """The sweep's cases of zero pages, when it has none of its own: with nothing touched, the workload is `none`,
    which has no addresses to vary."""
    first = group[0]
    if any(_settings(first, axis)[2:5]):
        return []
    own = {c.slots for c in group if pages_of(c, axis) == 0}
    return [c for c in cases if c.workload["kind"] == "none" and c.slots in {g.slots for g in group} - own
            and (c.module, c.bystanders, c.threads) == (first.module, first.bystanders, first.threads)]


def _stem_suffix(case, axis):
    parts = [f"-{letter}{case.workload[key]}" for key, letter in (("read", "r"), ("write", "w"), ("calls", "c"), ("grow", "g"), ("runs", "runs"))
             if key != axis and case.workload.get(key)]
    return f"-{axis}" + "".join(parts) + ("-reread" if case.workload.get("reread") else "")


def pages_of(case, axis):
    """Where a case stands on the axis: pages, the number that its call is made with (cost_vs_argument), or its threads (threads)."""
    if axis == "argument":
        return case.argument[1]
    if axis == "threads":
        return case.threads
    return case.pages[0 if axis == "read" else 1]


def _is_sweep(result, group, axis):
    """Some strategy has a batch time at two counts of pages, zero apart."""
    lines = [line for slots in {c.slots for c in group} for line in lines_of(result, group, axis, slots)]
    return any(sum(pages > 0 for pages, _ in line.points) > 1 for line in lines)


def lines_of(result, cases, axis, slots):
    order, apart = style.story_order(result.arms)
    found = []
    for arm in order + apart:
        cells = [(pages_of(c, axis), result.cell(c, arm)) for c in cases if c.slots == slots]
        points = sorted(((p, cell) for p, cell in cells if cell is not None and cell.drawable), key=lambda point: point[0])
        if points:
            found.append(Line(arm, points, "step" if axis == "argument" else "page"))
    return found


@dataclass
class Words:
    """What a sweep's picture says that another's does not."""
    rest: str  # of the title, behind the module's name
    subtitle: str
    label: str  # of the axis
    timed: str
    notes: object  # of (result, all cases, shown cases, shown cells)


def draw(result, group, source):
    axis, cases = group
    touched = "written" if axis == "write" else "read"
    words = Words(f": cost of a cycle against pages {touched}", SUBTITLE, f"4 KiB pages {touched} per cycle", TIMED, notes)
    page, _ = sheet(result, cases, axis, words, source)
    return page


def sheet(result, cases, axis, words, source):
    """(page, {slots: axes}): a panel for the fewest and the most slots."""
    lines = {s: found for s in sorted({c.slots for c in cases}) if (found := lines_of(result, cases, axis, s))}
    slots = selection.spread(lines, PANELS)
    shown = [c for c in cases if c.slots in slots]
    cells = [cell for c in shown for arm in result.arms if (cell := result.cell(c, arm))]
    height, margin = room_of([line.arm for s in slots for line in lines[s]])
    width = LEFT + len(slots) * (WIDTH + margin) - 0.4
    text = caption.Caption(width - 0.6, words.notes(result, cases, shown, cells), caption.provenance(result, cells, words.timed, source))
    subtitle = style.subtitle_lines(words.subtitle, width)
    top = TOP + style.SUBTITLE_LEADING * (len(subtitle) - 1)
    page = style.Page(width, top + height + BOTTOM + text.height + 0.1)
    page.title(cases[0].module_name, words.rest)
    page.subtitle(subtitle)
    panels = {s: page.axes(LEFT + i * (WIDTH + margin), top, WIDTH, height, xscale="log", yscale="log") for i, s in enumerate(slots)}
    for s, axes in panels.items():
        case = next(c for c in cases if c.slots == s)
        axes.set_title(f"{settings_text(case, axis)}{selection.conditions_text(case)}", fontsize=9.5, loc="left", color=style.SOFT)
        axes.set_xlabel(words.label, fontsize=9)
        axes.grid(axis="both")
    panels[slots[0]].set_ylabel("time per cycle", fontsize=9)
    same_axes([(panels[s], lines[s]) for s in slots], cells, axis, style.looks(result.arms), (height, margin))
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page, panels


def room_of(arms):
    """(height, margin) of a panel, in inches: as much as the labels of its lines need."""
    widest = max(style.text_width(style.name_of(arm), LABEL, "bold") for arm in arms)
    return max(HEIGHT, SPACING * (len(set(arms)) + 0.3)), min(WIDEST, max(WORDS, widest + 1.05))


# One panel ------------------------------------------------------------------------------------------

def settings_text(case, axis):
    """What else each cycle does; nothing when it only touches the pages of the axis."""
    load = case.workload
    words = [f"{key} {load[key]}" for key in ("read", "write", "calls", "grow", "runs") if key != axis and load.get(key)]
    words += ["reread"] if load.get("reread") else []
    return ", ".join(words) + " · " if words else ""


def same_axes(panels, cells, axis, looks, room):
    drawable = [c for c in cells if c.drawable]
    pages = sorted({pages_of(c.case, axis) for c in drawable})
    scale = Pages(pages)
    low, high = min(c.low_ns for c in drawable) / 1.6, max(c.high_ns for c in drawable) * 1.6
    for axes, lines in panels:
        axes.set_xlim(scale.left, scale.right)
        axes.set_ylim(low, high)
        ticks = ([0] if 0 in pages else []) + _readable([p for p in pages if p], scale)
        axes.set_xticks([scale.at(p) for p in ticks], [str(p) for p in ticks])
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.yaxis.set_major_locator(ticker.LogLocator(10, numticks=15))
        axes.yaxis.set_major_formatter(lambda ns, _: tick(ns))
        axes.yaxis.set_minor_locator(ticker.NullLocator() if high / low > 30 else ticker.LogLocator(10, subs=(2, 5)))
        axes.yaxis.set_minor_formatter(lambda ns, _: tick(ns))
        if 0 in pages:
            axes.axvspan(scale.left, scale.strip, color=style.PALE, linewidth=0, zorder=0)
        for line in lines:
            _line(axes, line, scale, looks[line.arm])
        _line_ends(axes, lines, scale, looks, *room)


class Pages:
    """Where a count of pages stands on the log axis; zero in the middle of a strip at the left."""

    def __init__(self, pages):
        positive = [p for p in pages if p > 0]
        room = max(log(positive[-1] / positive[0]), log(2)) / 0.76  # the axis: strip 13 %, margins, data 76 %
        self.strip = positive[0] / exp(0.06 * room)
        self.left = self.strip / exp(0.13 * room) if 0 in pages else self.strip
        self.right = positive[-1] * exp(0.05 * room)
        self.zero = self.strip / exp(0.065 * room)

    def at(self, pages):
        return pages if pages > 0 else self.zero

    def share(self, pages):
        return log(self.at(pages) / self.left) / log(self.right / self.left)


def _readable(pages, scale):
    """Tick values far enough apart for their labels, the largest among them."""
    kept = []
    for p in reversed(pages):
        room = DIGIT * (len(str(p)) + len(str(kept[-1]))) / 2 if kept else 0
        if not kept or (scale.share(kept[-1]) - scale.share(p)) * WIDTH > room + DIGIT:
            kept.append(p)
    return kept[::-1]


def _line(axes, line, scale, look):
    rising = [(p, cell) for p, cell in line.points if p > 0]
    x = [p for p, _ in rising]
    axes.fill_between(x, [c.low_ns for _, c in rising], [c.high_ns for _, c in rising], color=look.colour, alpha=0.2, linewidth=0)
    axes.plot(x, [c.median_ns for _, c in rising], look.dashes, color=look.colour, linewidth=1.4)
    for pages, cell in line.points:
        at = scale.at(pages)
        axes.plot([at, at], [cell.low_ns, cell.high_ns], color=look.colour, linewidth=1.2)
        axes.plot(at, cell.median_ns, **look.marker_style())


# Line ends ------------------------------------------------------------------------------------------

def in_words(line):
    """"975 ns per page, 1 fault"; "≤ 12 ns" when the range of the processes includes zero."""
    slope, faults = line.slope(), line.faults()
    if slope is None:
        return f"one count of {line.unit}s only"
    if slope[1] <= 0 <= slope[2]:
        text = f"≤ {duration(slope[2])} per {line.unit}"
    else:
        text = f"{'−' if slope[0] < 0 else ''}{duration(abs(slope[0]))} per {line.unit}"
    return text + (f", {_range(faults)}" if faults else "")


def _range(faults):
    low, high = (round(f, 2) + 0.0 for f in faults)
    return f"{low:g} fault{'' if low == 1 else 's'}" if low == high else f"{low:g} to {high:g} faults"


def _line_ends(axes, lines, scale, looks, height, margin):
    """Labels in the margin, in the order of the line ends and pushed apart, each tied to its end."""
    low, high = axes.get_ylim()
    lines = sorted(lines, key=lambda line: -line.points[-1][1].median_ns)
    ends = [log(line.points[-1][1].median_ns / low) / log(high / low) for line in lines]
    for line, end, at in zip(lines, ends, spaced(ends, SPACING / height)):
        look = looks[line.arm]
        axes.annotate("", xy=(scale.share(line.points[-1][0]), end), xytext=(1.055, at), xycoords="axes fraction", annotation_clip=False,
                      arrowprops=dict(arrowstyle="-", color=look.colour, linewidth=0.7, shrinkA=0, shrinkB=5))
        name = style.escape(style.shorten_middle(style.name_of(line.arm), LABEL, margin - 0.9, "bold"))
        words = style.shorten(in_words(line), FINE, margin - 0.65)
        axes.plot(1.09, at + 0.07 / height, transform=axes.transAxes, clip_on=False, linestyle="", **look.marker_style(0.8))
        axes.text(1.125, at + 0.07 / height, name, transform=axes.transAxes, fontsize=LABEL, weight="bold", va="center")
        axes.text(1.07, at - 0.085 / height, words, transform=axes.transAxes, fontsize=FINE, va="center", color=style.SOFT)


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


# Words ----------------------------------------------------------------------------------------------

def notes(result, cases, shown, cells):
    found = caption.doubts(result, cells) + caption.missing(result, cases, result.arms)
    if {c.slots for c in shown} == {1}:
        found.append(selection.ONE_HOT_SLOT)
    if len(shown) < len(cases):
        found.append(f"{len(cases) - len(shown)} of {len(cases)} cases are only in the CSV: the picture takes the fewest and the most slots.")
    if any(c.workload["kind"] == "none" for c in shown):
        found.append("0 pages is the workload none.")
    return found + [selection.CONDITIONS_KEY]


COLUMNS = ["module", "case", "slots", "vary", "bystanders", "threads", "pages_read", "pages_written", "arm", "status", "reason", "verified",
           "processes", "median_ns", "min_ns", "max_ns", "faults_minor_low", "faults_minor_high", "line_ns_per_page",
           "line_ns_per_page_low", "line_ns_per_page_high", "line_faults_per_page_low", "line_faults_per_page_high"]


def rows(result, group):
    """One row per cell; the line's figures are repeated on each of its cells."""
    axis, cases = group
    order, apart = style.story_order(result.arms)
    lines = {(slots, line.arm): line for slots in {c.slots for c in cases} for line in lines_of(result, cases, axis, slots)}
    for case in sorted(cases, key=lambda c: (c.slots, pages_of(c, axis))):
        for arm in order + apart:
            yield _csv_row(result.cell(case, arm), case, arm, lines.get((case.slots, arm)))


def _csv_row(cell, case, arm, line):
    head = [case.module, case.id, case.slots, case.vary, case.bystanders, case.threads, *case.pages, arm]
    if cell is None or not cell.drawable:
        return head + caption.gap_in_csv(cell) + [None] * (len(COLUMNS) - len(head) - 2)
    derived = [*(line.slope() or (None,) * 3), *(line.faults() or (None, None))]
    return (head + [cell.status, cell.reason, cell.verified, len(cell.real_ns), cell.median_ns, cell.low_ns, cell.high_ns]
            + list(cell.faults or (None, None)) + [rounded(v) for v in derived])
