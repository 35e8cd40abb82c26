"""What `pytest --benchmark` takes for pictures, and what items it makes of them."""

import pytest

pytest_plugins = ["pytester"]


def collected(result):
    """Return the ids that `--collect-only -q` printed."""
    return [line for line in result.outlines if "::" in line and not line.startswith(("FAILED", "ERROR"))]


@pytest.fixture
def collect(pytester):
    return lambda *words: collected(pytester.runpytest_inprocess("--collect-only", "-q", *words))


def test_every_method_on_every_picture_is_an_item_with_a_readable_id(collect, scans):
    assert collect("--benchmark", "scans", "--ecg-methods", "edges.canny,color.hsv") == [
        f"scans/{name}.png::{method}" for name in "ab" for method in ("edges.canny", "color.hsv")
    ]


def test_values_of_a_parameter_stand_in_the_id(collect, scans):
    found = collect("--benchmark=scans/a.png", "--ecg-methods=edges.canny", "--ecg-param=edges.canny.sigma=0.2,0.33")
    assert found == ["scans/a.png::edges.canny[sigma=0.2]", "scans/a.png::edges.canny[sigma=0.33]"]


def test_several_specs_may_follow_and_a_picture_is_collected_once(collect, scans, pytester, write_page):
    write_page(pytester.path / "more" / "c.png")
    found = collect("--benchmark", "scans", "more", "scans/a.png", "--ecg-methods", "edges.canny")
    assert found == ["scans/a.png::edges.canny", "scans/b.png::edges.canny", "more/c.png::edges.canny"]


def test_pictures_that_are_no_files_are_called_by_set_and_name(collect):
    found = collect("--benchmark", "synthetic?count=2&types=0001", "--ecg-methods", "edges.canny")
    assert found == [f"synthetic?count=2&types=0001::0000{index}-0001::edges.canny" for index in (0, 1)]


@pytest.mark.parametrize(
    "named",
    [
        "scans/b.png::edges.canny",
        "scans/b.png::edges.canny[sigma=0.2]",
        "synthetic?count=2&types=0001::00001-0001::edges.canny[sigma=0.2]",
    ],
)
def test_an_item_can_be_named_by_its_id(collect, scans, named):
    found = collect("--benchmark", named, "--ecg-methods=edges.*", "--ecg-param=edges.canny.sigma=0.2")
    assert found == [named if named.endswith("]") else f"{named}[sigma=0.2]"]


def test_a_bare_option_takes_the_pictures_of_the_ini_file_wherever_it_is_called(pytester, scans, monkeypatch):
    pytester.makeini("[pytest]\necgbench_images = scans/a.png")
    pytester.mkdir("below")
    monkeypatch.chdir("below")
    found = collected(pytester.runpytest_inprocess("--collect-only", "-q", "--benchmark", "--ecg-methods", "edges.canny"))
    assert [name.removeprefix("../") for name in found] == ["scans/a.png::edges.canny"]


def test_a_bare_option_without_a_setting_takes_the_demo(collect):
    found = collect("--benchmark", "--ecg-methods", "edges.canny")
    assert len(found) == 12
    assert all(name.startswith("demo::") for name in found)


def test_tests_are_run_only_where_they_are_named(collect, pytester, scans):
    pytester.makepyfile(test_mine="def test_mine(): pass")
    assert collect("--benchmark", "scans/a.png", "--ecg-methods", "edges.canny") == ["scans/a.png::edges.canny"]
    both = ["test_mine.py::test_mine", "scans/a.png::edges.canny"]
    assert collect("test_mine.py", "--benchmark=scans/a.png", "--ecg-methods", "edges.canny") == both
    assert collect("--benchmark=scans/a.png", "--ecg-methods", "edges.canny", "test_mine.py::test_mine") == both
    assert collect("--benchmark=scans/a.png", ".", "--ecg-methods", "edges.canny") == both  # a folder that holds tests


def test_a_test_file_behind_a_bare_option_is_no_spec(collect, pytester, scans):
    pytester.makeini("[pytest]\necgbench_images = scans/a.png")
    pytester.makepyfile(test_mine="def test_mine(): pass")
    assert collect("--benchmark", "test_mine.py", "--ecg-methods", "edges.canny") == [
        "test_mine.py::test_mine",
        "scans/a.png::edges.canny",
    ]


