#!/usr/bin/python3
"""Tests of what `instbench plot` refuses: each time one line, an exit code, and no file left behind.
Run: /usr/bin/python3 -B plot/refusals_test.py"""

import os
import resource
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from testing import FIXTURE, HERE, Scratch, fixture, run


class Refusals(Scratch):
    def refused(self, code, pattern, *arguments):
        got, out, err = run(*arguments)
        self.assertEqual((got, out), (code, []), err)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertRegex(err, r"^instbench plot: .*" + pattern)

    def broken(self, change, pattern):
        document = fixture()
        change(document)
        self.refused(1, pattern, self.write(document), "--out", self.folder / "out")
        self.assertFalse((self.folder / "out").exists())

    def test_what_is_not_a_result(self):
        self.refused(1, r"none\.json: cannot read: No such file", self.folder / "none.json")
        self.refused(1, r"cannot read: Is a directory", self.folder)
        for text in ("", "{", "[1]", "{}", '"x"', "null", '{"schema": 1}', "[" * 100000, '{"schema": NaN}'):
            self.refused(1, r"result\.json: not a result file", self.write(text))
        (self.folder / "bytes.json").write_bytes(b"\xff\xfe{}")
        self.refused(1, "not UTF-8", self.folder / "bytes.json")

    def test_foreign_schema(self):
        self.broken(lambda d: d.update(schema="instbench-result/2"), r'schema "instbench-result/2" is not "instbench-result/1"')

    def test_what_contradicts_itself_is_refused_with_its_place(self):
        def cell(**changes):
            return lambda d: d["cells"][2].update(changes)

        self.broken(lambda d: d.pop("cells"), r"cells: missing")
        self.broken(lambda d: d["cells"].append(d["cells"][0]), r"cells\[\d+\]: case .* occurs twice")
        self.broken(lambda d: d["arms"].append(d["arms"][0]), r"arms: .*occurs twice")
        self.broken(cell(case="nowhere"), r"cells\[2\]\.case: \"nowhere\" is not among the cases")
        self.broken(cell(arm="core:none"), r"cells\[2\]\.arm: .*not among the arms")
        self.broken(cell(status="fine"), r"cells\[2\]\.status: \"fine\" is none of ok, skipped, failed")
        self.broken(cell(batch={"real_ns": [1, -2]}), r"cells\[2\]\.batch\.real_ns: .*negative")
        self.broken(cell(batch={"real_ns": [1, 2], "median_real_ns": 9}), r"median_real_ns: 9 lies outside")
        self.broken(cell(batch={"real_ns": "1"}), r"batch\.real_ns: unexpected str")
        self.broken(cell(phases={"init": {"p50": "1"}}), r"phases\.init\.p50: is not a number")
        self.broken(cell(phases={"resolution_ns": 10 ** 400}), r"phases\.resolution_ns: is beyond")
        self.broken(lambda d: d["cases"][1].update(slots=0), r"cases\[1\]\.slots: is below 1")
        self.broken(lambda d: d["cases"][1].update(vary=1.5), r"cases\[1\]\.vary: lies outside")
        self.broken(lambda d: d["run"].update(suite="\ud800"), r"not a result file .*surrogates not allowed")
        self.broken(lambda d: d["cases"][1].update(slots=True), r"cases\[1\]\.slots: unexpected bool")
        self.broken(lambda d: d["cases"][1].pop("workload"), r"cases\[1\]\.workload: missing")

    def test_nothing_to_draw(self):
        def skip(document):
            for cell in document["cells"]:
                cell.update(status="skipped", reason="no memfd", batch=None)

        self.broken(skip, r"nothing to draw: none of \d+ cells has a batch time \(skipped: no memfd\)")

    def test_a_chart_that_the_file_does_not_have(self):
        for chart, needs in (("cost-vs-pages", "it needs cells with batch times at two or more counts"), ("overview", "it needs two modules")):
            self.refused(2, f"no {chart} chart: {needs}", FIXTURE, "--chart", chart, "--modules", "esbuild-go", "--out", self.folder / "out")
        self.assertFalse((self.folder / "out").exists())

    def test_bad_command_lines(self):
        for pattern, arguments in ((r"arguments are required: FILE", []),
                                   (r"--chart: invalid choice: 'pie'", [FIXTURE, "--chart", "pie"]),
                                   (r'--format: "gif" is neither', [FIXTURE, "--format", "png,gif"]),
                                   (r"--case-filter: not a regular expression: ", [FIXTURE, "--case-filter", "("]),
                                   (r'no module "sqlight"; it has spidermonkey, sqlite, esbuild-go', [FIXTURE, "--modules", "sqlite,sqlight"]),
                                   (r"--modules names no module", [FIXTURE, "--modules", ","]),
                                   (r"no case matches", [FIXTURE, "--case-filter", "w17"]),
                                   (r"unrecognized arguments: --wide", [FIXTURE, "--wide"]),
                                   (r"would both be drawn into", [FIXTURE, FIXTURE])):
            self.refused(2, pattern, *arguments)

    def test_unwritable_folder(self):
        (self.folder / "file").write_text("")
        self.refused(1, r"cannot write .*: (Not a directory|File exists)", FIXTURE, "--out", self.folder / "file")
        self.refused(1, r"cannot write .*: ", FIXTURE, "--out", "/proc/nowhere")

    def test_a_full_disk_leaves_no_half_file(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        done = subprocess.run([sys.executable, "-B", HERE / "plot.py", FIXTURE, "--out", self.folder / "out", "--format", "svg"],
                              capture_output=True, text=True, preexec_fn=small_files)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^instbench plot: cannot write .*: File too large\n$")
        self.assertEqual(os.listdir(self.folder / "out"), [])

    def test_an_interruption_of_its_imports_is_one_line(self):
        """In an `argparse` that waits: imports take most of the time before the first picture."""
        (self.folder / "argparse.py").write_text("import time\nprint('waiting', flush=True)\ntime.sleep(600)\n")
        with subprocess.Popen([sys.executable, "-B", HERE / "plot.py", FIXTURE], env={**os.environ, "PYTHONPATH": str(self.folder)},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), "waiting\n")
            process.send_signal(signal.SIGINT)
            self.assertRegex(process.communicate()[1], r"^instbench plot: interrupted; .*\n$")
        self.assertEqual(process.returncode, 130)

    def test_charts_that_a_file_cannot_fill_are_remarked_on(self):
        code, listed, err = run(FIXTURE, "--modules", "esbuild-go", "--out", self.folder, "--format", "svg")
        self.assertEqual((code, [Path(p).name for p in listed]), (0, ["before-after-esbuild-go.svg", "before-after-esbuild-go.csv"]))
        self.assertRegex(err, r"no cost-vs-pages chart: it needs .*\n.*no overview chart: it needs ")

    def test_help_is_help(self):
        code, out, _ = run("--help")
        self.assertEqual(code, 0)
        self.assertRegex(" ".join(out), r"usage: instbench plot .*--case-filter RE")


if __name__ == "__main__":
    unittest.main()
