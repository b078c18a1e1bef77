"""Cost against pages touched: what one cycle costs as the instance writes (or reads) more pages.

How to read it. As every cost against something (sweep.py): both axes are logarithmic; one line per strategy, one panel
per number of live instances (S), all with the same axes; zero pages stand in the grey strip at the left. A flat line
pays in advance whatever the instance does; a line that rises by as much as its neighbours pays per page. At the end of
each line: what one more page costs (from the fewest to the most pages, with the range that the processes allow) and how
many minor faults it takes. Where the range includes zero, the cost per page is not resolved.
"""

import axes
import selection
import sweep

NAME = "cost-vs-pages"
NEEDS = ("it needs cells with batch times at two or more counts (zero apart) of pages written or read "
         "(--touch write=0,1,4,16,…)")


def pictures(result, cases):
    """(stem, (axis, cases)) for each sweep: same module and settings, but for the slots and one page count."""
    taken, used = set(), set()
    for axis in (axes.WRITE, axes.READ):
        for group in list(axes.groups([c for c in cases if c.id not in used], axis)):
            if sweep.is_sweep(result, group, axis):
                used.update(c.id for c in group if c.workload["kind"] != "none")
                name = axes.stem(group[0], axis, f"{NAME}-{group[0].module_name}-{axis.name}")
                yield selection.file_stem(name, taken), (axis, group)


def draw(result, group, source):
    axis, cases = group
    page, _ = sweep.sheet(result, cases, axis, sweep.Words(cases[0].module_name, _notes(axis)), source)
    return page


def _notes(axis):
    def notes(result, cases, shown, cells):
        idle = ["0 pages is the workload none."] if any(c.workload["kind"] == "none" for c in shown) else []
        return sweep.notes(result, axis, cases, shown, cells, idle)
    return notes


COLUMNS = ["module", "case", "slots", "vary", "bystanders", "threads", "pages_read", "pages_written", "arm",
           *sweep.FIGURES, "line_from", "line_to", "line_ns_per_page", "line_ns_per_page_low", "line_ns_per_page_high",
           "line_faults_per_page_low", "line_faults_per_page_high"]


def rows(result, group):
    """One row per cell; the line's figures are repeated on each of its cells."""
    axis, cases = group
    for case, arm, line, figures in sweep.cells_in_csv(result, cases, axis):
        derived = sweep.in_csv(line and line.slope()) + sweep.in_csv(line and line.faults(), 2)
        yield [case.module, case.id, case.slots, case.vary, case.bystanders, case.threads, *case.pages, arm, *figures,
               *sweep.ends_in_csv(line), *derived]
