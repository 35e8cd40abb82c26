"""Runs over a bucket on a line that hangs, resets, refuses and damages, and again when the line is well."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from faults.runs import ecgbench, kept_cells, small_picture, write_plugin
from faults.suite import Found, require, storage

PROMISE = "Each picture of a bucket that cannot be had is its own failed cell, with a sentence; --resume does those, and fetches no other again."
SHORT = False  # tests/plugins/image_sets/test_gcs.py has each fault
WORDS = ("run", "gs://scans/night", "--methods", "edges.good", "--name", "night", "--resume")
KINDS = ("hang", "slow", "reset", "corrupt", "403", "404", "503")


def run(*, short: bool) -> Found:
    """Break a seventh of the downloads in each way, then none."""
    pictures = 28 if short else 280
    with storage() as gcs, tempfile.TemporaryDirectory() as place:
        here = Path(place)
        plugin = write_plugin(here / "plugins", {"good": "pass"})
        names = [f"{index:03d}.png" for index in range(pictures)]
        for index, name in enumerate(names):
            gcs.put("scans", f"night/{name}", small_picture(width=60 + index))
        broken = names[::4] if short else names[::10]
        for kind, name in zip(KINDS * len(broken), broken, strict=False):
            gcs.fail(f"{name}?alt=media", kind, times=2 if kind == "503" else None)
        os.environ |= {"STORAGE_EMULATOR_HOST": gcs.url, "ECGBENCH_CACHE_DIR": str(here / "cache")}
        start = time.monotonic()
        first = ecgbench(*WORDS, cwd=here, plugins=(plugin,), patience_s=600)
        took = time.monotonic() - start
        require("Traceback" not in first.stderr, f"it said {first.stderr[-300:]}")
        cells = kept_cells(here / "ecgbench.db", "night")
        failed = sum(status != "done" for status in cells.values())
        gcs.faults.clear()
        gcs.asked.clear()
        start = time.monotonic()
        again = ecgbench(*WORDS, cwd=here, plugins=(plugin,))
        recovery = time.monotonic() - start
        healed = kept_cells(here / "ecgbench.db", "night")
        fetched = gcs.downloads()
    require(again.returncode == 0, f"--resume ended with {again.returncode}: {again.stderr[-300:]}")
    require(set(healed.values()) == {"done"}, f"after the line was well, some were not done: {sorted(set(healed.values()))}")
    require(fetched == failed, f"--resume fetched {fetched} pictures, and {failed} were missing")
    note = f"{failed} failed by name within {took:.0f} s, {len(cells) - failed} done; --resume fetched {fetched} and did them"
    return Found(pictures, pictures - len(cells), recovery, note)
