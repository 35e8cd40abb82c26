import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store import FAILURES, Run, Store
from ecgbench.store.text import from_text, to_text

Make = Callable[..., Outcome]

EVERY_FIELD = Outcome(
    variant=Variant("edges.canny", "edges", "0.1", "1a2b3c", {"sigma": 0.5, "mode": "Größe", "deep": True}, "my-pkg 1.0"),
    case=CaseInfo("ekg Zürich.png", "scans/ekg Zürich.png", "sha256:1", "rec 1", "0005", "3x4+1", "red", 200.0, 0.25),
    status=Status.DONE,
    seconds=(0.1, 0.30000000000000004, 1e-9),
    cpu_seconds=(0.1, 0.2),
    convert_seconds=0.001,
    load_seconds=0.033,
    peak_memory_bytes=5_000_000_000,
    disturbed=True,
    metrics_hash="0123456789ab",
    scores={"content_box_iou": 0.9, "wall_median_s": 0.1},
    error="The metric m failed: ValueError: ∞ ≠ 1",
    traceback='Traceback (most recent call last):\n  File "x.py", line 1\nValueError: ∞\n',
)


def test_every_field_of_an_outcome_comes_back(store: Store, run: Run) -> None:
    bare = Outcome(Variant("grid.fft", "grid", "0", "ff"), CaseInfo("b", "b"), Status.CRASHED)
    store.add(run.id, [EVERY_FIELD, bare])
    assert list(store.outcomes(run.id)) == [EVERY_FIELD, bare]
    assert [outcome.variant.origin for outcome in store.outcomes(run.id)] == ["my-pkg 1.0", ""]


@pytest.mark.parametrize("status", Status)
def test_every_status_comes_back(store: Store, run: Run, make_outcome: Make, status: Status) -> None:
    store.add(run.id, [make_outcome(status=status, error="why")])
    assert next(store.outcomes(run.id)).status is status
    assert store.counts(run.id) == {status: 1}


@pytest.mark.parametrize("name", ["ekg\udcff.png", "null\0byte.png", "escaped:x.png", "escaped:\udc80", "\U0001fac0.png", ""])
def test_file_names_that_are_no_text_come_back(store: Store, run: Run, make_outcome: Make, name: str) -> None:
    case = CaseInfo(name, f"scans/{name}", None, record=name)
    outcome = make_outcome(case=case, status=Status.FAILED, error=f"cannot read {name}", traceback=name)
    store.add(run.id, [outcome])
    assert list(store.outcomes(run.id)) == [outcome]
    store.add(run.id, [replace(outcome, status=Status.DONE)])
    assert len(store.settled(run.id, [case])[0]) == 1


@given(st.text(st.characters()))
def test_any_text_comes_back_from_its_stored_form(text: str) -> None:
    stored = to_text(text)
    assert stored is not None
    assert "\0" not in stored
    assert from_text(stored.encode().decode()) == text


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(st.sampled_from(["a_score", "b_score", "c_score"]), st.floats(allow_nan=False)))
def test_scores_come_back_to_the_last_bit(store: Store, run: Run, make_outcome: Make, values: dict[str, float]) -> None:
    store.add(run.id, [make_outcome(scores=values)])
    assert next(store.outcomes(run.id)).scores == values


def test_scores_that_are_not_finite_come_back(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome(scores={"content_box_iou": math.nan, "px_error": math.inf, "other": -math.inf})])
    scores = next(store.outcomes(run.id)).scores
    assert math.isnan(scores["content_box_iou"])
    assert (scores["px_error"], scores["other"]) == (math.inf, -math.inf)


def test_a_failure_keeps_no_scores(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome(status=Status.FAILED, scores={"content_box_iou": 1.0})])
    assert next(store.outcomes(run.id)).scores == {}
    (variant,) = store.variants(run.id)
    assert store.values(run.id, variant, "content_box_iou").values.size == 0


