"""Lets the clock go backwards under a run: an hour at every look, in the command and in its workers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ecgbench.store import Store
from faults.runs import ecgbench, write_pictures, write_plugin
from faults.suite import Found, require

PROMISE = "A clock that goes backwards changes no measured time, ends no run, and gives no two runs one name."
SHORT = False
# Python imports this at its start; the monotonic clocks stay as they are, as the kernel's do when somebody sets the time.
BACKWARDS = """
import datetime, itertools, time
_real, _looks, _strftime = time.time, itertools.count(), time.strftime
time.time = lambda: _real() - 3600 * next(_looks)
time.time_ns = lambda: int(time.time() * 1e9)
time.strftime = lambda form, moment=None: _strftime(form, time.localtime(time.time()) if moment is None else moment)
class _Backwards(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
datetime.datetime = _Backwards
"""


def run(*, short: bool) -> Found:
    """Run twice under such a clock, once against a timeout; read the runs back."""
    pictures = 20 if short else 300
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        write_pictures(here / "scans", pictures)
        plugin = write_plugin(here / "plugins", {"naps": "time.sleep(0.01)"})
        (plugin / "sitecustomize.py").write_text(BACKWARDS)
        for _ in range(2):
            done = ecgbench("run", "scans", "--methods", "edges.naps", "--timeout", "20", cwd=here, plugins=(plugin,))
            require(done.returncode == 0, f"a run ended with {done.returncode}: {done.stderr[-300:]}")
        for words in (("runs",), ("leaderboard",), ("export", "--format", "html")):
            done = ecgbench(*words, cwd=here, plugins=(plugin,))
            require(done.returncode == 0, f"{words[0]} ended with {done.returncode}: {done.stderr[-300:]}")
        with Store(here / "ecgbench.db") as store:
            runs = store.runs()
            outcomes = [outcome for each in runs for outcome in store.outcomes(each.id)]
            require(
                all(each.finished_at and each.finished_at < each.started_at for each in runs), "the clock did not go backwards"
            )
        slow = [second for outcome in outcomes for second in outcome.seconds]
        require(all(0.009 < second < 5 for second in slow), f"a nap of 0.01 s was measured as {min(slow):g} to {max(slow):g} s")
    names = len({each.name for each in runs})
    require(names == 2, f"2 runs have {names} names")
    return Found(
        2 * pictures, 2 * pictures - len(outcomes), None, f"naps of 10 ms were measured as {min(slow):.4f} to {max(slow):.4f} s"
    )
