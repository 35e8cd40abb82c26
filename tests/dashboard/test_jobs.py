"""Commands in the background outlive whoever started them, and are found again by name."""

import time

import pytest

from ecgbench.dashboard.jobs import BackgroundError, Job


def ended(job, seconds=60):
    until = time.monotonic() + seconds
    while job.running:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_job_is_found_again_by_its_name_and_says_what_it_wrote(tmp_path):
    job = Job(tmp_path / "jobs", "../ä/b" * 40)
    assert not job.begun and not job.running and job.out == ""
    job.start(["--version"])
    again = Job(tmp_path / "jobs", job.name)
    assert again.begun
    ended(again)
    assert again.out.strip() and again.said == ""
    assert {path.parent for path in tmp_path.rglob("*.out")} == {tmp_path / "jobs"}


def test_a_job_that_goes_on_is_not_started_twice_and_one_that_fails_says_why(tmp_path):
    job = Job(tmp_path, "run")
    job.start(["run", "nowhere/", "--store", str(tmp_path / "s.db")])
    with pytest.raises(BackgroundError, match="run goes on already"):
        job.start(["--version"])
    ended(job)
    assert job.said.startswith("ecgbench: There is no file or folder nowhere/")


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BackgroundError, match="cannot be written in"):
        Job(tmp_path / "file" / "jobs", "run").start(["--version"])
