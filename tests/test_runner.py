"""BulkTester calls anything on many pictures, each picture's trouble its own, and runs plans."""

import asyncio
import base64
import functools
import json
import os
import sys
import threading
import time
from pathlib import Path

import cloudpickle
import cv2
import numpy as np
import pytest

from ecgbench import EdgeMap, GridFit, Page, PageError, QualityReport, Separation
from ecgbench import pipeline as pipeline_module
from ecgbench import runner as runner_module
from ecgbench.core.outcome import Status
from ecgbench.plan import make_plan
from ecgbench.registry import Registry, RegistryError
from ecgbench.runner import BulkTester
from ecgbench.store import Store
from ecgbench.workers import PoolError, open_pool

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # as from a notebook; workers need not import pytest
PICTURES = [np.full((20, 30 + index, 3), 10 * index, np.uint8) for index in range(4)]


def width(image):
    return image.shape[1]


class Adder:
    def __init__(self, more):
        self.more = more

    def __call__(self, image):
        return image.shape[1] + self.more


def call(function=None, *, tester=None, **arguments):
    """Call a function in two processes and return the report."""
    tester = tester or BulkTester(2)
    if not {"images", "image_paths"} & set(arguments):
        arguments["images"] = PICTURES
    return asyncio.run(tester.test_function(function, **arguments))


def values(report):
    return [result.get("result") for result in report["results"]]


@pytest.fixture
def folder(tmp_path):
    for index, picture in enumerate(PICTURES):
        cv2.imwrite(str(tmp_path / f"page{index}.png"), picture)
    return tmp_path


def paths_in(folder):
    return sorted(str(path) for path in folder.glob("*.png"))


def closure():
    more = 1000

    def wider(image):
        return image.shape[1] + more

    return wider


async def later(image):
    await asyncio.sleep(0.001)
    return image.shape[1]


