#!/usr/bin/env python3
"""What convert writes, read by the tools that it is written for: compare.py, benchstat, XML and Markdown readers. Bencher's own program is in no
package registry, so its format is held to its documented schema. A tool that is not here is skipped, with its reason and exit code 77."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

INSTBENCH = os.environ["INSTBENCH"]
SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent))
FIXTURE = SOURCE / "harness/report/comparison_fixture.json"

# The module's checksum is verified by go against its public log. Newer versions need newer releases of Go.
BENCHSTAT = "golang.org/x/perf/cmd/benchstat@v0.0.0-20240208143119-b26761745961"

# As documented at bencher.dev/docs/reference/bencher-metric-format, with the lengths named there.
BMF_SCHEMA = {
    "type": "object", "minProperties": 1, "propertyNames": {"minLength": 1, "maxLength": 1024},
    "additionalProperties": {
        "type": "object", "minProperties": 1, "propertyNames": {"minLength": 1, "maxLength": 64},
        "additionalProperties": {
            "type": "object", "required": ["value"], "additionalProperties": False,
            "properties": {key: {"type": "number"} for key in ("value", "lower_value", "upper_value")}}}}

HOSTILE = "a|b\n<script>alert(1)</script> @someone #12 `x` **y** \x01\x1b[31m]]> \\| &amp; \"'\ufffe ![i](http://x)"


def fixture():
    return json.loads(FIXTURE.read_text())


class Consumers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def converted(self, result, to, name="out"):
        """The file that `convert --to` makes of the result."""
        source, out = self.folder / (name + ".result.json"), self.folder / (name + "." + to)
        source.write_text(json.dumps(result))
        done = subprocess.run([INSTBENCH, "convert", str(source), f"--to={to}", "--out", str(out)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def output_of(self, *command, **options):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def hostile(self):
        """Every text that can come from outside is hostile."""
        result = fixture()
        comparison = result["comparison"]
        comparison["a"]["label"] = comparison["tests"][0]["case"] = comparison["tests"][5]["reason"] = HOSTILE
        comparison["counters"][0]["counter"] = comparison["counters"][1]["expected"] = HOSTILE
        for key in ("coverage", "skipped", "failures", "unfit", "warnings"):
            comparison[key] = [HOSTILE]
        result["run"]["argv"] = ["compare", HOSTILE]
        result["machine"]["cpu"] = HOSTILE
        return result


class Compare(Consumers):
    def setUp(self):
        super().setUp()
        self.tool = "/usr/share/benchmark/compare.py"
        if not Path(self.tool).is_file():
            self.skipTest("compare.py is not installed (Debian: libbenchmark-tools)")
        try:
            import scipy  # noqa: F401
        except ImportError:
            self.skipTest("python3-scipy is not installed")

    def test_a_result_against_another(self):
        slower = fixture()
        for cell in slower["cells"]:
            if cell["status"] == "ok":
                cell["batch"]["real_ns"] = [2 * time for time in cell["batch"]["real_ns"]]
        before, after = self.converted(fixture(), "gbench", "before"), self.converted(slower, "gbench", "after")
        text = self.output_of(sys.executable, self.tool, "--no-color", "benchmarks", str(before), str(after))
        self.assertRegex(text, r"spidermonkey/touch_w64/s64/A/core:pool_median\s+\+1\.0000\s")
        self.assertRegex(text, r"spidermonkey/touch_w64/s64/A/core:pool_pvalue\s+0\.\d+\s")

    def test_arm_against_arm(self):
        one = self.converted(fixture(), "gbench")
        text = self.output_of(sys.executable, self.tool, "--no-color", "filters", str(one), "/A/core:pool$", "/B/core:pool-lazy$")
        self.assertRegex(text, r"spidermonkey/touch_w64/s64\S* vs\. \S+\s+-0\.8\d+")


def benchstat():
    """The pinned benchstat, built into the user's cache; or why it cannot be had."""
    if shutil.which("go") is None:
        return None, "benchstat: go is not installed (Debian: golang-go)"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "instbench/test-tools" / BENCHSTAT.split("@")[1]
    tool = cache / "benchstat"
    if not tool.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        try:
            done = subprocess.run(["go", "install", BENCHSTAT], env=dict(os.environ, GOBIN=str(cache)), cwd=cache, capture_output=True, text=True,
                                  timeout=180)
        except subprocess.TimeoutExpired:
            return None, f"benchstat: go install {BENCHSTAT} did not end within 180 s"
        if done.returncode != 0:
            return None, f"benchstat: go install {BENCHSTAT}: " + (done.stderr.strip().splitlines() or ["failed"])[-1]
    return str(tool), ""


