"""How fast the store takes outcomes and answers over a million of them.

    python benchmarks/store.py [--outcomes 1000000] [--folder /tmp] [--store postgresql://USER@HOST/DATABASE]

Targets: at least 20,000 outcomes/s with 10 scores each in batches of 500 (SQLite); at 1,000,000 outcomes a leaderboard and a comparison
of one metric within 1 s each, a page of failures within 0.3 s. The same rows written by sqlite3 alone, into the same tables, are timed in
turn with them. With --store the large store is made there, in a database that must be empty, and only that is timed.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import create_engine, make_url
from tables import Table, present, spread, verdict

from ecgbench import CaseInfo, Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.leaderboard import compare, leaderboard, refresh_summaries
from ecgbench.store import FAILURES, Run, Store
from ecgbench.store.schema import outcomes as outcome_table

VARIANTS, SCORES, BATCH, DAMAGES = 10, 10, 500, 9
ROUNDS, ROUND_OUTCOMES = 5, 20_000  # of writing against sqlite3 alone
LAYOUTS, GRID_COLORS = ("3x4+1", "6x2", "12x1", "3x4"), ("red", "blue", "gray")
NAMES = ("wall_median_s", "cpu_median_s", "content_box_iou", *(f"score_{number}" for number in range(SCORES - 3)))


def make_outcomes(cases: int, variants: int) -> Iterator[Outcome]:
    """Yield outcomes case by case, one in a hundred of them failed; nine cases are of one record."""
    columns = [Variant(f"edges.m{number}", "edges", "0.1", "1a2b3c4d5e6f", {"sigma": number / 10}) for number in range(variants)]
    for index in range(cases):
        name = f"{index // DAMAGES:08d}-{index % DAMAGES:04d}.png"
        record, damage = divmod(index, DAMAGES)
        case = CaseInfo(
            name,
            f"scans/{name}",
            f"sha256:{index:064x}",
            f"record {record}",
            type=f"{damage + 1:04d}",
            layout=LAYOUTS[record % len(LAYOUTS)],
            grid_color=GRID_COLORS[record % len(GRID_COLORS)],
            dpi=(100.0, 200.0, 300.0)[record % 3],
            severity=record % 5 / 4,
        )
        for number, column in enumerate(columns):
            if (index + number) % 100 == 0:
                yield Outcome(
                    column, case, Status.FAILED, load_seconds=0.03, error="ValueError: no content", traceback="Traceback ..."
                )
                continue
            seconds = (0.01 + (index * 7919 % 1000) / 1e6 * (number + 1),)
            scores = dict.fromkeys(NAMES, index * 104729 % 1000 / 1000 * (0.9 + number / 100))
            yield Outcome(column, case, Status.DONE, seconds, seconds, 0.001, 0.03, 12_345_678, False, "0123456789ab", scores)


def batches(cases: int, variants: int) -> Iterator[list[Outcome]]:
    stream = make_outcomes(cases, variants)
    while batch := list(islice(stream, BATCH)):
        yield batch


def begin(store: Store, name: str = "run") -> Run:
    declared = [Score(name, "1", "lower" if name.endswith("_s") else "higher", "a number") for name in NAMES]
    return store.begin_run(name, plan={}, environment=Environment({}), scores=declared)


@dataclass
class Speed:
    """Outcomes written, and the seconds that it took: of the clock, and of the processor, which others on the machine change less."""

    outcomes: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def timing(self, outcomes: int) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        self.outcomes += outcomes

    def __str__(self) -> str:
        return f"{self.outcomes / self.wall:,.0f} outcomes/s ({self.outcomes / self.cpu:,.0f} a second of processor time)"


def write(store: Store, run: Run, cases: int, variants: int) -> Speed:
    """Write a run, and time it without the making of the outcomes."""
    speed = Speed()
    for batch in batches(cases, variants):
        with speed.timing(len(batch)):
            store.add(run.id, batch)
    return speed


def write_by_sqlite3(path: Path, cases: int, variants: int) -> Speed:
    """Write the rows of the same outcomes and scores (not of cases and variants) by executemany, and time that."""
    Store(path).close()  # for its tables
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous=NORMAL")
    speed = Speed()
    for number, batch in enumerate(batches(cases, variants)):
        keys = [(1, each % variants, (number * BATCH + each) // variants) for each in range(len(batch))]
        rows = [
            (*key, str(each.status), bytes(8), bytes(8), 0.001, 0.03, 12_345_678, False, "0123456789ab", None, None)
            for key, each in zip(keys, batch, strict=True)
        ]
        scores = [
            (key[1] * SCORES + metric, key[2], value)
            for key, each in zip(keys, batch, strict=True)
            for metric, value in enumerate(each.scores.values())
        ]
        with speed.timing(len(batch)):
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(f"INSERT INTO {outcome_table.name} VALUES ({', '.join('?' * len(outcome_table.c))})", rows)
            raw.executemany("INSERT INTO scores VALUES (?, ?, ?)", scores)
            raw.execute("COMMIT")
    raw.close()
    return speed


def writing(folder: Path) -> Table:
    """Tell outcomes/s beside those of sqlite3 alone, of many methods and of one, the best of several rounds in turn."""
    rows = []
    for variants in (VARIANTS, 1):
        ours, plain = [], []
        for number in range(ROUNDS):
            with Store(folder / f"ours-{variants}-{number}.db") as store:
                ours.append(write(store, begin(store), ROUND_OUTCOMES // variants, variants))
            plain.append(write_by_sqlite3(folder / f"plain-{variants}-{number}.db", ROUND_OUTCOMES // variants, variants))
        best, other = (min(speeds, key=lambda speed: speed.wall) for speeds in (ours, plain))
        ratio = spread(theirs.cpu / mine.cpu for mine, theirs in zip(ours, plain, strict=True))
        target = verdict(best.outcomes / best.wall, at_least=20_000)
        rows.append([str(variants), str(best), str(other), ratio, target])
    return Table(
        f"Writing outcomes with {SCORES} scores each, in batches of {BATCH}",
        ["methods", "the store", "`sqlite3` alone", "processor time, of sqlite3's", "target (outcomes/s)"],
        rows,
        [f"Best of {ROUNDS} rounds in turn; the ratio is their median."],
    )


def timed(work: Callable[[], object], rounds: int) -> tuple[float, str]:
    """Return the median seconds of some rounds, and those of this process's processor, which others on the machine change less."""
    found, busy = [], []
    for _ in range(rounds):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        found.append(time.perf_counter() - start)
        busy.append(time.process_time() - cpu)
    return statistics.median(found), f"{statistics.median(busy):.3f}"


