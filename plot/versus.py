"""What the charts of a comparison share: their words, their notes, their axes and their panels.

An effect stands on a logarithmic axis, so that twice and half as long are equally far from 0 %, and is written as a
change in per cent. Axes of time are logarithmic too and span at least `LEAST_SPAN`: the noise of a quiet machine does
not fill a panel.
"""

from dataclasses import dataclass
from math import ceil, exp, expm1, floor, log, log10

from matplotlib import ticker

import caption
import selection
import style
from comparison import CONTROL
from units import count, tick

NO_COMPARISON = "the file has no comparison; instbench compare makes one"
LEAST_SPAN = 1.1
MINUS = "−"
MOST_LISTED = 4
GAPS = (("coverage", "coverage"), ("skipped", "skipped"), ("failures", "failed"))


# Words ----------------------------------------------------------------------------------------------

def percent(change):
    """"+3.4 %", "−86.1 %", "+113 %"; "?" when it is not known."""
    if change is None:
        return "?"
    return f"{_signed(100 * change, 0 if abs(change) >= 0.9995 else 1)} %"


def _signed(value, digits):
    text = f"{abs(value):,.{digits}f}"
    return ("+" if value >= 0 or float(text.replace(",", "")) == 0 else MINUS) + text


def interval(ends):
    """"[+1.2, +3.4]", in per cent; nothing when there is none."""
    return "" if ends is None else f"[{', '.join(percent(e).removesuffix(' %') for e in ends)}]"


def share(value):
    """"3 %", "14 %", "0.5 %": a tolerance."""
    return "?" if value is None else f"{100 * value:.2g} %"


def tolerance(comparison):
    least = f", at least {comparison.floor_ns:g} ns" if comparison.floor_ns else ""
    return f"tolerance {share(comparison.share)}{least}"


def title(result):
    """"B core:pool-lazy against A core:pool"."""
    labels = result.comparison.labels
    return f"B {labels['B']} against A {labels['A']}"


def arm_label(comparison, role):
    """"A core:pool", in a legend."""
    return f"{role}, a copy of A" if role == CONTROL else style.shorten_middle(f"{role} {comparison.labels[role]}", style.LEGEND, 2.6)


def verdicts(tests):
    """"1 regressed · 0 inconclusive · 3 same · 1 improved"."""
    return " · ".join(f"{sum(t.verdict == verdict for t in tests)} {verdict}" for verdict in style.VERDICT_LOOK)


def of_case(comparison, case):
    """What was found of the case's time per cycle, in a few words, and its look: for a panel's title."""
    test = next((t for t in comparison.tests_of(case) if t.metric == "cycle"), None)
    if test is None:
        return "no verdict", style.Look(style.SOFT, "")
    return f"{test.verdict} {percent(test.change)}", style.VERDICT_LOOK[test.verdict]


# Notes ----------------------------------------------------------------------------------------------

def notes(result, cases, gaps):
    """What a reader should know of the drawn cases; `gaps` are those that were not compared, unless the picture has rows for them."""
    comparison, cells = result.comparison, cells_of(result, cases)
    found = caption.doubts(result, cells)
    found += [f"Unfit for a verdict: {text}." for text in _few(comparison.notes["unfit"])]
    if comparison.injected:
        found.append(f"On purpose, B was made slower (--inject {comparison.injected}): this is a test of the comparison itself.")
    found += [f"Note: {text}." for text in _few(comparison.notes["warnings"])]
    found += [f"Not compared: {text}." for text in _few([f"{name} ({why})" for name, why in gaps])]
    if not comparison.paired:
        found.append("Not paired: the arms ran at different times, so whatever else changed in between is in the difference.")
    found += _redone(comparison) + _order(comparison) + caption.of_engines(result, list(comparison.arms.values()))
    if cases and {c.slots for c in cases} == {1}:
        found.append(selection.ONE_HOT_SLOT)
    return found + [selection.conditions_key(cases)]


def _few(texts):
    texts = [text.strip().rstrip(".") for text in texts]
    more = len(texts) - MOST_LISTED
    return texts[:MOST_LISTED] + ([f"and {more} more, listed in the file"] if more > 0 else [])


