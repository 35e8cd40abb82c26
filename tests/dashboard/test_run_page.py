"""The page that starts, watches, stops and resumes runs, drawn without a browser; the runs are real processes."""

import pytest

from ecgbench.dashboard.jobs import Job, job_folder
from ecgbench.store import Store
from faults.dashboards import said
from tests.dashboard.pages import copyables, draw, until

SMALL = {"images": "synthetic", "count": "90", "dpi": "100", "types": "0001", "patterns": "edges.canny", "name": "mine"}


@pytest.fixture
def location(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "ecgbench.db"


def ended(location, name="mine"):
    job = Job(job_folder(str(location)), name)
    until(lambda: not job.running)
    return job


def button(page, label):
    return next(each for each in page.button if each.label == label)


def test_a_run_that_is_started_is_watched_stopped_and_resumed(location):
    page = draw("start_run", location, SMALL)
    assert "1 method on 90 pages: 90 cells" in said(page)
    assert "--methods edges.canny --timeout 60 --name mine" in copyables(page)[0]
    button(page, "Start").click().run()

    def is_live():
        page.run()
        return any(each.label == "Stop" for each in page.button)

    until(is_live)
    button(page, "Stop").click().run()
    assert not page.error and not page.exception, said(page)
    ended(location)
    with Store(location) as store:
        run = store.find_run("mine")
        assert run.state == "interrupted"
        before = sum(store.counts(run.id).values())
        assert before < 90
    page = draw("start_run", location, SMALL)
    assert "A run is called mine already" in said(page) and button(page, "Start").disabled
    assert "1 run ended early" in page.expander[0].label
    button(page, "Resume").click().run()
    with Store(location) as store:
        until(lambda: store.find_run("mine").state == "running")
        store.ask_to_stop(run.id)
        ended(location)
        assert store.headway(run.id).counts.get("reused", 0) >= before


def test_a_run_that_cannot_begin_says_why(location):
    page = draw("start_run", location, SMALL)
    page.session_state["started"] = "mine"
    Job(job_folder(str(location)), "mine").start(["run", "nowhere/", "--store", str(location)])
    ended(location)
    page.run()
    assert "mine ended before it began. It said: ecgbench\\: There is no file or folder nowhere/" in said(page)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"images": "folder"}, "Say which images"),
        ({"images": "folder", "folder": "nowhere/"}, "no file or folder nowhere/"),
        ({"param": "edges.canny.sigma"}, "write METHOD.NAME=VALUE"),
        ({"param": "edges.canny.sigma=9", "patterns": "edges.canny"}, "out of bounds"),
        ({"images": "anything else", "specs": "gopher://x"}, "no image set"),
    ],
)
def test_what_cannot_be_asked_for_is_a_sentence(location, address, sentence):
    page = draw("start_run", location, address)
    assert sentence in said(page).replace("\\", "") and not page.exception
