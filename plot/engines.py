"""Engines: what `instantiate` and a whole cycle cost under every arm, every module at once.

How to read it. A row is a module and its workload, with a lane for each of its conditions (S: live instances, B:
bystanders …). In a lane each arm has its own height, in the order of the legend, so that no mark hides another; the colour
says the engine, the shape the strategy. Both panels, and all pages of a file, have the same logarithmic axis: further left
is cheaper, and equal steps are equal ratios. A hollow mark with an arrow is a time below what the clock resolves: it lies
somewhere left of there. The line of a cycle is the range of the processes; `instantiate` has none. What has no cycle to draw
stands at the right, with its reason. Only cycles hold the same work in every engine: the notes say what the phases hold.
"""

from dataclasses import dataclass
from statistics import mean

from matplotlib import lines

import before_after
import caption
import selection
import style
import versus
from units import count, duration, rounded

NAME = "engines"
NEEDS = "it needs cells with batch times of two engines, or of two builds of one (--arm core:pool --arm wasmtime:pooling)"
ON_REQUEST = True  # its absence is no remark
MOST, REST = 12.5, 2.5  # inches of rows on a page; of rows left over that are put on the last page all the same
NAMES, PANEL, BETWEEN, MARGIN, RIGHT, HEAD, FOOT = 3.0, 3.4, 0.35, 2.4, 0.35, 0.5, 0.62  # inches
STEP, PAD, LEAST, GAP = 0.043, 0.045, 0.22, 0.06  # inches: an arm, above and below a lane's arms, a lane, between rows
LARGE, SMALL, FINE, LEADING, GLYPH = 8.5, 7.0, 6.5, 0.115, 0.09  # points, points, points, inches, inches
METRICS = ("instantiate", "cycle")
NEAR = 1.2  # resolutions that differ by less share a label
SUBTITLE = ("instantiate: acquire, init and start. cycle: release, instantiate and work. Further left is cheaper. Hollow, with an arrow: "
            "below what the clock resolves.")
TIMED = caption.TIMED.replace("Timed:", "Timed: cycle:") + (
    " instantiate: median (of a mix: mean) of single instantiations in a second pass, whose clock reads add to it.")


@dataclass
class Sheet:
    rows: list  # of cases: one module and workload, under each of its conditions
    cases: list  # all that were chosen: their pages share one axis
    number: int
    of: int


@dataclass
class Dot:
    ns: float  # the time or, when that is not resolved, the clock's resolution
    low: float
    high: float
    resolved: bool = True


class Lanes:
    """Where each case and arm stands, in inches from the top of the panels."""

    def __init__(self, rows, arms):
        self.rows, self.arms, self.tops = rows, arms, {}
        self.lane, self.height = lane_height(arms), 0.0
        for row in rows:
            for i, case in enumerate(row):
                self.tops[case] = self.height + GAP / 2 + i * self.lane
            self.height += row_height(row, arms)

    def middle(self, case):
        return self.tops[case] + self.lane / 2

    def at(self, case, arm):
        return self.middle(case) + (self.arms.index(arm) - (len(self.arms) - 1) / 2) * STEP


def lane_height(arms):
    return max(LEAST, STEP * len(arms) + 2 * PAD)


def row_height(row, arms):
    return lane_height(arms) * len(row) + GAP


# The pages of one file ------------------------------------------------------------------------------

def pictures(result, cases):
    """(stem, Sheet): one, or as many as the rows need."""
    arms = arms_of(result, cases)
    if len(style.engines_of(arms)) < 2:
        return
    pages = [[]]
    for row in rows_of(result, cases):
        if pages[-1] and sum(row_height(r, arms) for r in pages[-1] + [row]) > MOST:
            pages.append([])
        pages[-1].append(row)
    if len(pages) > 1 and sum(row_height(row, arms) for row in pages[-1]) <= REST:
        pages[-2:] = [pages[-2] + pages[-1]]
    for i, page in enumerate(pages):
        yield NAME + (f"-{i + 1}" if len(pages) > 1 else ""), Sheet(page, cases, i + 1, len(pages))


def arms_of(result, cases):
    """Those with a cycle to draw, engine by engine."""
    order, apart = style.story_order(result.arms)
    drawn = [arm for arm in order + apart if any(dot_of(result.cell(case, arm), "cycle") for case in cases)]
    engines = style.engines_of(result.arms)
    return sorted(drawn, key=lambda arm: engines.index(style.split_arm(arm)[0]))


