"""Cost against a call's argument: what one cycle costs as the same export is called with larger numbers.

How to read it. As cost-vs-pages, with the argument in place of the pages: made by a sweep such as
`--invoke 'call_each({0,1,8,64,512,8192})'`. Of two strategies that differ in their tables only, a dotted line and the notes
say where they break even: the argument from which on the lazy one's median is the dearer one, by a straight line
between measured points. How far to believe it stands beside it: up to where the lazy one was cheaper in every
process, and from where it was dearer in every process. In between the two are not told apart.
"""

from dataclasses import dataclass

import axes
import selection
import style
import sweep

NAME = "cost-vs-argument"
NEEDS = "it needs cells of one call at two or more arguments (zero apart): --invoke 'f({0,1,8,64})'"
ON_REQUEST = True  # its absence is no remark
AXIS = axes.ARGUMENT
# lazy, eager: alike but for the tables
PAIRS = (("core:overlay-lazy", "core:overlay"), ("core:pool-lazy", "core:pool"), ("core:pool-lazy", "core:pool,table-reset=refill"))


def pictures(result, cases):
    """(stem, cases) for each sweep: same module, export and conditions, but for the slots and the argument."""
    taken = set()
    for group in selection.groups([c for c in cases if c.argument], lambda c: (c.module, c.argument[0], c.conditions)).values():
        if sweep.is_sweep(result, group, AXIS):
            stem = f"{NAME}-{group[0].module_name}-{group[0].argument[0]}{selection.suffix(group[0])}"
            yield selection.file_stem(stem, taken), group


def draw(result, group, source):
    export = group[0].argument[0]
    words = sweep.Words(group[0].module_name, notes, f": cost of a cycle against the argument of {export}", f"argument of {export}")
    page, panels = sweep.sheet(result, group, AXIS, words, source)
    for slots, panel in panels.items():
        mark(panel, [found for found in break_evens(result, group) if found.slots == slots], style.looks(result.arms))
    return page


@dataclass
class BreakEven:
    """Where a lazy strategy becomes dearer than the eager one that it is otherwise like."""
    slots: int
    lazy: str
    eager: str
    at: object  # from here on the lazy median is the dearer one; None: it is not at the last measured point
    dearer_at: list  # the measured points where the lazy median is the dearer one
    clear_below: object  # up to here every process of the lazy one was cheaper than every one of the other; None: nowhere
    clear_above: object  # from here on, dearer
    last: int  # the largest measured point

    @property
    def words(self):
        lazy, eager = style.name_of(self.lazy), style.name_of(self.eager)
        if self.at is None:
            found = f"dearer than {eager} only at {', '.join(f'{p:,}' for p in self.dearer_at)}" if self.dearer_at else (
                f"never dearer than {eager}, up to {self.last:,}")
        else:
            found = f"dearer than {eager} from about {self.at:,.0f} on"
        sure = [f"cheaper up to {self.clear_below:,}" if self.clear_below is not None else "",
                f"dearer from {self.clear_above:,}" if self.clear_above is not None else ""]
        sure = " and ".join(s for s in sure if s)
        return f"Break-even, S={self.slots}: {lazy} is {found} ({'in every process ' + sure if sure else 'the processes overlap everywhere'})."


def break_even(slots, lazy, eager):
    """None when the two have no measured point in common."""
    others = dict(eager.points)
    both = [(at, cell, others[at]) for at, cell in lazy.points if at in others]
    if not both:
        return None
    gaps = [(at, a.median_ns - b.median_ns) for at, a, b in both]
    below = above = None
    for at, a, b in both:
        if a.high_ns >= b.low_ns:
            break
        below = at
    for at, a, b in reversed(both):
        if a.low_ns <= b.high_ns:
            break
        above = at
    dearer = [at for at, gap in gaps if gap > 0]
    return BreakEven(slots, lazy.arm, eager.arm, _crossing(gaps), dearer, below, above, gaps[-1][0])


def _crossing(gaps):
    """The last place where the gap turns positive, or None when it does not end so. The last, since a noisy point
    before it is no place from which on anything is dearer."""
    if gaps[-1][1] <= 0:
        return None
    for (before, was), (at, gap) in reversed(list(zip(gaps, gaps[1:]))):
        if was <= 0:
            return before + (at - before) * -was / (gap - was)
    return gaps[0][0]


def break_evens(result, group):
    """Of strategies that differ in their tables only, for each number of slots."""
    found = []
    for slots in sorted({c.slots for c in group}):
        lines = {line.arm: line for line in sweep.lines_of(result, group, AXIS, slots)}
        found += [break_even(slots, lines[lazy], lines[eager]) for lazy, eager in PAIRS if lazy in lines and eager in lines]
    return [f for f in found if f is not None]


def mark(panel, found, looks):
    """A dotted line at each break-even, its number and the other strategy's name low in the panel, a row each."""
    low, high = panel.get_xlim()
    shown = sorted((f for f in found if f.at is not None and low < f.at < high), key=lambda f: f.at)
    for row, f in enumerate(shown):
        colour, left = looks[f.lazy].colour, f.at > (low * high) ** 0.5
        panel.axvline(f.at, color=colour, linewidth=0.9, linestyle=":", zorder=1)
        words = style.escape(f"{style.name_of(f.lazy)} = {style.name_of(f.eager)}: {f.at:,.0f}")
        panel.annotate(words, xy=(f.at, 0.02 + 0.034 * row), xycoords=("data", "axes fraction"), xytext=(-3 if left else 3, 0),
                      textcoords="offset points", fontsize=6.5, ha="right" if left else "left", va="bottom", color=style.SOFT,
                      bbox=dict(facecolor="white", edgecolor="none", alpha=0.8, pad=0.6))


def notes(result, group, shown, cells):
    return sweep.notes(result, AXIS, group, shown, cells, [f.words for f in break_evens(result, group)])


COLUMNS = ["module", "case", "export", "argument", "slots", "vary", "bystanders", "threads", "arm", *sweep.FIGURES, "line_from", "line_to",
           "line_ns_per_step", "line_ns_per_step_low", "line_ns_per_step_high", "break_even"]


def rows(result, group):
    """One row per cell; the line's figures are repeated on each of its cells. `break_even`: "ARM at NUMBER" of each."""
    marks = {}
    for f in break_evens(result, group):
        marks.setdefault((f.slots, f.lazy), []).append(f"{f.eager} at {'none' if f.at is None else f'{f.at:.6g}'}")
    for case, arm, line, figures in sweep.cells_in_csv(result, group, AXIS):
        derived = [*sweep.in_csv(line.slope()), "; ".join(marks.get((case.slots, arm), []))] if line else [None] * 4
        yield [case.module, case.id, *case.argument, case.slots, case.vary, case.bystanders, case.threads, arm, *figures,
               *sweep.ends_in_csv(line), *derived]
