"""The pipeline: what was asked for and nothing else, in the coordinates of the picture that was given, each picture's error its own."""

import itertools
import json
import os
import threading
import time
from collections import Counter

import cv2
import numpy as np
import pytest

from ecgbench import (
    Box,
    EdgeMap,
    Gate,
    Gray,
    GridFit,
    Hsv,
    Lab,
    Page,
    PageError,
    QualityReport,
    Separation,
    Signals,
    page_from_array,
    transformer,
)
from ecgbench import pipeline as pipeline_module
from ecgbench.pipeline import (
    BatchProcessor,
    OptionError,
    apply_all_methods,
    process_batch,
    process_image,
    read_options,
    run_pipeline,
    worker_count,
)
from ecgbench.plugins import edges, pages
from ecgbench.registry import Registry, default_registry
from tests import misbehaving_plugin

STORY = """Be a method of a test.

How it works: it does as it is told.
What works: test_pipeline.py.
What didn't work: anything else.
Changes: 0.1 first version.
"""
STEPS = ("edge_detection", "color_separation", "grid_detection", "quality_check", "digitize")
CONTENT = Box(40, 30, 60, 50)
PAGE = np.full((120, 160, 3), 255, np.uint8)


def method(name):
    def decorate(function):
        function.__doc__ = STORY
        return transformer(name)(function)

    return decorate


class Bench:
    """A registry whose default methods count their calls and remember the size of what they saw."""

    def __init__(self):
        self.calls = Counter()
        self.shapes = {}
        self.registry = Registry()
        made = [pages, *self.methods()]
        assert not [problem for plugin in made for problem in self.registry.register(plugin)]

    def saw(self, step, image):
        self.calls[step] += 1
        self.shapes[step] = image.shape[:2]
        return np.zeros(image.shape[:2], bool)

    def methods(self):
        @method("edges.canny")
        def canny(gray: Gray) -> EdgeMap:
            return EdgeMap(self.saw("edge_detection", gray), CONTENT)

        @method("color.lab")
        def lab(image: Lab) -> Separation:
            mask = self.saw("color_separation", image)
            return Separation(mask, mask, None)

        @method("grid.multiscale")
        def multiscale(gray: Gray) -> GridFit:
            self.saw("grid_detection", gray)
            lines = np.array([0.0, 8.0])
            return GridFit(8.0, 8.0, fine_x=lines, fine_y=lines, quality_score=1.0)

        @method("quality.gates")
        def gates(gray: Gray) -> QualityReport:
            self.saw("quality_check", gray)
            return QualityReport(True, (Gate("blur", 1.0, 0.5, "1", True, "sharp"),))

        @method("digitize.classical")
        def classical(gray: Gray) -> Signals:
            self.saw("digitize", gray)
            return Signals(500.0, {"II": np.zeros(3, np.float32)})

        return canny, lab, multiscale, gates, classical

    def process(self, image, options=None):
        return process_image(image, options, registry=self.registry)


@pytest.fixture
def bench():
    return Bench()


def with_method(decorated):
    """A registry of the page opener, the built-in edges and one method more."""
    registry = Registry()
    assert not [problem for plugin in (pages, edges, decorated) for problem in registry.register(plugin)]
    return registry


@pytest.mark.parametrize("asked", [s for n in range(6) for s in itertools.combinations(STEPS, n)], ids=" ".join)
@pytest.mark.parametrize("crop", [False, True], ids=["whole", "crop"])
def test_a_step_that_was_not_asked_for_is_never_computed(bench, asked, crop):
    options = {step: step in asked for step in STEPS} | {"crop_to_content": crop}
    reply = bench.process(PAGE, options)
    assert list(reply["steps"]) == list(asked)
    needed = {*asked, "edge_detection"} if crop else set(asked)
    assert bench.calls == dict.fromkeys(needed, 1)


def test_no_form_of_the_page_is_made_that_no_step_takes(bench):
    page = page_from_array(PAGE)
    bench.process(page, {"grid_detection": True, "quality_check": True})
    assert "gray" in vars(page)
    assert not {"lab", "hsv"} & set(vars(page))


