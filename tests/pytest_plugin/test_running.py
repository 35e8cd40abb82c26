"""What items do: pass, fail with a reason, draw what was seen; and what pytest's own options and other plugins make of them."""

import json
from xml.etree import ElementTree

import cv2
import pytest

from ecgbench.core.page import Box, PageError
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.measure import Method
from ecgbench.pytest_plugin.measuring import CaseCache, Meter
from ecgbench.pytest_plugin.options import CARRIER
from ecgbench.registry import default_registry

pytest_plugins = ["pytester"]
SCANS = ("--benchmark", "scans")


def test_items_pass_and_a_table_a_task_tells_times_and_scores(pytester, scans):
    result = pytester.runpytest_inprocess(*SCANS, "--ecg-methods", "edges.canny,quality.gates")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "ecgbench *: edges.canny, quality.gates on scans",
            "scans/a.png ..*",
            "*= ecgbench =*",
            "edges: 1 method on 2 pages, ranked by content_box_iou",
            "method*(ms)*(ms)*content_box_iou*done*failed*",
            "canny*2*0*",
            "quality: 1 method on 2 pages, *",
            "*not kept; --ecg-save NAME*",
        ]
    )


def test_a_method_that_raises_fails_its_item_with_its_traceback(pytester, scans, method):
    method("raises", "raise ValueError('an idea that was not good')")
    result = pytester.runpytest_inprocess(*SCANS, "--ecg-methods", "edges.raises")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ edges.raises on b.png _*",
            "ValueError: an idea that was not good",
            '*conftest.py", line *, in raises',
            "raises*1*1*",
            "FAILED scans/b.png::edges.raises - *ValueError*",
        ]
    )


def test_a_bad_picture_fails_its_items_with_a_sentence_and_nothing_else(pytester, scans):
    (scans / "note.png").write_text("I am text")
    (scans / "cut.png").write_bytes((scans / "a.png").read_bytes()[:-300])
    result = pytester.runpytest_inprocess(*SCANS, "--ecg-methods", "edges.canny")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["scans/cut.png is truncated*", "scans/note.png is text, not a picture; get the picture again."])
    assert "Traceback" not in result.stdout.str()


def test_a_missed_bound_says_value_bound_and_where_its_drawing_is(pytester, scans, write_page):
    write_page(scans / "b.png", box=(10, 10, 50, 30))  # the truth is wrong, so the method is
    result = pytester.runpytest_inprocess(
        *SCANS, "--ecg-methods=edges.contour", "--ecg-min=content_box_iou >= 0.9", "--ecg-drawings=drawn"
    )
    result.assert_outcomes(passed=1, failed=1)
    (line,) = [line for line in result.outlines if line.startswith("content_box_iou is ")]
    drawn = pytester.path / "drawn" / "scans-b.png--edges.contour.png"
    assert line.endswith(f", but >= 0.9 is asked for. Drawn: {drawn.relative_to(pytester.path)}")
    assert cv2.imread(str(drawn)).shape == (80, 120, 3)


def test_drawings_go_to_the_temporary_folder_of_pytest_and_not_among_pictures(pytester, scans):
    before = sorted(scans.iterdir())
    result = pytester.runpytest_inprocess(*SCANS, "--ecg-methods=edges.contour", "--ecg-min=content_box_iou>1", "--basetemp=tmp")
    result.assert_outcomes(failed=2)
    assert len(list((pytester.path / "tmp" / "ecgbench").glob("*.png"))) == 2
    assert sorted(scans.iterdir()) == before


def test_a_bound_holds_methods_whose_task_has_the_score_and_fails_where_it_is_not_known(pytester, scans, write_page):
    write_page(scans / "c.png", box=None)
    result = pytester.runpytest_inprocess(
        *SCANS, "--ecg-methods=edges.contour,color.hsv", "--ecg-min=content_box_iou>=0.5", "-k", "c.png"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["content_box_iou >= 0.5 is asked for, but there is no content_box_iou here: *"])


def test_minus_minus_lf_runs_what_failed_and_minus_x_stops_there(pytester, scans):
    (scans / "0.png").write_text("I am text")
    words = [*SCANS, "--ecg-methods", "edges.canny", "--ecg-param", "edges.canny.sigma=0.2,0.5"]
    pytester.runpytest_inprocess(*words).assert_outcomes(passed=4, failed=2)
    pytester.runpytest_inprocess(*words, "--lf").assert_outcomes(failed=2)
    pytester.runpytest_inprocess(*words, "--lf", "-x").assert_outcomes(failed=1)
    pytester.runpytest_inprocess(*words, "-k", "a.png and 0.5").assert_outcomes(passed=1, deselected=5)
    pytester.runpytest_inprocess(*words, "-m", "not ecgbench").assert_outcomes(deselected=6)


def test_junit_files_hold_scores_and_times_and_not_what_travels_between_processes(pytester, scans):
    pytester.runpytest_inprocess(*SCANS, "--ecg-methods", "edges.canny", "--junitxml=junit.xml")
    cases = ElementTree.parse(pytester.path / "junit.xml").findall(".//testcase")
    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        ("scans.a.png", "edges.canny"),
        ("scans.b.png", "edges.canny"),
    ]
    found = {each.get("name"): each.get("value") for each in cases[0].iter("property")}
    assert found["ecg_method"] == "edges.canny"
    assert float(found["wall_median_s"]) > 0
    assert 0 < float(found["content_box_iou"]) <= 1
    assert CARRIER not in found