def test_a_second_outcome_of_a_cell_takes_the_place_of_the_first(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome(scores={"content_box_iou": 0.5, "old_score": 1.0}), make_outcome(case="b.png")])
    failed = make_outcome(status=Status.FAILED, error="boom")
    store.add(run.id, [failed])
    assert list(store.outcomes(run.id)) == [failed, make_outcome(case="b.png")]
    done = make_outcome(scores={"content_box_iou": 0.7})
    store.add(run.id, [done])
    assert next(store.outcomes(run.id)) == done
    assert store.counts(run.id) == {Status.DONE: 2}


def test_of_two_outcomes_of_a_cell_in_one_batch_the_last_counts(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome(scores={"content_box_iou": 0.1}), make_outcome(scores={"content_box_iou": 0.2})])
    assert [outcome.scores for outcome in store.outcomes(run.id)] == [{"content_box_iou": 0.2}]


def test_adding_the_same_batch_twice_changes_nothing(store: Store, run: Run, make_outcome: Make) -> None:
    batch = [make_outcome(case=f"{index}.png") for index in range(700)]
    store.add(run.id, batch)
    store.add(run.id, batch)
    assert list(store.outcomes(run.id)) == batch


def test_a_file_that_could_be_read_at_last_replaces_its_failure(store: Store, run: Run, make_outcome: Make) -> None:
    unread = CaseInfo("a.png", "scans/a.png")
    store.add(run.id, [make_outcome(case=unread, status=Status.FAILED, error="truncated")])
    store.add(run.id, [make_outcome(case=replace(unread, content_id="sha256:1"))])
    assert store.counts(run.id) == {Status.DONE: 1}
    store.add(run.id, [make_outcome(case=replace(unread, content_id="sha256:2"))])
    assert [outcome.case.content_id for outcome in store.outcomes(run.id)] == ["sha256:2"]
    store.add(run.id, [make_outcome(case=unread, status=Status.FAILED, error="gone")])
    assert store.counts(run.id) == {Status.FAILED: 1}


@pytest.mark.parametrize("read", [True, False])
def test_files_of_one_name_in_two_folders_are_two_cases(store: Store, run: Run, make_outcome: Make, read: bool) -> None:
    contents = ("sha256:1", "sha256:2") if read else (None, None)
    here, there = CaseInfo("a.png", "x/a.png", contents[0]), CaseInfo("a.png", "y/a.png", contents[1])
    store.add(run.id, [make_outcome(case=here), make_outcome(case=there)])
    store.add(run.id, [make_outcome(case=here)])
    assert {outcome.case for outcome in store.outcomes(run.id)} == {here, there}


def test_a_file_that_changed_replaces_its_outcomes_also_where_several_methods_tell_of_it_at_once(
    store: Store, run: Run, make_outcome: Make
) -> None:
    case = CaseInfo("a.png", "scans/a.png")
    store.add(run.id, [make_outcome("edges.canny", case, status=Status.FAILED, error="unreadable")])
    known = replace(case, content_id="sha256:1")
    with Store(store.name) as other:  # which remembers no case
        copies = replace(known), replace(known)  # as workers send them
        other.add(run.id, [make_outcome("edges.canny", copies[0]), make_outcome("edges.sobel", copies[1])])
        assert other.counts(run.id) == {Status.DONE: 2}


def test_what_is_newly_said_of_a_case_replaces_what_was_known(store: Store, run: Run, make_outcome: Make) -> None:
    case = CaseInfo("a.png", "old/a.png", "sha256:1", record=None)
    store.add(run.id, [make_outcome(case=case)])
    moved = replace(case, source="new/a.png", record="100", dpi=300.0)
    store.add(run.id, [make_outcome("edges.sobel", moved)])
    assert set(store.cases(run.id).values()) == {moved}


