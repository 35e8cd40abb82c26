"""`ecgbench run` as users type it, with the method that does nothing registered, and a hook that notes the first result."""

from __future__ import annotations

import nothing
from compared import TEN
from job import Job

from ecgbench import hookimpl
from ecgbench.cli import main
from ecgbench.core.outcome import Outcome
from ecgbench.registry import default_registry

NUMBERS = ",".join(map(str, range(nothing.COPIES)))
METHODS = {
    "ten": [f"--methods={','.join(TEN)}"],
    "nothing": ["--methods=edges.nothing", f"--param=edges.nothing.number={NUMBERS}"],
}


class FirstOutcome:
    """Notes outcomes as the runner reports them, after their commit."""

    def __init__(self, job: Job) -> None:
        self._job: Job | None = job

    @hookimpl
    def ecgbench_outcome(self, outcome: Outcome) -> None:
        if self._job is not None:
            self._job.note_result()
            self._job = None


if __name__ == "__main__":
    job = Job.from_environment()
    for plugin in (nothing, FirstOutcome(job)):
        default_registry().register(plugin)
    how = [f"--repeats={job.repeats}", "--warmup=0", f"--jobs={job.workers}", f"--store={job.output}"]
    main(["run", str(job.pages), *METHODS[job.methods], *how])
