"""The tools that are compared: how each is started, and how many cells its results hold."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import nothing
import pyarrow.parquet
from compared import TEN
from job import Job

from ecgbench.core.outcome import Status
from ecgbench.store import Store

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv-peers" / "bin" / "python"
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
LOOK_SECONDS = 0.05  # between two looks at a job's processes


def rows_in_csv(path: Path) -> int:
    return len(path.read_text().splitlines())


def rows_in_store(path: Path) -> int:
    with Store(path, create=False) as store:
        return store.counts(store.find_run().id).get(Status.DONE, 0)


def rows_in_json(path: Path) -> int:
    return len(json.loads(path.read_text())["benchmarks"])


def rows_in_parquet(path: Path) -> int:
    return int(pyarrow.parquet.read_metadata(path).num_rows)


@dataclass(frozen=True)
class Tool:
    """A tool by the name that tables show; `one_core` where it cannot use more."""

    name: str
    script: str
    command: Callable[[Job], Sequence[object]]
    cells_in: Callable[[Path], int] = rows_in_csv
    suffix: str = ".csv"
    one_core: bool = False
    environment: dict[str, str] = field(default_factory=dict)


def by_script(name: str, script: str) -> Tool:
    return Tool(name, script, lambda _: [PYTHON, HERE / script])


def by_pytest(name: str, style: str) -> Tool:
    def command(job: Job) -> Sequence[object]:
        rounds, output = f"--benchmark-min-rounds={job.repeats}", f"--benchmark-json={job.output}"
        return [PYTHON, "-m", "pytest", HERE / "pytest_pages", rounds, output]

    return Tool(name, "pytest_pages", command, rows_in_json, ".json", one_core=True, environment={"ECG_PEERS_STYLE": style})


def by_benchopt(name: str, *words: str) -> Tool:
    def command(job: Job) -> Sequence[object]:
        line = [PYTHON, "-m", "benchopt", "run", HERE / "benchopt_pages", "-j", job.workers, "-r", job.repeats]
        return [*line, "--no-plot", "--no-display", "--output", job.output, *words]

    return Tool(name, "benchopt_pages", command, rows_in_parquet, ".parquet")


def by_ecgbench(job: Job) -> Sequence[object]:
    """Return `ecgbench run` as users type it; ecgbench_peers-*.dist-info makes plugins of nothing.py and first_outcome.py."""
    numbers = ",".join(map(str, range(nothing.COPIES)))
    methods = {
        "ten": [f"--methods={','.join(TEN)}"],
        "nothing": ["--methods=edges.nothing", f"--param=edges.nothing.number={numbers}"],
    }
    how = [f"--repeats={job.repeats}", "--warmup=0", f"--jobs={job.workers}", f"--store={job.output}"]
    return [PYTHON, "-m", "ecgbench", "run", job.pages, *methods[job.methods], *how]


OURS = Tool("ecgbench run", "first_outcome.py", by_ecgbench, rows_in_store, ".db")
POOL = by_script("process pool by hand", "pool_loop.py")
BENCHOPT = by_benchopt("benchopt")
PLAIN = by_pytest("pytest-benchmark, `benchmark(f)`", "plain")
PEERS = (
    POOL,
    by_script("joblib", "joblib_loop.py"),
    by_script("dask by hand", "dask_loop.py"),
    by_pytest("pytest-benchmark, pedantic", "pedantic"),
    PLAIN,
    by_benchopt("benchopt, --no-cache", "--no-cache"),
    BENCHOPT,
)


class Cost(NamedTuple):
    """What a job took: seconds in all and until its first result, of processors, MB at the most (0 where nobody looked), and its cells."""

    seconds: float
    first: float
    busy: float
    memory_mb: float
    cells: int


def memory_mb(pid: int) -> float:
    """Return the memory of a process and all that it started, in MB; what several share counts once (Pss of proc(5))."""
    total = 0.0
    for each in (pid, *descendants(pid)):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def busy_seconds(pid: int) -> dict[int, float]:
    """Return the processor seconds of a process and of each that it started, as far as they are alive (proc(5))."""
    found = {}
    for each in (pid, *descendants(pid)):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        found[each] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def descendants(pid: int) -> Iterator[int]:
    try:
        children = [int(each) for task in Path(f"/proc/{pid}/task").glob("*/children") for each in task.read_text().split()]
    except OSError:  # it has ended
        return
    for child in children:
        yield child
        yield from descendants(child)


def cost_of(tool: Tool, pages: Path, *, methods: str, workers: int, repeats: int = 1, look: bool = False) -> Cost:
    """Run a job with a tool, in processes of its own; `look` at its memory meanwhile. RuntimeError where it fails or leaves cells out."""
    with tempfile.TemporaryDirectory() as place:
        job = Job(pages, methods, repeats, workers, Path(place) / f"results{tool.suffix}", Path(place) / "first")
        environment = os.environ | ONE_THREAD | tool.environment | job.to_environment()
        environment["PYTHONPATH"] = os.pathsep.join(map(str, (HERE, HERE.parents[1])))
        environment["PYTHONPYCACHEPREFIX"] = f"{tempfile.gettempdir()}/ecgbench-peers-bytecode"
        environment["BENCHOPT_CACHE"] = place  # or the second round would find the results of the first
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        said, most, busy = Path(place) / "said", 0.0, dict[int, float]()
        began, start = time.time(), time.perf_counter()
        with said.open("w") as file:
            process = subprocess.Popen(
                list(map(str, tool.command(job))), cwd=place, env=environment, stdout=file, stderr=subprocess.STDOUT
            )
            while process.poll() is None:
                busy |= busy_seconds(process.pid)
                most = max(most, memory_mb(process.pid) if look else 0.0)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK_SECONDS)
        seconds = time.perf_counter() - start
        if process.returncode or not job.output.exists():
            raise RuntimeError(f"{tool.name} failed:\n{said.read_text()[-3000:]}")
        return Cost(seconds, job.first.stat().st_mtime - began, sum(busy.values()), most, tool.cells_in(job.output))