def test_outcomes_are_chosen_by_status_and_method(store: Store, run: Run, make_outcome: Make) -> None:
    statuses = [Status.DONE, Status.FAILED, Status.TIMED_OUT, Status.CRASHED, Status.SKIPPED]
    batch = [make_outcome(m, f"{s}.png", status=s) for m in ("edges.canny", "edges.sobel") for s in statuses]
    store.add(run.id, batch)

    def chosen(**what: object) -> set[tuple[str, str]]:
        return {(each.variant.method, each.status) for each in store.outcomes(run.id, **what)}  # type: ignore[arg-type]

    assert chosen(status=Status.CRASHED) == {("edges.canny", "crashed"), ("edges.sobel", "crashed")}
    assert chosen(status=FAILURES, method="edges.canny") == {("edges.canny", status) for status in FAILURES}
    assert chosen(status=Status.DONE) == {("edges.canny", "done"), ("edges.sobel", "done")}
    assert chosen(method="edges.nowhere") == set()
    assert len(chosen()) == 10


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages_put_together_are_the_whole(store: Store, run: Run, make_outcome: Make, size: int) -> None:
    batch = [
        make_outcome(m, f"{i}.png", status=Status.FAILED if i % 3 else Status.DONE) for i in range(20) for m in ("a.b", "a.c")
    ]
    store.add(run.id, batch)
    for status in (None, FAILURES):
        whole = list(store.outcomes(run.id, status=status))
        pages = [list(store.outcomes(run.id, status=status, limit=size, offset=at)) for at in range(0, len(whole), size)]
        assert all(len(page) <= size for page in pages)
        assert [outcome for page in pages for outcome in page] == whole
    assert list(store.outcomes(run.id, offset=40)) == []
    assert list(store.outcomes(run.id, limit=0)) == []


def test_many_outcomes_stream_in_order_with_their_own_scores(store: Store, run: Run, make_outcome: Make) -> None:
    batch = [make_outcome(case=f"{index}.png", scores={"content_box_iou": index / 7}) for index in range(2_500)]
    store.add(run.id, batch)
    assert list(store.outcomes(run.id)) == batch


def test_runs_do_not_see_each_others_outcomes(store: Store, run: Run, make_outcome: Make, begin_run: Callable[..., Run]) -> None:
    other = begin_run(store, "second")
    store.add(run.id, [make_outcome()])
    store.add(other.id, [make_outcome(scores={"content_box_iou": 0.9}), make_outcome("edges.sobel")])
    assert [outcome.scores for outcome in store.outcomes(run.id)] == [{"content_box_iou": 0.5}]
    assert store.counts(other.id) == {Status.DONE: 2}
    assert [variant.method for variant in store.variants(run.id).values()] == ["edges.canny"]


def test_an_empty_batch_is_no_event(store: Store, run: Run) -> None:
    store.add(run.id, [])
    assert store.counts(run.id) == {}
    assert list(store.outcomes(run.id)) == []


def test_failures_are_counted_by_their_index(store: Store, run: Run, make_outcome: Make) -> None:
    store.add(run.id, [make_outcome(case=f"{i}.png", status=Status.FAILED if i % 9 == 0 else Status.DONE) for i in range(90)])
    asked: list[tuple[str, object]] = []

    def listen(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(store._engine, "before_cursor_execute", listen)
    store.counts(run.id)
    list(store.outcomes(run.id, status=FAILURES, limit=5, offset=20))
    event.remove(store._engine, "before_cursor_execute", listen)
    of_failures = [each for each in asked if "<> 'done'" in each[0]]
    assert len(of_failures) == 2
    sqlite = store._engine.dialect.name == "sqlite"
    with store._engine.connect() as connection:
        if not sqlite:  # which reads so few rows at once
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_sort = off")
        for statement, parameters in of_failures:
            asking = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
            plan = connection.exec_driver_sql(f"{asking} {statement}", parameters).all()  # type: ignore[arg-type]
            assert re.search("INDEX failures|on failures|using failures", str(plan)), plan