def _redone(comparison):
    redone, found = comparison.redone, []
    if redone.get("of") and redone.get("blocks"):
        arms = ", ".join(f"{role} {n}" for role, n in redone["by_arm"].items() if n)
        found.append(f"{redone['blocks']} of {count(redone['of'], 'block')} run again, because a process waited for a CPU more than "
                     f"{100 * caption.DELAY_LIMIT:g} % of the time{f' ({arms})' if arms else ''}.")
    if redone.get("still_disturbed"):
        found.append(f"{count(redone['still_disturbed'], 'block')} still disturbed, and counted.")
    if redone.get("unknown"):
        found.append(f"How long the processes of {count(redone['unknown'], 'block')} waited is unknown.")
    if redone.get("lean"):
        found.append(f"The waiting leans to {redone['lean']}: it may be an effect of that arm and no disturbance.")
    return [" ".join(found)] if found else []


def _order(comparison):
    effect = comparison.order_effect
    if effect is None or effect.change is None:
        return []
    return [f"Order effect, all cases together: the process that ran second took {percent(effect.change)} {interval(effect.interval)}".rstrip() + "."]


def gaps_of(result, chosen):
    """[(case, why)] of what was not compared; "why" begins with its kind. Cases that the command line left out are left out."""
    left_out = [c.id for c in result.cases if c not in chosen]
    found = []
    for key, kind in GAPS:
        for text in result.comparison.notes[key]:
            name = max((c.id for c in result.cases if text.startswith((f"{c.id}:", f"{c.id},"))), key=len, default=None)
            if name in left_out:
                continue
            head, rest = (name, text[len(name) + 1:]) if name else text.split(": ", 1) if ": " in text else ("", text)
            found.append((head.rsplit("/", 1)[-1], f"{kind}: {rest.strip()}"))
    return found


def cells_of(result, cases):
    return [cell for case in cases for arm in result.comparison.arms.values() if (cell := result.cell(case, arm))]


def provenance(result, cases, timed, source, drawn):
    return caption.provenance(result, cells_of(result, cases), timed, source, drawn)


# Axes -----------------------------------------------------------------------------------------------

def change_ticks(low, high, inches, upright=False, size=8):
    """Changes to label on an axis of ln(1 + change) from `low` to `high`: as many as fit, of equal steps in per cent or of 1, 2, 5, 10 times."""
    def fit(changes):
        places = [(log(1 + c) - low) / (high - low) * inches for c in changes]
        widths = [size / 72 if upright else style.text_width(change_tick(c), size) for c in changes]
        return all(b - a > (v + w) / 2 + (0.05 if upright else 0.1) for a, b, v, w in zip(places, places[1:], widths, widths[1:]))

    first, last, choices = expm1(low), expm1(high), []
    for step in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5):
        if last - first < 100 * step:
            choices.append([k * step for k in range(ceil(first / step), floor(last / step) + 1) if k * step > first])
    for steps in ((1, 2, 5), (1,)):
        factors = [s * 10.0 ** e for e in range(12) for s in steps]
        choices.append([c for c in sorted({f - 1 for f in factors} | {1 / f - 1 for f in factors}) if low <= log(1 + c) <= high])
    return max([c for c in choices if fit(c)], key=len, default=[c for c in choices[-1] if c in (choices[-1][0], 0, choices[-1][-1])])


def change_tick(change):
    value = round(100 * change, 8)
    return "0" if value == 0 else f"{'+' if value > 0 else MINUS}{abs(value):,.10g} %"


def set_change_axis(axis, set_limits, low, high, inches, upright=False):
    """`axis` of ln(1 + change), labelled with the changes."""
    set_limits(low, high)
    ticks = change_ticks(low, high, inches, upright)
    axis.set_major_locator(ticker.FixedLocator([log(1 + c) for c in ticks]))
    axis.set_major_formatter(ticker.FixedFormatter([change_tick(c) for c in ticks]))
    axis.set_minor_locator(ticker.NullLocator())


def span(values, least=LEAST_SPAN, margin=0.06):
    """(low, high) of a log axis around the values."""
    low, high = log(min(values)), log(max(values))
    widen = max(0.0, log(least) - (high - low)) / 2
    low, high = low - widen, high + widen
    return exp(low - margin * (high - low)), exp(high + margin * (high - low))


def to_ticks(low, high, steps=(1, 2, 5)):
    """The limits of a log axis so that its ticks, at these steps of each decade, enclose all that it shows."""
    ticks = [s * 10.0 ** e for e in range(floor(log10(low)) - 1, floor(log10(high)) + 2) for s in steps]
    return max(t for t in ticks if t <= low), min(t for t in ticks if t >= high)


