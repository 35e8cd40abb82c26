"""Of a large run only what is asked for is read."""

import math

import numpy as np
import pytest

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store import Store

METHOD = Variant("edges.a", "edges", "1", "x")


@pytest.fixture
def filled(tmp_path):
    with Store(tmp_path / "bench.db") as store:
        run = store.begin_run("r", plan={}, environment=Environment({}))
        for index, value in enumerate([0.5, math.nan, 0.9, 0.1, math.inf]):
            case = CaseInfo(
                f"{index}.png", f"scans/{index}.png", record=str(index // 2), type="0001" if index else None, severity=index / 4
            )
            store.add(run.id, [Outcome(METHOD, case, Status.DONE, (0.1,), scores={"iou": value})])
        lost = CaseInfo("lost.png", "scans/lost.png")
        store.add(run.id, [Outcome(METHOD, lost, Status.FAILED, error="no grid in scans/lost.png", traceback="tb")])
        yield store, run.id, next(iter(store.variants(run.id)))


def test_the_most_extreme_values_come_first_and_finite_ones_only(filled):
    store, run, variant = filled
    assert store.extremes(run, variant, "iou", highest=False, limit=2).values.tolist() == [0.1, 0.5]
    assert store.extremes(run, variant, "iou", highest=True, limit=9).values.tolist() == [0.9, 0.5, 0.1]
    assert store.extremes(run, variant, "none such", highest=True, limit=9).cases.size == 0


def test_facts_are_codes_of_what_is_known(filled):
    store, _, _ = filled
    facts = store.facts("type", 1, 4)
    assert facts.codes.tolist() == [-1, 0, 0, 0] and facts.known == ("0001",)
    assert len(np.unique(facts.records)) == 2
    assert store.facts("severity", 1, 3).known == (0.0, 0.25, 0.5)
    with pytest.raises(ValueError, match="none of type"):
        store.facts("name; DROP TABLE cases", 1, 3)


def test_one_outcome_is_read_with_its_scores(filled):
    store, run, variant = filled
    assert store.outcome(run, variant, 3).scores == {"iou": 0.9} and store.outcome(run, variant, 99) is None
    assert store.outcome(run, 99, 3) is None


def test_failures_are_counted_by_message_without_names_and_found_by_it(filled):
    store, run, variant = filled
    (kind,) = store.failure_kinds(run)
    assert (kind.variant_id, kind.status, kind.message, kind.outcomes) == (variant, Status.FAILED, "no grid in …", 1)
    (cell,) = store.failures_alike(run, kind.status, kind.message, limit=5)
    assert (cell.case_id, cell.name) == (kind.case_id, "lost.png")
    assert store.failures_alike(run, Status.CRASHED, kind.message, limit=5) == []
