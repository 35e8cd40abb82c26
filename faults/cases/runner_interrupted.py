"""Presses Ctrl-C twice, at random moments and in quick succession."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from pathlib import Path

from faults.runs import begin, count_kept, ecgbench, kept_cells, session_of, wait_for, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "Ctrl-C, once or twice, ends a run at once and without a traceback; what was done is kept, and no process stays."
SHORT = False
TIMES, SHORT_TIMES = 20, 6
WORDS = ("run", "scans", "--methods", "edges.naps", "--name", "night", "--resume")
SOON_S = 20.0  # on a busy machine


def run(*, short: bool) -> Found:
    """Interrupt again and again, then let it finish."""
    pictures = 60 if short else 600
    chance = random.Random(3)
    lost, slowest = 0, 0.0
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", {"naps": "time.sleep(0.05)"})
        store = here / "ecgbench.db"
        for _ in range(SHORT_TIMES if short else TIMES):
            known = count_kept(store)
            process = begin(*WORDS, cwd=here, plugins=(plugin,))
            wait_for(lambda before=known: count_kept(store) > before, "an outcome")  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.2))
            reported, start = count_kept(store), time.monotonic()
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process
            time.sleep(chance.choice([0.0, 0.001, 0.01, 0.05, 0.1]))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            _, said = process.communicate(timeout=60)
            slowest = max(slowest, time.monotonic() - start)
            require("Traceback" not in said, f"a traceback was shown: {said[-400:]}")
            require(process.returncode in (130, -signal.SIGINT), f"it ended with {process.returncode}: {said[-300:]}")
            wait_for(lambda leader=process.pid: not session_of(leader), "the end of the workers", patience_s=SOON_S)  # type: ignore[misc]
            lost += max(0, reported - count_kept(store))
        require(slowest < SOON_S, f"it took {slowest:.1f} s to end")
        done = ecgbench(*WORDS, cwd=here, plugins=(plugin,))
        require(done.returncode == 0, f"--resume ended with {done.returncode}: {done.stderr[-300:]}")
        lost += pictures - len(kept_cells(store, "night"))
    return Found(pictures, lost, None, f"ended within {slowest:.2f} s")