def rows_of(result, cases):
    """The costliest module first, its workloads in the order of the file."""
    cost = {}
    for case in cases:
        dots = [dot for arm in result.arms if (dot := dot_of(result.cell(case, arm), "cycle"))]
        cost[case.module] = max([dot.ns for dot in dots] + [cost.get(case.module, 0)])
    rows = selection.groups(cases, lambda c: (c.module, c.workload_label)).values()
    modules = sorted(cost, key=lambda module: -cost[module])
    return sorted((sorted(row, key=lambda c: (*c.conditions, c.slots)) for row in rows), key=lambda row: modules.index(row[0].module))


def dot_of(cell, metric):
    """What is drawn of a cell; None when it has no such figure."""
    if cell is None or cell.status != "ok":
        return None
    if metric == "cycle":
        return Dot(cell.median_ns, cell.low_ns, cell.high_ns) if cell.drawable else None
    ns, resolution = cell.instantiate_ns, cell.resolution_ns
    if ns is not None and resolution and ns < resolution:
        return Dot(resolution, resolution, resolution, resolved=False)
    return Dot(ns, ns, ns) if ns else None


# One page -------------------------------------------------------------------------------------------

def draw(result, sheet, source):
    lanes = Lanes(sheet.rows, arms_of(result, sheet.cases))
    cells = [cell for case in lanes.tops for arm in result.arms if (cell := result.cell(case, arm))]
    margin = MARGIN if any(gaps_of(result, case, lanes.arms) for case in lanes.tops) else 0
    left = names_end(sheet.cases) + 0.12
    width = left + 2 * PANEL + BETWEEN + margin + RIGHT
    text = caption.Caption(width - 0.6, notes(result, sheet.cases, lanes, cells), caption.provenance(
        result, cells, TIMED, source, "median drawn, line from the least to the most that a process's cycle took"))
    subtitle, legend = style.subtitle_lines(SUBTITLE, width), legend_of(result, lanes.arms, width - 0.6)
    top = 0.55 + style.SUBTITLE_LEADING * len(subtitle) + HEAD
    page = style.Page(width, top + lanes.height + FOOT + style.LEGEND_LEADING * len(legend) + text.height + 0.2, "",
                      "What an instance costs on each engine" + (f" ({sheet.number} of {sheet.of})" if sheet.of > 1 else ""))
    page.subtitle(subtitle)
    panels = [panel(page, result, metric, lanes, left + i * (PANEL + BETWEEN), top) for i, metric in enumerate(METRICS)]
    same_axis(panels, [dot for case in sheet.cases for arm in lanes.arms for m in METRICS if (dot := dot_of(result.cell(case, arm), m))])
    for row in lanes.rows:
        name(page, row, left - 0.12, [top + lanes.middle(case) for case in row])
    if margin:
        gaps(page.axes(width - RIGHT - margin + 0.1, top, margin, lanes.height, xlim=(0, margin), ylim=(lanes.height, 0)), result, lanes)
    for i, (title, indent, handles) in enumerate(legend):
        y = top + lanes.height + FOOT + style.LEGEND_LEADING * i
        page.text(0.3, y, title, style.LEGEND, weight="bold")
        page.legend(handles, indent, y + 0.01)
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def names_end(cases):
    """Where the names end, in inches: as far as the longest needs, at most NAMES."""
    def wide(case):
        return (style.text_width(case.module_name, LARGE, "bold") + style.text_width(case.workload_label, SMALL)
                + style.text_width(selection.marks(case), SMALL) + 0.33)

    return 0.3 + min(NAMES, max(wide(case) for case in cases))


def name(page, row, right, middles):
    """The module and its workload at the first lane, the conditions at each."""
    marks = [selection.marks(case) for case in row]
    for text, y in zip(marks, middles):
        page.text(right, y, text, SMALL, ha="right", va="center", color=style.SOFT)
    room = right - 0.5 - max(style.text_width(text, SMALL) for text in marks)
    load = style.shorten_middle(row[0].workload_label, SMALL, room / 2)
    module = style.shorten_middle(row[0].module_name, LARGE, room - style.text_width(load, SMALL) - 0.08, "bold")
    page.text(0.3, middles[0], module, LARGE, va="center", weight="bold")
    page.text(0.38 + style.text_width(module, LARGE, "bold"), middles[0], load, SMALL, va="center", color=style.SOFT)


# Panels ---------------------------------------------------------------------------------------------

