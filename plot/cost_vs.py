"""Cost against a condition or against a size: what one cycle costs as one thing changes and all else stays: live
instances (slots), the share of addresses redrawn (vary), how scattered the written pages are (runs), pages grown, table
entries looked up; or, from module to module, the density of the data, the size of the table and the size of memory.

How to read it. As every cost against something (sweep.py): one line per strategy, one panel per number of live
instances (S) or, against those, per share of addresses redrawn (V). Along an axis of modules the file's facts of each
module say where it stands, and all its other facts are equal. A step between two points is a cliff: there a strategy
changes what it does.
"""

import axes
import selection
import sweep


class Chart:
    """One axis of axes.SWEEPS; to plot.py a chart like any other."""
    ON_REQUEST = True  # its absence is no remark
    COLUMNS = ["module", "case", "workload", "slots", "vary", "bystanders", "threads", "axis", "at", "arm",
               *sweep.FIGURES, "unit", "line_from", "line_to", "line_ns_per_unit", "line_ns_per_unit_low", "line_ns_per_unit_high",
               "line_last_over_first", "line_last_over_first_low", "line_last_over_first_high"]

    def __init__(self, axis):
        self.axis = axis
        self.NAME = f"cost-vs-{axis.name}"
        self.NEEDS = f"it needs cells with batch times at {axis.asked}"

    def pictures(self, result, cases):
        """(stem, cases) for each sweep."""
        taken = set()
        for group in axes.groups(cases, self.axis):
            if sweep.is_sweep(result, group, self.axis):
                name = axes.stem(group[0], self.axis, f"{self.NAME}-{axes.modules_text(group)}")
                yield selection.file_stem(name, taken), group

    def draw(self, result, cases, source):
        words = sweep.Words(*self._title(cases))
        page, _ = sweep.sheet(result, cases, self.axis, words, source)
        return page

    def _title(self, cases):
        """(name, notes, rest): along an axis of modules no module gives its name to the picture."""
        if self.axis.facts is None:
            return axes.modules_text(cases), self._notes
        modules = list(dict.fromkeys(c.module_name for c in sorted(cases, key=self.axis.at)))
        return "", self._notes, f"Cost of a cycle against {self.axis.title}, {modules[0]} to {modules[-1]}"

    def _notes(self, result, cases, shown, cells):
        more = [self.axis.note] if self.axis.note else []
        if any(self.axis.at(c) == 0 and c.workload["kind"] == "none" for c in shown):
            more.append("0 is the workload none.")
        if self.axis.facts is not None:
            modules = dict.fromkeys(c.module_name for c in sorted(shown, key=self.axis.at))
            more.append(f"Modules, from left to right: {', '.join(modules)}. All that the file says of them is equal, "
                        "but for what the axis shows.")
        return sweep.notes(result, self.axis, cases, shown, cells, more)

    def rows(self, result, cases):
        """One row per cell; the line's figures are repeated on each of its cells."""
        for case, arm, line, figures in sweep.cells_in_csv(result, cases, self.axis):
            derived = sweep.in_csv(line and line.unit and line.slope()) + sweep.in_csv(line and line.times())
            yield [case.module, case.id, case.workload_label, case.slots, case.vary, case.bystanders, case.threads,
                   self.axis.name, round(self.axis.at(case), 6), arm, *figures, self.axis.unit,
                   *sweep.ends_in_csv(line), *derived]


CHARTS = tuple(Chart(axis) for axis in axes.SWEEPS)
