"""Rows of the page of runs, remembered as long as what runs hold stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecgbench.core.metric import COST_SCORES, Score
from ecgbench.dashboard.bench import Bench, Stamp, open_bench
from ecgbench.dashboard.memory import remembered
from ecgbench.dashboard.queries import comparison_of
from ecgbench.dashboard.run_facts import images_of, machine, software, took
from ecgbench.dashboard.run_progress import progress_of
from ecgbench.dashboard.trends import Mark, marks_of, refresh
from ecgbench.leaderboard.board import PRIMARY
from ecgbench.registry import default_registry
from ecgbench.report.wording import heading, number, score_text
from ecgbench.store import FAILED, FAILURES, Run

TIME = "wall_median_s"
COSTS = tuple(score.name for score in COST_SCORES)


def listed(bench: Bench, run: Run) -> dict[str, Any]:
    """Return a run's row in the list of all."""
    done, failed, methods = _counted(bench.location, run.id, bench.stamp(run))
    told = bench.store.headway(run.id) if run.state == "running" else None
    return {
        "run": run.name,
        "state": progress_of(run, told).state,
        "started": run.started_at.replace(tzinfo=None),
        "took": took(run),
        "images": images_of(run),
        "methods": methods,
        "done": done,
        "failed": failed,
        "machine": machine(run),
        "software": software(run),
    }


@remembered(512)
def _counted(location: str, run_id: int, _stamp: Stamp) -> tuple[int, int, int]:
    by_variant = open_bench(location).store.variant_counts(run_id)
    failed = sum(counts.get(status, 0) for counts in by_variant.values() for status in FAILURES)
    return sum(sum(counts.values()) for counts in by_variant.values()) - failed, failed, len(by_variant)


def scores_in_both(bench: Bench, a: Run, b: Run) -> list[str]:
    """Return the scores that both runs may have of a method of both: judged ones first, then costs, then failures."""
    tasks = {variant.task for variant in bench.store.variants(a.id).values()} & {
        variant.task for variant in bench.store.variants(b.id).values()
    }
    names = dict.fromkeys(name for task in sorted(tasks) for name in bench.store.scores(task))
    judged = [name for name in names if name not in COSTS]
    return [*judged, *(name for name in COSTS if name in names), FAILED] if names else []


def telling(scores: Sequence[str]) -> list[str]:
    """Return the scores to begin with: those that rank a task, and time."""
    ranking = [name for names in PRIMARY.values() for name in names[:1] if name in scores]
    return [*ranking, *([TIME] if TIME in scores else [])]


def compared(bench: Bench, a: Run, b: Run, metric: str) -> list[dict[str, Any]] | None:
    """Return a row a method that both runs have the score of; None of large runs as long as they are being compared."""
    found = comparison_of(bench.view(a), bench.view(b), metric)
    return (
        None
        if found is None
        else [
            {
                "method": row.b,
                "score": heading(row.score),
                a.name: score_text(row.score, row.paired.mean_a),
                b.name: score_text(row.score, row.paired.mean_b),
                "difference": score_text(row.score, row.paired.difference),
                "95 % interval": ""
                if row.paired.low is None
                else f"{score_text(row.score, row.paired.low)} to {score_text(row.score, row.paired.high)}",
                "ratio": ""
                if not row.paired.mean_a or row.paired.mean_b is None
                else f"{number(row.paired.mean_b / row.paired.mean_a)}x",
                "pictures": row.paired.n,
                "verdict": row.paired.verdict,
            }
            for row in found.rows
        ]
    )


def tasks_of(bench: Bench, runs: Sequence[Run]) -> list[str]:
    """Return the tasks that runs have outcomes of."""
    return sorted({variant.task for run in runs for variant in bench.store.variants(run.id).values()})


def scores_of(bench: Bench, task: str) -> dict[str, Score]:
    """Return the scores of a task, judged ones first."""
    found = bench.store.scores(task)
    return {name: found[name] for name in sorted(found, key=lambda name: name in COSTS)}


def primary(task: str, scores: dict[str, Score]) -> str | None:
    """Return the score that ranks a task, where it is there."""
    return next((name for name in PRIMARY.get(task, ()) if name in scores), None)


def marks(bench: Bench, run: Run, metric: str, task: str) -> list[Mark]:
    """Return a run's marks in the chart of a score over runs."""
    return _marks(bench.location, run.name, metric, task, bench.stamp(run))


@remembered(512)
def _marks(location: str, run: str, metric: str, task: str, _stamp: Stamp) -> list[Mark]:
    bench = open_bench(location)
    found = bench.find_run(run)
    refresh(bench.store, found, default_registry())
    return marks_of(bench.store, found, metric, task)
