"""Every pool of the project: serial, threads, processes and a dask cluster, with deadlines, memory limits and blame.

A pool takes payloads and gives back what `work(payload, beat)` made of each, in the order in which they finish. `beat(label)` restarts
the clock of the deadline and names what is being done, so that a worker that dies or hangs is lost at a known place.

Each worker process has a pipe of its own: killing one, at any moment, cannot hold a lock that others wait for, nor tear a message that
others read.
"""

from ecgbench.workers.forkserver import wake_forkserver
from ecgbench.workers.jobs import JobPool, ProcessJobs, ThreadJobs
from ecgbench.workers.local import SerialPool, ThreadPool
from ecgbench.workers.processes import ProcessPool
from ecgbench.workers.streams import EXECUTORS, check_executor, in_order, open_pool, parallel_map, stream, under_way
from ecgbench.workers.tasks import (
    IN_HAND,
    START,
    Beat,
    Finished,
    Lost,
    Pool,
    PoolError,
    Raised,
    UnderWay,
    Work,
    one_line,
    one_thread_each,
    usable_cores,
)

__all__ = [
    "EXECUTORS", "IN_HAND", "START", "Beat", "Finished", "JobPool", "Lost", "Pool", "PoolError", "ProcessJobs", "ProcessPool", "Raised",
    "SerialPool", "ThreadJobs", "ThreadPool", "UnderWay", "Work", "check_executor", "in_order",
    "one_line", "one_thread_each", "open_pool", "parallel_map", "stream", "under_way", "usable_cores", "wake_forkserver",
]  # fmt: skip
