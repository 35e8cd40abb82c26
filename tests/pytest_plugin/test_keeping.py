"""Runs that sessions keep, and how one compares with another."""

import pytest

from ecgbench.core.outcome import Environment, Status
from ecgbench.pytest_plugin import keeping
from ecgbench.pytest_plugin.keeping import find_baseline, new_name
from ecgbench.store import Store, StoreError

pytest_plugins = ["pytester"]
WORDS = ("--benchmark=scans", "--ecg-methods=edges.canny,edges.sobel")
SLOWER = "--ecg-fail-on=wall_median_s > 0.000001x"  # whatever takes any time at all crosses it


@pytest.fixture
def bench(pytester, scans):
    return lambda *words: pytester.runpytest_inprocess(*WORDS, *words)


@pytest.fixture
def store(pytester):
    with Store(pytester.path / "ecgbench.db") as opened:
        yield opened


def test_a_session_keeps_nothing_unless_asked(bench, pytester):
    bench().assert_outcomes(passed=4)
    assert not list(pytester.path.rglob("*.db"))


def test_a_kept_run_holds_every_outcome_with_times_scores_and_machine(bench, pytester):
    result = bench("--ecg-save=main", "--ecg-repeats=3")
    result.stdout.fnmatch_lines([f"run main: ecgbench leaderboard main --store {pytester.path}/ecgbench.db"])
    with Store(pytester.path / "ecgbench.db") as store:
        run = store.find_run("main")
        outcomes = list(store.outcomes(run.id))
    assert (run.state, run.plan["specs"], run.plan["repeats"], run.plan["workers"]) == ("finished", ["scans"], 3, 1)
    assert run.environment.facts["cores"] >= 1
    assert len(outcomes) == 4
    for outcome in outcomes:
        assert len(outcome.seconds) == len(outcome.cpu_seconds) == 3
        assert outcome.load_seconds > 0
        assert outcome.scores["content_box_iou"] > 0.5
        assert outcome.case.content_id.startswith("sha256:")


def test_a_store_is_named_by_option_environment_or_setting(bench, pytester, monkeypatch):
    bench("--ecg-store=by_option.db").assert_outcomes(passed=4)
    monkeypatch.setenv("ECGBENCH_STORE", "by_environment.db")
    bench().assert_outcomes(passed=4)
    monkeypatch.delenv("ECGBENCH_STORE")
    pytester.makeini("[pytest]\necgbench_store = by_setting.db")
    bench("--ecg-save=x").assert_outcomes(passed=4)
    assert sorted(path.name for path in pytester.path.glob("*.db")) == ["by_environment.db", "by_option.db", "by_setting.db"]


def test_a_file_that_is_no_store_is_a_usage_error(bench, pytester):
    (pytester.path / "notes.db").write_text("these are notes, and no database at all" * 50)
    result = bench("--ecg-store=notes.db")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: The store *notes.db is not a store of ecgbench*--ecg-store."])


def test_what_fails_is_kept_and_a_session_that_stops_early_is_an_interrupted_run(bench, scans, pytester):
    (scans / "0.png").write_text("no picture")
    bench("--ecg-save=main", "-x").assert_outcomes(failed=1)
    with Store(pytester.path / "ecgbench.db") as store:
        run = store.find_run("main")
        assert run.state == "interrupted"
        assert [(each.case.name, each.status) for each in store.outcomes(run.id)] == [("0.png", Status.FAILED)]


def test_a_store_that_is_removed_under_a_session_is_told_of_and_costs_no_verdict(bench, pytester):
    pytester.makeconftest(
        "import os, pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_sessionfinish():\n    os.remove('ecgbench.db')\n"
    )
    result = bench("--ecg-save=main")
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["The store *ecgbench.db was moved, removed or replaced while it was written to; *"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_name_kept_again_gets_a_number_and_the_latest_that_ended_is_compared_with(store):
    for state in ("finished", "finished", "interrupted"):
        run = store.begin_run(new_name(store, "main"), plan={}, environment=Environment({}))
        store.finish_run(run.id, state)
    store.begin_run("main-other", plan={}, environment=Environment({}))
    assert [run.name for run in store.runs()] == ["main-other", "main#3", "main#2", "main"]
    assert find_baseline(store, "main").name == "main#2"
    with pytest.raises(StoreError, match="There is no run 'mian' to compare with in .*, it has main-other, main; keep one with"):
        find_baseline(store, "mian")


def test_the_same_methods_on_the_same_pictures_cross_no_bound_on_scores(bench):
    bench("--ecg-save=main")
    result = bench("--ecg-save=main", "--ecg-compare=main", "--ecg-fail-on=content_box_iou < 1x", "--ecg-fail-on=failed > 0")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["against main", "edges.canny *wall_median_s*", "edges.canny: content_box_iou < 1x: kept, 1x *", "run main#2: *"]
    )


def test_a_crossed_bound_fails_the_session_though_every_item_passed(bench):
    bench("--ecg-save=main").assert_outcomes(passed=4)
    result = bench("--ecg-compare=main", SLOWER)
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["REGRESSION edges.canny: wall_median_s > 1e-06x: crossed, *"])


def test_times_of_another_machine_only_warn_and_scores_still_fail(bench, monkeypatch):
    here = keeping.current_environment()
    monkeypatch.setattr(keeping, "current_environment", lambda: Environment({**here.facts, "cpu": "Z80", "git_commit": "0"}))
    bench("--ecg-save=main")
    monkeypatch.setattr(keeping, "current_environment", lambda: here)
    result = bench("--ecg-compare=main", SLOWER)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "warning: edges.canny: wall_median_s > 1e-06x: crossed, *",
            "main was not measured as this run was: cpu (Z80 / *",
        ]
    )
    both = bench("--ecg-compare=main", SLOWER, "--ecg-fail-on=content_box_iou < 2")
    assert both.ret == pytest.ExitCode.TESTS_FAILED
    both.stdout.fnmatch_lines(
        ["warning: edges.canny: wall_median_s *", "REGRESSION edges.canny: content_box_iou < 2: crossed, *"]
    )


def test_a_comparison_without_a_method_in_common_fails_with_a_sentence(bench):
    bench("--ecg-save=main", "-k", "canny")
    result = bench("--ecg-compare=main", "-k", "sobel")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*have no method in common*"])


def test_an_unknown_score_in_a_bound_is_a_usage_error(bench):
    bench("--ecg-save=main")
    result = bench("--ecg-compare=main", "--ecg-fail-on=speed > 2x")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --ecg-fail-on: there is no score 'speed'; known ones: failed, wall_median_s, *"])


def test_github_gets_tables_failures_and_the_verdict_in_markdown(bench, scans, pytester, monkeypatch):
    bench("--ecg-save=main")
    (scans / "0.png").write_text("no picture")
    summary = pytester.path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    bench("--ecg-compare=main", "--ecg-save=change", SLOWER)
    text = summary.read_text()
    assert text.startswith("before\n## ecgbench: change\n")
    assert "### edges: 2 methods on 3 pages, ranked by content_box_iou" in text
    assert "| canny |" in text
    assert "### against main" in text
    assert "### 2 failures" in text
    assert "- REGRESSION edges.canny: wall_median_s &gt; 1e-06x: crossed" in text


def test_a_summary_that_cannot_be_written_is_said_and_costs_nothing_else(bench, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/no/such/folder/summary.md")
    result = bench()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["warning: the summary /no/such/folder/summary.md cannot be written: No such file or directory."])
