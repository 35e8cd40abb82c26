"""A gallery shows what methods saw with their scores, and no more than anybody looks at."""

from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import leaderboard
from ecgbench.report import gallery
from ecgbench.report.gallery import about, galleries, scores_on


def shown(store, run, registry, pages=3):
    return galleries(store, run, leaderboard(store, run), registry, pages=pages, executor="serial")[0]


def test_each_method_stands_with_its_scores_the_one_that_ranks_first_and_its_time_last(store, run, registry):
    best = shown(store, run, registry).pages[0]
    assert (best.title, best.name, best.about) == ("Best page", "a.png", "scan")
    assert [(each.label, each.scores) for each in best.sights] == [
        ("canny", "box_iou 0.900 · edge_error_px 1.00 px · 10.0 ms"),
        ("sobel[noise_factor=9.0]", "box_iou 0.500 · edge_error_px 5.00 px · 4.00 ms"),
    ]


def test_a_method_that_failed_on_a_page_says_how_and_has_no_scores(store, run, registry):
    worst = shown(store, run, registry).pages[-1]
    assert worst.name == "c.png" and worst.sights[1].seen == "It failed here: ValueError: a | b <i>"
    assert worst.sights[1].scores == ""


def test_a_method_that_was_not_run_on_a_page_says_so(store, run, registry):
    only = next(store.outcomes(run.id))
    number = next(number for number, case in store.cases(run.id).items() if case == only.case)
    row = leaderboard(store, run)[0].rows[1]
    assert gallery._why_not(store, run, row, CaseInfo("other", "other")) == "It was not run on this page."
    assert scores_on(store, run, leaderboard(store, run)[0], row, [number, 12345])[12345] == ""


def test_of_many_methods_the_best_are_shown_and_the_others_counted(store, run, registry, monkeypatch):
    monkeypatch.setattr(gallery, "METHODS_SHOWN", 1)
    found = shown(store, run, registry)
    assert [each.label for each in found.pages[0].sights] == ["canny"]
    assert found.sentence.endswith("Of 2 methods the best 1 are shown.")


def test_a_budget_takes_the_middle_pages_first_and_the_best_last(store, run, registry, monkeypatch):
    whole = shown(store, run, registry)
    for kept in (["a.png", "c.png"], ["a.png"], []):
        enough = sum(page.size for page in whole.pages if page.name in kept)
        monkeypatch.setattr(gallery, "PICTURE_BYTES", enough)
        found = shown(store, run, registry)
        assert [page.name for page in found.pages] == kept
        assert "left out" in found.sentence


def test_what_is_known_of_a_page_is_told_in_words():
    case = CaseInfo("a", "a", type="0003", layout="3x4+1", grid_color="red", dpi=200.0)
    assert about(case) == "0003, 3x4+1, red grid, 200 dpi"
    assert about(CaseInfo("a", "a")) == ""
