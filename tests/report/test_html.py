"""The report is one file that needs nothing but itself, and shows what is awkward too."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.report import ExportError, gallery, report_html, write_report

NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>.png'
VOID = {"meta", "img", "br", "link", "input", "hr", "use", "path"}


class Page(HTMLParser):
    """Collects elements with their attributes, and checks that they nest."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.words = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_nothing_is_loaded_from_elsewhere(html):
    page = Page(html)
    loads = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset")
    ]
    assert loads and all(value.startswith(("data:image/", "#")) for value in loads)
    assert not page.all("link") and "@import" not in html and not re.findall(r"url\((?!#)", html)
    assert all("xmlns" in html[found.start() - 20 : found.start()] for found in re.finditer("https?://", html))


def test_the_page_may_run_no_script_but_its_own(html):
    page = Page(html)
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    script = re.search("<script>(.*?)</script>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy
    assert html.count("<script") == 1


def test_elements_nest_and_nothing_is_left_open(html):
    assert Page(html).open == []


def test_the_report_says_what_was_run_who_leads_and_what_failed(html):
    text = Page(html).text
    for words in (
        "first try", "3 pages · 2 methods · 3 timed calls a cell", "5 done 1 failed", "canny leads with box_iou 0.800",
        "ranked by box_iou", "1× failed ValueError: a | b <i>", "Traceback: <b> ValueError", "overlap of the boxes", "8080 <at> 2 MHz",
        "ecgbench run", "--param edges.sobel.noise_factor=9.0",
    ):  # fmt: skip
        assert words in text, words


def test_a_method_that_fails_shows_both_its_numbers(html):
    text = Page(html).text
    assert "failures as worst" in text and "0.450" in text and "0.300" in text


def test_there_are_plots_with_words_for_those_who_do_not_see_them(html):
    plots = Page(html).all("svg")
    assert len(plots) == 5 and all(each["role"] == "img" and each["aria-label"] for each in plots)
    assert any("canny 0.800, sobel[noise_factor=9.0] 0.450" in each["aria-label"] for each in plots)


def test_pictures_show_the_page_and_what_each_method_saw(html):
    pictures = [each for each in Page(html).all("img") if each.get("src")]
    assert len(pictures) == 8  # three pages with two methods, one of which failed on one
    assert {"The page a.png", "What canny saw on a.png"} <= {each["alt"] for each in pictures}
    assert "It failed here: ValueError: a | b <i>" in Page(html).text


def test_pictures_may_be_left_out(store, run, registry):
    page = Page(report_html(store, run, registry, pictures=0))
    assert not [each for each in page.all("img") if each.get("src")] and "What the methods saw" not in page.text


def test_names_and_messages_from_outside_are_shown_and_never_run(store, run, registry):
    outcome = next(store.outcomes(run.id))
    odd = replace(outcome, case=CaseInfo(NASTY, f"/{NASTY}"), scores=dict(outcome.scores, box_iou=0.01))
    bad = Outcome(
        Variant("edges.odd", "edges", "1", "a", {"x": NASTY}, NASTY),
        odd.case,
        Status.FAILED,
        error=NASTY,
        traceback=f"</pre>{NASTY}",
    )
    store.add(run.id, [odd, bad])
    html = report_html(store, run, registry, executor="serial")
    page = Page(html)
    assert html.count("<script") == 1 and page.open == []
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert page.text.count(NASTY) >= 4


def test_a_picture_that_cannot_be_made_again_gives_a_sentence(store, run, registry):
    moved = [
        replace(each, case=replace(each.case, name="gone.png", source="/gone.png")) for each in store.outcomes(run.id, limit=1)
    ]
    store.add(run.id, [replace(each, scores=dict(each.scores, box_iou=-1.0)) for each in moved])
    assert "The picture gone.png is gone" in Page(report_html(store, run, registry, executor="serial")).text


def test_pictures_together_keep_to_a_budget(store, run, registry, monkeypatch):
    monkeypatch.setattr(gallery, "PICTURE_BYTES", 20_000)
    page = Page(report_html(store, run, registry, executor="serial"))
    encoded = [base64.b64decode(each["src"].partition(",")[2]) for each in page.all("img") if each.get("src")]
    assert encoded and sum(map(len, encoded)) <= 20_000
    assert "To keep this file small" in page.text


def test_a_run_without_outcomes_has_a_report(store, registry):
    begun = store.begin_run("empty", plan={}, environment=Environment({}))
    text = Page(report_html(store, begun, registry)).text
    assert "This run has no outcomes yet." in text and "had not ended" in text


def test_a_run_without_truth_has_a_report(store, registry):
    begun = store.begin_run("blind", plan={}, environment=Environment({}))
    variant = Variant("edges.m", "edges", "1", "a")
    store.add(
        begun.id, [Outcome(variant, CaseInfo(name, f"/{name}"), Status.DONE, scores={"wall_median_s": 0.01}) for name in "abc"]
    )
    text = Page(report_html(store, begun, registry, executor="serial")).text
    assert "Nothing is known of these pages" in text and "Time per page" in text


def test_the_report_is_written_whole_or_not_at_all(store, run, registry, tmp_path):
    path = write_report(store, run, tmp_path / "report.html", registry, pictures=0)
    assert path.read_text().startswith("<!DOCTYPE html>") and [each.name for each in tmp_path.glob("*report*")] == ["report.html"]
    with pytest.raises(ExportError, match="cannot be written"):
        write_report(store, run, tmp_path / "gone" / "report.html", registry, pictures=0)


def test_the_report_is_the_same_each_time(store, run, registry):
    once, again = (report_html(store, run, registry, executor="serial") for _ in range(2))
    assert once == again
