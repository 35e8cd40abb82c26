"""What is compared: methods of one run or of several, each with the run that it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecgbench.core.outcome import Variant
from ecgbench.dashboard.bench import Bench, RunView
from ecgbench.dashboard.queries import labels_of

RUNS_OFFERED = 12  # the newest; of more nobody finds one in a list
MOST = 4  # pictures that are still read side by side


@dataclass(frozen=True)
class Side:
    """One method of one run."""

    view: RunView
    number: int
    label: str
    variant: Variant

    @property
    def key(self) -> str:
        """RUN:METHOD, as `ecgbench compare` takes it."""
        return f"{self.view.run.name}:{self.label}"

    @property
    def specs(self) -> tuple[str, ...]:
        """The image sets of its run."""
        return tuple(str(spec) for spec in self.view.run.plan.get("specs", ()))


def sides_of(bench: Bench, first: RunView, task: str) -> list[Side]:
    """Return what can be compared: the methods of a task, those of `first` before those of the other newest runs."""
    others = [bench.view(run) for run in bench.runs_with_outcomes if run.id != first.run.id][: RUNS_OFFERED - 1]
    return [side for view in (first, *others) for side in _of_run(view, task)]


def _of_run(view: RunView, task: str) -> list[Side]:
    variants, labels = view.store.variants(view.run.id), labels_of(view)
    return [Side(view, number, labels[number], variant) for number, variant in variants.items() if variant.task == task]


def shown_names(sides: Sequence[Side]) -> list[str]:
    """Return what sides are called on the page: without their run where all are of one."""
    one_run = len({side.view.run.id for side in sides}) == 1
    return [side.label if one_run else side.key for side in sides]
