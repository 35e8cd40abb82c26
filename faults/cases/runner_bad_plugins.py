"""Runs methods that do to their process what none may, between two that do not."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from faults.runs import ecgbench, kept_cells, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "A plugin that forks, leaks threads or memory, prints megabytes, changes folder or writes to its input costs only its own cells."
SHORT = False  # tests/test_execution.py runs them
DEEDS = {
    "forks": "os.fork()",
    "forks_and_stays": "os.fork() or time.sleep(600)",
    "leaks_threads": "[threading.Thread(target=time.sleep, args=(600,), daemon=True).start() for _ in range(60)]",
    "leaks_memory": "vars(time).setdefault('kept', []).append(np.ones(700_000_000, np.uint8))",
    "leaks_files": "vars(time).setdefault('open', []).extend(open('/dev/null') for _ in range(100))",
    "prints": "print('x' * 2_000_000); os.write(1, b'y' * 2_000_000); sys.stderr.write('z' * 2_000_000)",
    "wanders": "os.chdir('/')",
    "writes": "gray[:] = 0",
    "unlocks": "gray.setflags(write=True); gray[:] = 0",
    "ignores_signals": "[signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)]",
    "closes_pipes": "os.closerange(3, 64)",
    "exits": "sys.exit(4)",
    "recurses": "(lambda again: again(again))(lambda again: again(again))",
}
OWN = {"writes", "unlocks", "closes_pipes", "exits", "recurses"}  # cannot be seen through: these cells fail


def run(*, short: bool) -> Found:
    """Run all of them on the same pages, and look at every cell."""
    pictures = 4 if short else 40
    methods = {"a_good": "pass", **DEEDS, "z_good": "pass"}
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", methods)
        words = (
            "run",
            "scans",
            "--methods",
            ",".join(f"edges.{name}" for name in methods),
            "--name",
            "bad",
            "--timeout",
            "20",
            "--json",
        )
        done = ecgbench(*words, cwd=here, plugins=(plugin,), patience_s=900)
        require(done.returncode == 0, f"it ended with {done.returncode}: {done.stderr[-300:]}")
        require(json.loads(done.stdout)["run"]["state"] == "finished", "the run is not finished")
        cells = kept_cells(here / "ecgbench.db", "bad")
    harmed = sorted(
        {method for (method, _), status in cells.items() if status != "done" and method.removeprefix("edges.") not in OWN}
    )
    require(not harmed, f"cells of {', '.join(harmed)} are not done")
    sent = pictures * len(methods)
    return Found(
        sent,
        sent - len(cells),
        None,
        f"{len(DEEDS)} deeds; {len(OWN)} cost their own cells, the others nothing; --json stayed JSON",
    )
