"""Overview: how many times faster than `eager` each strategy is, every module in one picture.

How to read it. One row per module, the most expensive under `eager` first; one panel per number of live
instances (S), same axes. The axis is the ratio against `eager` on a log scale, since twice as fast and
twice as slow are equally far from the line at × 1; a dot has no length that could mislead there. Thin
lines reach over the ratios that the extremes of the processes allow. What `eager` costs is written beside
the name, because × 40 of a microsecond is not × 40 of a millisecond.
"""

from matplotlib import lines, ticker

import before_after
import caption
import selection
import style
from units import duration, ratio

NAME = "overview"
NEEDS = "it needs two modules with a batch time of core:eager and of another strategy, under the same workload"
WORKLOADS, PANELS = 3, 2  # pictures per file and conditions; panels in one
TOP, ROW, LEFT, WIDTH, BETWEEN, BOTTOM = 1.24, 0.27, 2.75, 4.3, 0.3, 0.6  # inches
TIMED = caption.TIMED + " Ratios: median of eager over median of the strategy, same case."


def pictures(result, cases):
    """(stem, cases) for each workload and conditions that at least two modules share."""
    taken = set()
    for group in selection.groups(cases, lambda c: c.conditions).values():
        loads = selection.groups(group, lambda c: c.workload_label)
        worth = [w for w, members in loads.items() if len(_modules(result, members)) > 1]
        for load in selection.spread(worth, WORKLOADS):
            stem = f"{NAME}-{load.replace('(', '-').replace(')', '')}{selection.suffix(group[0])}"
            yield selection.file_stem(stem, taken), loads[load]


def _modules(result, cases):
    """Modules with something to compare, the most expensive first."""
    eager = selection.baseline(result.arms)
    cost = {}
    for case in cases:
        base = result.cell(case, eager) if eager else None
        others = [cell for arm in result.arms if arm != eager and (cell := result.cell(case, arm)) and cell.drawable]
        if base and base.drawable and others:
            cost[case.module] = max(cost.get(case.module, 0), base.median_ns)
    return sorted(cost, key=lambda module: -cost[module])


def draw(result, cases, source):
    slots = selection.spread(sorted({c.slots for c in cases}), PANELS)
    shown = [c for c in cases if c.slots in slots]
    modules = _modules(result, cases)
    cells = [cell for c in shown for arm in result.arms if (cell := result.cell(c, arm))]
    width = LEFT + len(slots) * (WIDTH + BETWEEN)
    text = caption.Caption(width - 0.6, notes(result, cases, shown, cells, modules), caption.provenance(result, cells, TIMED, source))
    height = len(modules) * ROW + 0.1
    subtitle, legend = _subtitle(slots, width), style.legend_rows(_markers(result), width - 0.6)
    legend_top = 0.76 + style.SUBTITLE_LEADING * (len(subtitle) - 1)
    top = TOP + legend_top - 0.76 + style.LEGEND_LEADING * (len(legend) - 1)
    eager = selection.baseline(result.arms) if len(style.engines_of(result.arms)) > 1 else "eager"
    page = style.Page(width, top + height + BOTTOM + text.height + 0.1, "",
                      f"How many times faster than {eager}, workload {cases[0].workload_label}")
    page.subtitle(subtitle)
    for i, row in enumerate(legend):
        page.legend(row, 0.3, legend_top + i * style.LEGEND_LEADING)
    for i, module in enumerate(modules):
        _name(page, result, shown, module, top + 0.05 + (i + 0.5) * ROW)
    panels = [_panel(page, result, shown, s, modules, LEFT + i * (WIDTH + BETWEEN), top) for i, s in enumerate(slots)]
    _same_axis(panels, [r for c in shown for r in _ratios(result, c).values()])
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def _ratios(result, case):
    """{arm: (median, low, high)} of what is drawn of one case."""
    eager = selection.baseline(result.arms)
    bars = [before_after.bar_of(result, case, arm, eager) for arm in _strategies(result)]
    return {bar.arm: bar.ratios for bar in bars if bar and bar.ratios}


def _strategies(result):
    order, apart = style.story_order(result.arms)
    return [arm for arm in order + apart if arm != selection.baseline(result.arms)]


def _subtitle(slots, width):
    return style.subtitle_lines("One cycle, from acquire to release. Further right is faster. Beside each name: what eager costs "
                                f"({' and '.join(f'S={s}' for s in slots)}).", width)


def _markers(result):
    looks, labels = style.looks(result.arms), style.legend_labels(result.arms)
    return [lines.Line2D([], [], linestyle="", label=labels[arm], **looks[arm].marker_style()) for arm in _strategies(result)]


def _name(page, result, cases, module, y):
    eager = selection.baseline(result.arms)
    cost = [result.cell(c, eager) for c in sorted(cases, key=lambda c: c.slots) if c.module == module]
    words = " / ".join(duration(cell.median_ns) if cell and cell.drawable else "?" for cell in cost)
    page.text(LEFT - 0.12, y, words, 7, ha="right", va="center", color=style.SOFT)
    room = LEFT - 0.52 - style.text_width(words, 7)
    page.text(LEFT - 0.22 - style.text_width(words, 7), y, style.shorten_middle(module.rsplit('/', 1)[-1], 8.5, room, "bold"), 8.5,
              ha="right", va="center", weight="bold")


def _panel(page, result, cases, slots, modules, left, top):
    axes = page.axes(left, top, WIDTH, len(modules) * ROW + 0.1, xscale="log")
    axes.set_ylim(len(modules) + 0.1 / ROW, 0)
    places = {module: i + 0.5 + 0.05 / ROW for i, module in enumerate(modules)}
    axes.set_yticks(list(places.values()), [""] * len(places))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="both")
    axes.set_xlabel("times faster than eager, log", fontsize=8.5)
    axes.axvline(1, color=style.INK, linewidth=1)
    looks = style.looks(result.arms)
    for case in (c for c in cases if c.slots == slots):
        axes.set_title(selection.conditions_text(case), fontsize=9, loc="left", color=style.SOFT)
        for arm, (median, low, high) in _ratios(result, case).items():
            look = looks[arm]
            axes.plot([low, high], [places[case.module]] * 2, color=look.colour, linewidth=1.2)
            axes.plot(median, places[case.module], clip_on=False, **look.marker_style(0.9))
    return axes


def _same_axis(panels, found):
    low, high = min(1.0, *(r[1] for r in found)) / 1.5, max(2.0, *(r[2] for r in found)) * 1.5
    for axes in panels:
        axes.set_xlim(low, high)
        axes.xaxis.set_major_locator(ticker.LogLocator(10, subs=(1,) if high / low > 200 else (1, 2, 5), numticks=12))
        axes.xaxis.set_major_formatter(lambda value, _: ratio(value) if value >= 0.995 else f"× {value:g}")
        axes.xaxis.set_minor_locator(ticker.NullLocator())


def notes(result, cases, shown, cells, modules):
    found = caption.doubts(result, cells) + caption.missing(result, shown, result.arms)
    absent = [m for m in dict.fromkeys(c.module for c in cases) if m not in modules]
    if absent:
        found.append(f"No row, because eager or every other strategy has no batch time: {', '.join(m.rsplit('/', 1)[-1] for m in absent)}.")
    if {c.slots for c in shown} == {1}:
        found.append(selection.ONE_HOT_SLOT)
    if len(shown) < len(cases):
        found.append(f"{len(cases) - len(shown)} of {len(cases)} cases are only in the CSV: the picture takes the fewest and the most slots.")
    return found + [selection.conditions_key(shown)]


COLUMNS = before_after.COLUMNS
rows = before_after.rows
