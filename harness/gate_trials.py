#!/usr/bin/env python3
"""Is the gate to be trusted? Runs it where the right answer is known, again and again, and keeps every outcome.

  python3 harness/gate_trials.py results/local/trials.jsonl            # goes on where it stopped; about three hours on two CPUs
  python3 harness/gate_trials.py results/local/trials.jsonl --summary results/published/gate-trials.json

Trials (RUNS of each):
  same      an arm against itself, five cases: none may be red, and almost all must be green
  slower-5  5 % injected into SpiderMonkey's shape with 16 and with 64 pages written
  slower-2x twice what the gate said that it would find (`finds`) in the run before, injected into llhttp-shape
  exact     one more system call or copied page, and nothing, against a lock file made first
  killed    kill -9 at a random moment, then --resume: the same cells, no process lost or counted twice
All by the gate's default settings. One gate runs on each CPU, pinned to it; a run is one line of the file, so Ctrl-C loses nothing but the run in flight.
"""

import argparse
import concurrent.futures
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
INSTBENCH = os.environ.get("INSTBENCH", str(SOURCE / "build/release/instbench"))
SAME_BUSY = "same-busy"  # rows of `same` that are known to have been measured beside other work, renamed by hand: kept, and told apart
RUNS = {"same": 300, "slower-5": 100, "slower-2x": 100, "exact": 100, "killed": 20}
FIVE = r"spidermonkey touch\(w16\)|one-page|imported-functions|start-writes|llhttp"
ITSELF = ["--a", "core:pool-lazy", "--b", "core:pool-lazy"]


def gate(cpu, folder, *arguments):
    """(exit code, seconds, verdicts) of one gate pinned to a CPU."""
    verdicts = folder / "verdicts.json"
    verdicts.unlink(missing_ok=True)
    began = time.monotonic()
    done = subprocess.run(["taskset", "-c", str(cpu), INSTBENCH, "gate", *arguments, "--quiet", "--json", str(verdicts), "--out",
                           str(folder / "out.json"), "--force"], capture_output=True, text=True, check=False)
    if not verdicts.exists():
        raise RuntimeError(done.stderr or done.stdout)
    return done.returncode, round(time.monotonic() - began, 1), json.loads(verdicts.read_text())


def rows(verdicts):
    keys = ("case", "metric", "stage", "blocks", "verdict", "change", "interval", "tolerance", "scatter", "detectable")
    return [{key: test[key] for key in keys} for test in verdicts["tests"]]


def same(cpu, folder, number):
    code, seconds, verdicts = gate(cpu, folder, *ITSELF, "--filter", FIVE, "--seed", str(number))
    return {"exit": code, "seconds": seconds, "tests": rows(verdicts)}


def slower_5(cpu, folder, number):
    code, seconds, verdicts = gate(cpu, folder, *ITSELF, "spidermonkey", "--touch", "write=16,64", "--inject", "5%", "--seed", str(number))
    return {"exit": code, "seconds": seconds, "injected": 0.05, "tests": rows(verdicts)}


def slower_2x(cpu, folder, number):
    case = [*ITSELF, "--filter", "llhttp", "--seed", str(number)]
    finds = gate(cpu, folder, *case)[2]["tests"][0]["detectable"]
    if finds is None:
        return {"exit": None, "injected": None, "tests": []}  # so noisy that it promised nothing
    share = min(round(2 * finds, 4), 10)  # --inject takes no more
    code, seconds, verdicts = gate(cpu, folder, *case, "--inject", f"{100 * share:.2f}%")
    return {"exit": code, "seconds": seconds, "injected": share, "tests": rows(verdicts)}


def exact(cpu, folder, _number):
    def run(*more):
        return subprocess.run(["taskset", "-c", str(cpu), INSTBENCH, "gate", "--exact", "smoke", "--quiet", "--lock",
                               str(folder / "lock.json"), *more], capture_output=True, text=True, check=False).returncode
    if not (folder / "lock.json").exists() and run("--update") != 0:
        raise RuntimeError("the lock cannot be made")
    return {"exits": {"nothing": run(), "syscall": run("--inject", "syscall"), "page": run("--inject", "page")}}


