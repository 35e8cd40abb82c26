"""dask by hand: a local cluster of worker processes with one thread each, a page with all its methods a task."""

from __future__ import annotations

from compared import keep, rows_of
from distributed import Client, LocalCluster, as_completed
from job import Job


def main() -> None:
    job = Job.from_environment()
    with (
        LocalCluster(n_workers=job.workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        waiting = client.map(rows_of, job.paths(), job=job, pure=False)
        keep((rows for _, rows in as_completed(waiting, with_results=True)), job)


if __name__ == "__main__":
    main()
