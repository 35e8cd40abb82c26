"""The error budget in the report: what each stage costs, by type of picture."""

from ecgbench.core.metric import COST_SCORES
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import leaderboard
from ecgbench.plugins.metrics import budget, kaggle
from ecgbench.registry import Registry
from ecgbench.report import report_html
from ecgbench.report.budget import budget_sheet

METHOD = Variant("digitize.mine", "digitize", "1", "x", {}, "mine")
STAGES = {"a.png": (5.0, 15.0, 15.5, 18.0), "b.png": (7.0, 9.0, 9.0, 20.0), "c.png": (1.0, None, None, None)}


def filled(store, pages=STAGES):
    scores = (*COST_SCORES, *kaggle.scores, *budget.scores)
    begun = store.begin_run(
        "stages", plan={"specs": ["pages"], "methods": ["digitize.mine"]}, environment=Environment({}), scores=scores
    )
    kinds = {"a.png": "0001", "b.png": "0005", "c.png": "0005"}
    names = ("kaggle_snr_db", "given_scale_db", "given_names_db", "given_course_db")
    for page, values in pages.items():
        known = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        case = CaseInfo(page, page, f"sha256:{page}", record=page, type=kinds[page])
        store.add(begun.id, [Outcome(METHOD, case, Status.DONE, seconds=(0.1,), cpu_seconds=(0.1,), scores=known)])
    store.finish_run(begun.id)
    return store.find_run("stages")


def test_costs_are_what_the_score_gains_when_a_stage_is_given_and_the_largest_is_marked(store):
    run = filled(store)
    (board,) = leaderboard(store, run, metrics=[kaggle, budget])
    sheet = budget_sheet(store, run, board)
    assert [[cell.text for cell in row] for row in sheet.rows] == [
        ["mine", "all", "2", "6.0", "6.0", "0.2", "6.8", "19.0"],
        ["mine", "0001", "1", "5.0", "10.0", "0.5", "2.5", "18.0"],
        ["mine", "0005", "1", "7.0", "2.0", "0.0", "11.0", "20.0"],
    ]
    assert [[cell.text for cell in row if cell.kind == "main"] for row in sheet.rows] == [["6.8"], ["10.0"], ["11.0"]]


def test_the_report_has_the_budget_where_stages_were_measured(store):
    html = report_html(store, filled(store), Registry(), pictures=0)
    assert "Where the decibels go" in html
    assert "rows and paths costs dB" in html


def test_a_run_without_measured_stages_has_no_budget(store):
    run = filled(store, {"c.png": STAGES["c.png"]})
    assert "Where the decibels go" not in report_html(store, run, Registry(), pictures=0)