def panel(page, result, metric, lanes, left, top):
    axes = page.axes(left, top, PANEL, lanes.height, xscale="log", ylim=(lanes.height, 0), yticks=[])
    page.text(left, top - 0.45, metric, 10, weight="bold")
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.grid(axis="x")
    axes.set_xlabel("time, log", fontsize=8.5)
    stripes(axes, lanes)
    looks = style.looks(result.arms)
    for arm in lanes.arms:
        dots = {lanes.at(case, arm): dot for case in lanes.tops if (dot := dot_of(result.cell(case, arm), metric))}
        draw_dots(axes, dots, looks[arm])
    for case in lanes.tops:
        dots = [(lanes.at(case, arm), dot, looks[arm].colour) for arm in lanes.arms if (dot := dot_of(result.cell(case, arm), metric))]
        label_unresolved(axes, [entry for entry in dots if not entry[1].resolved])
    return axes


def stripes(axes, lanes):
    """Every other row is shaded; a thin line parts the lanes of a row."""
    for i, row in enumerate(lanes.rows):
        paper, line = ("white", style.PALE) if i % 2 else (style.PALE, "white")
        axes.axhspan(lanes.tops[row[0]] - GAP / 2, lanes.tops[row[-1]] + lanes.lane + GAP / 2, color=paper, linewidth=0, zorder=0)
        for case in row[1:]:
            axes.axhline(lanes.tops[case], color=line, linewidth=1, zorder=0.5)


def draw_dots(axes, dots, look):
    solid = {y: dot for y, dot in dots.items() if dot.resolved}
    axes.hlines(list(solid), [dot.low for dot in solid.values()], [dot.high for dot in solid.values()], color=look.colour, linewidth=1)
    axes.plot([dot.ns for dot in solid.values()], list(solid), linestyle="", **mark(look))
    hollow = dict(mark(look), markerfacecolor="white", markeredgecolor=look.colour, markeredgewidth=0.9)
    for y, dot in dots.items():
        if not dot.resolved:
            axes.annotate("", (dot.ns, y), (-14, 0), textcoords="offset points",
                          arrowprops=dict(arrowstyle="<-", color=look.colour, linewidth=0.9, mutation_scale=6, shrinkA=0, shrinkB=0))
            axes.plot(dot.ns, y, linestyle="", **hollow)


def mark(look, scale=1.0):
    """Open marks as large as the others: here none has to show through another."""
    return look.marker_style(scale * (0.52 if look.open else 0.75))


def label_unresolved(axes, marked):
    """"< 111 ns" left of the arrows of a lane's [(y, Dot, colour)], once for those of about the same resolution."""
    if not marked:
        return
    found, left = [], min(dot.ns for _, dot, _ in marked)
    while marked:
        least = min(dot.ns for _, dot, _ in marked)
        found.append([entry for entry in marked if entry[1].ns <= NEAR * least])
        marked = [entry for entry in marked if entry[1].ns > NEAR * least]
    found.sort(key=lambda near: mean(y for y, *_ in near))
    middle = mean(y for near in found for y, *_ in near)
    for i, near in enumerate(found):
        colours = {colour for *_, colour in near}
        axes.annotate(f"< {duration(max(dot.ns for _, dot, _ in near))}", (left, middle + (i - (len(found) - 1) / 2) * LEADING), (-16, 0),
                      textcoords="offset points", fontsize=FINE, ha="right", va="center", color=colours.pop() if len(colours) == 1 else style.SOFT)


def same_axis(panels, dots):
    """One axis for both panels and all pages, with room at its left for the labels of what is not resolved."""
    low, high = versus.span([ns for dot in dots for ns in (dot.low, dot.high)], least=10)
    least = min((dot.ns for dot in dots if not dot.resolved), default=None)
    if least is not None:
        low = min(low, least * (least / high) ** 0.24)
    for axes in panels:
        versus.set_time_axis(axes.xaxis, axes.set_xlim, low, high, 7)


# What is missing ------------------------------------------------------------------------------------

def gaps_of(result, case, arms):
    """{why: arms} of those without a cycle."""
    cells = {arm: result.cell(case, arm) for arm in arms}
    return selection.groups([arm for arm, cell in cells.items() if dot_of(cell, "cycle") is None],
                            lambda arm: caption.why_not_drawn(cells[arm]))


def gaps(axes, result, lanes):
    """In the margin of each lane: the marks of the arms that are not in it, and why."""
    axes.axis("off")
    looks, width, room = style.looks(result.arms), axes.get_xlim()[1], int((lanes.lane + GAP) / LEADING)
    for case in lanes.tops:
        texts = gap_lines(gaps_of(result, case, lanes.arms), room, width)
        for i, (text, left, arms) in enumerate(texts):
            y = lanes.middle(case) + (i - (len(texts) - 1) / 2) * LEADING
            for place, arm in enumerate(arms):
                axes.plot((place + 0.5) * GLYPH, y, linestyle="", **mark(looks[arm], 0.8))
            axes.text(left, y, style.escape(text), fontsize=FINE, va="center", style="italic", color=style.VERMILLION)


