"""Runs into a full disk: a file system of a megabyte where one may be mounted, else a limit on the size of files."""

from __future__ import annotations

import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from faults.runs import ROOT, ecgbench, kept_cells, surroundings, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "A full disk ends a run with one sentence; what was reported is kept, and --resume goes on when there is room."
SHORT = False  # tests/store/test_processes.py has a full disk
WORDS = ("run", "scans", "--methods", "edges.talks", "--name", "night", "--resume", "--store")
LIMIT_BYTES = 1_000_000
ERROR = 'raise RuntimeError("why " * 500)'  # failures keep their message: a few hundred fill a megabyte


def run(*, short: bool) -> Found:
    """Fill the disk, look at what was said and kept, make room, go on."""
    pictures = 500 if short else 3000
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", {"talks": ERROR})
        store = here / "store.db"
        how, full = _on_small_disk(here, store, plugin)
        require("Traceback" not in full.stderr, f"a traceback was shown: {full.stderr[-300:]}")
        sentence = next((line for line in full.stderr.splitlines() if line.startswith("ecgbench: ")), "")
        require(
            full.returncode == 2 and "free some space" in sentence,
            f"it ended with {full.returncode} and said {full.stderr[-300:]!r}",
        )
        before = kept_cells(store, "night")
        require(before, "nothing was kept")
        start = time.monotonic()
        ecgbench(*WORDS, store, cwd=here, plugins=(plugin,))
        recovery = time.monotonic() - start
        after = kept_cells(store, "night")
    lost = len(before.keys() - after.keys()) + pictures - len(after)
    return Found(pictures, lost, recovery, f"{how}: {len(before)} kept when it was full; it said: {sentence}")


def _on_small_disk(here: Path, store: Path, plugin: Path) -> tuple[str, subprocess.CompletedProcess[str]]:
    """Carry out the run where the disk fills up; the store lies at `store` afterwards."""
    line = shlex.join([sys.executable, "-m", "ecgbench", *WORDS])
    small = here / "small"
    small.mkdir()
    script = (
        f"mount -t tmpfs -o size={LIMIT_BYTES} tmpfs {small} || exit 99; {line} {small}/store.db; ended=$?; "
        f"cp {small}/store.db* {here}; exit $ended"
    )
    if shutil.which("unshare"):
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script],
            cwd=here,
            env=surroundings(plugin),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 99 and "unshare failed" not in done.stderr:
            return f"a file system of {LIMIT_BYTES / 1e6:g} MB", done

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, resource.RLIM_INFINITY))

    done = subprocess.run(
        [*shlex.split(line), str(store)], cwd=here, env=surroundings(plugin, PYTHONPATH=f"{plugin}:{ROOT}"), capture_output=True, text=True,
        preexec_fn=limit, check=False,
    )  # fmt: skip
    return f"files of at most {LIMIT_BYTES / 1e6:g} MB", done