@pytest.mark.parametrize("spelled", [["--benchmark", "{}"], ["--benchmark={}"], ["--benchmark=demo", "{}"]])
def test_a_folder_of_pictures_is_neither_rootdir_nor_written_to(pytester, tmp_path_factory, spelled, write_page):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_page(elsewhere / "scans" / "a.png")
    (elsewhere / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option")
    before = sorted(elsewhere.rglob("*"))
    words = [word.format(elsewhere / "scans") for word in spelled]
    if "--benchmark=demo" not in words:
        (elsewhere / "pytest.ini").write_text("[pytest]\naddopts = --maxfail=77")
    else:
        (elsewhere / "pytest.ini").unlink()
        before.remove(elsewhere / "pytest.ini")
    pytester.makeini("[pytest]\naddopts = -v")
    result = pytester.runpytest_inprocess(*words, "--ecg-methods", "edges.canny", "-k", "a.png")
    result.stdout.fnmatch_lines([f"rootdir: {pytester.path}", "configfile: tox.ini", "*scans/a.png::edges.canny PASSED*"])
    assert sorted(elsewhere.rglob("*")) == before
    assert (pytester.path / ".pytest_cache").is_dir()


def test_pictures_outside_the_rootdir_fail_again_under_minus_minus_lf(pytester, tmp_path_factory, write_page):
    folder = tmp_path_factory.mktemp("outside")
    write_page(folder / "good.png")
    (folder / "bad.png").write_text("no picture")
    words = ["--benchmark", str(folder), "--ecg-methods", "edges.canny"]
    pytester.runpytest_inprocess(*words).assert_outcomes(passed=1, failed=1)
    pytester.runpytest_inprocess(*words, "--lf").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--benchmark=missing/"], "ERROR: There is no file or folder missing/; check the path."),
        (["--benchmark=empty"], "ERROR: The folder empty holds no pictures; *"),
        (["--benchmark=scans", "--ecg-methods=edgs.*"], "ERROR: There is no method 'edgs.[*]'; known ones: *"),
        (["--benchmark=scans", "--ecg-param=edges.canny.sigma"], "ERROR: --ecg-param 'edges.canny.sigma' cannot be read; *"),
        (["--benchmark=scans", "--ecg-param=edges.canny.sigma=7"], "ERROR: *sigma*"),
        (["--benchmark=scans", "--ecg-min=trace_dise>=0.8"], "ERROR: --ecg-min: no method here has a score 'trace_dise'; *"),
        (["--benchmark=scans", "--ecg-min=trace_dice"], "ERROR: --ecg-min 'trace_dice' cannot be read; *"),
        (["--benchmark=scans/a.png::edges.cany"], "ERROR: not found: scans/a.png::edges.cany; the methods are *"),
        (["--benchmark=synthetic?count=endless"], "ERROR: synthetic?count=endless has no end, *"),
        (["--benchmark=scans", "--ecg-repeats=0"], "ERROR: *at least one repeat*"),
        (["--benchmark=scans", "--ecg-fail-on=wall_median_s > 1.1x"], "ERROR: --ecg-fail-on compares with a run: *"),
        (["--benchmark=scans", "--ecg-compare=main"], "ERROR: There is no store at *ecg-save main."),
        (["--benchmark=scans", "--ecg-save=x", "--ecg-compare=main"], "ERROR: There is no run 'main' to compare with *"),
        (["--benchmark=scans", "--ecg-calibrate", "-p", "no:benchmark"], "ERROR: --ecg-calibrate needs pytest-benchmark; *"),
    ],
)
def test_wrong_words_are_one_sentence_and_a_usage_error(pytester, scans, monkeypatch, words, sentence):
    monkeypatch.setattr("ecgbench.pytest_plugin.bench.MOST_CASES", 10)
    pytester.mkdir("empty")
    result = pytester.runpytest_inprocess(*words)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([sentence])
    assert "INTERNALERROR" not in result.stdout.str()


def test_a_session_that_does_not_ask_loads_nothing_heavy(pytester):
    pytester.makepyfile(
        "import sys\ndef test_it(): assert not {'cv2', 'numpy', 'sqlalchemy', 'ecgbench.registry'} & set(sys.modules)"
    )
    result = pytester.runpytest_subprocess("--strict-config", "--strict-markers", "-W", "error")
    result.assert_outcomes(passed=1)
    assert "ecgbench" not in "\n".join(line for line in result.outlines if not line.startswith("plugins:"))
