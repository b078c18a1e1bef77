#!/usr/bin/python3
"""instbench plot: draws the charts of result files.

Each FILE gets a folder of charts (PNG and SVG) with the plotted data beside them (CSV). The files
written are listed on standard output, remarks go to standard error.
Exit codes: 0 drawn · 1 a file cannot be read, trusted or drawn, or a chart cannot be written ·
2 the command line is wrong, or asks for cells or a chart that the file does not have · 130 interrupted.
"""

import os
import signal
import sys

INTERRUPTED = "interrupted; the files listed so far are complete"


def leave_at_once(*_):
    os.write(sys.stderr.fileno(), f"instbench plot: {INTERRUPTED}\n".encode())
    os._exit(130)


def on_interrupt(handler):
    """Sets it, unless whoever started this had interruptions ignored."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


if __name__ == "__main__":
    on_interrupt(leave_at_once)  # imports take a second, and some swallow a KeyboardInterrupt; nothing is being written yet

sys.dont_write_bytecode = True

import argparse  # noqa: E402
import csv  # noqa: E402
import io  # noqa: E402
import re  # noqa: E402
import shlex  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

from axes import SWEEPS  # noqa: E402
from result import ResultError, load  # noqa: E402

FORMATS = ("png", "svg")
CHARTS = ("forest", "blocks", "ecdf", "run-order", "before-after", "cost-vs-pages", "cost-vs-argument",
          *(f"cost-vs-{axis.name}" for axis in SWEEPS), "overview", "engines", "threads")


class Usage(Exception):
    """The command line asks for something that is not there: exit code 2."""


class Failure(Exception):
    """Nothing the command line can help: exit code 1."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Usage(f"{message}; see instbench plot --help")


