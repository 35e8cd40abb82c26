"""Measuring one case: each form of the page made once and apart from the clock, warm-up apart, and the last result judged."""

from collections import Counter
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ecgbench import Bgr, Case, CaseInfo, EdgeMap, Gray, Hsv, Lab, Page, PageError, Score, Separation, Truth, metric, transformer
from ecgbench import measure as measure_module
from ecgbench.core import page as page_module
from ecgbench.core.metric import COST_SCORES
from ecgbench.core.outcome import Status
from ecgbench.measure import CaseTask, CaseWork, Cell, Method, cost_scores, file_stamp
from ecgbench.plugins.pages import open_page

STORY = """Be a method of a test.

How it works: it does as it is told.
What works: test_measure.py.
What didn't work: all else.
Changes: 0.1 first version.
"""
PICTURE = np.full((8, 12, 3), 200, np.uint8)


def method(name, function):
    function.__doc__ = STORY
    made = transformer(name)(function)
    return Method(made, made.make_params({}))


def edges_of(name, act=lambda: None):
    def outline(gray: Gray) -> EdgeMap:
        act()
        return EdgeMap(np.zeros(gray.shape, bool), None)

    return method(name, outline)


def task(methods, source=PICTURE, truth=None):
    return CaseTask(Case(CaseInfo("a", "memory"), source, truth or Truth()), tuple(range(len(methods))))


def measure(methods, *, metrics=(), source=PICTURE, truth=None, beat=lambda label: None, **terms):
    work = CaseWork(methods, {"edges": metrics, "color": metrics}, open_page, **terms)
    return work(task(methods, source, truth), beat)


class Clock:
    """A clock that stands still but for what is laid on it: wall time and processor time in seconds."""

    def __init__(self):
        self.wall = self.cpu = 0.0

    def spend(self, wall, cpu=None):
        self.wall += wall
        self.cpu += wall if cpu is None else cpu

    def as_time(self):
        return SimpleNamespace(
            perf_counter=lambda: self.wall,
            process_time=lambda: self.cpu,
            thread_time=lambda: self.cpu,
            monotonic=lambda: self.wall,
        )


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(measure_module, "time", clock.as_time())
    return clock


@pytest.fixture
def conversions(monkeypatch):
    """Counts the conversions between color spaces of pages."""
    counts = Counter()
    convert = cv2.cvtColor

    def counted(pixels, code, *more):
        counts[code] += 1
        return convert(pixels, code, *more)

    monkeypatch.setattr(page_module.cv2, "cvtColor", counted)
    return counts


def all_kinds():
    def of_lab(image: Lab) -> Separation:
        return Separation(image[..., 0] < 9, image[..., 0] < 9, None)

    def of_hsv(image: Hsv) -> Separation:
        return Separation(image[..., 0] < 9, image[..., 0] < 9, None)

    def of_bgr(image: Bgr) -> EdgeMap:
        return EdgeMap(image[..., 0] < 9, None)

    def of_page(page: Page) -> EdgeMap:
        return EdgeMap(page.gray < 9, None)

    return [
        edges_of("edges.one"), edges_of("edges.two"), method("color.one", of_lab), method("color.two", of_lab),
        method("color.three", of_hsv), method("edges.three", of_bgr), method("edges.four", of_page), edges_of("edges.five"),
    ]  # fmt: skip


def test_each_form_of_the_page_is_made_once_whatever_the_number_of_methods(conversions):
    report = measure(all_kinds(), repeats=3, warmup=2)
    assert {cell.status for cell in report.cells.values()} == {Status.DONE}
    assert conversions == {cv2.COLOR_BGR2GRAY: 1, cv2.COLOR_BGR2LAB: 1, cv2.COLOR_BGR2HSV: 1}


def test_a_form_that_no_method_takes_is_not_made(conversions):
    measure([edges_of("edges.one"), edges_of("edges.two")])
    assert conversions == {cv2.COLOR_BGR2GRAY: 1}


def test_the_page_is_opened_once_and_its_truth_read_once():
    opened, read = [], []
    methods = all_kinds()
    work = CaseWork(methods, {}, lambda source: opened.append(source) or open_page(source))
    work(task(methods, truth=lambda: read.append(1) or Truth()), lambda label: None)
    assert (len(opened), len(read)) == (1, 1)


