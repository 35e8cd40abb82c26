"""dask by hand: a local cluster of worker processes with one thread each, a page with all its methods a task."""

from __future__ import annotations

from typing import Any

import distributed
from compared import keep, rows_of
from job import Job

dask: Any = distributed  # its functions have no annotations


def main() -> None:
    job = Job.from_environment()
    with (
        dask.LocalCluster(n_workers=job.workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        dask.Client(cluster) as client,
    ):
        waiting = client.map(rows_of, job.paths(), job=job, pure=False)
        keep((rows for _, rows in dask.as_completed(waiting, with_results=True)), job)


if __name__ == "__main__":
    main()