def main(argv):
    try:
        options = parse(argv)
        for file, folder in zip(options.files, folders(options)):
            for path in plot(Path(file), folder, options):
                print(path, flush=True)
        return 0
    except Usage as error:
        return complain(error, 2)
    except (ResultError, Failure) as error:
        return complain(error, 1)
    except KeyboardInterrupt:
        return complain(INTERRUPTED, 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return complain("standard output was closed", 1)


def complain(message, code):
    print(f"instbench plot: {' '.join(str(message).split())}", file=sys.stderr)
    return code


def parse(argv):
    parser = Parser(prog="instbench plot", description="Draws the charts of result files.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="result.json written by instbench run")
    parser.add_argument("--out", metavar="DIR", help="folder for the charts (default: STEM-charts beside each FILE)")
    parser.add_argument("--chart", choices=CHARTS + ("all",), default="all", help="which chart (default: all; of a comparison its own four)")
    parser.add_argument("--modules", metavar="A,B", help="only these modules")
    parser.add_argument("--case-filter", metavar="RE", help="only cases whose id the expression finds")
    parser.add_argument("--prefix", metavar="NAME", help="NAME- before the name of every file, and so in the pictures' last line")
    parser.add_argument("--format", default="png,svg", metavar="LIST", help="png, svg or both (default: png,svg)")
    options = parser.parse_args(argv)
    options.format = list(dict.fromkeys(options.format.split(",")))
    for kind in options.format:
        if kind not in FORMATS:
            raise Usage(f'--format: "{kind}" is neither png nor svg')
    if options.prefix is not None and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", options.prefix):
        raise Usage(f'--prefix: "{options.prefix}" is not letters, digits, "_", "." and "-"')
    options.modules = [m for m in options.modules.split(",") if m] if options.modules is not None else None
    if options.modules == []:
        raise Usage("--modules names no module")
    try:
        re.compile(options.case_filter or "")
    except re.error as error:
        raise Usage(f"--case-filter: not a regular expression: {error}") from None
    return options


def folders(options):
    """One folder per file; never the same one twice."""
    files = [Path(f) for f in options.files]
    if options.out is None:
        found = [f.with_name(f"{f.stem}-charts") for f in files]
    elif len(files) == 1:
        found = [Path(options.out)]
    else:
        found = [Path(options.out) / f.stem for f in files]
    for i, folder in enumerate(found):
        if folder in found[:i]:
            raise Usage(f"{files[i]} and {files[found.index(folder)]} would both be drawn into {folder}; give each its own --out")
    return found


def chart_modules(name):
    """Imported late, so that a bad command line or file is reported without matplotlib too."""
    try:
        import before_after
        import block_pairs
        import cost_vs
        import cost_vs_argument
        import cost_vs_pages
        import ecdf
        import engines
        import forest
        import overview
        import run_order
        import threads
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in a script the font lacks is drawn as boxes
    except ImportError as error:
        raise Failure(f"cannot import {error.name}; install Debian's python3-matplotlib (matplotlib, numpy)") from None
    charts = (forest, block_pairs, ecdf, run_order, before_after, cost_vs_pages, cost_vs_argument, *cost_vs.CHARTS, overview, engines, threads)
    return [chart for chart in charts if name in (chart.NAME, "all")]


def plot(file, folder, options):
    """Draws what the options ask of one file; yields each path when it is written."""
    result = load(file)
    unknown = [m for m in options.modules or [] if m not in result.modules and m not in {c.module_name for c in result.cases}]
    if unknown:
        raise Usage(f'{file}: no module "{unknown[0]}"; it has {", ".join(result.modules) or "none"}')
    charts = chart_modules(options.chart)
    if options.chart == "all" and result.comparison is not None:  # the others would be one more picture for each case
        charts = [chart for chart in charts if getattr(chart, "OF_COMPARISON", False)]
    import selection
    cases = selection.matching(result, options.modules, options.case_filter)
    if not cases:
        raise Usage(f"{file}: no case matches" if result.cases else f"{file}: the file has no cases")
    found = [(chart, list(chart.pictures(result, cases))) for chart in charts]
    if not any(pictures for _, pictures in found):
        refuse_nothing(result, cases, charts)
    swept = any(pictures for chart, pictures in found if is_sweep(chart))
    for chart, pictures in found:
        if not pictures and (options.chart != "all" or is_missed(chart, result) and not (swept and is_sweep(chart))):
            print(f"instbench plot: {file}: no {chart.NAME} chart: {chart.NEEDS}", file=sys.stderr)
        for stem, group in pictures:
            yield from write(result, chart, f"{options.prefix}-{stem}" if options.prefix else stem, group, folder, options)


def is_sweep(chart):
    """A file with a sweep over one thing was not meant to have one over another."""
    return chart.NAME.startswith("cost-vs-")


def is_missed(chart, result):
    """Most sweeps and a comparison are asked for; that a file has none is worth a word only to whoever looks for it."""
    if getattr(chart, "OF_COMPARISON", False):
        return result.comparison is not None
    return not getattr(chart, "ON_REQUEST", False)


def refuse_nothing(result, cases, charts):
    """Without a batch time nothing can be drawn of the file; with one, it is the chart asked for that it does not have."""
    cells = [cell for case in cases for arm in result.arms if (cell := result.cell(case, arm))]
    if not any(cell.drawable for cell in cells):
        reasons = list(dict.fromkeys(f"{c.status}: {c.reason or 'no batch time'}" for c in cells))
        raise Failure(f"{result.path}: nothing to draw: none of {len(cells)} cells has a batch time" + (f" ({reasons[0]})" if reasons else ""))
    raise Usage(f"{result.path}: no {charts[0].NAME} chart: {charts[0].NEEDS}")


def source(csv_name, file, options):
    """The last line of a caption. Modules given as paths are named by their file: pictures are published, paths are not."""
    words = [file.name]
    if options.chart != "all":
        words += ["--chart", options.chart]
    if options.modules:
        words += ["--modules", ",".join(m.rsplit("/", 1)[-1] for m in options.modules)]
    if options.case_filter:
        words += ["--case-filter", options.case_filter]
    if options.prefix:
        words += ["--prefix", options.prefix]
    return f"Data: {csv_name}. Redraw: instbench plot {shlex.join(words)}"


def write(result, chart, stem, cases, folder, options):
    import style
    style.use()
    on_interrupt(signal.default_int_handler)  # which takes a file that is half written away
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page = chart.draw(result, cases, source(f"{stem}.csv", result.path, options))
        yield from style.save(page, folder / stem, options.format)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(chart.COLUMNS)
        writer.writerows([[str(v).lower() if isinstance(v, bool) else v for v in row] for row in chart.rows(result, cases)])
        path = folder / f"{stem}.csv"
        style.write_atomically(path, lambda to: Path(to).write_text(text.getvalue(), encoding="utf-8"))
        yield path
    except OSError as error:
        raise Failure(f"cannot write {folder / stem}: {error.strerror or error}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
