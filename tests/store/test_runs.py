import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecgbench.core.outcome import Environment, Outcome, Status
from ecgbench.core.truth import CaseInfo
from ecgbench.store import Run, Store, StoreError

Make = Callable[..., Outcome]
Begin = Callable[..., Run]


def test_a_run_comes_back_from_another_opening_of_the_store(tmp_path: Path) -> None:
    plan, facts = {"methods": ["edges.canny"], "timeout": None}, {"cpu": "8080", "threads": {"OMP": "1"}}
    with Store(tmp_path / "s.db") as store:
        store.finish_run(store.begin_run("Größe 1", plan=plan, environment=Environment(facts)).id)
    with Store(tmp_path / "s.db") as store:
        run = store.find_run()
    assert (run.name, run.state, run.plan, run.environment) == ("Größe 1", "finished", plan, Environment(facts))
    assert run.started_at.tzinfo == UTC
    assert run.finished_at is not None
    assert timedelta(0) <= run.finished_at - run.started_at < timedelta(minutes=1)
    assert abs(datetime.now(UTC) - run.started_at) < timedelta(minutes=1)


def test_a_run_runs_until_it_is_said_to_have_ended(store: Store, run: Run) -> None:
    assert (run.state, run.finished_at) == ("running", None)
    store.finish_run(run.id, "interrupted")
    assert store.find_run("first").state == "interrupted"
    with pytest.raises(ValueError, match="finished or interrupted"):
        store.finish_run(run.id, "running")


def test_a_taken_name_names_the_way_out(store: Store, run: Run, begin_run: Begin) -> None:
    with pytest.raises(StoreError, match=r"'first' is already in .+; .*--resume.*--name"):
        begin_run(store, "first")
    assert begin_run(store, "first", resume=True).id == run.id


def test_resuming_what_is_not_there_begins_it(store: Store, begin_run: Begin) -> None:
    assert begin_run(store, "new", resume=True).state == "running"


def test_a_resumed_run_runs_again_under_its_new_plan(store: Store, run: Run) -> None:
    store.finish_run(run.id, "interrupted")
    again = store.begin_run("first", plan={"repeats": 5}, environment=run.environment, resume=True)
    assert (again.state, again.finished_at, again.plan) == ("running", None, {"repeats": 5})
    assert again.started_at == run.started_at
    assert again.environment == run.environment


def test_a_run_resumed_on_another_machine_says_so(store: Store, run: Run) -> None:
    for cpu in ("Z80", "Z80", "6502", "8080"):
        store.begin_run("first", plan={}, environment=Environment({"cpu": cpu}), resume=True)
    assert store.find_run("first").environment.facts == {"cpu": "8080", "resumed_in": [{"cpu": "Z80"}, {"cpu": "6502"}]}


def test_runs_are_listed_newest_first(store: Store, begin_run: Begin) -> None:
    for name in ("one", "two", "three"):
        begin_run(store, name)
    assert [run.name for run in store.runs()] == ["three", "two", "one"]
    assert store.find_run().name == "three"


def test_an_unknown_run_lists_those_that_there_are(store: Store, begin_run: Begin) -> None:
    with pytest.raises(StoreError, match="holds no run yet; start one with `ecgbench run`"):
        store.find_run()
    for index in range(12):
        begin_run(store, f"night-{index}")
    begin_run(store, "day")
    with pytest.raises(StoreError, match="There is no run 'da' in .*; it has day, night-11, .* and 3 more"):
        store.find_run("da")


def test_a_plan_that_json_cannot_say_is_refused_whole(store: Store) -> None:
    for plan in ({"timeout": math.nan}, {"method": object()}):
        with pytest.raises(StoreError, match="JSON"):
            store.begin_run("bad", plan=plan, environment=Environment({}))
    assert store.runs() == []