@pytest.mark.parametrize(
    ("words", "why"),
    [(["-k", "nothing"], "2 were deselected"), (["--benchmark-skip", "--ecg-calibrate"], "")],
)
def test_a_run_that_measured_no_cell_is_an_error_beside_tests_that_pass(pytester, scans, words, why):
    pytester.makeconftest(
        "import pytest\ndef pytest_collection_modifyitems(items):\n    [item.add_marker(pytest.mark.skip) for item in items[1:]]"
    )
    pytester.makepyfile(test_nothing="def test_nothing(): pass")
    result = pytester.runpytest_inprocess("test_nothing.py", "--benchmark=scans", "--ecg-methods", "edges.canny", *words)
    assert result.parseoutcomes()["passed"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"ecgbench measured no cell*{why}*"])


def test_what_leaves_foreign_tests_out_is_named(pytester, scans):
    pytester.makeconftest(
        "def pytest_addoption(parser): parser.addoption('--codspeed', action='store_true')\n"
        "def pytest_collection_modifyitems(config, items):\n"
        "    config.hook.pytest_deselected(items=items[:]); items.clear()"
    )
    result = pytester.runpytest_inprocess(*SCANS, "--ecg-methods", "edges.canny", "--codspeed")
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["ecgbench measured no cell: --codspeed leaves out every test that does not use the `benchmark` fixture*"]
    )


def test_pytest_benchmark_times_items_in_a_table_a_task_where_it_is_asked_to(pytester, scans):
    quick = ["--benchmark-max-time=0.001", "--benchmark-min-rounds=2"]
    words = [*SCANS, "--ecg-methods", "edges.canny,edges.sobel,quality.gates"]
    result = pytester.runpytest_inprocess(*words, *quick, "--benchmark-only", "--benchmark-json=timed.json")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["*benchmark 'edges': 4 tests*", "*benchmark 'quality': 2 tests*"])
    timed = json.loads((pytester.path / "timed.json").read_text())["benchmarks"]
    first = next(each for each in timed if each["fullname"] == "scans/a.png::edges.canny")
    assert (first["group"], first["params"]["ecg_method"]) == ("edges", "edges.canny")
    assert first["extra_info"]["content_box_iou"] > 0
    assert "benchmark 'edges'" not in pytester.runpytest_inprocess(*words).stdout.str()


def test_pytest_benchmark_compares_items_with_a_saved_run(pytester, scans):
    quick = ["--benchmark-max-time=0.001", "--benchmark-min-rounds=2", "--ecg-methods=edges.canny"]
    pytester.runpytest_inprocess(*SCANS, *quick, "--benchmark-save=before").assert_outcomes(passed=2)
    result = pytester.runpytest_inprocess(*SCANS, *quick, "--benchmark-compare")
    result.stdout.fnmatch_lines_random(["a.png::edges.canny (NOW)*", "a.png::edges.canny (0001_before)*"])


def test_items_run_without_pytest_benchmark_and_pytest_xdist(pytester, scans):
    pytester.runpytest_inprocess(*SCANS, "--ecg-methods=edges.canny", "-p", "no:benchmark", "-p", "no:xdist").assert_outcomes(
        passed=2
    )


def test_a_page_and_its_truth_are_opened_once_for_all_methods_of_a_case(drawn_page):
    opened = []
    registry = default_registry()
    page = registry.open_page(drawn_page)

    def read_truth():
        opened.append("truth")
        return Truth(content_box=Box(10, 10, 100, 60))

    case = Case(CaseInfo("a", "memory"), drawn_page, read_truth)
    meter = Meter(registry, repeats=2)
    meter.cases._open_page = lambda source: opened.append("page") or page
    outcomes = [meter.measure(Method(each, each.make_params({})), case) for each in registry.methods("edges.*")]
    assert all(outcome.ok and len(outcome.seconds) == 2 and "content_box_iou" in outcome.scores for outcome in outcomes)
    assert opened == ["page", "truth"]
    meter.measure(
        Method(registry.method("edges.canny"), registry.method("edges.canny").make_params({})),
        Case(CaseInfo("b", "memory"), drawn_page),
    )
    assert opened == ["page", "truth", "page"]


def test_a_picture_that_cannot_be_opened_is_tried_once():
    tried = []

    def fail(source):
        tried.append(source)
        raise PageError("no page")

    cache = CaseCache(fail)
    cache.enter(Case(CaseInfo("a", "a.png"), "a.png"))
    for _ in range(3):
        with pytest.raises(PageError, match="no page"):
            cache.page("a.png")
    assert tried == ["a.png"]


def test_measuring_leaves_the_threads_of_opencv_as_they_were(drawn_page):
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        case = Case(CaseInfo("a", "memory"), drawn_page)
        transformer = default_registry().method("edges.canny")
        assert Meter(default_registry()).measure(Method(transformer, transformer.make_params({})), case).ok
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
