"""Kills the processes of a run at random moments: the command, its forkserver and its workers, each at every turn."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from faults.runs import begin, count_kept, ecgbench, kept_cells, session_of, wait_for, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "Nothing that was reported is lost by kill -9 of any process of a run, and --resume does only what is missing."
SHORT = False  # tests/test_execution.py, tests/test_workers.py and tests/store/test_processes.py kill in theirs
KILLS, SHORT_KILLS = 50, 3
PICTURES, SHORT_PICTURES = 1500, 200
WORDS = ("run", "scans", "--methods", "edges.nap,edges.good", "--name", "night", "--resume")


def run(*, short: bool) -> Found:
    """Kill, count what was kept before and after, go on; at the end every cell is there."""
    kills, pictures = (SHORT_KILLS, SHORT_PICTURES) if short else (KILLS, PICTURES)
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", {"good": "pass", "nap": "time.sleep(0.02)"})
        store = here / "ecgbench.db"
        recovery, struck, lost = 0.0, [0, 0], 0
        for kill in range(kills):
            before = kept_cells(store, "night")
            process = begin(*WORDS, cwd=here, plugins=(plugin,))
            start = time.monotonic()
            _until_more(store, len(before), process)
            recovery = max(recovery, time.monotonic() - start)
            time.sleep(chance.uniform(0, 0.3))
            others = [pid for pid in session_of(process.pid) if pid != process.pid]
            if kill % 2 and others:  # a worker or the forkserver: the run goes on; then the command itself
                os.kill(chance.choice(others), signal.SIGKILL)
                struck[1] += 1
                time.sleep(chance.uniform(0, 0.3))
            reported = count_kept(store)
            struck[0] += process.poll() is None
            process.kill()
            process.communicate()
            after = kept_cells(store, "night")
            lost += max(0, reported - len(after)) + len(before.keys() - after.keys())
            wait_for(lambda leader=process.pid: not session_of(leader), "the end of the workers", patience_s=20)  # type: ignore[misc]
        done = ecgbench(*WORDS, cwd=here, plugins=(plugin,), patience_s=600)
        cells = kept_cells(store, "night")
        require(done.returncode == 0, f"--resume ended with {done.returncode}: {done.stderr[-300:]}")
        require(len(cells) == 2 * pictures, f"{2 * pictures} cells were asked for and {len(cells)} are there")
        bad = [cell for cell, status in cells.items() if status != "done"]
        require(not bad, f"{len(bad)} cells are not done, though no method is at fault: {bad[:3]}")
    note = f"{struck[0]} kills of the command, {struck[1]} of a worker or the forkserver before; no worker outlived its command"
    return Found(len(cells), lost, recovery, note)


def _until_more(store: Path, known: int, process: subprocess.Popen[str]) -> None:
    wait_for(lambda: count_kept(store) > known or process.poll() is not None, "the first outcome")
