"""Each check of a metric fails for what it is about, says so, and lets everything else pass."""

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pytest

from ecgbench import Gray, Page, Score, Truth, metric, transformer
from ecgbench.core.results import Result
from ecgbench.testing.metric_checks import METRIC_CHECKS
from ecgbench.testing.samples import known_truth
from tests.testing import faulty_metrics

FRESH = "answers_the_same_in_a_fresh_process"
SAYS = {
    "scores_an_ordinary_case": "it gave no score, though every field of the truth is known",
    "documents_its_scores": "the score documents_its_scores_share says only 'share'",
    "documents_its_scores_but_no_source": 'its docstring has no "Source:"',
    "travels_by_name": "it cannot be pickled",
    "gives_what_it_declares": "it gave 'another', which it does not declare; declared: gives_what_it_declares_share",
    "gives_what_it_declares_to_be_possible": "_share = 1.5 lies beyond its limits, any to 1 (",
    "tells_only_what_is_known": "it raised TypeError: unsupported operand",
    "tells_only_what_is_known_with_nan": "_share is nan (a result that is nearly right, `layout` unknown); leave a name out",
    "survives_tiny_pages": "it raised ZeroDivisionError: division by zero (a page of 1x1)",
    "answers_the_same_twice": "`answers_the_same_twice_share` came out otherwise the second time",
    FRESH: f"`{FRESH}_share` came out otherwise in another process",
    "leaves_result_and_truth_alone": "it changed `edges` of what it was given",
    "combines_any_rows": "of the same rows in reverse order",
    "combines_any_rows_of_nothing": "gave inf of []; give NaN where it cannot tell",
    "combines_any_rows_by_number": "raised TypeError",
}
CHEAP = [check.name for check in METRIC_CHECKS if check.name != FRESH]


@pytest.fixture(scope="module")
def cheap(check):
    return check(faulty_metrics, *CHEAP)


def test_there_is_a_faulty_metric_for_every_check():
    assert {each.name for each in METRIC_CHECKS} <= set(SAYS)
    assert set(SAYS) == {each.name for each in faulty_metrics.OFFERED} - {"without_fault"}


@pytest.mark.parametrize("name", [name for name in SAYS if name != FRESH])
def test_a_fault_fails_the_check_that_is_about_it_and_no_other(cheap, name):
    own = [verdict for verdict in cheap.values() if verdict.subject.name == name]
    (failed,) = [verdict for verdict in own if verdict.status == "failed"]
    assert name.startswith(failed.check.name)
    assert SAYS[name] in failed.message


def test_a_metric_without_fault_passes(cheap):
    assert {verdict.status for verdict in cheap.values() if verdict.subject.name == "without_fault"} == {"passed"}


def test_a_score_that_depends_on_the_process_fails(check):
    verdicts = check(faulty_metrics, f"metric:{FRESH}::{FRESH}", f"metric:without_fault::{FRESH}")
    assert verdicts[f"metric:without_fault::{FRESH}"].status == "passed"
    assert SAYS[FRESH] in verdicts[f"metric:{FRESH}::{FRESH}"].message


def test_every_field_of_the_truth_is_known_in_the_samples():
    known = known_truth()
    assert [field.name for field in fields(Truth) if getattr(known, field.name) is None] == []


@dataclass(frozen=True, eq=False)
class Beats(Result):
    """Where beats are: a result of a task of its own."""

    task: ClassVar[str] = "beats"
    columns: np.ndarray

    def to_dict(self):
        return {"columns": self.columns.tolist()}

    def draw(self, page: Page):
        return page.bgr.copy()


@transformer("beats.dark")
def dark(gray: Gray) -> Beats:
    """Take dark columns for beats.

    How it works: by the mean of each column.
    What works: it is a test.
    What didn't work: all else.
    Changes: 0.1 first version.
    """
    return Beats(np.flatnonzero(gray.mean(axis=0) < 128))


@metric("beats.count", task="beats", scores=[Score("beats_found", "1", "none", "number of beats found")])
def count(page, result, truth):
    """Count beats.

    Source: definition of this test.
    """
    return {"beats_found": float(result.columns.size)}


def test_a_metric_of_a_task_of_its_own_is_tried_on_what_the_methods_beside_it_give(check):
    class Plugin:
        ecgbench_metrics = staticmethod(faulty_metrics.hookimpl(specname="ecgbench_metrics")(lambda: [count]))
        ecgbench_transformer = staticmethod(faulty_metrics.hookimpl(specname="ecgbench_transformer")(lambda: dark))

    verdicts = check(Plugin(), "metric:*")
    assert {verdict.status for verdict in verdicts.values()} == {"passed"}


def test_a_metric_of_a_task_without_methods_cannot_be_tried(check):
    verdicts = check(count)
    assert verdicts["metric:beats.count::documents_its_scores"].status == "passed"
    assert verdicts["metric:beats.count::scores_an_ordinary_case"].status == "skipped"
    assert "no method of the task 'beats'" in verdicts["metric:beats.count::tells_only_what_is_known"].message
