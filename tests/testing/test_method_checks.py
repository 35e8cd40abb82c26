"""Each check of a method fails for what it is about, says so, and lets everything else pass."""

import pytest

from ecgbench.testing.check import CannotTell, Subject
from ecgbench.testing.method_checks import METHOD_CHECKS
from ecgbench.testing.pace import keeps_pace, keeps_to_memory
from tests.testing import faulty_methods

COSTLY = ("answers_the_same_in_a_fresh_process", "answers_the_same_in_threads", "keeps_pace", "keeps_to_memory")
CHEAP = [check.name for check in METHOD_CHECKS if check.name not in COSTLY]
SLOW = ("crashes_on_a_pixel", "hangs_on_black_pages", "quits_on_black_pages", *COSTLY)  # tested by themselves

SAYS = {
    "tells_its_story": "nothing is said under How it works",
    "tells_its_story_of_failures": "What didn't work says that there is nothing",
    "tells_its_story_of_versions": "Changes names no version",
    "travels_by_name": "it cannot be pickled: AttributeError",
    "travels_by_name_of_another": "faulty_methods.plain does not lead back to it",
    "starts_within_its_bounds": "level=1.5 is out of bounds",
    "runs_at_its_bounds": "with by=0: ZeroDivisionError",
    "refuses_what_lies_beyond_its_bounds": "the parameter level goes from 0.0 to inf",
    "leaves_its_input_alone": "it changed 850 of 467500 values of its input on the page 'ordinary'",
    "takes_read_only_arrays": "assignment destination is read-only (faulty_methods.py, line ",
    "returns_what_it_declares": "EdgeMap.edges must be a bool array of shape (550, 850), got uint8 (550, 850)",
    "returns_what_it_declares_of_blank_pages": "got bool (1, 1, 1) (on the page 'blank white 400x600')",
    "returns_what_it_declares_of_boxes": "or None where nothing was found, got (0, 0, 0, 0) (on the page 'ordinary')",
    "answers_the_same_twice": "`edges` came out otherwise the second time on the page 'ordinary'",
    "survives_blank_pages": "RuntimeError: no such page was expected on the page 'blank white 400x600'",
    "survives_black_pages": "on the page 'all black 200x300'",
    "survives_tiny_pages": "on the page 'noise 50x1'",
    "survives_odd_sizes": "on the page '97x101'",
    "survives_long_strips": "on the page 'white 1x20000'",
    "survives_noise": "on the page 'checkerboard 101x150'",
    "can_be_written_as_json": "Unwritable.to_dict() is not JSON on the page 'ordinary': TypeError",
    "can_be_drawn": "draw(page) must give uint8 (550, 850, 3) on the page 'ordinary', got uint8 (550, 850)",
    "answers_an_ordinary_page": "it raised RuntimeError: out of ideas on the page 'ordinary' (faulty_methods.py, line ",
    "answers_an_ordinary_page_with_its_type": "it declares EdgeMap but returned dict",
}
METHODS = {value.name.partition(".")[2]: value for value in vars(faulty_methods).values() if hasattr(value, "documentation")}


def check_of(name):
    return next(check.name for check in METHOD_CHECKS if name.startswith(check.name))


@pytest.fixture(scope="module")
def cheap(check):
    """Verdicts of the cheap checks on every faulty method that leaves its process alive."""
    patterns = [f"edges.{name}::{each}" for name in METHODS if name not in SLOW for each in CHEAP]
    return check(faulty_methods, *patterns)


def test_there_is_a_faulty_method_for_every_check():
    assert {check_of(name) for name in METHODS if not name.endswith(("_pixel", "_on_black_pages"))} == {
        check.name for check in METHOD_CHECKS
    }


@pytest.mark.parametrize("name", [name for name in METHODS if name not in SLOW])
def test_a_fault_fails_the_check_that_is_about_it_and_no_other(cheap, name):
    own = [verdict for verdict in cheap.values() if verdict.subject.name == f"edges.{name}"]
    (failed,) = [verdict for verdict in own if verdict.status == "failed"]
    assert failed.check.name == check_of(name)
    assert SAYS[name] in failed.message
    if name.startswith("answers_an_ordinary_page"):
        assert {verdict.message for verdict in own if verdict.status == "skipped"} == {
            "it rests on answers_an_ordinary_page, which does not pass"
        }
    else:
        assert {verdict.status for verdict in own} == {"failed", "passed"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("answers_the_same_in_a_fresh_process", "`edges` came out otherwise in another process on the page 'ordinary'"),
        ("answers_the_same_in_threads", "`edges` came out otherwise beside other calls"),
        ("keeps_pace", "times as long as the median of 4 built-in edges methods"),
        ("keeps_to_memory", "MB at its peak, the median of 4 built-in edges methods"),
    ],
)
def test_a_costly_fault_fails_its_check(check, name, says):
    (verdict,) = check(METHODS[name], name).values()
    assert verdict.status == "failed"
    assert says in verdict.message


@pytest.mark.parametrize("name", COSTLY)
def test_a_method_without_fault_passes_the_costly_checks(check, name):
    (verdict,) = check(METHODS["tells_its_story"], name).values()
    assert verdict.status == "passed"


@pytest.mark.parametrize(
    ("name", "check_name", "says"),
    [
        ("crashes_on_a_pixel", "survives_tiny_pages", "it took its process down on the page 'white 1x1': killed by SIGSEGV"),
        ("hangs_on_black_pages", "survives_black_pages", "it hung on the page 'all black 200x300': no sign of life for 4 s"),
        ("quits_on_black_pages", "survives_black_pages", "it raised SystemExit: 3"),
    ],
)
def test_a_method_that_takes_its_process_down_or_hangs_costs_that_check_only(check, name, check_name, says):
    verdicts = check(METHODS[name], check_name, "survives_blank_pages", "survives_noise", "answers_an_ordinary_page", timeout=4)
    failed = [verdict for verdict in verdicts.values() if verdict.status != "passed"]
    assert [verdict.check.name for verdict in failed] == [check_name]
    assert says in failed[0].message


@pytest.mark.parametrize("measured", [keeps_pace, keeps_to_memory])
def test_a_task_without_built_in_methods_has_no_pace_to_keep(measured):
    with pytest.raises(CannotTell, match="no other built-in method of the task 'edges'"):
        measured(Subject("method", "edges.lonely", METHODS["tells_its_story"]), lambda _label: None)


def test_every_check_says_why_it_matters_and_no_two_share_a_name():
    assert all(len(check.why.split()) > 8 and check.why.endswith(".") for check in METHOD_CHECKS)
    assert len({check.name for check in METHOD_CHECKS}) == len(METHOD_CHECKS)
