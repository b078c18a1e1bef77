"""The project gates itself: the exact counters of the embedded suite against the reviewed lock file.

Where the lock has no section for this kind of machine (another kernel, other features) nothing can be compared with
it; then the suite is counted twice against itself, which still checks that counts are exact and that the ptrace pass
agrees, and the test counts as skipped with that reason.

Before that the gate itself is tried: work of known size, injected into the workers, has to be found and named.
"""

import os
import subprocess
import sys
import tempfile

SKIPPED = 77
NO_SECTION = "for this kind of machine"


def gate(*arguments, suite="embedded"):
    done = subprocess.run([os.environ["INSTBENCH"], "gate", "--exact", suite, "--quiet", *arguments],
                          capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, end="")
    return done


def finds_what_is_injected():
    """Against a lock of its own, so on every machine: nothing injected passes, each injection is a named change."""
    with tempfile.TemporaryDirectory() as folder:
        lock = os.path.join(folder, "lock.json")
        if gate("--update", "--lock", lock, suite="smoke").returncode != 0:
            return False
        if gate("--lock", lock, suite="smoke").returncode != 0:
            return False
        named = {"syscall": "instantiate  syscalls.getppid: 0 -> 1", "page": "instantiate  bytes.copied: "}
        for what, counter in named.items():
            found = gate("--lock", lock, "--inject", what, suite="smoke")
            if found.returncode != 3 or counter not in found.stdout:
                print(f"--inject {what}: exit code {found.returncode}, not 3, or no '{counter}'")
                return False
        for wrong in (("--inject", "5%"), ("--inject", "pages"), ("--inject", "page", "--update")):
            if gate("--lock", lock, *wrong, suite="smoke").returncode != 2:
                print(f"{wrong} was not refused")
                return False
    return True


def main():
    if "sanitize" in subprocess.run([os.environ["INSTBENCH"], "--version"], capture_output=True, text=True, check=True).stdout:
        print("skipped: a sanitizer's own memory faults too, its counts are not the product's")
        return SKIPPED
    if not finds_what_is_injected():
        return 1
    done = gate()
    if done.returncode == 5 and NO_SECTION in done.stdout:
        with tempfile.TemporaryDirectory() as folder:
            lock = os.path.join(folder, "lock.json")
            if gate("--update", "--lock", lock).returncode != 0:
                return 1
            again = gate("--lock", lock)
        if again.returncode != 0:
            return 1
        print("skipped: the lock file has no section for this kind of machine; counted twice, the counts agree")
        return SKIPPED
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