FUNCTIONS = {
    "function": (width, [30, 31, 32, 33]),
    "coroutine": (later, [30, 31, 32, 33]),
    "lambda": (lambda image: image.shape[0], [20, 20, 20, 20]),
    "closure": (closure(), [1030, 1031, 1032, 1033]),
    "partial": (functools.partial(np.mean, dtype=float), [0.0, 10.0, 20.0, 30.0]),
    "callable object": (Adder(5), [35, 36, 37, 38]),
    "builtin": (len, [20, 20, 20, 20]),
    "function written in C": (cv2.countNonZero, None),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_function_is_called_on_every_picture_in_order(name):
    function, expected = FUNCTIONS[name]
    report = call(function)
    if expected is None:  # three channels: OpenCV refuses each picture
        assert [result["success"] for result in report["results"]] == [False] * 4
        assert "countNonZero" in report["results"][0]["error"]
        return
    assert values(report) == expected
    assert (report["total"], report["successful"], report["failed"], report["success_rate"]) == (4, 4, 0, 1.0)
    assert all(result["execution_time"] >= 0 for result in report["results"])
    assert report["execution_time"] > 0


def test_pictures_may_be_paths_arrays_bytes_and_base64(folder):
    png = Path(paths_in(folder)[0]).read_bytes()
    text = base64.b64encode(png).decode()
    report = call(width, images=[PICTURES[1], png, text, f"data:image/png;base64,{text}", Path(paths_in(folder)[2])])
    assert values(report) == [31, 30, 30, 30, 32]
    assert [result["image"] for result in report["results"]][:4] == [f"image {index}" for index in range(4)]
    by_path = call(width, image_paths=paths_in(folder))
    assert values(by_path) == [30, 31, 32, 33]
    assert [result["image"] for result in by_path["results"]] == paths_in(folder)


def test_pictures_may_come_from_a_generator():
    assert values(call(width, images=(picture for picture in PICTURES))) == [30, 31, 32, 33]
    assert call(width, images=[])["total"] == 0
    assert call(width, images=iter([]))["total"] == 0


def test_a_picture_that_cannot_be_opened_fails_alone(folder):
    report = call(width, image_paths=[str(folder / "gone.png"), *paths_in(folder)])
    assert [result["success"] for result in report["results"]] == [False, True, True, True, True]
    assert "There is no file" in report["results"][0]["error"]
    text = call(width, images=["page0.png", PICTURES[0]])
    assert "'page0.png' is not base64" in text["results"][0]["error"]
    assert text["results"][1]["success"]


def test_functions_get_a_page_or_a_path_where_they_say_so(folder):
    def name_of(page: Page) -> str:
        return page.name

    def size_of(path):
        return Path(path).stat().st_size

    assert values(call(name_of, image_paths=paths_in(folder))) == [f"page{index}.png" for index in range(4)]
    assert values(call(size_of, image_paths=paths_in(folder))) == [Path(path).stat().st_size for path in paths_in(folder)]
    refused = call(size_of)
    assert refused["failed"] == 4
    assert "size_of takes a path, and this picture has none" in refused["results"][0]["error"]


def test_params_go_to_the_function_by_name():
    def scaled(image, factor, plus=0):
        return image.shape[1] * factor + plus

    assert values(call(scaled, factor=10, plus=1)) == [301, 311, 321, 331]
    missing = call(scaled)
    assert "factor" in missing["results"][0]["error"]


class NotMadeAgainError(Exception):
    """Pickles, but cannot be made of what was pickled."""

    def __init__(self, one, two):
        super().__init__(one)


def test_trouble_is_the_pictures_own():
    def trouble(image):
        level = image[0, 0, 0]
        if level == 0:
            raise ValueError("no\ngood")
        if level == 10:
            sys.exit(3)
        if level == 20:
            time.sleep(600)
        if level == 40:
            return threading.Lock()
        if level == 50:
            return NotMadeAgainError(1, 2)
        if level == 60:
            os.kill(os.getpid(), 11)
        return "fine"

    pictures = [np.full((5, 5, 3), level, np.uint8) for level in (0, 10, 20, 30, 40, 50, 60, 30)]
    report = call(trouble, images=[*pictures, threading.Lock()], tester=BulkTester(2, timeout=4))
    errors = [result.get("error", result.get("result")) for result in report["results"]]
    assert errors[:4] == [
        "ValueError: no good",
        "The worker was lost: ended with exit code 3.",
        "The worker was lost: no sign of life for 4 s.",
        "fine",
    ]
    assert errors[4] == "TypeError: cannot pickle '_thread.lock' object"
    assert errors[5].startswith("TypeError: NotMadeAgainError.__init__() missing")
    assert errors[6:8] == ["The worker was lost: killed by SIGSEGV.", "fine"]
    assert errors[8] == "TypeError: cannot pickle '_thread.lock' object"
    assert "trouble" in report["results"][0]["traceback"]
    assert (report["successful"], report["failed"], report["success_rate"]) == (2, 7, pytest.approx(2 / 9))


@pytest.mark.parametrize("executor", ["threads", "serial"])
def test_other_executors_give_the_same_values_and_outlive_an_exit(executor):
    def leave(image):
        if image.shape[1] == 31:
            sys.exit(3)
        return image.shape[1]

    report = call(leave, tester=BulkTester(2, executor=executor))
    assert values(report) == [30, None, 32, 33]
    assert report["results"][1]["error"] == "SystemExit: 3"


def test_a_function_that_cannot_travel_says_so_and_runs_in_threads():
    lock = threading.Lock()

    def locked(image):
        with lock:
            return image.shape[1]

    with pytest.raises(PoolError, match=r"cannot be sent to other processes \(TypeError: cannot pickle '_thread.lock' object\)"):
        call(locked)
    assert values(call(locked, tester=BulkTester(2, executor="threads"))) == [30, 31, 32, 33]


def test_arrays_and_results_travel_back():
    negative, edge_map = call(lambda image: 255 - image), call(function_name="edges.canny")
    for inverted, picture in zip(values(negative), PICTURES, strict=True):
        np.testing.assert_array_equal(inverted, 255 - picture)
    assert [found.edges.shape for found in values(edge_map)] == [picture.shape[:2] for picture in PICTURES]


@pytest.mark.parametrize(
    ("name", "params", "kind"),
    [
        ("edges.sobel", {"noise_factor": 3.0}, EdgeMap),
        ("detect_edges", {"method": "laplacian"}, EdgeMap),
        ("separate_colors", {"method": "hsv"}, Separation),
        ("isolate_colors", {"method": "skimage", "output": "both"}, dict),
        ("crop_to_content", {"padding": 0}, np.ndarray),
        ("detect_grid", {}, GridFit),
        ("check_quality", {}, QualityReport),
        ("process_image", {"options": {"edge_detection": True}}, dict),
    ],
)
def test_methods_and_pipeline_functions_are_called_by_name(name, params, kind):
    report = call(function_name=name, images=PICTURES[:1], **params)
    assert report["test_name"] == name
    assert report["results"][0].get("error") is None
    assert isinstance(values(report)[0], kind)


def test_pipeline_functions_take_base64_as_the_earlier_endpoint_did():
    text = base64.b64encode(cv2.imencode(".png", PICTURES[2])[1]).decode()
    report = call(function_name="process_image", images=[text] * 3, max_workers=9, options={"quality_check": True})
    assert [reply["width"] for reply in values(report)] == [32, 32, 32]
    json.dumps(values(report))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(RegistryError, match=r"no function or method 'edges\.prewitt'; known ones: process_image, .*edges\.canny"):
        call(function_name="edges.prewitt")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "either function= .* or function_name="),
        ({"function": len, "function_name": "edges.canny"}, ValueError, "either function= .* or function_name="),
        ({"function": len, "images": None}, ValueError, "either image_paths= or images="),
        ({"function": len, "image_paths": ["a.png"], "images": []}, ValueError, "either image_paths= or images="),
        ({"function": len, "image_paths": "a.png"}, TypeError, "image_paths must be a list of pictures, got a single str"),
        ({"function": len, "images": PICTURES[0]}, TypeError, "images must be a list of pictures, got a single ndarray"),
        ({"function": len, "source": "s3"}, ValueError, "no source 's3'; choose 'local' or 'gcs'"),
        ({"function": len, "bucket_name": "b"}, ValueError, "bucket_name goes with source='gcs'"),
        ({"function": len, "source": "gcs", "image_paths": ["a.png"]}, ValueError, "source='gcs' needs bucket_name="),
        ({"function": len, "source": "gcs", "bucket_name": "b", "images": []}, ValueError, "images= are at hand"),
        ({"function": len, "max_workers": 0}, ValueError, "At least one worker is needed, got max_workers=0"),
    ],
)
def test_wrong_arguments_raise_at_once(arguments, error, message):
    with pytest.raises(error, match=message):
        call(**arguments)


