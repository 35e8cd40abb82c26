"""Fixtures and the marker in users' own tests."""

import fnmatch

import pytest

from ecgbench.store import Store

pytest_plugins = ["pytester"]


def run(pytester, code, *words):
    path = pytester.makepyfile(test_mine=f"import pytest\n\n{code}")
    return pytester.runpytest_inprocess(str(path), "-v", *words)


def test_a_test_is_run_with_each_method_of_the_marker_on_each_picture_of_its_sets(pytester, scans):
    result = run(
        pytester,
        """
@pytest.mark.ecgbench(methods="edges.canny", images=["scans/b.png", "scans/a.png"], params={"edges.canny.sigma": [0.2, 0.33]})
def test_edges(ecg_method, ecg_case):
    assert ecg_method(ecg_case.page).edge_count > 0
    assert ecg_method(ecg_case.page.bgr).edges.shape == ecg_case.page.shape
    assert ecg_method.task == "edges" and ecg_method.params.sigma in (0.2, 0.33)
    assert ecg_case.truth.content_box is not None and ecg_case.info.name == ecg_case.name
""",
    )
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            f"test_mine.py::test_edges[[]{case}.png::edges.canny[[]sigma={sigma}]] PASSED*"
            for case in "ba"
            for sigma in (0.2, 0.33)
        ]
    )
    assert "= ecgbench =" not in result.stdout.str()


def test_without_a_marker_the_command_line_chooses(pytester, scans):
    code = "def test_edges(ecg_method, ecg_case): pass"
    found = run(pytester, code, "--benchmark=scans", "--ecg-methods=edges.sobel", "-k", "test_edges")
    found.stdout.fnmatch_lines(
        ["test_mine.py::test_edges[[]a.png::edges.sobel] PASSED*", "test_mine.py::test_edges[[]b.png::edges.sobel] PASSED*"]
    )
    pytester.makeini("[pytest]\necgbench_images = scans/a.png")
    run(pytester, code, "--ecg-methods=edges.sobel").assert_outcomes(passed=1)


def test_ecg_run_times_and_scores_one_call_and_the_session_sums_up(pytester, scans):
    result = run(
        pytester,
        """
@pytest.mark.ecgbench(methods="edges.canny", images="scans")
def test_box(ecg_run, ecg_case):
    outcome = ecg_run()
    assert outcome.ok and outcome.seconds[0] > 0 and outcome.scores["content_box_iou"] > 0.5
    other = ecg_run("edges.sobel")
    assert other.variant.method == "edges.sobel" and other.case.name == ecg_case.name
    assert ecg_run("edges.canny", sigma=0.5).variant.label == "edges.canny[sigma=0.5]"
""",
        "--ecg-save=mine",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["edges: 3 methods on 2 pages, ranked by content_box_iou"])
    with Store(pytester.path / "ecgbench.db") as store:
        run_ = store.find_run("mine")
        assert len(list(store.outcomes(run_.id))) == 6
        assert run_.plan["specs"] == ["scans"]
        assert sorted(run_.plan["methods"]) == ["edges.canny", "edges.canny[sigma=0.5]", "edges.sobel"]
        assert run_.state == "finished"


def test_ecg_run_fails_the_test_where_the_method_fails_unless_told_not_to(pytester, scans, method):
    method("raises", "raise ValueError('an idea that was not good')")
    result = run(
        pytester,
        """
@pytest.mark.ecgbench(methods="edges.raises", images="scans/b.png")
def test_checked(ecg_run):
    ecg_run()

@pytest.mark.ecgbench(methods="edges.raises", images="scans/b.png")
def test_unchecked(ecg_run):
    assert "an idea that was not good" in ecg_run(check=False).error
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["ValueError: an idea that was not good", "FAILED test_mine.py::test_checked*ValueError*"])


def test_ecg_set_and_ecg_registry_give_the_whole(pytester, scans):
    result = run(
        pytester,
        """
@pytest.mark.ecgbench(images=["scans", "synthetic?count=3"])
def test_sets(ecg_set, ecg_registry):
    assert len(list(ecg_set)) == {"scans": 2}.get(ecg_set.name, 3)
    assert "edges.canny" in ecg_registry.transformers
""",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["test_mine.py::test_sets[[]scans] PASSED*", "test_mine.py::test_sets[[]synthetic[?]count=3] PASSED*"]
    )


def test_the_benchmark_fixture_puts_a_method_into_the_table_of_its_task(pytester, scans):
    result = run(
        pytester,
        """
@pytest.mark.ecgbench(methods="edges.canny,color.hsv", images="scans/a.png")
def test_timed(benchmark, ecg_method, ecg_case):
    benchmark.pedantic(ecg_method, args=(ecg_case.page,), rounds=2)
""",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*benchmark 'color': 1 tests*", "*benchmark 'edges': 1 tests*"])


def test_outcomes_of_tests_travel_from_workers_too(pytester, scans):
    code = """
@pytest.mark.ecgbench(methods="edges.canny,edges.sobel", images="scans")
def test_box(ecg_run): ecg_run()
"""
    result = run(pytester, code, "-n2")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["edges: 2 methods on 2 pages, *"])


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        ('methods="edges.cany"', "*ecgbench: There is no method 'edges.cany'; known ones: *"),
        ('images="missing/"', "*There is no file or folder missing/; check the path.*"),
        ('picture="scans"', "*ecgbench takes methods, images, params by name, nothing else.*"),
        ('params={"edges.canny.sgima": [1]}', "*sgima*sigma*"),
    ],
)
def test_wrong_words_in_a_marker_are_one_sentence(pytester, scans, marker, sentence):
    result = run(pytester, f"@pytest.mark.ecgbench({marker})\ndef test_it(ecg_method, ecg_case): pass")
    assert result.ret != pytest.ExitCode.OK
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert fnmatch.filter([*result.outlines, *result.errlines], sentence)