def test_loading_and_conversion_are_timed_apart_from_the_method(monkeypatch, clock):
    convert = cv2.cvtColor
    monkeypatch.setattr(page_module.cv2, "cvtColor", lambda *given: clock.spend(5) or convert(*given))
    methods = [edges_of("edges.one", lambda: clock.spend(1)), edges_of("edges.two", lambda: clock.spend(2))]
    work = CaseWork(methods, {}, lambda source: clock.spend(7) or open_page(source), repeats=3)
    report = work(task(methods), lambda label: None)
    assert report.load_seconds == 7
    assert [report.cells[index].convert_seconds for index in (0, 1)] == [5, 0]
    assert [report.cells[index].seconds for index in (0, 1)] == [[1, 1, 1], [2, 2, 2]]
    assert report.cells[1].scores["wall_median_s"] == report.cells[1].scores["cpu_median_s"] == 2


@pytest.mark.parametrize(
    ("repeats", "warmup", "first", "second"),
    [(1, 0, 2, 1), (3, 1, 4, 4), (3, 0, 4, 3), (2, 3, 5, 5)],
    ids=["a first call in a worker is never timed", "one warm-up", "none after the first", "three warm-ups"],
)
def test_so_many_calls_are_made_on_the_first_case_and_on_the_next(clock, repeats, warmup, first, second):
    calls = Counter()

    def act():
        calls["all"] += 1
        clock.spend(100 if calls["all"] == 1 else 1)

    methods = [edges_of("edges.one", act)]
    work = CaseWork(methods, {}, open_page, repeats, warmup)
    report = work(task(methods), lambda label: None)
    assert calls["all"] == first
    assert report.cells[0].seconds == [1] * repeats  # the slow first call is not among them
    work(task(methods), lambda label: None)
    assert calls["all"] == first + second


def test_methods_take_turns():
    order = []
    methods = [edges_of("edges.a", lambda: order.append("a")), edges_of("edges.b", lambda: order.append("b"))]
    measure(methods, repeats=3)
    assert "".join(order) == "ab" + "ababab"


def test_a_method_that_others_kept_waiting_is_flagged(clock):
    methods = [edges_of("edges.free", lambda: clock.spend(1, 1)), edges_of("edges.kept", lambda: clock.spend(2, 1))]
    cells = measure(methods, repeats=2).cells
    assert [cells[index].disturbed for index in (0, 1)] == [False, True]


@pytest.mark.parametrize(
    ("wall", "cpu", "disturbed"),
    [
        ([1.0], [1.0], False),
        ([1.2], [1.0], False),  # within a quarter
        ([1.3], [1.0], True),
        ([0.003], [0.002], False),  # too short to tell
        ([0.005], [0.002], True),
        ([0.002, 0.010], [0.002, 0.002], True),
        ([0.5], [1.0], False),  # several threads
        ([], [], False),
    ],
)
def test_disturbed_is_wall_time_well_above_processor_time(wall, cpu, disturbed):
    assert Cell(seconds=wall, cpu_seconds=cpu).disturbed is disturbed


def test_metrics_judge_the_last_result():
    calls = Counter()

    def growing(gray: Gray) -> EdgeMap:
        calls["all"] += 1
        edges = np.zeros(gray.shape, bool)
        edges.flat[: calls["all"]] = True
        return EdgeMap(edges, None)

    seen = []

    @metric("watch", task="edges", scores=[Score("pixels", "px", "none", "edge pixels")])
    def watch(page, result, truth):
        """Count."""
        seen.append((page.shape, truth.legible))
        return {"pixels": result.edge_pixels}

    report = measure([method("edges.growing", growing)], metrics=[watch], truth=Truth(legible=True), repeats=3)
    assert calls["all"] == 4
    assert report.cells[0].scores["pixels"] == 4
    assert type(report.cells[0].scores["pixels"]) is float
    assert seen == [((8, 12), True)]


def test_a_metric_that_fails_or_gives_no_number_costs_its_own_scores():
    @metric("none", task="edges", scores=[Score("nothing", "1", "none", "nothing")])
    def none(page, result, truth):
        """Give nothing."""
        return {"nothing": None}

    @metric("good", task="edges", scores=[Score("good", "1", "none", "good")])
    def good(page, result, truth):
        """Give one."""
        return {"good": 1}

    cell = measure([edges_of("edges.one")], metrics=[none, good]).cells[0]
    assert cell.status is Status.DONE
    assert cell.error.startswith("The metric none failed: TypeError")
    assert cell.scores["good"] == 1
    assert "wall_median_s" in cell.scores
    assert "nothing" not in cell.scores


def test_a_method_that_fails_leaves_the_others_their_turns():
    def fails():
        raise ValueError("two\nlines")

    cells = measure([edges_of("edges.bad", fails), edges_of("edges.good")], repeats=2).cells
    assert (cells[0].status, cells[0].error, cells[0].scores) == (Status.FAILED, "ValueError: two lines", {})
    assert "in fails" in cells[0].traceback
    assert (cells[1].status, len(cells[1].seconds)) == (Status.DONE, 2)