def test_functions_run_on_pictures_of_a_bucket_by_name_below_a_prefix_or_on_all(gcs):
    png = cv2.imencode(".png", PICTURES[0])[1].tobytes()
    for name in ("set/a.png", "set/b.png", "c.png"):
        gcs.put("scans", name, png)
    known = call(lambda image: image.shape, image_paths=["c.png", "gone.png"], source="gcs", bucket_name="scans")
    assert [each["image"] for each in known["results"]] == ["gs://scans/c.png", "gs://scans/gone.png"]
    assert [each["success"] for each in known["results"]] == [True, False]
    assert "There is no gs://scans/gone.png" in known["results"][1]["error"]

    def size(path: Path) -> int:
        return path.stat().st_size

    below = call(size, image_paths=["set/"], source="gcs", bucket_name="scans")
    assert [(each["image"], each["result"]) for each in below["results"]] == [
        ("gs://scans/set/a.png", len(png)),
        ("gs://scans/set/b.png", len(png)),
    ]
    every = asyncio.run(
        runner_module.test_quality_gates(image_paths=[f"gs://scans/{name}" for name in ("c.png", "set/")], source="gcs")
    )
    assert (every["total"], every["successful"]) == (3, 3)
    assert call(function_name="edges.canny", images=None, source="gcs", bucket_name="scans")["successful"] == 3


