"""Each check of an image set fails for what it is about, says so, and lets everything else pass."""

import pytest

from ecgbench.testing.image_set_checks import IMAGE_SET_CHECKS
from tests.testing import faulty_image_sets

FRESH = "gives_the_same_in_a_fresh_process"
SAYS = {
    "names_are_unique": "two cases are named 'level-1'",
    "tells_what_its_cases_are": "info.dpi of the case 'level-1' is nan; give None where it is not known",
    "tells_what_its_cases_are_as_text": "info.type of the case 'level-1' is int",
    "cases_travel_light": "takes 0.2 MB; give a recipe with make_page() for its source",
    "cases_travel_light_at_all": "the case 'level-1' cannot be pickled: TypeError: a lock cannot be pickled",
    "truth_fits_its_page": "trace_mask of the case 'level-1' must be bool (30, 40), like its page, got bool (3, 4)",
    "truth_fits_its_page_in_kind": "got uint8 (30, 40)",
    "truth_fits_its_page_in_place": "content_box of the case 'level-1', (0, 0, 41, 30), does not lie within its page of (30, 40)",
    "truth_fits_its_page_in_scale": "px_per_mm_x of the case 'level-1' must be positive or None, got 0.0",
    "gives_the_same_twice": "`pixels` of the case 'level-1' came out otherwise the second time",
    "counts_as_many_as_it_gives": "count() says 3, but there are 2",
    "counts_as_many_as_it_gives_in_numbers": "count() gives 'two'; it must be a whole number",
    "opens_its_example": "opens_its_example gives list; an image set has a name, __iter__() and count()",
    "opens_its_example_with_a_name": "opens a set without a name",
    "opens_its_example_or_says_why": "open('other') gave None: it does not know its own form",
    "leaves_other_specs_to_others": "gave Few; give None for what is not of your form",
    "leaves_other_specs_to_others_in_peace": "raised RuntimeError",
}
LEADS_FURTHER = {
    "pages_open": "OSError: the disk is gone",
    "tells_what_its_cases_are_as_cases": "it gives Level; a case is Case(",
}


@pytest.fixture(scope="module")
def verdicts(check):
    names = [each.name for each in IMAGE_SET_CHECKS if each.name != FRESH]
    return check(faulty_image_sets, *names)


def of(verdicts, name, status):
    return [verdict for verdict in verdicts.values() if verdict.subject.name == name and verdict.status == status]


def test_there_is_a_faulty_set_for_every_check():
    assert all(any(name.startswith(each.name) for name in {**SAYS, **LEADS_FURTHER, FRESH: ""}) for each in IMAGE_SET_CHECKS)


@pytest.mark.parametrize("name", SAYS)
def test_a_fault_fails_the_check_that_is_about_it_and_no_other(verdicts, name):
    subject = "other" if name == "opens_its_example_or_says_why" else name
    subject = {"leaves_other_specs_to_others": "greedy", "leaves_other_specs_to_others_in_peace": "raising"}.get(name, subject)
    (failed,) = of(verdicts, subject, "failed")
    assert name.startswith(failed.check.name)
    assert SAYS[name] in failed.message


@pytest.mark.parametrize("name", LEADS_FURTHER)
def test_a_fault_that_leads_further_fails_its_check_too(verdicts, name):
    failed = {verdict.check.name: verdict.message for verdict in of(verdicts, name, "failed")}
    (message,) = [message for check, message in failed.items() if name.startswith(check)]
    assert LEADS_FURTHER[name] in message


def test_a_set_without_fault_passes(verdicts):
    assert of(verdicts, "without_fault", "failed") == of(verdicts, "without_fault", "skipped") == []


def test_a_set_that_depends_on_the_process_fails(check):
    verdicts = check(faulty_image_sets, f"image_set:{FRESH}::{FRESH}", f"image_set:without_fault::{FRESH}")
    assert verdicts[f"image_set:without_fault::{FRESH}"].status == "passed"
    assert (
        "`pixels` of the case 'level-1' came out otherwise in another process" in verdicts[f"image_set:{FRESH}::{FRESH}"].message
    )


def test_a_set_that_nobody_says_how_to_open_is_skipped_and_one_that_is_named_is_opened(verdicts, check):
    assert {verdict.message for verdict in of(verdicts, "without_example", "skipped")} == {
        "nobody said what it opens; name a spec of the form files:DIR with --images"
    }
    opened = check(faulty_image_sets.FILES, images=["files:here"])
    assert {verdict.status for verdict in opened.values()} == {"passed"}
