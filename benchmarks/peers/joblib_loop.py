"""joblib with its own pool (loky), results as they come: a page with all its methods a task."""

from __future__ import annotations

from compared import keep, rows_of
from job import Job
from joblib import Parallel, delayed


def main() -> None:
    job = Job.from_environment()
    parallel = Parallel(n_jobs=job.workers, return_as="generator_unordered")
    keep(parallel(delayed(rows_of)(path, job) for path in job.paths()), job)


if __name__ == "__main__":
    main()
