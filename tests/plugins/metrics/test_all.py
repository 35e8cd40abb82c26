"""What holds for every built-in metric."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ecgbench.core.metric import Metric
from ecgbench.core.page import Box, Page
from ecgbench.core.results import EdgeMap, Gate, GridFit, QualityReport, Result, Separation, Signals
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.metrics import ecgbench_metrics

METRICS = list(ecgbench_metrics())
IDS = [metric.name for metric in METRICS]
NEEDS_NO_TRUTH = {"edge_density", "edge_connectivity", "isolated_pixel_noise", "gates_passed", "verdict_margin"}
COURSE = np.column_stack([np.arange(100.0), 10 - 5 * np.sin(np.arange(100) / 2)])
PAGE = Page(np.full((20, 30, 3), 255, np.uint8))


def dots(shape: tuple[int, ...], step: int) -> np.ndarray:
    mask = np.zeros(shape, np.bool_)
    mask.reshape(-1)[::step] = True
    return mask


def results(shape: tuple[int, ...]) -> dict[str, Result]:
    box = Box(0, 0, shape[1], shape[0])
    return {
        "edges": EdgeMap(dots(shape, 3), box, np.array([(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)])),
        "color": Separation(dots(shape, 2), dots(shape, 5), "red"),
        "grid": GridFit(8.0, 8.0, fine_x=np.array([1.0]), fine_y=np.array([1.0])),
        "quality": QualityReport(True, (Gate("blur", 0.3, 0.5, "mm", True, "sharp"),)),
        "digitize": Signals(100.0, {"I": np.sin(np.arange(50)).astype(np.float32)}, "strip", drawn=(("I", COURSE),)),
    }


def truth_of(shape: tuple[int, ...], *, legible: bool = True) -> Truth:
    return Truth(
        content_box=Box(0, 0, shape[1], shape[0]),
        trace_mask=dots(shape, 3),
        grid_mask=dots(shape, 4),
        px_per_mm_x=8.0,
        px_per_mm_y=8.0,
        has_grid=True,
        angle_deg=0.0,
        fine_x=np.array([1.0]),
        fine_y=np.array([1.0]),
        legible=legible,
        signals=Signals(200.0, {"I": np.sin(np.arange(100) / 2).astype(np.float32)}),
        corners=np.array([(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)]),
        label_mask=dots(shape, 7),
        traces=(TraceTruth("I", COURSE, 200.0),),
        layout="strip",
    )


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_every_score_that_is_given_is_declared_and_every_one_that_is_declared_is_given(metric: Metric) -> None:
    given: dict[str, float] = {}
    for legible in (True, False):
        given |= metric.score(PAGE, results(PAGE.shape)[metric.task], truth_of(PAGE.shape, legible=legible))
    assert set(given) == {score.name for score in metric.scores}
    assert all(type(value) is float and np.isfinite(value) for value in given.values())


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_where_nothing_is_known_nothing_is_judged(metric: Metric) -> None:
    assert set(metric.score(PAGE, results(PAGE.shape)[metric.task], Truth())) <= NEEDS_NO_TRUTH


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_the_smallest_pages_are_scored(metric: Metric, shape: tuple[int, int]) -> None:
    page = Page(np.zeros((*shape, 3), np.uint8))
    given = metric.score(page, results(shape)[metric.task], truth_of(shape))
    assert given and np.isfinite(list(given.values())).all()


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_neither_result_nor_truth_is_written_to(metric: Metric) -> None:
    result, truth = results(PAGE.shape)[metric.task], truth_of(PAGE.shape)
    before = pickle.dumps((result.to_dict(), truth))
    metric.score(PAGE, result, truth)
    assert pickle.dumps((result.to_dict(), truth)) == before


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_every_metric_names_its_source(metric: Metric) -> None:
    assert "Source:" in metric.doc


@pytest.mark.parametrize("metric", METRICS, ids=IDS)
def test_metrics_travel_by_name(metric: Metric) -> None:
    assert pickle.loads(pickle.dumps(metric)) is metric


def test_no_two_scores_share_a_name() -> None:
    names = [score.name for metric in METRICS for score in metric.scores]
    assert len(names) == len(set(names))
