"""The store: runs and their outcomes, in a database that outlives the process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, select

from ecgbench.core.metric import Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store import contents, headway, progress, runs, summaries
from ecgbench.store.database import WRITING, open_database, prepare_tables
from ecgbench.store.errors import translated
from ecgbench.store.extracts import failure_kinds, failures_alike, read_extremes, read_facts
from ecgbench.store.ids import OF_ANY_TASK, Ids, read_score
from ecgbench.store.reading import OutcomeReader, read_numbers, read_pairs, read_values
from ecgbench.store.records import (
    CellKey,
    Facts,
    FailedCell,
    FailureKind,
    FileState,
    Headway,
    Numbers,
    Pairs,
    Run,
    RunState,
    StoredSummary,
    Values,
)
from ecgbench.store.schema import metrics
from ecgbench.store.server import persist
from ecgbench.store.sqlite import check_is_there, file_of
from ecgbench.store.writing import OutcomeWriter

Found = TypeVar("Found")

BUSY_S = 30.0  # how long a writer waits for another; a batch takes milliseconds
FAILURES = (Status.FAILED, Status.TIMED_OUT, Status.CRASHED)


class Store:
    """Runs and outcomes at `location`: the path of a SQLite file, made where there is none, or a database URL.

    A file is one writer's at a time, and any number of readers' meanwhile; a batch of outcomes is there whole or not at all, and
    what `add` returned from survives the death of the process. A store may be used from several threads.

    Every method raises StoreError, one sentence that says what to do, where the database cannot do its part.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "ecgbench.db") as store:
    ...     run = store.begin_run("first", plan={"repeats": 1}, environment=Environment({"cpu": "8080"}), scores=[])
    ...     canny, page = Variant("edges.canny", "edges", "0.1", "1a2b3c"), CaseInfo("a.png", "scans/a.png")
    ...     store.add(run.id, [Outcome(canny, page, Status.DONE, seconds=(0.012,), scores={"content_box_iou": 0.9})])
    ...     store.finish_run(run.id)
    ...     [outcome.scores for outcome in store.outcomes(store.find_run().id)]
    [{'content_box_iou': 0.9}]
    """

    def __init__(self, location: str | Path, *, create: bool = True, busy_s: float = BUSY_S) -> None:
        self._engine = open_database(location, create=create, busy_s=busy_s)
        url = self._engine.url
        self.name = (
            str(url.database)
            if url.get_backend_name() == "sqlite"
            else url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
        )
        self._writes = self._engine.execution_options(**WRITING)
        self._one_writer = Lock()  # of this process; others wait for the database
        self._ids = Ids(self._engine.dialect)
        self._writer = OutcomeWriter(self._engine.dialect, self._ids)
        with self._closing_on_error(), translated(self.name):
            prepare_tables(self._engine, self.name, create=create)
        self._file = file_of(self._engine)

    def __repr__(self) -> str:
        return f"<store {self.name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the store is not used after."""
        self._engine.dispose()

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _read(self, work: Callable[[Connection], Found]) -> Found:
        """Return what a transaction reads."""

        def once() -> Found:
            with self._engine.connect() as connection:
                return work(connection)

        with translated(self.name):
            return persist(self._engine, self.name, once)

    def _write(self, work: Callable[[Connection], Found]) -> Found:
        """Do a transaction that is kept whole or not at all; done twice, it comes to the same.

        StoreError where it went into a file that is no longer there.
        """

        def once() -> Found:
            try:
                with self._writes.begin() as connection:
                    given = work(connection)
                check_is_there(self._engine, self._file)
            except BaseException:
                self._ids.forget()  # numbers given in it are given no more
                raise
            return given

        with self._one_writer, translated(self.name):
            return persist(self._engine, self.name, once)

    # Runs

    def begin_run(
        self,
        name: str,
        *,
        plan: Mapping[str, Any],
        environment: Environment,
        scores: Iterable[Score] = (),
        resume: bool = False,
    ) -> Run:
        """Begin a run, or go on with the one of that name with `resume` (which begins it where there is none).

        `plan` and the environment's facts are JSON-safe; `scores` declares what the metrics may give, with units. A run that goes on in
        another environment keeps that of its beginning, and what is different now as the fact "resumed_in".
        """
        declared = list(scores)

        def begin(connection: Connection) -> None:
            runs.begin(connection, name, plan=plan, environment=environment, resume=resume, store=self.name)
            self._ids.declare(connection, declared)

        self._write(begin)
        return self.find_run(name)

    def finish_run(self, run_id: int, state: RunState = "finished") -> None:
        """Write that a run ended as "finished" or "interrupted"."""
        self._write(lambda connection: runs.finish(connection, run_id, state))

    def say_headway(self, run_id: int, told: Headway) -> bool:
        """Keep how a run gets on, as its process says, in the place of what it said before; return whether somebody asked it to stop."""
        return self._write(lambda connection: headway.say(connection, self._engine.dialect, run_id, told))

    def headway(self, run_id: int) -> Headway | None:
        """Return how a run gets on, as its process last said; None where it said nothing yet."""
        return self._read(lambda connection: headway.read(connection, run_id)[0])

    def ask_to_stop(self, run_id: int) -> None:
        """Ask a run to stop, wherever its process is; it ends as "interrupted" within a second of the case that is under way."""
        self._write(lambda connection: headway.ask_to_stop(connection, self._engine.dialect, run_id))

    def is_asked_to_stop(self, run_id: int) -> bool:
        """Return whether somebody asked the run to stop since it last began."""
        return self._read(lambda connection: headway.read(connection, run_id)[1])

    def runs(self) -> list[Run]:
        """Return every run, the newest first."""
        return self._read(runs.newest_first)

    def find_run(self, name: str | None = None) -> Run:
        """Return the run of that very name, or the newest; raise StoreError that lists the names there are."""
        return self._read(lambda connection: runs.find(connection, name, store=self.name))

    # Outcomes

    def add(self, run_id: int, outcomes: Sequence[Outcome]) -> None:
        """Keep outcomes, all or none; what it returned from is not lost. About 500 at a time are fastest.

        An outcome replaces an earlier one of its cell (variant and case) in the run, also one of the same file when its content
        was another or not known. Scores are kept of outcomes that are done; a failure has none.
        """
        self._write(lambda connection: self._writer.add(connection, run_id, outcomes))

    def carry_over(self, run_id: int, source_run: int, cells: Sequence[tuple[Variant, Sequence[CaseInfo]]]) -> None:
        """Give a run the outcomes, as they are, that another one has of some cases of each variant; all or none."""

        def copy(connection: Connection) -> None:
            for variant, cases in cells:
                self._writer.copy(connection, run_id, source_run, variant, cases)

        self._write(copy)

    def settled(self, run_id: int, cases: Sequence[CaseInfo], *, repeats: int | None = None) -> list[frozenset[CellKey]]:
        """Return for each case the keys of its cells (`Variant.key`, `Outcome.metrics_hash`) whose outcome in the run is done.

        With `repeats` only those that were timed so often count.
        Cases are known by name and content id, by name and source where the content id is None.
        """
        return self._read(lambda connection: progress.settled(connection, run_id, cases, repeats=repeats))

    def outcomes(
        self,
        run_id: int,
        *,
        status: Status | Sequence[Status] | None = None,
        method: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Iterator[Outcome]:
        """Yield outcomes with their scores, by variant and case; memory stays flat however many there are.

        `status`: only those that ended so; `FAILURES` are those that failed, timed out or crashed. `method`: only of that method.
        """
        wanted = [status] if isinstance(status, Status) else status
        chosen = {number: each for number, each in self.variants(run_id).items() if method in (None, each.method)}
        with translated(self.name):
            yield from OutcomeReader(self._read, run_id, chosen, wanted).read(limit, offset)

    def outcome(self, run_id: int, variant_id: int, case_id: int) -> Outcome | None:
        """Return the outcome of one cell with its scores; None where there is none."""
        chosen = {number: each for number, each in self.variants(run_id).items() if number == variant_id}
        with translated(self.name):
            return OutcomeReader(self._read, run_id, chosen, None).cell(variant_id, case_id) if chosen else None

    def failure_kinds(self, run_id: int, *, limit: int | None = None) -> list[FailureKind]:
        """Return how many outcomes of each variant failed, overran or crashed with which message, the most first; at most `limit`.

        The names of pictures are left out of messages ("…" stands for them), so that failures of one cause are one kind.
        """
        return self._read(lambda connection: failure_kinds(connection, run_id, limit))

    def failures_alike(self, run_id: int, status: Status, message: str | None, *, limit: int) -> list[FailedCell]:
        """Return where a run failed so, with a message of `failure_kinds`; at most `limit` cells."""
        return self._read(lambda connection: failures_alike(connection, run_id, status, message, limit))

    def variants(self, run_id: int) -> dict[int, Variant]:
        """Return the variants that have outcomes in the run, by number."""
        return self._read(lambda connection: progress.variants_of(connection, run_id))

    def cases(self, run_id: int, numbers: Sequence[int] | None = None) -> dict[int, CaseInfo]:
        """Return the cases that have outcomes in the run, by number; those of `numbers` where they are given."""
        return self._read(lambda connection: progress.cases_of(connection, run_id, numbers))

    def disturbed(self, run_id: int) -> dict[int, int]:
        """Return how many outcomes of each variant, by number, were timed while others had the machine."""
        return self._read(lambda connection: progress.disturbed(connection, run_id))

    def counts(self, run_id: int) -> dict[Status, int]:
        """Return how many outcomes of the run ended how."""
        total: dict[Status, int] = {}
        for by_status in self.variant_counts(run_id).values():
            for status, count in by_status.items():
                total[status] = total.get(status, 0) + count
        return total

    def variant_counts(self, run_id: int) -> dict[int, dict[Status, int]]:
        """Return how many outcomes of each variant of the run ended how."""
        return self._read(lambda connection: progress.counts(connection, run_id))

    # Numbers

    def scores(self, task: str | None = None) -> dict[str, Score]:
        """Return every score that was declared or given, by name; with `task` only costs and those that its methods gave.

        The store does not keep functions: where a metric combines cases by one, the score's `combine` returns NaN.
        """
        rows = self._read(lambda connection: connection.execute(select(metrics).order_by(metrics.c.id)).all())
        wanted = [row for row in rows if task is None or row.task == task or row.name in OF_ANY_TASK]
        return {row.name: read_score(row) for row in wanted}

    def values(self, run_id: int, variant_id: int, metric: str) -> Values:
        """Return one metric of one variant: numbers of cases and records, and the values.

        The metric "failed" is there of every variant: 1 where it failed, overran or crashed, 0 where it is done.
        """
        return self._read(lambda connection: read_values(connection, run_id, variant_id, metric))

    def numbers(self, run_id: int, variant_id: int, metric: str) -> Numbers:
        """Return the same as `values` without records, which is twice as quick."""
        return self._read(lambda connection: read_numbers(connection, run_id, variant_id, metric))

    def extremes(self, run_id: int, variant_id: int, metric: str, *, highest: bool, limit: int) -> Numbers:
        """Return the highest or lowest finite values of one metric of one variant, the most extreme first."""
        return self._read(lambda connection: read_extremes(connection, run_id, variant_id, metric, highest=highest, limit=limit))

    def facts(self, by: str, first: int, last: int) -> Facts:
        """Return what is known of the cases `first` to `last`: their type, layout, grid_color, dpi or severity."""
        return self._read(lambda connection: read_facts(connection, by, first, last))

    def paired(self, run_a: int, variant_a: int, run_b: int, variant_b: int, metric: str) -> Pairs:
        """Return one metric of two variants over the cases that both have it of: the same case, or across runs the same picture."""
        return self._read(lambda connection: read_pairs(connection, (run_a, variant_a), (run_b, variant_b), metric))

    def written(self, run_id: int) -> dict[int, int]:
        """Return how many outcomes of each variant were ever written; as long as a number stands, so does what was computed of them."""
        return self._read(lambda connection: progress.written(connection, run_id))

    def written_in_all(self) -> dict[int, dict[int, int]]:
        """Return the same as `written` of every run that has an outcome, by run: one query where there are many runs."""
        return self._read(progress.written_in_all)

    def summaries(self, run_id: int) -> list[StoredSummary]:
        """Return what was last computed of the run, by variant and metric; compare `written` to know whether it still stands."""
        return self._read(lambda connection: summaries.read(connection, run_id))

    def put_summaries(self, run_id: int, variant_ids: Iterable[int], found: Sequence[StoredSummary]) -> None:
        """Keep summaries in the place of all that these variants had."""
        chosen = list(variant_ids)
        self._write(lambda connection: summaries.replace(connection, run_id, chosen, found))

    # Files

    def content_ids(self, files: Sequence[FileState]) -> list[str | None]:
        """Return the content id of each file (path, size, mtime_ns), None where it is not known or the file has changed."""
        return self._read(lambda connection: contents.content_ids(connection, files))

    def remember_content(self, files: Iterable[tuple[FileState, str]]) -> None:
        """Keep the content id of each file (path, size, mtime_ns)."""
        seen = list(files)
        self._write(lambda connection: contents.remember(connection, self._engine.dialect, seen))
