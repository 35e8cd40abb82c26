"""Each page without a browser: what it says of a filled, an empty, a broken and an old store, and of pictures and plugins that are gone."""

import shutil
import sqlite3

import pytest

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.dashboard.jobs import Job
from ecgbench.dashboard.launch import SCRIPT
from ecgbench.dashboard.newcomer import DEMO_WORDS
from ecgbench.dashboard.pages import PAGES
from ecgbench.default_store import STORE_VARIABLE
from ecgbench.store import Store

from .conftest import SECONDS, AppTest, fill
from .pages import copyables

OVER_RUNS = [entry.module for entry in PAGES if entry.needs_runs]


def told(app):
    return " ".join(each.value for each in [*app.error, *app.info, *app.warning])


def test_the_leaderboard_shows_bars_intervals_costs_and_failures_and_leads_with_the_verdict(open_page, filled):
    app = open_page("leaderboard", filled, run="before")
    table = app.dataframe[0].value
    assert list(table["method"]) == ["hsv", "lab"] and list(table["failed"]) == [0, 1]
    assert table["trace_f1_1px ↑"].tolist() == pytest.approx([0.9, 0.75])
    assert {"95 % interval", "time (ms)", "Pareto"} <= set(table.columns)
    assert "hsv" in app.markdown[0].value and "leads" in app.markdown[0].value


def test_the_address_says_what_is_chosen_and_that_filters_the_table(open_page, filled):
    app = open_page("leaderboard", filled, run="before", pick="lab")
    assert list(app.dataframe[0].value["method"]) == ["lab"]
    app.multiselect(key="pick").set_value(["hsv"]).run()
    assert list(app.dataframe[0].value["method"]) == ["hsv"]


def test_the_whole_app_opens_on_the_leaderboard(filled, monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, str(filled))
    app = AppTest.from_file(SCRIPT, default_timeout=SECONDS).run()
    assert not app.exception and not told(app) and len(app.dataframe) == 1


def test_deltas_are_shown_against_a_reference_run(open_page, filled):
    table = open_page("leaderboard", filled, run="after", against="before").dataframe[0].value
    assert table["Δ trace_f1_1px"].tolist() == pytest.approx([-0.05, -0.05])


@pytest.mark.parametrize("by", ["type", "layout", "grid_color", "dpi", "severity", "robustness"])
def test_the_score_is_broken_down_by_what_pictures_are(open_page, filled, by):
    app = open_page("leaderboard", filled, run="before", by=by)
    assert not told(app) and not [each for each in app.caption if "Nothing is known" in each.value]


def test_two_methods_are_compared_in_a_sentence_and_the_largest_disagreement_comes_first(open_page, filled):
    app = open_page("compare", filled, run="before", sides="before:color.hsv")
    assert "Choose two methods" in told(app)
    app = open_page("compare", filled, run="before")
    assert copyables(app)[0].startswith("On 2 pictures of 2 records color.lab has trace_f1_1px 0.750 against 0.900 of color.hsv")
    assert list(app.dataframe[0].value["picture"]) == ["c.png", "b.png"]
    assert app.selectbox(key="picture").value == "c.png" and not app.error


def test_a_method_is_compared_with_itself_in_another_run(open_page, filled):
    app = open_page("compare", filled, run="after")
    app.multiselect(key="sides").set_value(["before:color.hsv", "after:color.hsv"]).run()
    assert (
        "after:color.hsv has trace_f1_1px 0.850 against 0.900 of before:color.hsv, a difference of -0.0500" in copyables(app)[0]
    )


def test_failures_are_grouped_and_one_is_shown_with_traceback_and_the_command_that_repeats_it(open_page, filled, pages):
    app = open_page("failures", filled, run="before")
    assert app.dataframe[0].value["message"].tolist() == ["ValueError: no grid in …"]
    command, traceback = copyables(app)
    assert command == f"ecgbench run {pages[0]} --methods color.lab" and "line 12" in traceback


def test_the_worst_scores_are_a_gallery(open_page, filled):
    app = open_page("failures", filled, run="before", kind="Worst scores", method="lab")
    assert app.selectbox(key="worst").options == ["c.png", "b.png"] and not app.error


def test_a_run_without_a_failure_says_so(open_page, tmp_path, pages):
    with Store(tmp_path / "good.db") as store:
        run = store.begin_run("good", plan={}, environment=Environment({}))
        store.add(run.id, [Outcome(Variant("m.a", "color", "1", "x"), CaseInfo("a", "a"), Status.DONE, (0.1,))])
    assert "Nothing failed" in open_page("failures", tmp_path / "good.db").success[0].value


@pytest.mark.parametrize("module", OVER_RUNS)
def test_an_empty_store_leads_a_newcomer_to_the_demo(open_page, module, tmp_path):
    app = open_page(module, tmp_path / "none.db")
    assert app.title[0].value == "Nothing has been run yet" and [button.label for button in app.button] == ["Run the demo"]
    assert not (tmp_path / "none.db").exists()  # looking at a store makes none


def test_the_demo_button_starts_a_run_over_this_store(open_page, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(Job, "start", lambda job, words, *, store: started.append((job.name, words, store)))
    open_page("leaderboard", tmp_path / "none.db").button[0].click().run()
    assert started[0] == ("demo", DEMO_WORDS, str(tmp_path / "none.db"))


@pytest.mark.parametrize("module", OVER_RUNS)
def test_a_broken_store_and_one_of_another_version_are_a_sentence(open_page, module, tmp_path):
    broken, newer = tmp_path / "broken.db", tmp_path / "newer.db"
    broken.write_bytes(b"not a database " * 100)
    Store(newer).close()
    with sqlite3.connect(newer) as raw:
        raw.execute("UPDATE ecgbench_store SET version = 99")
    raw.close()
    assert "is not a store of ecgbench" in open_page(module, broken).error[0].value
    assert "has version 99" in open_page(module, newer).error[0].value


def test_a_vanished_picture_is_a_sentence(open_page, pages, tmp_path):
    folder = tmp_path / "gone"
    shutil.copytree(pages[0].parent, folder)
    store = fill(tmp_path / "bench.db", sorted(folder.iterdir()))
    shutil.rmtree(folder)
    for module, address in (("compare", {}), ("failures", {}), ("failures", {"kind": "Worst scores"})):
        app = open_page(module, store, **address)
        assert "is gone" in told(app)


def test_a_plugin_that_is_not_installed_any_more_is_a_sentence(open_page, pages, tmp_path):
    case = CaseInfo(pages[0].name, str(pages[0]))
    with Store(tmp_path / "bench.db") as store:
        run = store.begin_run("old", plan={"specs": []}, environment=Environment({}))
        for name in ("color.gone", "color.lost"):
            store.add(run.id, [Outcome(Variant(name, "color", "1", "x", origin="their-package 1"), case, Status.DONE, (0.1,))])
    app = open_page("compare", tmp_path / "bench.db")
    assert "color.gone is not installed any more; install their-package 1 to see it." in told(app)


def test_a_fault_of_ours_is_a_sentence_with_its_traceback_behind_a_click(open_page, filled, monkeypatch):
    monkeypatch.setattr("ecgbench.dashboard.pages.failures.groups_of", lambda _view: 1 / 0)
    app = open_page("failures", filled)
    assert app.error[0].value == "This page could not be drawn: unexpected ZeroDivisionError: division by zero."
    assert "ZeroDivisionError" in app.expander[0].code[0].value