def test_only_done_cells_are_settled(store: Store, run: Run, make_outcome: Make) -> None:
    batch = [
        make_outcome("edges.canny", "a.png"),
        make_outcome("edges.sobel", "a.png", status=Status.FAILED),
        make_outcome("edges.canny", "a.png", params={"sigma": 0.5}),
        make_outcome("edges.sobel", "b.png"),
    ]
    store.add(run.id, batch)
    a, b, new = batch[0].case, batch[3].case, CaseInfo("c.png", "c.png", "sha256:c")
    settled = store.settled(run.id, [b, new, a, a])
    of_b, *of_a = [(batch[index].variant.key, "") for index in (3, 0, 2)]
    assert settled == [{of_b}, set(), *[set(of_a)] * 2]
    assert store.settled(run.id, []) == []


def test_a_changed_picture_is_not_settled_and_a_moved_one_is(store: Store, run: Run, make_outcome: Make) -> None:
    case = make_outcome().case
    store.add(run.id, [make_outcome()])
    moved, changed, unread = (
        replace(case, source="new/a.png"),
        replace(case, content_id="sha256:2"),
        replace(case, content_id=None),
    )
    assert [len(done) for done in store.settled(run.id, [moved, changed, unread])] == [1, 0, 0]


def test_a_changed_method_is_not_settled(store: Store, run: Run, make_outcome: Make) -> None:
    outcome = make_outcome()
    store.add(run.id, [outcome])
    edited = replace(outcome.variant, source_hash="edited")
    assert (edited.key, "") not in store.settled(run.id, [outcome.case])[0]


def test_an_outcome_that_other_metrics_judged_is_not_settled(store: Store, run: Run, make_outcome: Make) -> None:
    outcome = make_outcome(metrics_hash="0123456789ab")
    store.add(run.id, [outcome])
    assert store.settled(run.id, [outcome.case]) == [{(outcome.variant.key, "0123456789ab")}]


def test_only_outcomes_timed_as_often_are_settled_where_that_is_asked(store: Store, run: Run, make_outcome: Make) -> None:
    outcome = make_outcome(seconds=(0.1, 0.2, 0.3))
    store.add(run.id, [outcome])
    assert [len(store.settled(run.id, [outcome.case], repeats=repeats)[0]) for repeats in (1, 3)] == [0, 1]


def test_outcomes_are_carried_over_whole_and_take_the_place_of_failures(
    store: Store, run: Run, make_outcome: Make, begin_run: Begin
) -> None:
    cases = [f"{index}.png" for index in range(600)]
    done = [make_outcome(case=case, scores={"content_box_iou": 0.25, "odd_score": 0.5}, seconds=(0.5,)) for case in cases]
    store.add(run.id, done)
    store.add(run.id, [make_outcome("edges.sobel", "0.png")])
    second = begin_run(store, "second")
    store.add(second.id, [make_outcome(case="0.png", status=Status.FAILED, error="why")])
    store.carry_over(second.id, run.id, [(done[0].variant, [outcome.case for outcome in done])])
    assert list(store.outcomes(second.id)) == done
    assert [*store.written(second.id).values()] == [601]
    assert store.counts(run.id) == {Status.DONE: 601}


def test_settled_takes_more_cases_than_one_statement_does(store: Store, run: Run, make_outcome: Make) -> None:
    batch = [make_outcome(case=f"{index}.png") for index in range(1_201)]
    store.add(run.id, batch[::2])
    settled = store.settled(run.id, [outcome.case for outcome in batch])
    assert [bool(done) for done in settled] == [index % 2 == 0 for index in range(1_201)]


def test_cells_of_another_run_are_not_settled(store: Store, run: Run, make_outcome: Make, begin_run: Begin) -> None:
    store.add(run.id, [make_outcome()])
    assert store.settled(begin_run(store, "second").id, [make_outcome().case]) == [set()]


def test_content_is_known_as_long_as_a_file_is_unchanged(store: Store) -> None:
    files = [("a.png", 10, 111), ("b\udcff.png", 20, 222)]
    assert store.content_ids(files) == [None, None]
    store.remember_content(zip(files, ["sha256:a", "sha256:b"], strict=True))
    assert store.content_ids([*reversed(files), ("a.png", 10, 112), ("a.png", 11, 111)]) == ["sha256:b", "sha256:a", None, None]
    store.remember_content([(("a.png", 11, 333), "sha256:c")])
    assert store.content_ids([("a.png", 10, 111), ("a.png", 11, 333)]) == [None, "sha256:c"]
    store.remember_content([])
