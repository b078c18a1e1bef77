"""For tests of the command line: a worker that speaks the protocol and measures nothing, so that no test depends on a
clock, and the set-up of a test that puts it in the real one's place (INSTBENCH_WORKER, or an arm given by its path)."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

INSTBENCH = os.environ["INSTBENCH"]
SOURCE = Path(os.environ.get("INSTBENCH_SOURCE_DIR", Path(__file__).resolve().parent.parent))
CACHE = tempfile.TemporaryDirectory()

# What it does stands in FAKE, a JSON object. Of every arm: `sleep` (seconds), `waits` (for a file; says so in FILE.started),
# `noise` (scatter of times), `build` (type). Of the arm that `arm` names ("B", "core:pool"), or of all: `ends` ("crash",
# "hang" or "babble" in place of an answer; with `turns`, in its third turn), `turns` (it takes them), `status`, `ratio` (of its times), `calls` and `traced` (counts), `ignores`.
PROGRAM = '''
import json, os, random, select, sys, time
request, fake = json.load(sys.stdin), json.loads(os.environ["FAKE"])
own = fake if fake.get("arm") in (None, request["arm"]["id"].split()[0]) else {}
time.sleep(fake.get("sleep", 0))
if "waits" in fake:
    open(fake["waits"] + ".started", "w").close()
    while not os.path.exists(fake["waits"]):
        time.sleep(0.01)
turns = request.get("turns")
def take():
    if turns and not select.select([turns["take"]], [], [], turns["patience_s"])[0]:
        print(json.dumps({"protocol": 1, "status": "failed", "reason": "waited in vain"}))
        raise SystemExit
    if turns:
        os.read(turns["take"], 4)
def give():
    if turns:
        try:
            os.write(turns["give"], bytes(4))
        except BrokenPipeError:
            pass
take()
if turns:
    for _ in range(2 if "ends" in own else 2 * request.get("parts", 1) + 1):
        give()
        take()
if "ends" in own and (turns or not fake.get("turns")):
    print("before the end", file=sys.stderr, flush=True)
    if own["ends"] == "crash":
        os.abort()
    if own["ends"] == "hang":
        time.sleep(1000)
    print("no json")
    raise SystemExit
cycle = 20000 * own.get("ratio", 1) * (1 + fake.get("noise", 0.005) * random.uniform(-1, 1))
calls = float(own.get("calls", 1))
counted = lambda count: {"cycles": [1, 2], "cycle": {"syscalls.madvise": count}}
sample = {"protocol": 1, "status": "ok", "reason": None, "verified": True,
    "tool": {"version": "0", "git": "x", "build_type": fake.get("build", "Release"), "assertions": False, "sanitizers": ""},
    "batch": {"iterations": 20, "real_ns": cycle, "cpu_ns": cycle, "parts_ns": [cycle] * 20}, "first": {"cycle": 5.0},
    "phases": {"resolution_ns": 100.0, "instantiate": {"p50": 500.0}}, "phases_by_path": {}, "counters": counted(calls),
    "trace": counted(float(own.get("traced", calls))), "paths": {"slot=hit": 1}, "noise": {"wall_ns": 1000, "run_delay_ns": 0}}
if fake.get("turns"):
    sample["takes_turns"] = True
if "inject" in request and not own.get("ignores"):
    sample["injected"] = {"what": request["inject"]}
if "status" in own:
    sample = {"protocol": 1, "status": own["status"], "reason": "it cannot"}
give()
print(json.dumps(sample))
'''

# An arm's path must be that of an instbench: this one says that it is a release, and measures as the program above.
BINARY = '''
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) return puts("instbench 0.1.0 (0123456789ab, Release, GNU 12.2.0)") < 0;
  execl(%s, "python3", "-S", "-E", %s, (char*)0);
  return 1;
}
'''


class FakeWorkerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.worker = self.folder / "worker.py"
        self.worker.write_text(PROGRAM)
        self.out = self.folder / "result.json"

    def environment(self, **fake):
        environment = dict(os.environ, INSTBENCH_HOME=str(SOURCE), XDG_CACHE_HOME=CACHE.name, FAKE=json.dumps(fake))
        environment["INSTBENCH_WORKER"] = f"{sys.executable} -S -E {self.worker}"
        environment.pop("GITHUB_STEP_SUMMARY", None)
        return environment

    def instbench(self, *arguments, environment=None, input=None, preexec_fn=None, **fake):
        streams = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
        return subprocess.run([INSTBENCH, *arguments], env=environment or self.environment(**fake), cwd=self.folder,
                              capture_output=True, text=True, timeout=300, check=False, preexec_fn=preexec_fn, **streams)

    def started(self, *arguments, environment):
        """The process, which is killed with the test at the latest."""
        process = subprocess.Popen([INSTBENCH, *arguments], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)  # before that
        return process

    def wait_until(self, reached, process):
        while not reached():
            self.assertIsNone(process.poll(), "it ended by itself")
            time.sleep(0.01)

    def binary(self, name):
        path = self.folder / name
        source = BINARY % (json.dumps(sys.executable), json.dumps(str(self.worker)))
        subprocess.run([os.environ.get("CC", "cc"), "-x", "c", "-", "-o", str(path)], input=source, text=True, check=True)
        return path

    def result(self):
        return json.loads(self.out.read_text())

    def assert_refused(self, done, code, *words):
        """One line on standard error with these words, nothing on standard output, this exit code."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("instbench: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
