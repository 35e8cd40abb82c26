"""What of a plan is still to be done: case by case, the cells that the store has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from ecgbench.core.outcome import Environment
from ecgbench.core.truth import Case
from ecgbench.environment import current_environment
from ecgbench.measure import FileStamp, file_stamp, known_by
from ecgbench.plan import Plan
from ecgbench.plugins.pages import content_id
from ecgbench.store import CellKey, Run, Store
from ecgbench.store.records import RESUMED_IN

CASES_LOOKED_UP = 200  # at a time
# What must be the same where an outcome of an earlier run is to stand beside new ones: results and times depend on it.
GROUND = ("ecgbench", "python", "numpy", "opencv", "cpu", "cores")


@dataclass(frozen=True)
class Item:
    """A case: the methods (by index) still to be run on it, and the earlier run that has the outcome of each other one, where it has."""

    case: Case
    missing: tuple[int, ...]
    earlier: Mapping[int, int] = field(default_factory=dict)


class Backlog:
    """Tells the cells of a plan that are missing from those that its run has, or, with `changed`, that an earlier run has.

    A cell is the same where case content, method, its version, source and params, and the metrics and their versions are; only cells
    that are done count. Those of an earlier run count where it was measured with as many repeats, on the same executor, machine and
    software. Content ids of files that had to be read for it are left in `files`.
    """

    def __init__(self, plan: Plan, store: Store | None, run: Run | None, *, resume: bool, changed: bool) -> None:
        self.files: dict[FileStamp, str] = {}
        self._plan = plan
        self._cells = plan.cell_keys()
        self._store = store
        self._run = run if resume else None
        self._looks = store is not None and (resume or changed)
        self._earlier: dict[int, frozenset[str]] = {}
        if store is not None and changed:
            self._earlier = {
                each.id: frozenset(variant.key for variant in store.variants(each.id).values())
                for each in store.runs()
                if (run is None or each.id != run.id) and _same_ground(each, plan)
            }

    @property
    def has_earlier_runs(self) -> bool:
        """Whether there is a run that outcomes could be taken from."""
        return bool(self._earlier)

    def chunks(self) -> Iterator[list[Item]]:
        """Yield every case of the plan, some at a time."""
        cases = self._plan.cases()
        if self._store is None or not self._looks:
            every = tuple(range(len(self._cells)))
            for case in cases:
                yield [Item(case, every)]
            return
        while chunk := list(islice(cases, CASES_LOOKED_UP)):
            yield self._looked_up(self._identified(chunk, self._store), self._store)

    def _looked_up(self, cases: Sequence[Case], store: Store) -> list[Item]:
        missing = [dict.fromkeys(range(len(self._cells))) for _ in cases]
        earlier: list[dict[int, int]] = [{} for _ in cases]  # index of the method -> run
        if self._run is not None:
            for left, done in zip(missing, store.settled(self._run.id, [case.info for case in cases]), strict=True):
                self._take(left, done)
        for run_id, variants in self._earlier.items():
            wanted = {index for left in missing for index in left}
            if not any(self._cells[index][0] in variants for index in wanted):
                continue
            found = store.settled(run_id, [case.info for case in cases], repeats=self._plan.repeats)
            for case, left, known, done in zip(cases, missing, earlier, found, strict=True):
                if case.info.content_id is not None:  # or nobody knows whether it is the same still
                    known.update(dict.fromkeys(self._take(left, done), run_id))
        return [Item(case, tuple(left), of_case) for case, left, of_case in zip(cases, missing, earlier, strict=True)]

    def _take(self, missing: dict[int, None], done: frozenset[CellKey]) -> list[int]:
        taken = [index for index in missing if self._cells[index] in done]
        for index in taken:
            del missing[index]
        return taken

    def _identified(self, cases: list[Case], store: Store) -> list[Case]:
        """Return the cases with their content ids: from the store where a file is as it was when it was last read, else by reading it."""
        stamps = [file_stamp(case.source) if case.info.content_id is None else None for case in cases]
        known = dict(zip(filter(None, stamps), store.content_ids([stamp for stamp in stamps if stamp]), strict=True))
        return [
            case if stamp is None else replace(case, info=known_by(case.info, known[stamp] or self._read(stamp)))
            for case, stamp in zip(cases, stamps, strict=True)
        ]

    def _read(self, stamp: FileStamp) -> str | None:
        try:
            found = content_id(Path(stamp.path).read_bytes())
        except OSError:
            return None  # the worker will say what is wrong with it
        self.files[stamp] = found
        return found


def _same_ground(run: Run, plan: Plan) -> bool:
    """Whether a run was measured, all of it, on what this process would measure the plan on."""
    facts = run.environment.facts
    elsewhere = {name for machine in facts.get(RESUMED_IN, []) for name in machine}
    differing = elsewhere | Environment(facts).differences(current_environment()).keys()
    return run.plan.get("executor") == plan.executor and not differing & set(GROUND)
