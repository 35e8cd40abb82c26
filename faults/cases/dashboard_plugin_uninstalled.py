"""Uninstalls a plugin after a run, and looks at every page of the dashboard over what it left behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

from faults.dashboards import all_told, open_pages, told
from faults.runs import ecgbench, surroundings, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "Runs of a plugin that is gone are ranked and compared as before; what cannot be drawn again says what to install."
SHORT = False


def run(*, short: bool) -> Found:
    """Run with a plugin that this process does not know, and draw every page."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", 3)
        plugin = write_plugin(here / "plugins", {"gone": "pass", "lost": "pass", "broken": "raise ValueError('<b>why</b>')"})
        methods = "edges.gone,edges.lost,edges.broken"
        for name in ("monday", "tuesday"):
            done = ecgbench("run", "scans", "--methods", methods, "--name", name, cwd=here, plugins=(plugin,))
            require(done.returncode == 0, f"{done.stderr[-300:]} {surroundings(plugin)['PYTHONPATH']}")
        pages = open_pages(here / "ecgbench.db")
        all_told(pages, lambda _module, _text: True, "anything")
        compare, failures, leaderboard = (pages[name] for name in ("compare", "failures", "leaderboard"))
        for page in (compare, failures):
            page.query_params["task"] = "edges"
        sentence = "is not installed any more; install faulty-methods 1.0 to see it."
        require(sentence in told(compare), "Compare does not say what to install")
        require("<b>why</b>" in told(failures), "Failures does not say what went wrong")
        ranked = set(leaderboard.dataframe[0].value["method"])
        require({"gone", "lost", "broken"} == ranked, f"the leaderboard has {sorted(ranked)}")
    return Found(len(pages) + 3, 0, None, f"{len(pages)} pages; Compare says: edges.gone {sentence}")
