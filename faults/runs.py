"""Runs of `ecgbench` to break: small pictures, plugins that are installed for one run, and processes to kill."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ecgbench.store import Store
from faults.suite import Broken

ROOT = Path(__file__).parents[1]
PATIENCE_S = 120.0  # that a busy machine gets

STORY = '''"""{purpose}

    How it works: see its name.
    What works: being seen through.
    What didn't work: being good.
    Changes: 0.1 first version.
    """'''
HEAD = """
import os, signal, sys, threading, time
from pathlib import Path
import numpy as np
from ecgbench import EdgeMap, Gray, Page, transformer

def nothing(gray):
    return EdgeMap(np.zeros(gray.shape[:2], bool), None)
"""


def small_picture(*, width: int = 60) -> bytes:
    """Return an encoded picture that any edge method is done with in a millisecond."""
    picture = np.full((40, width), 200, np.uint8)
    cv2.rectangle(picture, (10, 10), (40, 30), 20, 2)
    return cv2.imencode(".png", picture)[1].tobytes()


def write_pictures(folder: Path, count: int) -> Path:
    """Write a folder of pictures that all differ in their content, so that each is a case of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = np.full((40, 60), 200, np.uint8)
    cv2.rectangle(picture, (10, 10), (40, 30), 20, 2)
    for index in range(count):
        picture[0, :4] = [index >> shift & 255 for shift in (0, 8, 16, 24)]
        (folder / f"{index:06d}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return folder


def write_plugin(folder: Path, methods: dict[str, str]) -> Path:
    """Install a plugin with methods `edges.NAME`, each given by what it does with `gray` before it returns; return what PYTHONPATH needs."""
    bodies = [
        f'@transformer("edges.{name}")\ndef {name}(gray: Gray) -> EdgeMap:\n    {STORY.format(purpose=f"Be {name}.")}\n    {body}\n'
        "    return nothing(gray)\n"
        for name, body in methods.items()
    ]
    told = folder / "faulty_methods-1.0.dist-info"
    told.mkdir(parents=True, exist_ok=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-methods\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text("[ecgbench]\nfaulty = faulty_methods\n")
    (folder / "faulty_methods.py").write_text(HEAD + "\n" + "\n\n".join(bodies))
    return folder


def surroundings(*paths: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process that knows this project and the plugins at `paths`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ECGBENCH_STORE", "PYTEST_", "COV_"))}
    return kept | {"PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT)))} | more


def command(*words: str | Path) -> list[str]:
    """Return the command line of `ecgbench WORDS...`."""
    return [sys.executable, "-m", "ecgbench", *map(str, words)]


def ecgbench(
    *words: str | Path, cwd: Path, plugins: tuple[Path, ...] = (), patience_s: float = PATIENCE_S, **terms: Any
) -> subprocess.CompletedProcess[str]:
    """Run `ecgbench WORDS...` to its end."""
    return subprocess.run(
        command(*words),
        cwd=cwd,
        env=surroundings(*plugins),
        capture_output=True,
        text=True,
        timeout=patience_s,
        check=False,
        **terms,
    )


def begin(*words: str | Path, cwd: Path, plugins: tuple[Path, ...] = (), **terms: Any) -> subprocess.Popen[str]:
    """Start `ecgbench WORDS...` in a session of its own, as a terminal would."""
    return subprocess.Popen(
        command(*words),
        cwd=cwd,
        env=surroundings(*plugins),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **terms,
    )


def kept_cells(store: Path, name: str) -> dict[tuple[str, str], str]:
    """Return how each cell (method, picture) of a run ended; none where the run, or its store, was not begun."""
    if not store.exists():
        return {}
    with Store(store) as opened:
        runs = [run for run in opened.runs() if run.name == name]
        return {(o.variant.method, o.case.name): str(o.status) for run in runs for o in opened.outcomes(run.id)}


def count_kept(store: Path) -> int:
    """Return the number of outcomes in a store, 0 where there is none yet."""
    if not store.exists() or not store.stat().st_size:
        return 0
    with Store(store) as opened:
        return sum(sum(opened.counts(run.id).values()) for run in opened.runs())


def wait_for(condition: Callable[[], bool], what: str, *, patience_s: float = PATIENCE_S) -> float:
    """Wait until something holds and return the seconds it took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > patience_s:
            raise Broken(f"{what} did not come about within {patience_s:g} s.")
        time.sleep(0.01)
    return time.monotonic() - start


def session_of(leader: int) -> list[int]:
    """Return the processes of a session (proc(5)): a run, its forkserver and its workers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return sorted(found)
