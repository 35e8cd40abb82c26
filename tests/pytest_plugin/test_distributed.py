"""pytest-xdist: pictures go to workers whole, their outcomes come back into one run, and a crash costs its item."""

import os
import re
from pathlib import Path

import pytest

from ecgbench.core.outcome import Status
from ecgbench.store import Store

pytest_plugins = ["pytester"]


def test_two_workers_report_everything_once_into_one_run(pytester, scans, write_page):
    for name in "cdef":
        write_page(scans / f"{name}.png")
    result = pytester.runpytest_inprocess(
        "--benchmark",
        "scans",
        "--ecg-methods=edges.canny,edges.sobel,edges.contour",
        "--ecg-save=both",
        "-n2",
        "-v",
        "--junitxml=j.xml",
    )
    result.assert_outcomes(passed=18)
    workers = {}
    for line in result.outlines:
        if found := re.match(r"\[(gw\d)\].* PASSED scans/(\w)\.png::", line):
            workers.setdefault(found[2], set()).add(found[1])
    assert set(workers) == set("abcdef")
    assert all(len(of_picture) == 1 for of_picture in workers.values())  # so that each was decoded once
    with Store(pytester.path / "ecgbench.db") as store:
        run = store.find_run("both")
        assert (run.state, run.plan["workers"], run.plan["executor"]) == ("finished", 2, "processes")
        assert len(list(store.outcomes(run.id, status=Status.DONE))) == 18
    result.stdout.fnmatch_lines(["edges: 3 methods on 6 pages, *"])
    assert (pytester.path / "j.xml").read_text().count('name="content_box_iou"') == 18


def test_a_worker_that_crashes_costs_its_item_only(pytester, scans, method, write_page):
    write_page(scans / "c.png")
    method("crash", "os.kill(os.getpid(), signal.SIGKILL)")
    result = pytester.runpytest_inprocess("--benchmark", "scans", "--ecg-methods=edges.*", "--ecg-store=runs.db", "-n2")
    result.assert_outcomes(passed=14, failed=1)
    result.stdout.fnmatch_lines(["FAILED scans/b.png::edges.crash - *", "*1 failed, 14 passed*"])
    with Store(pytester.path / "runs.db") as store:
        run = store.find_run()
        (crashed,) = store.outcomes(run.id, status=Status.CRASHED)
        assert (crashed.variant.label, crashed.case.name) == ("edges.crash", "b.png")
        assert len(list(store.outcomes(run.id, status=Status.DONE))) == 14


def test_a_run_in_which_every_worker_crashed_once_still_ends(pytester, scans, method):
    method("crash", "os.kill(os.getpid(), signal.SIGKILL)")
    result = pytester.runpytest_inprocess("--benchmark", "scans/b.png", "--ecg-methods=edges.crash,edges.canny", "-n1")
    result.assert_outcomes(passed=1, failed=1)


def test_names_of_pictures_may_be_any_that_a_file_can_have(pytester, write_page):
    folder = pytester.mkdir("scans")
    page = write_page(pytester.path / "page.png", box=None).read_bytes()
    for name in (b"\xff.png", "Ü [1].png".encode(), b"a::b.png"):
        Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_bytes(page)  # noqa: PTH118 - a name in bytes
    result = pytester.runpytest_inprocess("--benchmark", "scans", "--ecg-methods=edges.canny", "-n1", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines_random(["*PASSED scans/\\xff.png::edges.canny*", "*PASSED scans/a::b.png::edges.canny*"])


def test_wrong_words_are_said_once_and_before_workers_start(pytester, scans):
    result = pytester.runpytest_inprocess("--benchmark", "scans", "--ecg-methods=edgs.*", "-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().count("There is no method") == 1
