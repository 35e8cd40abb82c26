"""The page of methods, drawn without a browser."""

import json

from ecgbench.dashboard.conformance import check_job, check_words, read_check
from ecgbench.registry import Problem, default_registry
from faults.dashboards import said
from tests.dashboard.pages import draw, until


def test_a_method_shows_what_its_author_wrote_and_its_origin(tmp_path):
    page = draw("methods", tmp_path / "none.db", {"method": "edges.canny"})
    assert not page.exception and not page.error
    text = said(page)
    assert "Outline ink, and not the grid" in text and "What didn't work" in text and "of ecgbench 0" in text


def test_plugins_that_failed_to_load_are_named_and_their_words_are_no_markup(tmp_path, monkeypatch):
    problem = Problem("evil 1.0", "evil", "![x](http://evil/a.png) cannot be imported", "Traceback: no")
    monkeypatch.setattr(default_registry(), "problems", [problem])
    page = draw("methods", tmp_path / "none.db")
    assert "1 plugin failed to load" in said(page) and "![" not in said(page)
    assert any("Traceback" in block.value for block in page.code)


def test_a_method_that_no_run_has_says_what_would_measure_it(tmp_path):
    page = draw("methods", tmp_path / "none.db", {"method": "edges.canny", "show": "measured"})
    assert "ecgbench run demo --methods edges.canny" in page.code[0].value and not page.error


def test_a_check_goes_on_in_the_background_and_shows_its_verdicts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    location = str(tmp_path / "bench.db")
    words = check_words(default_registry(), "edges.canny")
    assert words == ["check", "ecgbench", "--only", "edges.canny::*", "--json"]
    monkeypatch.setattr("ecgbench.dashboard.pages.methods.check_words", lambda *_: [*words[:3], "edges.canny::tells_*", "--json"])
    page = draw("methods", location, {"method": "edges.canny", "show": "conformance"})
    assert "Not checked" in said(page)
    next(each for each in page.button if each.label == "Check it now").click().run()
    until(lambda: not check_job(location, "edges.canny").running)
    page.run()
    found = read_check(check_job(location, "edges.canny"))
    assert found.sentence == "1 passed" and page.success[0].value == "1 passed", said(page)


def test_verdicts_that_want_doing_come_first_and_a_check_without_any_says_why(tmp_path):
    job = check_job(str(tmp_path / "s.db"), "edges.x")
    assert read_check(job) is None
    job.start(["check", "no_such_plugin"])
    until(lambda: not job.running)
    assert "no package, entry point or module named 'no_such_plugin'" in read_check(job).error
    verdict = {"check": "a", "message": "", "why": "", "subject": "edges.x"}
    checks = [verdict | {"status": status} for status in ("passed", "skipped", "failed")]
    (out,) = tmp_path.rglob("*.out")
    out.write_text(json.dumps({"checks": checks}))
    assert read_check(job).sentence == "1 passed, 1 skipped, 1 failed"
    assert read_check(job).verdicts[0]["status"] == "failed"


def test_what_a_run_measured_is_shown_with_the_best_and_the_worst_page(two_runs):
    page = draw("methods", two_runs, {"method": "edges.canny", "show": "measured", "pictures": "true"})
    assert not page.exception and not page.error, said(page)
    assert "In **second**" in said(page) and "content_box_iou" in page.dataframe[1].value["score"].tolist()
    assert [image.captions[0].partition(",")[0] for image in page.image] == ["Best page", "Worst page"]