def test_a_tester_without_workers_is_refused():
    with pytest.raises(ValueError, match="At least one worker"):
        BulkTester(max_workers=0)


def test_more_workers_than_cores_are_not_started(monkeypatch):
    monkeypatch.setattr(pipeline_module, "usable_cores", lambda: 2)
    started = []

    def open_serial(executor, work, *, workers, timeout):
        started.append(workers)
        return open_pool("serial", work)

    monkeypatch.setattr(runner_module, "open_pool", open_serial)
    for most in (1, 2, 64):
        call(width, max_workers=most)
    assert started == [1, 2, 2]


def test_the_summary_counts_what_was_reported_and_is_json():
    tester = BulkTester(2)
    assert tester.get_summary() == {
        "total_tests": 0, "successful": 0, "failed": 0, "success_rate": 0.0, "by_test": {}, "total_execution_time": 0,
    }  # fmt: skip

    def even(image):
        assert image.shape[1] % 2 == 0
        return image

    call(even, tester=tester, test_name="even")
    call(width, tester=tester)
    call(width, tester=tester, images=PICTURES[:1])
    summary = json.loads(json.dumps(tester.get_summary()))
    assert list(summary) == ["total_tests", "successful", "failed", "success_rate", "by_test", "total_execution_time"]
    assert (summary["total_tests"], summary["successful"], summary["failed"]) == (9, 7, 2)
    assert summary["success_rate"] == pytest.approx(7 / 9)
    assert list(summary["by_test"]) == ["even", "width"]
    assert summary["by_test"]["even"]["failed"] == 2
    assert summary["by_test"]["width"]["total"] == 5
    assert summary["total_execution_time"] == pytest.approx(sum(each["execution_time"] for each in summary["by_test"].values()))
    tester.clear_results()
    assert tester.get_summary()["total_tests"] == 0


def test_saved_results_are_json_whatever_was_returned(tmp_path):
    odd = {
        (1, 2): np.float32("nan"), 3: {1}, "path": Path("a/b.png"), "bytes": b"\x89PNG", "mask": np.zeros((4, 5), bool),
        "inf": float("inf"), "number": np.int64(7), "page": None, "pair": (np.float64(0.5), "µ"), "kind": complex(1, 2),
    }  # fmt: skip
    tester = BulkTester(2, executor="serial")
    call(lambda image: odd, tester=tester, images=PICTURES[:1], test_name="odd")
    call(function_name="edges.canny", tester=tester, images=PICTURES[:1])
    tester.save_results(tmp_path / "results.json")

    def no_constants(name):
        raise AssertionError(f"{name} is no JSON")

    saved = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"), parse_constant=no_constants)
    assert saved["summary"]["total_tests"] == 2
    assert saved["reports"][0]["results"][0]["result"] == {
        "(1, 2)": None, "3": [1], "path": "a/b.png", "bytes": {"bytes": 4}, "mask": {"shape": [4, 5], "dtype": "bool"},
        "inf": None, "number": 7, "page": None, "pair": [0.5, "µ"], "kind": "(1+2j)",
    }  # fmt: skip
    assert set(saved["reports"][1]["results"][0]["result"]) >= {"bounding_box", "edge_pixels"}