def test_without_options_the_four_steps_are_run(bench):
    assert list(bench.process(PAGE)["steps"]) == list(STEPS[:4])
    assert bench.process(PAGE, {})["steps"] == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"edge_detektion": True},
            r"no option 'edge_detektion'; did you mean 'edge_detection'\? known ones: edge_detection, col",
        ),
        ({7: True}, "no option 7; known ones: edge_detection"),
        ({"grid_detection": "yes"}, "grid_detection must be true or false, got 'yes'"),
        ({"crop_to_content": 1}, "crop_to_content must be true or false, got 1"),
        ({"edge_detection": True, "method": "prewitt"}, "method does not know 'prewitt'; known ones: canny"),
        ({"edge_detection": True, "method": None}, "method does not know None; known ones: canny"),
        ({"edge_detection": True, "method": "color.lab"}, "method does not know 'color.lab'; known ones: canny"),
        ({"color_method": "rgb"}, "color_method does not know 'rgb'; known ones: lab"),
        (["edge_detection"], r"Options are a dictionary .* got \['edge_detection'\]"),
    ],
)
def test_a_wrong_option_or_value_raises_and_lists_the_known_ones(bench, options, message):
    with pytest.raises(OptionError, match=message):
        bench.process(PAGE, options)
    assert not bench.calls


def test_a_step_without_any_method_says_so():
    registry = Registry()
    registry.register(edges)
    with pytest.raises(OptionError, match="digitize cannot be met: no method of the task digitize is installed"):
        read_options({"digitize": True}, registry)


def test_methods_are_named_short_or_in_full():
    registry = default_registry()
    for name in ("sobel", "edges.sobel"):
        assert read_options({"edge_detection": True, "method": name}, registry).methods["edge_detection"].name == "edges.sobel"
    for name in ("hsv", "color.hsv"):
        chosen = read_options({"color_separation": True, "color_method": name}, registry).methods
        assert chosen["color_separation"].name == "color.hsv"


@pytest.mark.parametrize(("name", "called"), [("edges.outline", "outline"), ("mylab.outline", "mylab.outline")])
def test_a_method_that_somebody_registered_is_used_by_name(name, called):
    @method(name)
    def outline(gray: Gray) -> EdgeMap:
        return EdgeMap(gray < 128, Box(1, 2, 3, 4))

    reply = process_image(PAGE, {"edge_detection": True, "method": called}, registry=with_method(outline))
    assert reply["steps"]["edge_detection"]["method"] == name
    assert reply["steps"]["edge_detection"]["bounding_box"] == [1, 2, 3, 4]


def test_with_crop_later_steps_see_the_content_and_ten_pixels_around_it(bench):
    reply = bench.process(PAGE, dict.fromkeys((*STEPS, "crop_to_content"), True))
    assert reply["crop_box"] == [30, 20, 80, 70]
    assert (reply["width"], reply["height"]) == (160, 120)
    assert bench.shapes.pop("edge_detection") == (120, 160)
    assert bench.shapes == dict.fromkeys(STEPS[1:], (70, 80))


def test_a_crop_ends_at_the_border_of_the_picture(bench):
    reply = bench.process(np.full((85, 95, 3), 255, np.uint8), {"crop_to_content": True})
    assert reply["crop_box"] == [30, 20, 65, 65]


def test_with_crop_positions_are_those_in_the_picture_that_was_given(bench):
    steps = bench.process(PAGE, {"edge_detection": True, "crop_to_content": True, "grid_detection": True})["steps"]
    assert steps["edge_detection"]["bounding_box"] == list(CONTENT)
    assert steps["grid_detection"]["fine_x"] == [30.0, 38.0]
    assert steps["grid_detection"]["fine_y"] == [20.0, 28.0]


def test_the_edge_method_that_was_chosen_also_tells_where_to_crop():
    registry = default_registry()
    options = read_options({"crop_to_content": True, "method": "sobel"}, registry)
    assert options.crop_by.name == "edges.sobel"
    assert not options.methods
    assert read_options({"crop_to_content": True}, registry).crop_by.name == "edges.canny"


