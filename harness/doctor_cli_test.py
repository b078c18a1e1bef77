#!/usr/bin/env python3
"""`instbench doctor` on whatever machine the tests run on: it always answers, says what to do, and never fails."""

import json
import os
import pty
import re
import signal
import subprocess
import unittest
from pathlib import Path

from fake_worker import INSTBENCH, FakeWorkerTest

STATES = ["poor", "note", "unknown", "good"]


def doctor(*arguments, environment=None):
    return subprocess.run([INSTBENCH, "doctor", *arguments], capture_output=True, text=True, timeout=120,
                          env=dict(os.environ, **(environment or {})))


def on_terminal(**environment):
    """What it writes to a terminal."""
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    master, slave = pty.openpty()
    with subprocess.Popen([INSTBENCH, "doctor", "--no-trial"], stdout=slave, env=dict(clean, **environment)) as process:
        os.close(slave)
        text = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # EIO: the other end is closed
                break
            if not part:
                break
            text += part
    os.close(master)
    return text.decode()


class Doctor(unittest.TestCase):
    def test_json_has_all_that_was_found(self):
        done = doctor("--no-trial", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["schema"], "instbench-doctor/1")
        self.assertIn(answer["fitness"], ("good", "fair", "poor"))
        self.assertEqual(answer["trial"], {"measured": False, "why_not": "--no-trial"})
        names = [finding["name"] for finding in answer["findings"]]
        self.assertEqual(len(set(names)), len(names))
        self.assertGreater(len(names), 30)
        order = [STATES.index(finding["state"]) for finding in answer["findings"]]
        self.assertEqual(order, sorted(order))
        for finding in answer["findings"]:
            self.assertIn(finding["about"], ("noise", "scope"))
            self.assertTrue(finding["why"], finding)
            self.assertEqual(finding["remedy"] is None, finding["state"] == "good", finding)
            self.assertEqual(finding["value"] is None, finding["state"] == "unknown", finding)
            self.assertEqual(bool(finding["why_unknown"]), finding["state"] == "unknown", finding)

    def test_text_ends_with_the_fitness(self):
        done = doctor("--no-trial")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[-2], r"^fitness: (good|fair|poor)   \d+ poor · \d+ note · \d+ unknown · \d+ good$")
        self.assertIn("not measured: --no-trial", lines[-1])
        self.assertLessEqual(max(len(line) for line in lines), 120)
        self.assertNotIn("\x1b", done.stdout)  # no terminal, no colour

    def test_colour_is_for_terminals_that_did_not_refuse_it(self):
        self.assertTrue(re.search(r"fitness: \x1b\[3[123]m(good|fair|poor)", on_terminal()))
        self.assertNotIn("\x1b", on_terminal(NO_COLOR="1"))

    def test_a_machine_that_gives_nothing_still_gets_an_answer(self):
        nowhere = {"HOME": "relative", "XDG_CACHE_HOME": "", "INSTBENCH_CACHE_DIR": "", "INSTBENCH_HOME": "/nowhere"}
        done = doctor("--no-trial", "--json", environment=nowhere)
        self.assertEqual(done.returncode, 0, done.stderr)
        cache = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}["cache folder"]
        self.assertEqual(cache["state"], "unknown")
        self.assertIn("INSTBENCH_CACHE_DIR", cache["remedy"])

    def test_only_wrong_arguments_are_refused(self):
        done = doctor("--fix")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--fix", done.stderr)


class Trial(FakeWorkerTest):
    def environment(self, **fake):
        return dict(super().environment(**fake), XDG_CACHE_HOME=str(self.folder / "cache"))

    def left(self):
        return [path.name for pattern in ("trial-*", "*compare-*") for path in (self.folder / "cache").rglob(pattern)]

    def test_an_arm_is_tried_against_itself_and_nothing_is_left(self):
        done = self.instbench("doctor", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stdout)["trial"]["measured"], done.stdout)
        self.assertEqual(self.left(), [])

    def test_an_interruption_is_told_by_the_exit_code_and_leaves_nothing(self):
        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            never = self.folder / sent.name
            process = self.started("doctor", environment=self.environment(waits=str(never)))
            self.wait_until(Path(f"{never}.started").exists, process)
            self.assertEqual(len(self.left()), 1)  # its copies, and no journal
            process.send_signal(sent)
            out, err = process.communicate(timeout=300)
            self.assertEqual(process.returncode, code, err)
            self.assertIn("not measured: interrupted", out)
            self.assertEqual(self.left(), [])


if __name__ == "__main__":
    unittest.main()
