"""gs:// on the command line and in pytest: run, list, write back; what fails is one sentence and loses nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.fixture
def bucket(gcs, pictures):
    gcs.put_folder("scans", pictures, "real/")
    gcs.put("results", "x", b"x")
    return gcs


def test_a_run_over_a_bucket_writes_its_results_back_and_goes_on_without_fetching(bucket, ecgbench):
    bucket.fail("page1.png?alt=media", "404")
    words = ("run", "gs://scans/real", "--methods", "edges.canny", "--name", "monday", "--jobs", 1)
    answer = ecgbench(*words, "--upload", "gs://results/2026", "--cache-dir", "kept")
    assert answer.code == 0, answer
    assert "2 done, 1 failed, 2 pictures fetched" in answer.out
    assert bucket.names("results") == ["2026/monday.csv", "2026/monday.html", "2026/monday.json", "x"]
    rows = json.loads(bucket.get("results", "2026/monday.json"))["outcomes"]
    assert {row["case"]["name"]: row["status"] for row in rows} == {
        "page0.png": "done",
        "page1.png": "failed",
        "page2.png": "done",
    }
    (error,) = [row["error"] for row in rows if row["error"]]
    assert "There is no gs://scans/real/page1.png (any more)" in error
    assert b"data:image" in bucket.get("results", "2026/monday.html")  # what the method saw, fetched from the cache

    bucket.faults.clear()
    bucket.asked.clear()
    again = ecgbench(*words, "--resume", "--json", "--cache-dir", "kept").json
    assert again["counts"] == {"done": 1, "reused": 2}
    assert bucket.downloads() == bucket.downloads("page1.png") == 1


def test_an_upload_that_fails_says_where_the_results_are_and_how_to_go_on(bucket, ecgbench):
    answer = ecgbench(
        "run", "gs://scans/real/page0.png", "--methods", "edges.canny", "--name", "t", "--upload", "gs://no-bucket/x"
    )
    assert answer.code == 2
    sentence = answer.err.splitlines()[-1]
    assert "gs://no-bucket/x/t.csv cannot be written: there is no such bucket" in sentence
    assert (
        "The run t is kept in ecgbench.db; upload it again with `ecgbench export t --format html --upload gs://no-bucket/x`"
        in sentence
    )
    assert ecgbench("leaderboard", "t").code == 0
    assert ecgbench("export", "t", "--format", "csv", "--upload", "gs://results/y/").code == 0
    assert bucket.get("results", "y/t.csv").startswith(b"case,method")


@pytest.mark.parametrize("command", [("run", "gs://scans/real", "--dry-run"), ("export",)])
def test_a_place_that_cannot_be_uploaded_to_is_said_before_any_work(ecgbench, command):
    assert ecgbench(*command, "--upload", "results/").error == "'results/' is no place to upload to; write gs://BUCKET/PREFIX."


def test_what_a_bucket_holds_is_listed(bucket, ecgbench):
    assert ecgbench("images", "gs://scans/real", "--json").json["count"] == 3
    assert "gs://nowhere/ cannot be listed: there is no such bucket" in ecgbench("images", "gs://nowhere").error
    assert "written 10GB" in ecgbench("images", "gs://scans", "--cache-size", "much").error


def test_pytest_runs_on_a_bucket(bucket, tmp_path):
    words = ["--benchmark", "gs://scans/real", "--ecg-methods", "edges.canny", "-p", "no:cacheprovider", "-v"]
    done = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gs://scans/real::page2.png::edges.canny PASSED" in done.stdout
