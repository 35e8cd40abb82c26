"""Pictures in reports are small, and one that cannot be made again is a sentence."""

import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgbench import Box, Page
from ecgbench.report.pictures import PAGE, Picture, busiest_window, draw_cases, encode


def decoded(picture):
    return cv2.imdecode(np.frombuffer(picture.encoded, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1700, 2200), (720, 556)), ((240, 320), (320, 240)), ((1, 1), (1, 1)), ((1, 20_000), (720, 1)), ((20_000, 1), (1, 960))],
)
def test_pictures_are_scaled_down_to_fit_and_never_up(shape, size):
    picture = encode(np.full((*shape, 3), 200, np.uint8))
    assert (picture.width, picture.height) == size
    assert decoded(picture).shape == (size[1], size[0], 3)
    assert picture.data_uri.startswith("data:image/webp;base64,")


def test_a_picture_that_is_scaled_down_has_a_part_at_full_size():
    y, x = np.mgrid[:1700, :2200]
    pixels = np.stack([x % 256, y % 256, (x + y) // 16 % 256], axis=2).astype(np.uint8)
    picture = encode(pixels, window=Box(100, 200, 360, 270))
    part = decoded(picture.detail).astype(int)
    assert part.shape == (270, 360, 3) and np.abs(part - pixels[200:470, 100:460]).mean() < 8
    assert picture.size == len(picture.encoded) + len(picture.detail.encoded)
    assert encode(pixels[:500, :700], window=Box(0, 0, 10, 10)).detail is None


def test_the_part_shown_is_where_the_trace_is_and_not_the_border():
    pixels = np.full((1700, 2200, 3), 255, np.uint8)
    pixels[:, :60] = np.random.default_rng(0).integers(0, 255, (1700, 60, 1), np.uint8)  # a desk
    cv2.polylines(pixels, [np.array([[1400, 900], [1420, 700], [1440, 1000]])], False, (0, 0, 0), 3)
    x, y, width, height = busiest_window(Page(pixels))
    assert (width, height) == (360, 270)
    assert x <= 1420 < x + width and y <= 850 < y + height


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (200, 5000), (270, 360), (271, 361)])
def test_pages_of_any_shape_have_a_part(shape):
    x, y, width, height = busiest_window(Page(np.zeros((*shape, 3), np.uint8)))
    assert x >= 0 and y >= 0 and x + width <= shape[1] and y + height <= shape[0]
    assert (width, height) == (min(360, shape[1]), min(270, shape[0]))


def wanted(store, run):
    numbers = {variant.method: number for number, variant in store.variants(run.id).items()}
    cases = {case.name: case for case in store.cases(run.id).values()}
    return numbers, cases


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_cases_are_drawn_with_each_method(store, run, registry, executor):
    numbers, cases = wanted(store, run)
    chosen = {cases["a.png"]: list(numbers.values()), cases["b.png"]: [numbers["edges.canny"]]}
    found = draw_cases(chosen, store.variants(run.id), run.plan["specs"], registry, executor=executor)
    assert found[cases["a.png"]].keys() == {PAGE, *numbers.values()}
    assert found[cases["b.png"]].keys() == {PAGE, numbers["edges.canny"]}
    assert all(isinstance(each, Picture) and each.width == 320 for seen in found.values() for each in seen.values())


def test_what_cannot_be_drawn_is_a_sentence(store, run, registry):
    numbers, cases = wanted(store, run)
    variants = dict(store.variants(run.id))
    canny, sobel = numbers["edges.canny"], numbers["edges.sobel"]
    variants[sobel] = replace(variants[sobel], method="edges.gone")
    gone = replace(cases["b.png"], name="gone.png", source="/nowhere/gone.png")
    found = draw_cases({cases["a.png"]: [canny, sobel], gone: [canny, sobel]}, variants, [], registry, executor="serial")
    assert isinstance(found[cases["a.png"]][canny], Picture)
    assert "edges.gone is not installed" in found[cases["a.png"]][sobel]
    assert "gone.png is gone" in found[gone][PAGE] and "gone.png is gone" in found[gone][canny]


def test_a_method_that_kills_its_worker_costs_its_own_picture_only(store, run, registry, tmp_path, monkeypatch):
    numbers, cases = wanted(store, run)
    (tmp_path / "killing.py").write_text(KILLING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    import killing

    registry.register(killing)
    variants = dict(store.variants(run.id))
    method = registry.method("edges.killing")
    variants[99] = replace(
        variants[numbers["edges.canny"]], method=method.name, version=method.version, source_hash=method.source_hash
    )
    found = draw_cases({cases["a.png"]: [99, numbers["edges.canny"]]}, variants, [], registry)[cases["a.png"]]
    assert found[99].startswith("It could not be drawn again: ")
    assert isinstance(found[PAGE], Picture) and isinstance(found[numbers["edges.canny"]], Picture)


KILLING = '''
import os, signal
from ecgbench import EdgeMap, Gray, transformer

@transformer("edges.killing", version="1")
def killing(gray: Gray) -> EdgeMap:
    """Kill.

    How it works: by signal.
    What works: it.
    What didn't work: the rest.
    Changes: none.
    """
    os.kill(os.getpid(), signal.SIGKILL)
'''
