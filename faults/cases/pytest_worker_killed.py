"""Kills workers of pytest-xdist at random moments of a session."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from faults.runs import count_kept, kept_cells, session_of, surroundings, wait_for, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = (
    "kill -9 of a pytest-xdist worker costs the item that it was at; every other has its verdict, and its outcome in the store."
)
SHORT = False  # tests/pytest_plugin/test_distributed.py kills them from within
KILLS = 4


def run(*, short: bool) -> Found:
    """Kill some workers of a session from outside, and count items and outcomes."""
    pictures, kills = (80, 1) if short else (600, KILLS)
    chance = random.Random(9)
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", {"naps": "time.sleep(0.03)"})
        words = (
            "-p",
            "no:cacheprovider",
            "--benchmark",
            "scans",
            "--ecg-methods",
            "edges.naps",
            "--ecg-save",
            "main",
            "-q",
            "-n",
            "2",
        )
        session = subprocess.Popen(
            [sys.executable, "-m", "pytest", *words], cwd=here, env=surroundings(plugin), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        store = here / "ecgbench.db"
        wait_for(lambda: count_kept(store) > 5, "the first outcomes")
        struck = 0
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 1.0))
            workers = [pid for pid in session_of(session.pid) if pid != session.pid]
            if workers and session.poll() is None:
                os.kill(chance.choice(workers), signal.SIGKILL)
                struck += 1
        out, _ = session.communicate(timeout=600)
        require("INTERNALERROR" not in out, f"it broke: {out[-600:]}")
        passed, failed = (int(found[1]) if (found := re.search(rf"(\d+) {word}", out)) else 0 for word in ("passed", "failed"))
        kept = len(kept_cells(store, "main"))
    require(failed <= struck, f"{struck} kills cost {failed} items")
    require(kept == pictures, f"{pictures} items, and {kept} outcomes in the store")
    return Found(
        pictures,
        pictures - passed - failed,
        None,
        f"{struck} kills, {failed} items failed for it, {passed} passed, {kept} outcomes kept",
    )