def test_an_empty_page_is_not_cropped():
    reply = process_image(PAGE, {"crop_to_content": True, "edge_detection": True})
    assert reply["success"]
    assert reply["crop_box"] is None


def grid_in_a_big_page():
    """A red grid of 8 px/mm, lines at x = 300, 308, ... 700 and y = 200, 208, ... 520, on a white page of 1100 x 800."""
    page = np.full((800, 1100, 3), 255, np.uint8)
    for x in range(300, 701, 8):
        cv2.line(page, (x, 200), (x, 520), (120, 120, 240), 2 if (x - 300) % 40 == 0 else 1)
    for y in range(200, 521, 8):
        cv2.line(page, (300, y), (700, y), (120, 120, 240), 2 if (y - 200) % 40 == 0 else 1)
    x = np.arange(310, 690)
    wave = np.column_stack([x, 360 + 60 * np.sin(x / 15)]).astype(np.int32)
    cv2.polylines(page, [wave], False, (20, 20, 20), 2)
    return page


def test_grid_lines_of_a_crop_lie_on_the_lines_of_the_whole_page():
    reply = process_image(grid_in_a_big_page(), {"crop_to_content": True, "grid_detection": True})
    assert reply["success"], reply["error"]
    x, y, width, height = reply["crop_box"]
    assert [x, y] == pytest.approx([290, 190], abs=4)
    assert [width, height] == pytest.approx([421, 341], abs=8)
    grid = reply["steps"]["grid_detection"]
    assert [grid["px_per_mm_x"], grid["px_per_mm_y"]] == pytest.approx([8, 8], rel=0.005)
    for axis, start, end in (("x", 300, 700), ("y", 200, 520)):
        fine = np.array(grid[f"fine_{axis}"])
        off = (fine - start + 4) % 8 - 4
        assert np.abs(off).max() < 1
        assert len(fine) >= 0.8 * (end - start) / 8
        inside = (fine > start - 12) & (fine < end + 12)
        assert inside.all()


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"no picture",
        "nowhere/at/all.png",
        os.fspath(os.sep),
        "data:image/png;base64,AAAA",
        np.zeros((0, 5), np.uint8),
        np.full((4, 4), np.nan),
        np.zeros((2, 2, 7), np.uint8),
        object(),
        None,
    ],
    ids=lambda bad: type(bad).__name__,
)
def test_a_bad_picture_is_an_error_in_the_reply_and_never_raised(bad):
    reply = process_image(bad)
    assert reply["success"] is False
    assert reply["error"].endswith(".")
    assert "\n" not in reply["error"]
    assert reply["steps"] == {}
    json.dumps(reply)


def test_a_method_that_fails_is_named():
    registry = with_method(misbehaving_plugin.raising)
    reply = process_image(PAGE, {"edge_detection": True, "method": "raising"}, registry=registry)
    assert reply["success"] is False
    assert reply["error"] == "edges.raising failed: RuntimeError: out of ideas"


def test_replies_of_the_built_ins_are_json():
    page = grid_in_a_big_page()
    for method_name, color in (("canny", "lab"), ("sobel", "hsv"), ("laplacian", "opencv"), ("contour", "pillow")):
        options = dict.fromkeys((*STEPS[:4], "crop_to_content"), True) | {"method": method_name, "color_method": color}
        reply = process_image(page, options)
        assert reply["success"], reply["error"]
        assert json.loads(json.dumps(reply, allow_nan=False)) == reply
        assert list(reply["steps"]) == list(STEPS[:4])
        assert all(step["seconds"] > 0 for step in reply["steps"].values())
        assert reply["seconds"] >= sum(step["seconds"] for step in reply["steps"].values())


def test_what_each_step_saw_can_be_drawn(bench):
    page = page_from_array(PAGE)
    processed = run_pipeline(page, read_options({"crop_to_content": True, "color_separation": True}, bench.registry))
    assert processed.seen.shape == (70, 80)
    assert processed.results["color_separation"].draw(processed.seen).shape == (70, 80, 3)


