"""Deletes pictures, cuts them short and writes others in their place while a run is under way."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from faults.runs import begin, count_kept, ecgbench, kept_cells, small_picture, wait_for, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "Pictures that vanish or change under a run cost their own cells, each with a sentence, and are run again on --resume."
SHORT = False
WORDS = ("run", "scans", "--methods", "edges.naps", "--name", "night", "--resume")


def run(*, short: bool) -> Found:
    """Change three quarters of the folder behind the run, then the folder itself."""
    pictures = 80 if short else 600
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        scans = write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", {"naps": "time.sleep(0.02)"})
        process = begin(*WORDS, cwd=here, plugins=(plugin,))
        wait_for(lambda: count_kept(here / "ecgbench.db") > 5, "the first outcomes")
        for index, path in enumerate(sorted(scans.iterdir())[pictures // 2 :]):
            if index % 4 == 0:
                path.unlink()
            elif index % 4 == 1:
                path.write_bytes(path.read_bytes()[:-20])
            elif index % 4 == 2:
                path.write_bytes(small_picture(width=61 + index))
        _, said = process.communicate(timeout=300)
        require(process.returncode == 0 and "Traceback" not in said, f"it ended with {process.returncode}: {said[-300:]}")
        cells = kept_cells(here / "ecgbench.db", "night")
        failed = sum(status != "done" for status in cells.values())
        wait = wait_for(lambda: True, "")
        again = ecgbench(*WORDS, cwd=here, plugins=(plugin,))
        require(again.returncode == 0, f"--resume ended with {again.returncode}: {again.stderr[-300:]}")
        _folder_goes(here, plugin)
    return Found(
        pictures,
        pictures - len(cells),
        wait or None,
        f"{failed} cells failed by name, {len(cells) - failed} are done; a folder that goes is told of",
    )


def _folder_goes(here: Path, plugin: Path) -> None:
    process = begin("run", "scans", "--methods", "edges.naps", "--name", "gone", cwd=here, plugins=(plugin,))
    wait_for(lambda: bool(kept_cells(here / "ecgbench.db", "gone")), "the first outcomes")
    shutil.rmtree(here / "scans")
    _, said = process.communicate(timeout=300)
    require("Traceback" not in said and process.returncode in (0, 2), f"it ended with {process.returncode}: {said[-300:]}")
