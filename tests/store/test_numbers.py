import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ecgbench.core.metric import COST_SCORES, MetricError, Score
from ecgbench.core.outcome import Environment, Outcome, Status
from ecgbench.core.truth import CaseInfo
from ecgbench.store import FAILED, Run, Store, StoredSummary, StoreError

Make = Callable[..., Outcome]
Begin = Callable[..., Run]
IOU = "content_box_iou"


def number_of(store: Store, run: Run, method: str) -> int:
    return next(number for number, variant in store.variants(run.id).items() if variant.method == method)


def page(name: str, record: str | None = None) -> CaseInfo:
    return CaseInfo(name, f"scans/{name}", f"sha256:{name}", record)


def test_values_come_as_columns_with_records(store: Store, run: Run, make_outcome: Make) -> None:
    pages = [page("a", "100"), page("b", "101"), page("c", "100"), page("d"), page("e")]
    store.add(run.id, [make_outcome(case=each, scores={IOU: index / 10}) for index, each in enumerate(pages)])
    store.add(run.id, [make_outcome("edges.sobel", pages[0], scores={IOU: 9.0})])
    found = store.values(run.id, number_of(store, run, "edges.canny"), IOU)
    assert found.values.tolist() == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert [store.cases(run.id)[number] for number in found.cases.tolist()] == pages
    a, b, c, d, e = found.records.tolist()
    assert a == c
    assert len({a, b, d, e}) == 4


def test_values_keep_what_is_not_finite(store: Store, run: Run, make_outcome: Make) -> None:
    given = [math.nan, math.inf, -math.inf, 1.0]
    store.add(run.id, [make_outcome(case=str(index), scores={IOU: value}) for index, value in enumerate(given)])
    found = store.values(run.id, number_of(store, run, "edges.canny"), IOU)
    np.testing.assert_array_equal(found.values, given)


def test_an_unknown_metric_has_no_values(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome()])
    assert store.values(run.id, number_of(store, run, "edges.canny"), "nothing").values.shape == (0,)


def test_failed_is_a_metric_that_every_variant_has(store: Store, run: Run, make_outcome: Make) -> None:
    statuses = [Status.DONE, Status.FAILED, Status.TIMED_OUT, Status.CRASHED, Status.SKIPPED]
    store.add(run.id, [make_outcome(case=status, status=status) for status in statuses])
    assert store.values(run.id, number_of(store, run, "edges.canny"), FAILED).values.tolist() == [0, 1, 1, 1]


def test_pairs_are_the_cases_that_both_have(store: Store, run: Run, make_outcome: Make) -> None:
    of_canny = {"a": 0.1, "b": 0.2, "c": 0.3}
    of_sobel = {"d": 0.9, "c": 0.8, "b": 0.7}
    for method, scores in (("edges.canny", of_canny), ("edges.sobel", of_sobel)):
        store.add(
            run.id, [make_outcome(method, page(name, f"record {name}"), scores={IOU: value}) for name, value in scores.items()]
        )
    canny, sobel = (number_of(store, run, method) for method in ("edges.canny", "edges.sobel"))
    found = store.paired(run.id, canny, run.id, sobel, IOU)
    assert [store.cases(run.id)[number].name for number in found.cases.tolist()] == ["b", "c"]
    assert (found.a.tolist(), found.b.tolist()) == ([0.2, 0.3], [0.7, 0.8])
    assert len(set(found.records.tolist())) == 2


def test_pairs_of_two_runs_are_of_the_same_picture(store: Store, run: Run, make_outcome: Make, begin_run: Begin) -> None:
    other = begin_run(store, "second")
    moved, changed, same = page("moved"), page("changed"), page("same")
    store.add(run.id, [make_outcome(case=each, scores={IOU: value}) for value, each in enumerate([moved, changed, same])])
    again = [replace(moved, source="elsewhere/moved"), replace(changed, content_id="sha256:new"), same]
    store.add(other.id, [make_outcome(case=each, scores={IOU: 10.0 + value}) for value, each in enumerate(again)])
    canny = number_of(store, run, "edges.canny")
    found = store.paired(run.id, canny, other.id, canny, IOU)
    assert (found.a.tolist(), found.b.tolist()) == ([0, 2], [10, 12])


