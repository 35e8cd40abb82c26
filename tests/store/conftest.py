"""A store, in a file and in a server, and outcomes to put into it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ecgbench.core.metric import COST_SCORES, Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store import Run, Store

IOU = Score("content_box_iou", "1", "higher", "overlap of the boxes")


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    with Store(location) as opened:
        yield opened


@pytest.fixture
def run(store: Store) -> Run:
    return begin(store, "first")


def begin(store: Store, name: str, **more: Any) -> Run:
    return store.begin_run(
        name, plan={"repeats": 1}, environment=Environment({"cpu": "8080"}), scores=[*COST_SCORES, IOU], **more
    )


@pytest.fixture
def begin_run() -> Callable[..., Run]:
    return begin


@pytest.fixture
def make_outcome() -> Callable[..., Outcome]:
    def make(method: str = "edges.canny", case: str | CaseInfo = "a.png", **fields: Any) -> Outcome:
        info = case if isinstance(case, CaseInfo) else CaseInfo(case, f"scans/{case}", f"sha256:{case}")
        variant = Variant(method, method.partition(".")[0], "0.1", "1a2b3c", fields.pop("params", {}))
        given = {"status": Status.DONE, "seconds": (0.01,), "cpu_seconds": (0.009,), "scores": {"content_box_iou": 0.5}}
        if fields.get("status", Status.DONE) is not Status.DONE:
            given["scores"] = {}
        return Outcome(variant, info, **given | fields)

    return make