def gap_lines(found, room, width):
    """[(text, its left in inches, arms whose marks stand before it)]: reasons wrapped if the lane has room for all lines, else cut,
    else counted."""
    lefts = {why: len(arms) * GLYPH + 0.05 for why, arms in found.items()}
    wrapped = [(line, lefts[why], [] if i else arms) for why, arms in found.items()
               for i, line in enumerate(style.wrap(why, FINE, width - lefts[why], indent=""))]
    if len(wrapped) <= room:
        return wrapped
    cut = [(style.shorten(why, FINE, width - lefts[why]), lefts[why], arms) for why, arms in found.items()]
    return cut if len(cut) <= room else cut[:room - 1] + [(f"{len(cut) - room + 1} more reasons, in the CSV", 0, [])]


# Words ----------------------------------------------------------------------------------------------

def legend_of(result, arms, width):
    """[(title, indent, handles)]: a line for each engine, more when its arms need them."""
    looks, members = style.looks(result.arms), selection.groups(arms, lambda arm: style.split_arm(arm)[0]).values()
    names = [caption.engine_in_words(own[0], result.engines[own[0]]) for own in members]
    titles = style.shorten_apart(names, style.LEGEND, width / 3, "bold")
    indent, found = 0.5 + max(style.text_width(title, style.LEGEND, "bold") for title in titles.values()), []
    for title, own in zip((titles[name] for name in names), members):
        labels = labels_of(own)
        handles = [lines.Line2D([], [], linestyle="", label=labels[arm], **looks[arm].marker_style(0.85)) for arm in own]
        rows = style.legend_rows(handles, width + 0.3 - indent)
        found += [("" if i else title, indent, row) for i, row in enumerate(rows)]
    return found


def labels_of(arms):
    """Of the arms of one engine; one without strategies is its own."""
    names = {arm: strategy or engine for arm in arms for engine, strategy in [style.split_arm(arm)]}
    short = style.shorten_apart(names.values(), style.LEGEND, style.LEGEND_NAME)
    return {arm: style.escape(short[name]) for arm, name in names.items()}


def notes(result, chosen, lanes, cells):
    found = caption.doubts(result, cells) + caption.of_engines(result, lanes.arms) + caption.missing(result, list(lanes.tops), result.arms)
    unsplit = [cell for cell in cells if dot_of(cell, "cycle") and dot_of(cell, "instantiate") is None]
    if unsplit:
        names = ", ".join(dict.fromkeys(style.name_of(cell.arm) for cell in unsplit))
        found.append(f"Without a time for instantiate: {count(len(unsplit), 'cell')} of {names}.")
    if len({case.module for case in chosen}) > 1:
        found.append("From top to bottom: the module with the dearest cycle first.")
    if any(case.mixed for case in lanes.tops):
        found.append(before_after.MIXED.format("instantiate is a mean"))
    if {case.slots for case in lanes.tops} == {1}:
        found.append(selection.ONE_HOT_SLOT)
    return found + [selection.conditions_key(lanes.tops)]


COLUMNS = ["module", "case", "workload", "slots", "vary", "bystanders", "threads", "engine", "version", "arm", "status", "reason", "verified",
           "processes", "instantiate_is", "instantiate_ns", "resolution_ns", "instantiate_resolved", "cycle_median_ns", "cycle_min_ns",
           "cycle_max_ns", "phases_not_timed_apart"]


def rows(result, sheet):
    """One row per cell of the page; an instantiation that is not resolved keeps the median that the file has."""
    for case in (case for row in sheet.rows for case in row):
        for arm in result.arms:
            yield csv_row(result, case, arm)


def csv_row(result, case, arm):
    cell, engine = result.cell(case, arm), result.engines[arm]
    head = [case.module, case.id, case.workload_label, case.slots, case.vary, case.bystanders, case.threads, style.split_arm(arm)[0],
            engine.version, arm]
    if cell is None or cell.status != "ok":
        return head + caption.gap_in_csv(cell) + [None] * (len(COLUMNS) - len(head) - 2)
    dot = dot_of(cell, "instantiate")
    cycle = [cell.median_ns, cell.low_ns, cell.high_ns] if cell.drawable else [None] * 3
    return head + [cell.status, cell.reason, cell.verified, len(cell.real_ns), before_after.AVERAGES[case.average],
                   rounded(cell.instantiate_ns), cell.resolution_ns, dot and dot.resolved, *cycle, " ".join(engine.joined)]