def questions(store: Store, run: Run, outcomes: int) -> dict[str, tuple[Callable[[], object], int, float | None]]:
    """Return what a store is asked, how often, and the seconds it is to take at most."""
    one, other = "run:edges.m1[sigma=0.1]", "run:edges.m2[sigma=0.2]"
    last = outcomes // 100 - 50
    cases = [outcome.case for outcome in make_outcomes(1_000, 1)]
    return {
        "refresh_summaries, all stale": (lambda: refresh_summaries(store, run), 1, None),
        "leaderboard, summaries fresh": (lambda: leaderboard(store, run), 3, 1.0),
        "compare on one metric": (lambda: compare(store, one, other, metric="content_box_iou"), 3, 1.0),
        "compare on all metrics": (lambda: compare(store, one, other), 1, None),
        "counts by status": (lambda: store.counts(run.id), 3, None),
        "page of 50 failures, the first": (lambda: list(store.outcomes(run.id, status=FAILURES, limit=50)), 3, 0.3),
        "page of 50 failures, the last": (lambda: list(store.outcomes(run.id, status=FAILURES, limit=50, offset=last)), 3, 0.3),
        "page of 50 outcomes, the last": (lambda: list(store.outcomes(run.id, limit=50, offset=outcomes - 50)), 3, None),
        "settled, 1000 cases": (lambda: store.settled(run.id, cases), 3, None),
    }


def reading(location: str, count: int) -> Table:
    """Tell what a store of `count` outcomes takes to answer."""
    rows = []
    with Store(location) as store:
        run = begin(store)
        speed = write(store, run, count // VARIANTS, VARIANTS)
        outcomes = sum(store.counts(run.id).values())
        for question, (work, rounds, most) in questions(store, run, outcomes).items():
            wall, busy = timed(work, rounds)
            rows.append([question, f"{wall:.3f}", busy, verdict(wall, at_most=most) if most else ""])
    size = size_of(location)
    return Table(
        f"A store of {outcomes:,} outcomes of {VARIANTS} methods",
        ["question", "seconds", "of this process's processor", "target"],
        rows,
        [f"Written at {speed}; {size / 1e6:,.0f} MB, {size / outcomes:.0f} bytes an outcome with its {SCORES} scores."],
    )


def size_of(location: str) -> int:
    """Return the bytes that a store takes on disk, its indexes included."""
    if "://" not in location:
        return Path(location).stat().st_size
    engine = create_engine(make_url(location).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        every = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        size = int(connection.exec_driver_sql(every).scalar_one())
    engine.dispose()
    return size


def tables(options: argparse.Namespace) -> Iterator[Table]:
    if options.store:
        yield reading(options.store, options.outcomes)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        yield writing(Path(folder))
        yield reading(str(Path(folder) / "large.db"), options.outcomes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, default=1_000_000, help="in the large store")
    parser.add_argument("--folder", type=Path, help="where the stores are written for a while; the system's temporary folder")
    parser.add_argument("--store", help="URL of an empty database for the large store")
    present(parser, tables)


if __name__ == "__main__":
    main()