class Benchstat(Consumers):
    @classmethod
    def setUpClass(cls):
        cls.tool, reason = benchstat()
        if cls.tool is None:
            raise unittest.SkipTest(reason)

    def rows(self, *arguments):
        """benchstat's output as {unit: {benchmark: row}}; nothing on standard error: every line was understood."""
        done = subprocess.run([self.tool, "-format=csv", *map(str, arguments)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        tables, unit = {}, None
        for line in done.stdout.splitlines():
            cells = line.split(",")
            if len(cells) > 1 and cells[0] == "" and re.fullmatch(r"\S*(sec|/op)\S*", cells[1]):
                unit = tables.setdefault(cells[1], {})
            elif unit is not None and cells[0].startswith("Cycle/"):
                unit[cells[0]] = cells
        return tables

    def test_the_arms_of_a_comparison(self):
        tables = self.rows("-col=/arm", self.converted(fixture(), "gobench"))
        row = tables["sec/op"]["Cycle/spidermonkey/touch_w64/s64-1"]
        self.assertAlmostEqual(float(row[1]), 58.2e-6, delta=1e-6)
        self.assertAlmostEqual(float(row[3]), 8.1e-6, delta=0.2e-6)
        self.assertRegex(row[5], r"^-8\d\.\d+%$")

    def test_exact_counters_are_exact(self):
        done = self.output_of(self.tool, "-col=/arm", str(self.converted(fixture(), "gobench")))
        faults = next(part for part in done.split("\n\n") if "faults.minor/op" in part)
        self.assertRegex(faults, r"spidermonkey/touch_w64/s64-1\s+64\.00 ± 0%\s+0\.00 ± 0%\s+-100\.00% \(n=6\)")
        self.assertNotIn("faults.major", done)

    def test_two_files_of_two_commits_share_a_table(self):
        other = fixture()
        other["tool"]["git"], other["run"]["id"] = "abcdefabcdef", "20261127-200000-1a2b"
        tables = self.rows(self.converted(fixture(), "gobench", "before"), self.converted(other, "gobench", "after"))
        row = tables["sec/op"]["Cycle/spidermonkey/touch_w64/s64/arm=A-1"]
        self.assertEqual(row[5], "~")

    def test_names_that_end_like_a_number_of_threads(self):
        result = fixture()
        result.pop("comparison")
        text = json.dumps(result).replace("B core:pool-lazy", "core:pool@v-8")
        tables = self.rows("-col=/arm", self.converted(json.loads(text), "gobench"))
        self.assertIn("Cycle/spidermonkey/touch_w64/s64-1", tables["sec/op"])


class Bencher(Consumers):
    def test_its_documented_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        result = fixture()
        result["cases"][0]["id"] = long = "m" * 3000
        for cell in result["cells"][:3]:
            cell["case"] = long
        bmf = json.loads(self.converted(result, "bmf").read_text())
        jsonschema.validate(bmf, BMF_SCHEMA)
        self.assertEqual(len(bmf), 6 * 2 + 1)  # both arms of the cases measured, one of the other; no control


class Junit(Consumers):
    def test_an_xml_reader_agrees_with_the_counts(self):
        for result in (fixture(), self.hostile()):
            suite = ElementTree.parse(self.converted(result, "junit")).getroot().find("testsuite")
            for attribute, path in (("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error"),
                                    ("skipped", "testcase/skipped")):
                self.assertEqual(int(suite.get(attribute)), len(suite.findall(path)), attribute)
            self.assertTrue(all(case.get("name") and case.get("classname") for case in suite.findall("testcase")))

    def test_hostile_names_come_back_as_they_were(self):
        suite = ElementTree.parse(self.converted(self.hostile(), "junit")).getroot().find("testsuite")
        self.assertIn("<script>alert(1)</script>", suite.find("testcase").get("classname"))


class Refusals(Consumers):
    def refusal(self, result, to):
        """The one line on standard error."""
        (self.folder / "r.json").write_text(json.dumps(result))
        done = subprocess.run([INSTBENCH, "convert", str(self.folder / "r.json"), f"--to={to}"], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), done.stderr)
        return done.stderr

    def test_a_result_without_a_comparison(self):
        result = fixture()
        del result["comparison"]
        for to in ("markdown", "junit", "verdicts"):
            self.assertIn("r.json: the result holds no comparison; instbench compare makes one", self.refusal(result, to))

    def test_a_damaged_comparison(self):
        for damage in ({"tests": [{}]}, {"tests": 5}, {"a": None}, {"counters": [5]}):
            result = fixture()
            result["comparison"].update(damage)
            for to in ("markdown", "junit"):
                self.assertIn("r.json: not a whole result", self.refusal(result, to), damage)


class Markdown(Consumers):
    def setUp(self):
        super().setUp()
        if shutil.which("cmark-gfm") is None:
            self.skipTest("cmark-gfm is not installed")

    def rendered(self, result):
        return self.output_of("cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough",
                              str(self.converted(result, "markdown")))

    def test_every_row_has_its_cells(self):
        for result in (fixture(), self.hostile()):
            html = self.rendered(result)
            tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
            self.assertEqual(len(tables), 3)
            for table, count in zip(tables, (6, 3, 8)):
                rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
                self.assertEqual(len(rows), 1 + count)
                self.assertEqual(len({len(re.findall(r"<t[hd][ >]", row)) for row in rows}), 1)

    def test_foreign_text_is_only_text(self):
        html = self.rendered(self.hostile())
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", html)
        for mark_up in ("<script", "<img", "<a ", "<strong>y", "<em>", "@someone</li>", " @someone"):
            outside_code = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
            self.assertNotIn(mark_up, outside_code if "@" in mark_up else html)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    for _, reason in program.result.skipped:
        print(f"skipped: {reason}")
    raise SystemExit(1 if not program.result.wasSuccessful() else 77 if program.result.skipped else 0)
