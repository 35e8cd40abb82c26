"""Takes the store away from under `pytest --benchmark --ecg-save`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from faults.runs import count_kept, surroundings, wait_for, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = (
    "A store that vanishes under a pytest session is told of in one sentence and fails the session; every item keeps its verdict."
)
SHORT = False
WORDS = ("-p", "no:cacheprovider", "--benchmark", "scans", "--ecg-methods", "edges.naps", "--ecg-save", "main", "-q")


def run(*, short: bool) -> Found:
    """Remove the store in the middle, with and without pytest-xdist."""
    pictures, told = (60 if short else 300), []
    for workers in ((), ("-n", "2")):
        with tempfile.TemporaryDirectory() as place:
            here = Path(place)
            write_pictures(here / "scans", pictures)
            plugin = write_plugin(here / "plugins", {"naps": "time.sleep(0.03)"})
            line = [sys.executable, "-m", "pytest", *WORDS, *workers]
            session = subprocess.Popen(
                line, cwd=here, env=surroundings(plugin), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            wait_for(lambda path=here / "ecgbench.db": count_kept(path) > 3, "the first outcomes")  # type: ignore[misc]
            for path in here.glob("ecgbench.db*"):
                path.unlink()
            out, _ = session.communicate(timeout=300)
            require("INTERNALERROR" not in out and "Traceback" not in out, f"it broke: {out[-600:]}")
            require(f"{pictures} passed" in out, f"items were lost: {out[-300:]}")
            sentence = next((line for line in out.splitlines() if "was moved, removed or replaced" in line), "")
            require(sentence and session.returncode != 0, f"nothing was said, exit code {session.returncode}: {out[-600:]}")
            told.append(f"{' '.join(workers) or 'one process'}: exit code {session.returncode}")
    return Found(2 * pictures, 0, None, f"{'; '.join(told)}; it said: {sentence}")
