"""Runs with a store that may not be written: its file, its folder, its disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from faults.runs import command, ecgbench, surroundings, write_pictures, write_plugin
from faults.suite import Found, NotTried, require

PROMISE = "A store that may not be written is one sentence before any work is begun; what it holds stays as it is."
SHORT = False


def run(*, short: bool) -> Found:
    """Make a store, take the right to write it away, and try to run into it and to read it."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", 3)
        plugin = write_plugin(here / "plugins", {"good": "pass"})
        kept = here / "kept"
        kept.mkdir()
        first = ecgbench("run", "scans", "--methods", "edges.good", "--store", "kept/s.db", cwd=here, plugins=(plugin,))
        require(first.returncode == 0, first.stderr[-300:])
        before = (kept / "s.db").read_bytes()
        said = [_refused(here, kept, plugin, words) for words in (("run", "scans", "--methods", "edges.good"), ("leaderboard",))]
        require((kept / "s.db").read_bytes() == before, "the store was changed")
    return Found(2, 0, None, f"it said: {said[0]}")


def _refused(here: Path, kept: Path, plugin: Path, words: tuple[str, ...]) -> str:
    """Return what is said on a folder that is mounted read-only; as root, rights on files forbid nothing."""
    line = command(*words, "--store", "kept/s.db")
    if os.geteuid() == 0:
        if shutil.which("unshare") is None:
            raise NotTried("it needs unshare(1), or another user than root.")
        bind = f'mount --bind {kept} {kept} && mount -o remount,ro,bind {kept} || exit 99; exec "$@"'
        line = ["unshare", "--mount", "sh", "-c", bind, "sh", *line]
    else:
        kept.chmod(0o555)
    try:
        done = subprocess.run(line, cwd=here, env=surroundings(plugin), capture_output=True, text=True, timeout=120, check=False)
    finally:
        kept.chmod(0o755)
    if done.returncode in (1, 99) and "mount" in done.stderr + done.stdout:
        raise NotTried("it needs the right to mount, or another user than root.")
    sentences = done.stderr.strip().splitlines()
    require(
        done.returncode == 2 and "is read-only" in sentences[-1] and "Traceback" not in done.stderr,
        f"it said {done.stderr[-300:]!r}",
    )
    return sentences[-1]
