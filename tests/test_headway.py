"""A run tells watchers how it gets on, and stops where one of them asks it to."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from ecgbench.execution import Execution
from ecgbench.plan import make_plan
from ecgbench.store import Store


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f"page{index}.png"), np.full((40, 60 + index), 200, np.uint8))
    return folder


def test_a_watcher_sees_counts_workers_and_what_arrived_and_stops_the_run(pictures, registry, tmp_path):
    plan = make_plan([str(pictures)], methods=["edges.a_good", "edges.hanging"], registry=registry, workers=1, timeout=30.0)
    with Store(tmp_path / "s.db") as store, Store(tmp_path / "s.db") as watching:
        execution = Execution(plan, store=store, name="watched")

        def seen_by_watcher():
            while (told := watching.headway(execution.run.id)) is None or not told.workers[0].method:
                pass
            watching.ask_to_stop(execution.run.id)
            return told

        with ThreadPoolExecutor(1) as other:
            told = other.submit(seen_by_watcher)
            outcomes = list(execution.outcomes())
        told = told.result()
        assert (told.cells, told.workers[0].case) == (6, "page0.png")
        assert execution.stopped and outcomes == []
        assert store.find_run("watched").state == "interrupted"


def test_a_finished_run_leaves_its_last_word_and_says_what_was_reused(pictures, registry, tmp_path):
    plan = make_plan([str(pictures)], methods=["edges.a_good"], registry=registry, executor="serial")
    with Store(tmp_path / "s.db") as store:
        list(Execution(plan, store=store, name="r").outcomes())
        first = store.headway(1)
        assert dict(first.counts) == {"done": 3} and first.finished == first.cells == 3
        assert [each.case for each in first.arrived] == ["page2.png", "page1.png", "page0.png"]
        list(Execution(plan, store=store, name="r", resume=True).outcomes())
        assert dict(store.headway(1).counts) == {"reused": 3}