def test_a_method_that_fails_in_a_later_repeat_is_not_called_again():
    calls = []

    def fails_third():
        calls.append(1)
        if len(calls) == 3:
            raise ValueError("enough")

    cell = measure([edges_of("edges.bad", fails_third)], repeats=5).cells[0]
    assert (cell.status, cell.error, len(calls)) == (Status.FAILED, "ValueError: enough", 3)
    assert cell.scores == {}


def test_a_result_that_breaks_its_promise_fails():
    def tiny(gray: Gray) -> EdgeMap:
        return EdgeMap(np.zeros((1, 1), bool), None)

    cell = measure([method("edges.tiny", tiny)]).cells[0]
    assert cell.status is Status.FAILED
    assert cell.error.startswith("edges.tiny broke its promise. ResultError: EdgeMap.edges must be a bool array of shape (8, 12)")
    assert cell.scores == {}


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes")])
def test_a_method_out_of_memory_says_what_gives_more(error):
    def fails():
        raise error

    assert "--memory gives more" in measure([edges_of("edges.big", fails)]).cells[0].error


def test_a_case_that_cannot_be_opened_fails_every_method_and_says_why():
    methods = [edges_of("edges.one"), edges_of("edges.two")]
    report = measure(methods, source=b"no picture")
    assert {cell.status for cell in report.cells.values()} == {Status.FAILED}
    assert {cell.error for cell in report.cells.values()} == {"PageError: bytes is text, not a picture; get the picture again."}
    assert PageError.__name__ in report.cells[0].traceback

    def no_truth():
        raise OSError("the disk is gone")

    report = measure(methods, truth=no_truth)
    assert {cell.error for cell in report.cells.values()} == {"The case could not be opened: OSError: the disk is gone"}


def test_beats_tell_which_method_is_under_way():
    beats = []
    measure([edges_of("edges.a", lambda: beats.append("a")), edges_of("edges.b", lambda: beats.append("b"))], beat=beats.append)
    calls = [(beats[index - 1], beat) for index, beat in enumerate(beats) if beat in ("a", "b")]
    assert calls == [(0, "a"), (1, "b"), (0, "a"), (1, "b")]
    assert beats[-2:] == [0, 1]  # while they are scored


def test_memory_is_not_told_where_the_process_is_not_the_methods_own():
    assert measure([edges_of("edges.one")], own_process=False).cells[0].peak_memory_bytes is None
    assert "peak_memory_mb" not in measure([edges_of("edges.one")], own_process=False).cells[0].scores


def test_peak_memory_is_what_the_call_added():
    kept = measure([edges_of("edges.big", lambda: np.ones(40_000_000, np.uint8)), edges_of("edges.small")]).cells
    assert kept[0].scores["peak_memory_mb"] == pytest.approx(40, abs=5)
    assert kept[1].scores["peak_memory_mb"] == pytest.approx(0, abs=5)


def test_costs_are_those_computed_by_hand():
    cell = Cell(seconds=[4.0, 1.0, 3.0, 2.0], cpu_seconds=[1.0, 5.0, 2.0, 2.5], peak_memory_bytes=3_500_000)
    assert cost_scores(cell) == {
        "wall_median_s": 2.5, "wall_min_s": 1.0, "wall_iqr_s": 1.5, "cpu_median_s": 2.25, "peak_memory_mb": 3.5,
    }  # fmt: skip
    assert set(cost_scores(cell)) == {score.name for score in COST_SCORES}
    one = cost_scores(Cell(seconds=[2.0], cpu_seconds=[1.0]))
    assert one == {"wall_median_s": 2.0, "wall_min_s": 2.0, "wall_iqr_s": 0.0, "cpu_median_s": 1.0}
    assert cost_scores(Cell()) == {}


def test_a_file_is_known_by_path_size_and_time(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"12345")
    stamp = file_stamp(file)
    assert stamp == file_stamp(str(file)) == (str(file), 5, file.stat().st_mtime_ns)
    file.write_bytes(b"123456")
    assert file_stamp(file) != stamp
    for source in (tmp_path / "gone.png", b"bytes", PICTURE, "a\0b", "x" * 5000, None):
        assert file_stamp(source) is None


def test_the_report_tells_content_and_file(tmp_path):
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), PICTURE)
    report = measure([edges_of("edges.one")], source=str(file))
    assert report.content_id == open_page(str(file)).content_id
    assert report.content_id.startswith("sha256:")
    assert report.file == file_stamp(file)
    assert (measure([edges_of("edges.one")]).content_id, measure([edges_of("edges.one")]).file) == (None, None)
