"""Starts several runs at once that keep their outcomes in one new store, without names and with one name."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from ecgbench.store import Store
from faults.runs import begin, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "Runs that write into one store at once each keep all of theirs, with or without a name of their own."
SHORT = False  # tests/store/test_processes.py has two writers, tests/test_execution.py two names in one second
RUNS = 4


def run(*, short: bool) -> Found:
    """Run side by side, then go on with one run from two sides at once."""
    pictures = 50 if short else 500
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", {"good": "pass"})
        words = ("run", "scans", "--methods", "edges.good", "--jobs", "1")
        start = time.monotonic()
        _all_end_well([begin(*words, cwd=here, plugins=(plugin,)) for _ in range(RUNS)])
        _all_end_well([begin(*words, "--name", "both", "--resume", cwd=here, plugins=(plugin,)) for _ in range(2)])
        seconds = time.monotonic() - start
        with Store(here / "ecgbench.db") as store:
            runs = store.runs()
            kept = [sum(store.counts(each.id).values()) for each in runs]
            require(len(runs) == RUNS + 1, f"{RUNS + 1} runs were asked for, {[each.name for each in runs]} are there")
            require({each.state for each in runs} == {"finished"}, "a run is not finished")
    sent = (RUNS + 1) * pictures
    return Found(sent, sent - sum(kept), None, f"{RUNS} runs at once, then one run from two sides; {seconds:.1f} s")


def _all_end_well(processes: list) -> None:  # type: ignore[type-arg]
    for process in processes:
        _, said = process.communicate(timeout=300)
        require(process.returncode == 0, f"a run ended with {process.returncode}: {said[-300:]}")
