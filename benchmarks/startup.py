"""Start-up and import times, as ratios and differences of whole processes measured in turn.

    python benchmarks/startup.py [--rounds 7]

Targets: `import ecgbench` at most 0.15 s beyond `import cv2`; `ecgbench --help` at most 0.5 s; the first edges.canny outcome of
`ecgbench run` within 3x the time of `python -c 'import cv2, sqlalchemy'`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pages import write_benchmark_pages
from tables import Table, present, spread, verdict

LEAVE = """
import os, signal
from ecgbench import hookimpl
@hookimpl
def ecgbench_outcome(outcome):
    print(outcome.status, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write_plugin(folder: Path) -> None:
    """Write a plugin, as if it were installed, that ends a run at its first outcome."""
    (folder / "leave-0.dist-info").mkdir()
    (folder / "leave-0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: leave\nVersion: 0\n")
    (folder / "leave-0.dist-info" / "entry_points.txt").write_text("[ecgbench]\nleave = leave_at_first_outcome\n")
    (folder / "leave_at_first_outcome.py").write_text(LEAVE)


def seconds_of(*command: str, plugins: Path | None = None) -> float:
    """Return the wall seconds of a process; modules are compiled already, as they are from the second start on.

    `plugins`: a folder of them, one of which ends the process.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "ecgbench-startup-bytecode")
    if plugins is not None:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(plugins), environment.get("PYTHONPATH"))))
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seconds = time.perf_counter() - start
    said = done.stdout + done.stderr  # on a terminal or not, what is printed beside the run's progress goes where that goes
    assert (done.returncode == -9 and "done" in said) if plugins is not None else done.returncode == 0, said
    return seconds


def measured(rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each process, round by round."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as place:
        folder, plugins = write_benchmark_pages(Path(place), 4)[0].parent, Path(place) / "plugins"
        plugins.mkdir()
        write_plugin(plugins)
        commands: dict[str, Callable[[], float]] = {
            "import cv2": lambda: seconds_of(python, "-c", "import cv2"),
            "import ecgbench": lambda: seconds_of(python, "-c", "import cv2, ecgbench; ecgbench.transformer, ecgbench.EdgeMap"),
            "ecgbench --help": lambda: seconds_of(python, "-m", "ecgbench", "--help"),
            "import cv2, sqlalchemy": lambda: seconds_of(python, "-c", "import cv2, sqlalchemy"),
            "first outcome": lambda: seconds_of(
                python, "-m", "ecgbench", "run", str(folder), "-m", "edges.canny", "--store", f"{place}/{time.time_ns()}.db", plugins=plugins
            ),
        }  # fmt: skip
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, measure in commands.items():
                seconds = measure()
                if turn:  # the first turn warms the page cache
                    times[name].append(seconds)
    return times


def tables(options: argparse.Namespace) -> Iterator[Table]:
    times = measured(options.rounds)
    beyond = [own - plain for own, plain in zip(times["import ecgbench"], times["import cv2"], strict=True)]
    firsts = [own / plain for own, plain in zip(times["first outcome"], times["import cv2, sqlalchemy"], strict=True)]
    seconds = {name: spread(found, "") for name, found in times.items()}
    targets = {
        "import ecgbench": f"{statistics.median(beyond):.2f} s beyond import cv2 ({verdict(statistics.median(beyond), at_most=0.15)})",
        "ecgbench --help": verdict(statistics.median(times["ecgbench --help"]), at_most=0.5),
        "first outcome": f"{spread(firsts)} of import cv2, sqlalchemy ({verdict(statistics.median(firsts), at_most=3)})",
    }
    yield Table(
        "Starts of whole processes, in turn",
        ["process", "seconds", "target"],
        [[name, seconds[name], targets.get(name, "")] for name in times],
        ["`import ecgbench` imports cv2 first; the first outcome is that of `ecgbench run FOLDER -m edges.canny`, committed."],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    present(parser, tables)


if __name__ == "__main__":
    main()
