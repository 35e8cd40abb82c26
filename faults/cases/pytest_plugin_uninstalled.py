"""Uninstalls a plugin between two runs, and asks every door for what it left behind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from faults.runs import ecgbench, surroundings, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = (
    "Runs of a plugin that is no longer installed are read, compared and exported as before; running it again is one sentence."
)
SHORT = False


def run(*, short: bool) -> Found:
    """Run with the plugin, uninstall it, and use every command."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", 4)
        plugin = write_plugin(here / "plugins", {"gone": "pass", "broken": "raise ValueError('<b>why</b>')"})
        for name in ("monday", "tuesday"):
            done = ecgbench(
                "run", "scans", "--methods", "edges.gone,edges.broken,edges.canny", "--name", name, cwd=here, plugins=(plugin,)
            )
            require(done.returncode == 0, done.stderr[-300:])
        saved = _pytest(here, plugin, "edges.gone,edges.canny", "--ecg-save", "main")
        require(saved.returncode == 0, saved.stdout[-300:])
        reads = (
            ("runs",), ("leaderboard", "monday"), ("compare", "monday", "tuesday"), ("compare", "monday:edges.gone", "monday:edges.canny"),
            *(("export", "monday", "--format", form) for form in ("csv", "json", "parquet", "html", "md")),
        )  # fmt: skip
        for words in reads:
            done = ecgbench(*words, cwd=here)
            require(done.returncode == 0 and "Traceback" not in done.stderr, f"{' '.join(words)}: {done.stderr[-300:]}")
        again = ecgbench("run", "scans", "--methods", "edges.gone", "--name", "monday", "--resume", cwd=here)
        require(again.returncode == 2 and "Traceback" not in again.stderr, f"the run said {again.stderr[-300:]!r}")
        compared = _pytest(here, None, "edges.canny", "--ecg-compare", "main")
        require(compared.returncode == 0, f"pytest: {compared.stdout[-400:]}")
        without = _pytest(here, None, "edges.gone", "--ecg-compare", "main")
        require(without.returncode == 4 and "Traceback" not in without.stdout, f"pytest: {without.stdout[-400:]}")
    sentence = again.stderr.strip().splitlines()[-1]
    return Found(len(reads) + 3, 0, None, f"{len(reads)} ways to read it; to run it again says: {sentence}")


def _pytest(here: Path, plugin: Path | None, methods: str, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--benchmark", "scans", "--ecg-methods", methods, *words]
    env = surroundings(*((plugin,) if plugin else ()))
    return subprocess.run(
        line, cwd=here, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False
    )