def test_scores_are_known_without_their_plugin(store: Store) -> None:
    dice = Score("my_dice", "1", "higher", "Größe", combine=lambda rows: 1.0)
    store.begin_run("run", plan={}, environment=Environment({}), scores=[*COST_SCORES, dice])
    found = store.scores()
    assert list(found) == [*(score.name for score in COST_SCORES), "my_dice"]
    assert (found["my_dice"].unit, found["my_dice"].direction, found["my_dice"].doc) == ("1", "higher", "Größe")
    assert found["wall_median_s"] == COST_SCORES[0]
    assert found["my_dice"].combine is not None
    assert math.isnan(found["my_dice"].combine([]))


def test_a_score_declared_anew_is_the_latest(store: Store) -> None:
    for unit in ("mm", "px"):
        store.begin_run(unit, plan={}, environment=Environment({}), scores=[Score("error", unit, "lower", "how far off")])
    assert store.scores()["error"].unit == "px"


def test_a_score_is_of_the_task_that_gave_it_and_a_cost_of_every_task(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome(scores={IOU: 0.5, "wall_median_s": 0.1})])
    store.add(run.id, [make_outcome("grid.fft", scores={"undeclared": 0.5, "wall_median_s": 0.1})])
    costs = [score.name for score in COST_SCORES]
    assert list(store.scores("edges")) == [*costs, IOU]
    assert list(store.scores("grid")) == [*costs, "undeclared"]
    assert store.scores()["undeclared"].direction == "none"


def test_a_name_that_no_score_may_have_stops_the_batch(store: Store, run: Run, make_outcome: Make) -> None:
    with pytest.raises(MetricError, match="Not A Name"):
        store.add(run.id, [make_outcome(scores={"Not A Name": 1.0})])
    assert store.counts(run.id) == {}


def test_summaries_take_the_place_of_their_variants_earlier_ones(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome(scores={IOU: 0.5, "wall_median_s": 0.1}), make_outcome("edges.sobel")])
    canny, sobel = (number_of(store, run, method) for method in ("edges.canny", "edges.sobel"))

    def summary(variant: int, metric: str, mean: float | None) -> StoredSummary:
        return StoredSummary(
            variant_id=variant,
            metric=metric,
            n=10,
            records=3,
            failures=2,
            mean=mean,
            median=0.4,
            low=None,
            high=None,
            ranked=0.3,
            ranked_low=0.2,
            ranked_high=None,
            written=7,
        )

    first = [summary(canny, "wall_median_s", 0.1), summary(canny, IOU, 0.5), summary(sobel, IOU, 0.6)]
    store.put_summaries(run.id, [canny, sobel], first)
    assert store.summaries(run.id) == first
    store.put_summaries(run.id, [canny], [summary(canny, IOU, None)])
    assert store.summaries(run.id) == [summary(canny, IOU, None), first[2]]
    store.put_summaries(run.id, [sobel], [])
    assert store.summaries(run.id) == [summary(canny, IOU, None)]


def test_what_was_written_grows_also_when_an_outcome_is_replaced(store: Store, run: Run, make_outcome: Make) -> None:
    assert store.written(run.id) == {}
    store.add(run.id, [make_outcome(), make_outcome(case="b.png")])
    store.add(run.id, [make_outcome(scores={IOU: 0.9})])
    assert list(store.written(run.id).values()) == [3]


def test_errors_of_the_database_are_store_errors(store: Store) -> None:
    store.close()
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE runs")
    with pytest.raises(StoreError, match='could not be used: (no such table: runs|relation "runs" does not exist)'):
        store.runs()