def test_the_samples_of_the_earlier_scripts_work(folder, tmp_path):
    from ecgbench.runner import test_color_separation, test_edge_detection, test_grid_detection, test_quality_gates

    paths = paths_in(folder)

    async def notebook():
        tester = BulkTester(max_workers=10)
        await tester.test_function(function=width, image_paths=paths, test_name="my_test")
        await tester.test_function(
            function=Adder(1), image_paths=paths, test_name="custom_test", source="local", bucket_name=None
        )
        tester.save_results(str(tmp_path / "test_results.json"))
        return tester.get_summary(), [
            await test_edge_detection(image_paths=paths, source="local"),
            await test_edge_detection(paths, "edges.contour"),
            await test_color_separation(image_paths=paths, method="hsv", source="local"),
            await test_grid_detection(image_paths=paths),
            await test_quality_gates(image_paths=paths),
        ]

    summary, reports = asyncio.run(notebook())
    assert summary["total_tests"] == 8
    assert "my_test" in (tmp_path / "test_results.json").read_text()
    names = ["edge_detection", "edge_detection", "color_separation", "grid_detection", "quality_gates"]
    assert [report["test_name"] for report in reports] == names
    assert [report["successful"] for report in reports] == [4] * 5
    kinds = [EdgeMap, EdgeMap, Separation, GridFit, QualityReport]
    assert [type(values(report)[0]) for report in reports] == kinds


def test_pytest_does_not_take_the_coroutines_for_tests():
    for name in ("test_edge_detection", "test_color_separation", "test_grid_detection", "test_quality_gates"):
        assert getattr(runner_module, name).__test__ is False


def test_the_event_loop_goes_on_while_functions_run():
    async def beside():
        ticks = 0
        tester = BulkTester(1)
        running = asyncio.create_task(tester.test_function(lambda image: time.sleep(0.1), images=PICTURES))
        while not running.done():
            ticks += 1
            await asyncio.sleep(0.01)
        return ticks, await running

    ticks, report = asyncio.run(beside())
    assert ticks > 10
    assert report["successful"] == 4


def test_calls_that_nobody_waits_for_any_more_are_ended(tmp_path):
    marks = tmp_path / "pids"

    def hang(image):
        with marks.open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(600)

    async def give_up():
        running = asyncio.create_task(BulkTester(2).test_function(hang, images=PICTURES))
        while not marks.exists():
            await asyncio.sleep(0.01)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(give_up())  # which waits for its threads
    pids = [int(line) for line in marks.read_text().split()]
    assert pids
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def registry():
    return Registry.load()


def test_a_plan_is_run_and_kept(folder, tmp_path, registry):
    plan = make_plan([str(folder)], methods="edges.canny,edges.sobel", registry=registry)
    with Store(tmp_path / "runs.db") as store:
        outcomes = BulkTester(2, registry=registry, store=store).run(plan, name="first")
        assert {(outcome.variant.method, outcome.case.name) for outcome in outcomes} == {
            (method, f"page{index}.png") for method in ("edges.canny", "edges.sobel") for index in range(4)
        }
        run = store.find_run("first")
        assert store.counts(run.id) == {Status.DONE: 8}
        assert list(BulkTester(2, registry=registry, store=store).run(plan, name="first", resume=True)) == []


def test_a_plan_gets_no_more_workers_than_the_tester_may_have(folder, tmp_path, registry):
    plan = make_plan([str(folder)], methods="edges.canny", registry=registry, workers=2)
    with Store(tmp_path / "runs.db") as store:
        list(BulkTester(1, registry=registry, store=store).run(plan, name="one"))
        assert store.find_run("one").plan["workers"] == 1


def test_a_plan_without_a_store_is_run_and_not_kept(folder, registry):
    plan = make_plan([str(folder)], methods="edges.canny", registry=registry)
    assert [outcome.status for outcome in BulkTester(2, registry=registry).run(plan)] == [Status.DONE] * 4


def test_a_page_that_a_plugin_opens_reaches_the_function(registry):
    class Slides:
        @staticmethod
        def ecgbench_open_page(source):
            if isinstance(source, str) and source.startswith("slide:"):
                if not source[6:].isdigit():
                    raise PageError(f"{source} is no slide.")
                return Page(np.zeros((3, int(source[6:]), 3), np.uint8), name=source)
            return None

    from ecgbench import hookimpl

    Slides.ecgbench_open_page = staticmethod(hookimpl(Slides.ecgbench_open_page))
    registry.register(Slides)
    report = call(width, image_paths=["slide:7", "slide:x"], tester=BulkTester(1, registry=registry))
    assert values(report) == [7, None]
    assert report["results"][1]["error"] == "PageError: slide:x is no slide."
