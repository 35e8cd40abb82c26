"""Runs over a folder of 100,000 pictures, half of it interrupted and gone on with."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

from faults.runs import begin, count_kept, wait_for, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "A folder of 100,000 pictures is one run like any other: memory stays flat, and each picture has its outcome."
SHORT = False
COUNT, SHORT_COUNT, DISTINCT = 100_000, 2_000, 500
MOST_MB = 400.0  # of the command itself; a list of its 100,000 cases is some 30 of them


def run(*, short: bool) -> Found:
    """Interrupt the run in the middle, resume it, and watch the command's memory."""
    count = SHORT_COUNT if short else COUNT
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        pictures = [path.read_bytes() for path in sorted(write_pictures(here / "some", DISTINCT).iterdir())]
        scans = here / "scans"
        for index in range(count):
            folder = scans / f"{index // 10_000:02d}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{index:06d}.png").write_bytes(pictures[index % DISTINCT])
        plugin = write_plugin(here / "plugins", {"good": "pass"})
        words = ("run", "scans", "--methods", "edges.good", "--name", "big", "--resume")
        store = here / "ecgbench.db"
        start = time.monotonic()
        first = begin(*words, cwd=here, plugins=(plugin,))
        began = wait_for(lambda: count_kept(store) > 0, "the first outcome", patience_s=300)
        wait_for(lambda: count_kept(store) > count // 2, "the half", patience_s=900)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=120)
        half, back = count_kept(store), time.monotonic()
        second = begin(*words, cwd=here, plugins=(plugin,))
        wait_for(lambda: count_kept(store) > half, "the first outcome after", patience_s=300)
        recovery = time.monotonic() - back
        most = 0.0
        while second.poll() is None:
            most = max(most, _resident_mb(second.pid))
            time.sleep(0.2)
        _, said = second.communicate()
        require(second.returncode == 0, f"it ended with {second.returncode}: {said[-300:]}")
        require(most < MOST_MB, f"the command took {most:.0f} MB")
        kept, took = count_kept(store), time.monotonic() - start
    note = f"first outcome after {began:.1f} s, {count / took:.0f} pictures/s with one interruption, the command at most {most:.0f} MB"
    return Found(count, count - kept, recovery, note)


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