def widths(count):
    return [np.full((20, 30 + index), 255, np.uint8) for index in range(count)]


def test_a_batch_comes_back_in_input_order_and_each_error_stays_its_own():
    images = [*widths(9), b"no picture", *widths(3)]
    replies = process_batch(images, {"edge_detection": True})
    assert [reply["width"] for reply in replies] == [*range(30, 39), None, 30, 31, 32]
    assert [index for index, reply in enumerate(replies) if not reply["success"]] == [9]


def test_a_batch_is_in_order_also_where_the_first_picture_takes_longest():
    @method("edges.slow_on_dark")
    def slow_on_dark(gray: Gray) -> EdgeMap:
        time.sleep(0.1 if gray[0, 0] == 0 else 0)
        return EdgeMap(gray < 0, None)

    images = widths(6)
    images[0] = np.zeros((5, 5), np.uint8)
    finished = []
    processor = BatchProcessor(2, registry=with_method(slow_on_dark))
    options = {"edge_detection": True, "method": "slow_on_dark"}
    replies = processor.process_batch(images, options, progress=lambda *counts: finished.append(counts))
    assert [reply["width"] for reply in replies] == [5, 31, 32, 33, 34, 35]
    assert finished == [(done, 6) for done in range(1, 7)]


def test_progress_hears_of_each_picture_and_of_no_total_where_there_is_none():
    heard = []
    process_batch((image for image in widths(4)), {"edge_detection": True}, lambda *counts: heard.append(counts))
    assert heard == [(done, None) for done in range(1, 5)]


def test_pictures_are_taken_from_a_generator_as_there_is_room():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield np.zeros((4, 4), np.uint8)

    def stop_at_three(done, total):
        if done == 3:
            raise StopAsyncIteration

    with pytest.raises(StopAsyncIteration):
        process_batch(endless(), {"edge_detection": True}, stop_at_three, max_workers=1)
    assert taken <= 6


@pytest.mark.parametrize("nothing", [[], (), iter([])])
def test_no_pictures_give_no_replies(nothing):
    assert process_batch(nothing) == []


@pytest.mark.parametrize("single", ["page.png", b"png", np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), Page(PAGE), None])
def test_a_single_picture_in_the_place_of_a_list_is_an_error(single):
    with pytest.raises(TypeError, match=r"images must be a list of pictures, .* write images=\[\.\.\.\]"):
        process_batch(single)


def test_a_stack_of_pictures_in_one_array_is_a_list_of_pictures():
    assert [r["width"] for r in process_batch(np.zeros((3, 8, 9, 3), np.uint8), {"edge_detection": True})] == [9, 9, 9]


def test_a_batch_with_a_wrong_option_raises():
    with pytest.raises(OptionError, match="known ones"):
        process_batch(widths(2), {"edges": True})


def test_no_more_workers_than_asked_for_and_never_more_than_cores(monkeypatch):
    monkeypatch.setattr(pipeline_module, "usable_cores", lambda: 4)
    assert [worker_count(n) for n in (None, 1, 3, 10)] == [4, 1, 3, 4]
    for wrong in (0, -2):
        with pytest.raises(ValueError, match=f"At least one worker is needed, got max_workers={wrong}"):
            process_batch(widths(1), max_workers=wrong)


@pytest.mark.parametrize("max_workers", [1, 3])
def test_so_many_pictures_are_worked_on_at_once(monkeypatch, max_workers):
    monkeypatch.setattr(pipeline_module, "usable_cores", lambda: 4)
    lock, active, most = threading.Lock(), 0, 0

    @method("edges.counting")
    def counting(gray: Gray) -> EdgeMap:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        time.sleep(0.05)
        with lock:
            active -= 1
        return EdgeMap(gray < 0, None)

    processor = BatchProcessor(max_workers, registry=with_method(counting))
    processor.process_batch(widths(6), {"edge_detection": True, "method": "counting"})
    assert most == max_workers


