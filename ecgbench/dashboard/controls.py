"""The controls that pages share: which run, which task, which score, which methods."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from ecgbench.core.metric import Score
from ecgbench.dashboard.bench import Bench, RunView
from ecgbench.dashboard.queries import tasks_of
from ecgbench.dashboard.url_state import choose_one
from ecgbench.leaderboard import Leaderboard

OWN_SCORE = "the task's own"


def choose_run(bench: Bench) -> RunView:
    """Let a run be chosen; the newest one that has an outcome is until then."""
    names = [run.name for run in bench.runs_with_outcomes]
    return bench.view(bench.find_run(choose_one("Run", names, key="run")))


def choose_task(view: RunView) -> str:
    """Let one of the run's tasks be chosen."""
    return choose_one("Task", tasks_of(view), key="task")


def choose_metric(view: RunView, task: str) -> str | None:
    """Let a score be chosen that ranks; None is the task's own."""
    known = sorted({each.metric for each in view.store.summaries(view.run.id)} & view.store.scores(task).keys())
    chosen = choose_one("Ranked by", [OWN_SCORE, *known], key="metric")
    return None if chosen == OWN_SCORE else chosen


def choose_score(view: RunView, task_place: DeltaGenerator, metric_place: DeltaGenerator) -> tuple[str, str | None]:
    """Let a task and one of its scores be chosen, each in its place on the page."""
    with task_place:
        task = choose_task(view)
    with metric_place:
        return task, choose_metric(view, task)


def scores_of(board: Leaderboard) -> list[Score]:
    """Return every score that a board has, the one that ranks first."""
    found = {name: each.score for row in board.rows for name, each in row.scores.items()}
    return [board.ranked_by, *(score for name, score in found.items() if name != board.ranked_by.name)]
