"""What only a server's store can do: many writers at once, and connections that drop."""

import subprocess
import sys
from collections.abc import Callable
from threading import Thread
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Connection, event

from ecgbench.core.metric import Score
from ecgbench.core.outcome import Environment, Outcome, Status
from ecgbench.store import Store, StoreError, server
from ecgbench.store.schema import VERSION
from tests.clusters import Cluster

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'ecg-image-bench[postgres]'")
Make = Callable[..., Outcome]


def test_runs_that_meet_the_same_new_cases_in_other_orders_write_at_once(postgresql: Cluster, make_outcome: Make) -> None:
    location = postgresql.new_store()
    with Store(location) as first:
        opened = [first, *(Store(location) for _ in range(2))]
        runs = [store.begin_run(f"run {number}", plan={}, environment=Environment({})) for number, store in enumerate(opened)]
        names = [f"{number}.png" for number in range(300)]
        orders = [names, names[::-1], names[150:] + names[:150]]
        errors: list[Exception] = []

        def write(store: Store, run: int, order: list[str]) -> None:
            try:
                for start in range(0, 300, 50):
                    store.add(run, [make_outcome(case=name) for name in order[start : start + 50]])
            except Exception as error:
                errors.append(error)

        threads = [Thread(target=write, args=each) for each in zip(opened, [run.id for run in runs], orders, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
        assert [first.counts(run.id) for run in runs] == [{Status.DONE: 300}] * 3
        assert len({frozenset(first.cases(run.id)) for run in runs}) == 1
        for store in opened[1:]:
            store.close()
    assert postgresql.sql("SELECT count(*) FROM pg_stat_database WHERE deadlocks > 0") == [(0,)]


def test_a_connection_that_drops_at_any_statement_loses_nothing_and_writes_nothing_twice(
    postgresql: Cluster, make_outcome: Make
) -> None:
    with Store(postgresql.new_store()) as store:
        run = store.begin_run("run", plan={}, environment=Environment({}))
        statements, cut_at = 0, -1

        def cut(connection: Connection, *_: object) -> None:
            nonlocal statements
            statements += 1
            if statements == cut_at:
                postgresql.sql(f"SELECT pg_terminate_backend({connection.connection.dbapi_connection.info.backend_pid}, 5000)")  # type: ignore[union-attr]

        event.listen(store._engine, "before_cursor_execute", cut)
        event.listen(store._engine, "commit", cut)
        batches, drops = 0, 0
        while True:
            statements, cut_at = 0, batches + 1
            store.add(run.id, [make_outcome(case=f"{batches}-{index}.png") for index in range(20)])
            batches += 1
            if statements < cut_at:
                break
            drops += 1
        assert drops > 5  # at each statement of a batch in turn, its commit the last
        assert sorted(each.case.name for each in store.outcomes(run.id)) == sorted(
            f"{batch}-{index}.png" for batch in range(batches) for index in range(20)
        )
        assert all(each.scores == {"content_box_iou": 0.5} for each in store.outcomes(run.id))
        statements, cut_at = 0, 2
        assert store.counts(run.id) == {Status.DONE: 20 * batches}


def test_a_commit_whose_answer_is_lost_counts_once(
    postgresql: Cluster, make_outcome: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(postgresql.new_store()) as store:
        run = store.begin_run("run", plan={}, environment=Environment({}))
        commit, lost = store._engine.dialect.do_commit, []

        def commit_and_lose(connection: Any) -> None:
            commit(connection)
            if not lost:
                lost.append(connection)
                postgresql.sql(f"SELECT pg_terminate_backend({connection.dbapi_connection.info.backend_pid}, 5000)")
                raise psycopg.OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(store._engine.dialect, "do_commit", commit_and_lose)
        store.add(run.id, [make_outcome(), make_outcome("edges.sobel")])
        assert lost
        assert list(store.outcomes(run.id)) == [make_outcome(), make_outcome("edges.sobel")]


def test_a_server_that_restarts_is_waited_for(postgresql: Cluster, make_outcome: Make, caplog: pytest.LogCaptureFixture) -> None:
    with Store(postgresql.new_store()) as store:
        run = store.begin_run("run", plan={}, environment=Environment({}))
        store.add(run.id, [make_outcome(case="a.png")])
        postgresql.stop("fast")
        restart = Thread(target=lambda: (sleep(0.3), postgresql.start()))
        restart.start()
        store.add(run.id, [make_outcome(case="b.png")])
        restart.join()
        assert store.counts(run.id) == {Status.DONE: 2}
    assert "does not answer; trying again for 60 s" in caplog.text


def test_a_server_that_stays_away_is_one_sentence(
    postgresql: Cluster, make_outcome: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "RECONNECT_S", 0.2)
    with Store(postgresql.new_store()) as store:
        run = store.begin_run("run", plan={}, environment=Environment({}))
        postgresql.stop("fast")
        try:
            with pytest.raises(StoreError, match=r"cannot be reached; see that its server runs|could not be used"):
                store.add(run.id, [make_outcome()])
        finally:
            postgresql.start()
        assert store.counts(run.id) == {}


def test_a_server_without_a_store_is_not_written_where_one_is_only_read(postgresql: Cluster) -> None:
    location = postgresql.new_store()
    with pytest.raises(StoreError, match="There is no store at postgresql://.*`ecgbench run` makes one"):
        Store(location, create=False)


def test_a_server_s_store_of_another_version_is_refused(postgresql: Cluster) -> None:
    location = postgresql.new_store()
    with Store(location) as store, store._engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE ecgbench_store SET version = {VERSION + 1}")
    with pytest.raises(StoreError, match=f"has version {VERSION + 1} and this ecgbench reads version {VERSION}; upgrade"):
        Store(location)


def test_names_that_are_known_use_up_no_numbers(postgresql: Cluster, make_outcome: Make) -> None:
    location = postgresql.new_store()
    scores = [Score("a_score", "1", "higher", "one"), Score("b_score", "1", "higher", "two")]
    for number in range(5):
        with Store(location) as store:
            run = store.begin_run(f"run {number}", plan={}, environment=Environment({}), scores=scores)
            store.add(run.id, [make_outcome(case=f"{index}.png", scores={"a_score": 1.0}) for index in range(10)])
    with Store(location) as store:
        run = store.begin_run("last", plan={}, environment=Environment({}), scores=[Score("c_score", "1", "higher", "three")])
        store.add(run.id, [make_outcome("edges.sobel", "new.png", scores={"c_score": 1.0})])
        with store._engine.connect() as connection:
            highest = [
                connection.exec_driver_sql(f"SELECT max(id) FROM {name}").scalar() for name in ("metrics", "variants", "cases")
            ]
    assert highest == [3, 2, 11]


def test_the_driver_is_loaded_for_servers_only() -> None:
    asking = "import sys, ecgbench.store; sys.exit('psycopg' in sys.modules or 'sqlalchemy.dialects.postgresql' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asking], check=False).returncode == 0
