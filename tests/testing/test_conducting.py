"""Expected failures, and checks in an order in which none is made in vain."""

import pytest

from ecgbench.testing import Conductor, check_plugin, find_plugin, pages
from ecgbench.testing.conducting import Trial
from ecgbench.testing.kinds import CHECKS, first_check
from tests.testing import faulty_methods
from tests.testing.faulty_methods import EdgeMap, Gray, hashing, method, misspelled, raising

BLANK, TYPES = "survives_blank_pages", "returns_what_it_declares"


def statuses(plugin, **options):
    return {verdict.check.name: (verdict.status, verdict.message) for verdict in check_plugin(plugin, **options)}


def test_a_failure_that_is_expected_is_told_with_its_reason_and_one_that_passes_is_told_too(check):
    name = misspelled.name
    expected = {TYPES: "masks are counts here", f"{name}::{BLANK}": "blank pages are not for it"}
    verdicts = check(misspelled, TYPES, BLANK, "survives_noise", expected=expected)
    failed, passed, other = (verdicts[f"{name}::{each}"] for each in (TYPES, BLANK, "survives_noise"))
    assert (failed.status, failed.ok, other.status) == ("expected failure", True, "passed")
    assert failed.message.startswith("masks are counts here (EdgeMap.edges must be a bool array")
    assert (passed.status, passed.ok) == ("unexpectedly passed", False)
    assert passed.message == "it was expected to fail (blank pages are not for it); take it out of EXPECTED_FAILURES"


def test_a_plugin_declares_its_expected_failures_itself(check, monkeypatch):
    monkeypatch.setattr(faulty_methods, "EXPECTED_FAILURES", {f"{misspelled.name}::{TYPES}": "masks are counts here"})
    (verdict,) = check(faulty_methods, f"{misspelled.name}::{TYPES}").values()
    assert verdict.status == "expected failure"


def test_what_rests_on_a_failed_first_check_is_skipped_even_if_asked_for_alone(check):
    (verdict,) = check(raising, BLANK).values()
    assert (verdict.status, verdict.ok) == ("skipped", True)
    assert verdict.message == "it rests on answers_an_ordinary_page, which does not pass"


def test_a_first_check_is_made_once_for_all_that_rest_on_it():
    (subject,) = find_plugin(hashing).subjects
    with Conductor(workers=1) as conductor:
        first = Trial(subject, first_check("method"))
        blank = next(Trial(subject, check) for check in CHECKS["method"] if check.name == BLANK)
        assert [verdict.check.name for verdict in conductor.run([blank])] == [BLANK]
        (made,) = conductor.run([first])
        (again,) = conductor.run([first])
        assert made is again


def test_a_method_of_a_notebook_is_checked_by_value():
    @method("in_a_function")
    def local(gray: Gray) -> EdgeMap:
        return faulty_methods.nothing(gray)

    seen = {
        verdict.check.name: verdict.status
        for verdict in check_plugin(local, expected_failures={"travels_by_name": "it is local"})
    }
    assert {name: status for name, status in seen.items() if status != "passed"} == {"travels_by_name": "expected failure"}


def test_every_page_but_the_first_belongs_to_a_check_of_survival():
    assert sorted([*pages.BLANK, *pages.DARK, *pages.TINY, *pages.ODD, *pages.LONG, *pages.NOISY]) == sorted(pages.NAMES[1:])


def test_a_page_that_kills_a_method_is_left_out_of_checks_that_are_about_something_else(check):
    checks = ("survives_tiny_pages", "can_be_drawn", TYPES)
    verdicts = check(faulty_methods.crashing, *checks)
    assert [verdict.status for verdict in verdicts.values()] == ["passed", "failed", "passed"]
    assert verdicts[f"{faulty_methods.crashing.name}::can_be_drawn"].message.startswith("but for the pages 'white 1x1'")


def test_verdicts_come_in_the_order_of_the_checks_and_are_json():
    verdicts = check_plugin(raising)
    assert [verdict.check for verdict in verdicts] == list(CHECKS["method"])
    told = verdicts[0].to_dict()
    assert told | {"seconds": 0} == {
        "id": "edges.answers_an_ordinary_page::answers_an_ordinary_page",
        "subject": "edges.answers_an_ordinary_page",
        "kind": "method",
        "origin": "you",
        "check": "answers_an_ordinary_page",
        "status": "failed",
        "message": told["message"],
        "why": CHECKS["method"][0].why,
        "seconds": 0,
    }


@pytest.mark.parametrize("kind", CHECKS)
def test_every_kind_has_one_first_check_and_a_reason_for_each(kind):
    assert [check.role for check in CHECKS[kind]].count("first") == 1
    assert CHECKS[kind][0].role == "first"
    assert all(len(check.why.split()) > 8 for check in CHECKS[kind])