def killed(cpu, folder, number):
    command = ["taskset", "-c", str(cpu), INSTBENCH, "gate", *ITSELF, "spidermonkey", "one-page", "--touch", "write=1", "--batch-ms", "5",
               "--seed", str(number), "--quiet", "--out", str(folder / "killed.json")]
    for old in ("killed.json", "killed.jsonl"):
        (folder / old).unlink(missing_ok=True)
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = folder / "killed.jsonl"
    while not journal.exists() and running.poll() is None:
        time.sleep(0.01)
    time.sleep(random.Random(number).uniform(0, 3.5))
    running.send_signal(signal.SIGKILL)
    was_killed = running.wait() == -signal.SIGKILL
    before = journal.read_text().count("\n") - 1
    if before < 0:  # killed before the first line was whole: there is nothing to go on with
        return {"exit": None, "killed": was_killed, "processes_before": 0, "processes": 0, "whole": True, "complete": True, "blocks": []}
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    steps = [json.loads(line)["step"] for line in journal.read_text().splitlines()[1:]]
    result = json.loads((folder / "killed.json").read_text())
    return {"exit": done.returncode, "killed": was_killed, "processes_before": before, "processes": len(steps), "whole": steps == list(range(len(steps))),
            "complete": result["run"]["complete"], "blocks": [test["screen"]["blocks"] if test["screen"] else test["blocks"]
                                                              for test in result["comparison"]["tests"]]}


TRIALS = {"same": same, "slower-5": slower_5, "slower-2x": slower_2x, "exact": exact, "killed": killed}


def measure(path, wanted):
    done = {(row["trial"], row["run"]) for row in read(path)}
    todo = [(trial, number) for trial in wanted for number in range(1, RUNS[trial] + 1) if (trial, number) not in done]
    commit = subprocess.run([INSTBENCH, "--version"], capture_output=True, text=True, check=True).stdout.split("(")[1].split(",")[0]
    lock, began = threading.Lock(), time.monotonic()
    with open(path, "a", encoding="utf-8") as out:
        def work(cpu):
            with tempfile.TemporaryDirectory() as folder:
                while True:
                    with lock:
                        if not todo:
                            return
                        trial, number = todo.pop(0)
                    row = {"trial": trial, "run": number, "commit": commit, **TRIALS[trial](cpu, Path(folder), number)}
                    with lock:
                        out.write(json.dumps(row) + "\n")
                        out.flush()
                        print(f"{trial} {number}: exit {row.get('exit', row.get('exits'))}; {len(todo)} to come, "
                              f"{(time.monotonic() - began) / 60:.0f} min", file=sys.stderr)
        cpus = sorted(os.sched_getaffinity(0))
        with concurrent.futures.ThreadPoolExecutor(len(cpus)) as pool:
            for finished in concurrent.futures.as_completed([pool.submit(work, cpu) for cpu in cpus]):
                finished.result()


def read(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()] if Path(path).exists() else []


def count(values):
    return {str(value): sum(1 for v in values if v == value) for value in sorted(set(values), key=str)}


def summary(data):
    """What came of it, a key for each trial that was run."""
    found = {}
    for trial in [*TRIALS, SAME_BUSY]:
        own = [row for row in data if row["trial"] == trial]
        if not own:
            continue
        found[trial] = {"runs": len(own), "of": RUNS.get(trial), "commits": sorted({row["commit"] for row in own})}
        if trial == "exact":
            found[trial]["exits"] = {what: count([row["exits"][what] for row in own]) for what in ("nothing", "syscall", "page")}
        elif trial == "killed":
            good = [row for row in own if row["whole"] and row["complete"] and all(blocks == 18 for blocks in row["blocks"])]
            found[trial]["killed"] = sum(1 for row in own if row["killed"])
            found[trial]["whole"] = len(good)
        else:
            found[trial]["exits"] = count([row["exit"] for row in own])
            tests = sorted({(test["case"], test["metric"]) for row in own for test in row["tests"]})
            found[trial]["tests"] = [{"case": case, "metric": metric, **of_test(own, case, metric)} for case, metric in tests]
    return found


def of_test(own, case, metric):
    tests = [test for row in own for test in row["tests"] if (test["case"], test["metric"]) == (case, metric)]
    def middle(key):
        known = sorted(test[key] for test in tests if test[key] is not None)
        return round(known[len(known) // 2], 4) if known else None
    return {"verdicts": count([test["verdict"] for test in tests]), "median_change": middle("change"), "median_scatter": middle("scatter"),
            "median_detectable": middle("detectable"), "median_blocks": middle("blocks")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("journal", help="one line for each run; what is there is not run again")
    parser.add_argument("--trial", action="append", choices=list(TRIALS), help="only this one, repeatable")
    parser.add_argument("--summary", metavar="FILE", help="write what came of it and run nothing")
    options = parser.parse_args()
    if options.summary:
        Path(options.summary).write_text(json.dumps({"summary": summary(read(options.journal)), "runs": read(options.journal)}, indent=None,
                                                    separators=(",", ":")) + "\n")
        print(json.dumps(summary(read(options.journal)), indent=1))
    else:
        measure(options.journal, options.trial or list(TRIALS))


if __name__ == "__main__":
    main()