def set_time_axis(axis, set_limits, low, high, most):
    """A log axis of times with at most `most` labels: round times, 1-2-5 when the axis spans much."""
    set_limits(low, high)
    if high / low > 30:
        ticks = [10.0 ** e for e in range(floor(log10(low)), floor(log10(high)) + 1)]
    elif high / low > 3:
        ticks = [s * 10.0 ** e for e in range(floor(log10(low)), floor(log10(high)) + 1) for s in (1, 2, 5)]
    else:
        ticks = ticker.MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = [t for t in ticks if low <= t <= high]
    axis.set_major_locator(ticker.FixedLocator(ticks[::-(-len(ticks) // (most + 1)) or 1]))
    axis.set_major_formatter(lambda ns, _: tick(float(f"{ns:.10g}")))
    axis.set_minor_locator(ticker.NullLocator())


# Panels, one per case -------------------------------------------------------------------------------

COLUMNS, ROWS = 3, 4
LEFT, ACROSS, DOWN, GUTTER, HEAD, FOOT, WIDEST = 0.85, 2.75, 2.1, 0.85, 0.45, 0.62, 4.8  # inches


@dataclass
class Sheet:
    """The cases of one picture."""
    cases: list
    chosen: list  # by the command line; the others of the file are none of this picture's business
    absent: list  # chosen and judged, and yet nothing to draw of them
    number: int
    of: int

    @property
    def numbered(self):
        return f" ({self.number} of {self.of})" if self.of > 1 else ""


def sheets(result, name, chosen, is_worth, most=COLUMNS * ROWS):
    """(stem, Sheet): one, or as many as the cases need that are worth drawing, in the order of the file."""
    cases = [case for case in chosen if is_worth(case)]
    absent = [case for case in chosen if case not in cases and result.comparison.tests_of(case)]
    parts = [cases[i:i + most] for i in range(0, len(cases), most)]
    for i, part in enumerate(parts):
        yield name + (f"-{i + 1}" if len(parts) > 1 else ""), Sheet(part, chosen, absent, i + 1, len(parts))


def sheet_notes(result, sheet):
    found = notes(result, sheet.cases, gaps_of(result, sheet.chosen))
    names = [case.name for case in sheet.absent]
    if names:
        more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
        found.insert(-1, f"Judged and not drawn, for want of blocks in the file: {', '.join(names[:MOST_LISTED])}{more}.")
    return found


def draw_sheet(result, sheet, words, handles, panel):
    """The page of a sheet. `words` are (rest of the title, subtitle, notes, provenance); `panel(axes, case)` draws one of them."""
    columns, rows = min(COLUMNS, len(sheet.cases)), -(-len(sheet.cases) // COLUMNS)
    room = COLUMNS * ACROSS + (COLUMNS - 1) * GUTTER
    width, across = LEFT + room + 0.35, min(WIDEST, (room - (columns - 1) * GUTTER) / columns)
    rest, subtitle, noted, sources = words
    text, subtitle = caption.Caption(width - 0.6, noted, sources), style.subtitle_lines(subtitle, width)
    legend = style.legend_rows(handles, width - 0.6)
    legend_top = 0.58 + style.SUBTITLE_LEADING * len(subtitle)
    top = legend_top + style.LEGEND_LEADING * len(legend) + 0.08
    page = style.Page(width, top + rows * (HEAD + DOWN + FOOT) + text.height + 0.15, title(result),
                      rest + sheet.numbered)
    page.subtitle(subtitle)
    for i, row in enumerate(legend):
        page.legend(row, 0.3, legend_top + i * style.LEGEND_LEADING)
    for i, case in enumerate(sheet.cases):
        left, down = LEFT + i % COLUMNS * (across + GUTTER), top + i // COLUMNS * (HEAD + DOWN + FOOT)
        _panel_title(page, result, case, left, down, across)
        panel(page.axes(left, down + HEAD, across, DOWN), case)
    text.draw(page, 0.3, page.height - text.height - 0.02)
    return page


def _panel_title(page, result, case, left, top, across):
    left, room = left - 0.55, across + GUTTER - 0.2
    page.text(left, top, style.shorten_middle(f"{case.module_name} {case.workload_label}", 9, room, "bold"), 9, weight="bold")
    found, look = of_case(result.comparison, case)
    conditions = selection.conditions_text(case)
    page.text(left, top + 0.2, conditions, 8.5, color=style.SOFT)
    used = style.text_width(conditions, 8.5) + 0.12
    page.text(left + used, top + 0.2, style.shorten(found, 8.5, room - used, "bold"), 8.5, weight="bold", color=look.colour)
