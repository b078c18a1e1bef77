"""What the tests of the charts share. Importing it leaves with exit code 77 (skipped) without matplotlib."""

import copy
import csv
import functools
import io
import json
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

sys.dont_write_bytecode = True
try:
    import matplotlib
except ImportError:
    print("skipped: matplotlib is not installed", file=sys.stderr)
    sys.exit(77)

from matplotlib.backends.backend_agg import FigureCanvasAgg

import plot
import result as result_file
import selection
import style

HERE = Path(__file__).resolve().parent
FIXTURE = HERE / "fixture.json"
DOCUMENT = json.loads(FIXTURE.read_text(encoding="utf-8"))
CELLS = {(c["case"], c["arm"]): c for c in DOCUMENT["cells"]}


def fixture():
    """A copy of the fixture's document, to be changed at will."""
    return copy.deepcopy(DOCUMENT)


def facts(name, version, phases, notes):
    return {"name": name, "version": version, "strategy": "x=1", "phases": phases, "workloads": ["none", "touch"], "counters": ["faults"],
            "notes": notes}


POOLING = facts("wasmtime", "46.0.1", ["acquire", "init", "work", "release"], ["init holds the start function.", "reserves 4 TiB"])
ENGINES = {
    "wasmtime:pooling": POOLING,
    "wasmtime:pooling-keep": POOLING,
    "wasmtime@45.0.0:pooling": dict(POOLING, version="45.0.0"),
    "v8": facts("v8", "11.3", ["init", "work"], ["V8 makes an instance in one call, init"]),
}


def several_engines():
    """The fixture's document with arms of other engines beside the core's."""
    document = fixture()
    for cell in document["cells"]:
        if cell["status"] == "ok":
            cell["phases"]["instantiate"] = {"p50": sum(cell["phases"][p]["p50"] for p in ("acquire", "init", "start"))}
    model = [cell for cell in document["cells"] if cell["arm"] == "core:pool-lazy"]
    for i, (arm, engine) in enumerate(ENGINES.items(), 1):
        document["arms"].append({"id": arm, "engine": engine["name"], "strategy": engine["strategy"], "facts": engine})
        document["cells"] += [foreign(cell, arm, engine, 2 + i) for cell in model]
    return document


def foreign(cell, arm, engine, times):
    """A cell of another engine: as the model, so many times slower, and what it does not measure is null."""
    spread = {"p50": 150.0 * times, "p90": None, "p99": None, "mean": None, "min": None}
    phases = {name: spread if name in engine["phases"] else None for name in result_file.PHASES}
    batch = {"real_ns": [ns * times for ns in cell["batch"]["real_ns"]], "median_real_ns": cell["batch"]["median_real_ns"] * times}
    return {"case": cell["case"], "arm": arm, "status": "ok", "reason": None, "verified": True, "processes": 3, "batch": batch, "engine": engine,
            "phases": dict(phases, resolution_ns=100.5, clock_ns=20.1, samples=100, instantiate=spread, cycle=spread), "first": None, "counters": None,
            "phases_by_path": None, "paths": None, "memory": None, "floor": None, "facts": None, "noise": None}


def run(*arguments):
    """(exit code, lines on stdout, text on stderr) of plot.main in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = plot.main([str(a) for a in arguments])
        except SystemExit as leave:  # --help
            code = leave.code
    return code, out.getvalue().splitlines(), err.getvalue()


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def words(page):
    """Every text of a figure, unescaped."""
    return [" ".join(t.get_text().replace(r"\$", "$").split()) for t in page.figure.findobj(matplotlib.text.Text) if t.get_text()]


def figures(chart, path):
    style.use()
    result = result_file.load(path)
    cases = selection.matching(result, None, None)
    return {stem: (chart.draw(result, group, "Data: x.csv."), group, result) for stem, group in chart.pictures(result, cases)}


@functools.lru_cache(maxsize=None)
def fixture_figures(chart):
    return figures(chart, FIXTURE)


class Scratch(unittest.TestCase):
    def setUp(self):
        keep = tempfile.TemporaryDirectory()
        self.addCleanup(keep.cleanup)
        self.folder = Path(keep.name)

    def write(self, document, name="result.json"):
        path = self.folder / name
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    def figures(self, chart, document=None):
        """{stem: (page, group, result)} of one chart."""
        return fixture_figures(chart) if document is None else figures(chart, self.write(document))

    def check_layout(self, stem, page):
        FigureCanvasAgg(page.figure).draw()
        unseen = self.unseen_labels(page.figure)
        boxes = [(t.get_window_extent(), t.get_text()) for t in page.figure.findobj(matplotlib.text.Text)
                 if type(t) is matplotlib.text.Text and t.get_text().strip() and t.get_visible() and t not in unseen]
        self.assertGreater(len(boxes), 20)
        width, height = page.figure.bbox.width, page.figure.bbox.height
        for i, (a, one) in enumerate(boxes):
            self.assertTrue(0 <= a.x0 and a.x1 <= width and 0 <= a.y0 and a.y1 <= height, f"{stem}: clipped: {one!r}")
            for b, other in boxes[:i]:
                wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
                self.assertFalse(wide > 1 and high > 2.5, f"{stem}: {one!r} lies on {other!r}")

    def unseen_labels(self, figure):
        """Labels of ticks outside the view: they exist, and are not drawn."""
        unseen = set()
        for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                if not low <= tick.get_loc() <= high:
                    unseen |= {tick.label1, tick.label2}
        return unseen
