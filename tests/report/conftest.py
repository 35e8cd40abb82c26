"""A store of two tasks and three small pages, filled by hand, and a registry of methods that can run again."""

import cv2
import numpy as np
import pytest

from ecgbench import Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.plugins import edges, pages
from ecgbench.plugins.image_sets import folder
from ecgbench.plugins.pages import content_id
from ecgbench.registry import Registry
from ecgbench.report import report_html
from ecgbench.store import Store

SCORES = (
    Score("wall_median_s", "s", "lower", "median wall time"),
    Score("box_iou", "1", "higher", "overlap of the boxes"),
    Score("edge_error_px", "px", "lower", "distance of the edges"),
)


@pytest.fixture(scope="session")
def registry():
    found = Registry()
    for plugin in (pages, edges, folder):
        assert not found.register(plugin)
    return found


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory):
    """Three pages of 320x240: a frame with a wave in it, each a little other."""
    where = tmp_path_factory.mktemp("pages")
    for index in range(3):
        page = np.full((240, 320, 3), 250, np.uint8)
        cv2.rectangle(page, (20 + 10 * index, 30), (290, 200), (180, 170, 240), 2)
        x = np.arange(40, 280)
        y = 115 + 40 * np.sin(x / (8 + index))
        cv2.polylines(page, [np.column_stack([x, y]).astype(np.int32)], False, (0, 0, 0), 2)
        cv2.imwrite(str(where / f"{'abc'[index]}.png"), page)
    return where


def case_of(path, **facts):
    return CaseInfo(path.name, str(path), content_id(path.read_bytes()), record=path.stem, **facts)


def variant_of(registry, name, **params):
    method = registry.method(name)
    return Variant(name, method.task, method.version, method.source_hash, params, "ecgbench")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "bench.db") as opened:
        yield opened


@pytest.fixture
def run(store, registry, picture_folder):
    return filled(store, registry, picture_folder)


@pytest.fixture(scope="session")
def html(registry, picture_folder, tmp_path_factory):
    """The report of such a run."""
    with Store(tmp_path_factory.mktemp("report") / "bench.db") as opened:
        return report_html(opened, filled(opened, registry, picture_folder), registry, executor="serial")


def filled(store, registry, picture_folder):
    """Fill a store with a run of two methods over three pages: canny does well, sobel[noise_factor=9.0] fails on one of them."""
    begun = store.begin_run(
        "first try",
        plan={"specs": [str(picture_folder)], "repeats": 3, "methods": ["edges.canny", "edges.sobel[noise_factor=9.0]"]},
        environment=Environment({"cpu": "8080 <at> 2 MHz", "python": "3.11.7", "opencv": "5.0.0"}),
        scores=SCORES,
    )
    kinds = {"a.png": "scan", "b.png": "scan", "c.png": "photo"}
    cases = [case_of(picture_folder / name, type=kind) for name, kind in kinds.items()]
    canny, sobel = variant_of(registry, "edges.canny"), variant_of(registry, "edges.sobel", noise_factor=9.0)
    outcomes = [done(canny, case, 0.9 - 0.1 * index, 0.010 + 0.001 * index) for index, case in enumerate(cases)]
    outcomes += [done(sobel, case, 0.5 - 0.1 * index, 0.004 + 0.001 * index) for index, case in enumerate(cases[:2])]
    failed = Outcome(sobel, cases[2], Status.FAILED, error="ValueError: a | b <i>", traceback="Traceback:\n  <b>\nValueError")
    store.add(begun.id, [*outcomes, failed])
    store.finish_run(begun.id)
    return store.find_run("first try")


def done(variant, case, iou, seconds):
    scores = {"wall_median_s": seconds, "box_iou": iou, "edge_error_px": 10 * (1 - iou)}
    return Outcome(variant, case, Status.DONE, seconds=(seconds, seconds), cpu_seconds=(seconds, seconds), scores=scores)
