"""The loop by hand: a pool of processes, a page with all its methods a task, results written as they come."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from compared import keep, rows_of
from job import Job


def main() -> None:
    job = Job.from_environment()
    context = get_context("forkserver")
    context.set_forkserver_preload(["compared"])
    with ProcessPoolExecutor(job.workers, mp_context=context) as pool:
        waiting = [pool.submit(rows_of, path, job) for path in job.paths()]
        keep((done.result() for done in as_completed(waiting)), job)


if __name__ == "__main__":
    main()
