"""Runs the fault suite: `python -m faults [PATTERN...] [--short] [--list]`; exit code 1 where a promise did not hold.

Each case runs in a process of its own. A line a case: what was sent, what was lost, seconds of recovery, seconds in all.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from fnmatch import fnmatch

from faults.suite import Broken, Case, NotTried, case_named, every_case

LIMIT_S = 1200.0  # of one case; the longest takes a few minutes
NOT_TRIED = 3  # exit code of a case's process


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("patterns", nargs="*", default=["*"], help="cases by name: 'server_*'")
    parser.add_argument("--short", action="store_true", help="the short form, as the tests have it")
    parser.add_argument("--list", action="store_true", help="say what is promised, and break nothing")
    parser.add_argument("--here", metavar="CASE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        sys.exit(_here(case_named(given.here), short=given.short))
    chosen = [case for case in every_case() if any(fnmatch(case.name, pattern) for pattern in given.patterns)]
    if not chosen:
        sys.exit(f"No case is named so; there are: {', '.join(case.name for case in every_case())}.")
    if given.list:
        for case in chosen:
            print(f"{case.name:<26} {case.promise}")
        return
    print(f"{'case':<26} {'sent':>7} {'lost':>5} {'recovery':>9} {'took':>7}")
    ends = [_apart(case, short=given.short) for case in chosen]
    broken = ends.count("broken")
    print(f"{len(ends)} cases: {ends.count('kept')} kept their promise, {broken} broke it, {ends.count('not tried')} not tried.")
    sys.exit(1 if broken else 0)


def _apart(case: Case, *, short: bool) -> str:
    """Run a case in a process of its own, print its line, and return how it ended."""
    command = [sys.executable, "-m", "faults", "--here", case.name, *(["--short"] if short else [])]
    start = time.monotonic()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        print(f"{case.name:<26} BROKEN: it did not end within {LIMIT_S:g} s.", flush=True)
        return "broken"
    took = time.monotonic() - start
    last = done.stdout.strip().rpartition("\n")[2]
    if done.returncode == NOT_TRIED:
        print(f"{case.name:<26} not tried: {last}", flush=True)
        return "not tried"
    if done.returncode != 0:
        print(f"{case.name:<26} BROKEN: {last or 'it ended by itself, see above.'}", flush=True)
        return "broken"
    found = json.loads(last)
    recovery = "-" if found["recovery_s"] is None else f"{found['recovery_s']:.2f} s"
    print(f"{case.name:<26} {found['sent']:>7} {found['lost']:>5} {recovery:>9} {took:>5.0f} s", flush=True)
    print(f"    {case.promise}\n    {found['note']}", flush=True)
    return "broken" if found["lost"] else "kept"


def _here(case: Case, *, short: bool) -> int:
    """Run a case in this process; what it found, or why not, is the last line."""
    try:
        print(json.dumps(asdict(case.run(short=short))))
    except NotTried as reason:
        print(" ".join(str(reason).split()))
        return NOT_TRIED
    except Broken as how:
        print(" ".join(str(how).split()))
        return 1
    return 0


if __name__ == "__main__":
    main()