def touchy_registry():
    @method("edges.touchy")
    def touchy(gray: Gray) -> EdgeMap:
        if gray[0, 0] == 13:
            os._exit(5)
        if gray[0, 0] == 14:
            time.sleep(600)
        return EdgeMap(gray < 0, None)

    return with_method(touchy)


def test_in_processes_a_method_that_crashes_or_hangs_costs_its_own_picture_only():
    images = widths(8)
    images[2] = np.full((9, 9), 13, np.uint8)
    images[5] = np.full((9, 9), 14, np.uint8)
    processor = BatchProcessor(2, executor="processes", timeout=1.0, registry=touchy_registry())
    replies = processor.process_batch(images, {"edge_detection": True, "method": "touchy"})
    assert [index for index, reply in enumerate(replies) if not reply["success"]] == [2, 5]
    assert replies[2]["error"] == "The worker was lost: ended with exit code 5."
    assert replies[5]["error"] == "The worker was lost: no sign of life for 1 s."
    assert [replies[index]["width"] for index in (0, 1, 3, 4, 6, 7)] == [30, 31, 33, 34, 36, 37]
    assert set(replies[2]) == set(replies[0])


def test_in_threads_a_method_that_exits_costs_its_own_picture_only():
    registry = with_method(misbehaving_plugin.quitting)
    replies = BatchProcessor(2, registry=registry).process_batch(widths(3), {"edge_detection": True, "method": "quitting"})
    assert [reply["error"] for reply in replies] == ["SystemExit: 6"] * 3


def test_every_method_of_a_task_is_applied_and_one_that_fails_says_why():
    registry = with_method(misbehaving_plugin.raising)
    results = apply_all_methods(PAGE, "edges", registry=registry)
    assert sorted(results) == ["edges.canny", "edges.contour", "edges.laplacian", "edges.raising", "edges.sobel"]
    assert results.pop("edges.raising") == "RuntimeError: out of ideas"
    assert all(isinstance(result, EdgeMap) and result.edges.shape == (120, 160) for result in results.values())


def test_applying_methods_of_an_unknown_task_lists_the_tasks_and_a_bad_picture_raises():
    with pytest.raises(OptionError, match=r"no method of the task 'edge'; tasks: color, digitize, edges, grid"):
        apply_all_methods(PAGE, "edge")
    with pytest.raises(PageError, match="is text, not a picture"):
        apply_all_methods(b"no picture", "edges")


def test_the_same_page_given_in_another_form_gives_the_same_findings(tmp_path, bench):
    page = grid_in_a_big_page()
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), page)
    options = {"edge_detection": True, "color_separation": True}

    def found(image):
        reply = process_image(image, options)
        return {name: {k: v for k, v in step.items() if k != "seconds"} for name, step in reply["steps"].items()}

    expected = found(page)
    assert expected["edge_detection"]["bounding_box"]
    for image in (str(path), path, path.read_bytes(), page_from_array(page)):
        assert found(image) == expected


def test_a_method_may_take_any_form_of_the_page():
    @method("color.hue")
    def hue(image: Hsv) -> Separation:
        return Separation(image[..., 0] > 90, image[..., 1] > 0, None)

    reply = process_image(PAGE, {"color_separation": True, "color_method": "hue"}, registry=with_method(hue))
    assert reply["steps"]["color_separation"]["method"] == "color.hue"


def test_quality_takes_the_grid_that_the_grid_step_has_found_and_reports_the_same(monkeypatch):
    registry = default_registry()
    picture = np.full((400, 600), 250, np.uint8)
    picture[::8], picture[:, ::8] = 200, 200
    alone = process_image(picture, {"quality_check": True})["steps"]["quality_check"]

    def twice(*_arguments, **_params):
        raise AssertionError("the grid is looked for twice")

    twice.name = "grid.multiscale"
    monkeypatch.setattr("ecgbench.plugins.quality.multiscale", twice)
    both = run_pipeline(
        page_from_array(picture), read_options({"grid_detection": True, "quality_check": True}, registry)
    ).to_dict()
    assert {**both["steps"]["quality_check"], "seconds": 0} == {**alone, "seconds": 0}
