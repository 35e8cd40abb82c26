"""ecgbench check: a list for people, JSON for programs, and an exit code for CI."""

import pytest

from ecgbench.testing.method_checks import METHOD_CHECKS
from tests.testing.test_finding import PLUGIN

MODULE = "tests.testing.faulty_methods"
TYPES = "edges.returns_what_it_declares::"


def test_what_fails_is_told_with_its_reason_and_what_passes_by_name(ecgbench):
    answer = ecgbench("check", MODULE, "--only", f"{TYPES}survives_*", "--only", f"{TYPES}returns_*")
    assert (answer.code, answer.err) == (1, "")
    lines = answer.out.splitlines()
    assert lines[0] == f"edges.returns_what_it_declares (method of the module {MODULE}): 6 passed, 1 failed"
    assert lines[1] == "  failed returns_what_it_declares"
    assert lines[2].startswith("      EdgeMap.edges must be a bool array of shape (550, 850), got uint8 (550, 850)")
    assert lines[3].startswith("      Why: Metrics, drawings and the server index arrays by the declared dtypes and shapes;")
    assert any(line.startswith("  passed survives_blank_pages, survives_black_pages") for line in lines)
    assert lines[-1] == "6 checks passed, 1 failed."
    assert all(line == line.rstrip() and len(line) <= 120 for line in lines)


def test_a_plugin_that_keeps_its_promises_ends_well(ecgbench):
    answer = ecgbench("check", MODULE, "--only", f"{TYPES}survives_noise")
    assert answer.code == 0
    assert answer.out.splitlines()[-1] == "1 check passed."


def test_a_module_is_found_where_the_user_is(ecgbench, tmp_path):
    (tmp_path / "my_local_nothing.py").write_text(PLUGIN, encoding="utf-8")
    answer = ecgbench("check", "my_local_nothing", "--only", "survives_noise")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "1 check passed.")


def test_a_method_that_crashes_is_told_in_one_place(ecgbench):
    answer = ecgbench(
        "check", MODULE, "--only", "edges.crashes_on_a_pixel::survives_tiny_pages", "--only", "edges.crashes*::can_be_drawn"
    )
    assert [line for line in answer.out.splitlines() if line.startswith("edges.")] == [
        f"edges.crashes_on_a_pixel (method of the module {MODULE}): 1 passed, 1 failed"
    ]


def test_checks_that_are_skipped_alike_are_told_together(ecgbench):
    answer = ecgbench("check", MODULE, "--only", "edges.answers_an_ordinary_page::survives_*")
    assert answer.code == 0
    assert answer.out.count("It rests on answers_an_ordinary_page, which does not pass.") == 1
    assert answer.out.splitlines()[-1] == "0 checks passed, 6 skipped."


def test_json_holds_every_verdict(ecgbench):
    answer = ecgbench("check", MODULE, "--only", f"{TYPES}returns_*", "--only", f"{TYPES}survives_noise", "--json")
    assert answer.code == 1
    told = answer.json
    assert (told["plugin"], told["origin"], told["passed"]) == (MODULE, f"the module {MODULE}", False)
    assert told["counts"] == {"failed": 1, "passed": 1}
    failed, passed = told["checks"]
    assert failed["id"] == f"{TYPES}returns_what_it_declares"
    assert (failed["status"], failed["kind"], failed["subject"]) == ("failed", "method", "edges.returns_what_it_declares")
    assert "uint8" in failed["message"]
    assert failed["why"] == next(check.why for check in METHOD_CHECKS if check.name == "returns_what_it_declares")
    assert (passed["status"], passed["message"]) == ("passed", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["my_nothign"], "There is no package, entry point or module named 'my_nothign' here"),
        (["json"], "The module json offers nothing"),
        ([MODULE, "--only", "survives"], "No check fits 'survives'"),
        ([MODULE, "--images", "gs://bucket"], "No image set of the plugin opens 'gs://bucket'"),
    ],
)
def test_a_plugin_that_cannot_be_found_or_loaded_is_one_sentence(ecgbench, words, says):
    assert says in ecgbench("check", *words).error
