"""Carries out plans in parallel: cases go to workers, outcomes come back, are kept, and are reported only then."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count
from typing import Any

from ecgbench.backlog import Backlog, Item
from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.environment import current_environment
from ecgbench.fetching import FetchAhead
from ecgbench.headway import HeadwayTeller
from ecgbench.leaderboard import refresh_summaries
from ecgbench.measure import CaseReport, CaseTask, CaseWork, Cell, known_by, outcome_of
from ecgbench.plan import Plan, PlanError
from ecgbench.registry import Problem
from ecgbench.store import Run, RunExistsError, Store
from ecgbench.store.records import RunState
from ecgbench.workers import START, Finished, Lost, Pool, Raised, one_line, open_pool, stream, usable_cores

COMMIT_OUTCOMES, COMMIT_SECONDS = 500, 0.2  # an outcome waits for its commit no longer than this


class Execution:
    """Carries out one plan, with or without a store.

    `outcomes()` yields each outcome once, after its commit; memory does not grow with the number of cases. With `resume` it does what the
    run of that name has not; with `changed` outcomes of cells that are as in an earlier run are carried over from there. Neither is
    yielded: `reused` counts them, and `on_reuse` is told how many there are so far.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        store: Store | None = None,
        name: str | None = None,
        resume: bool = False,
        changed: bool = False,
    ) -> None:
        self.plan = plan
        self.reused = 0
        self.on_reuse: Callable[[int], None] | None = None
        self.stopped = False  # by somebody who asked for it in the store
        self._ahead = FetchAhead()
        self._store = store
        self._variants = plan.variants()
        self._retries: deque[CaseTask] = deque()
        self.run: Run | None = None
        if store is not None:
            self.run = self._begin(store, name, resume=resume)
        self.backlog = Backlog(plan, store, self.run, resume=resume, changed=changed)
        self._teller = HeadwayTeller(store, self.run, self._variants, plan.cell_count()) if store and self.run else None

    def _begin(self, store: Store, name: str | None, *, resume: bool) -> Run:
        """Begin the run; one without a name takes that of the time, or the next where another process was quicker."""
        plan, environment, scores = self.plan.to_dict(), current_environment(), self.plan.scores()
        while True:
            chosen = name or name_of_now(store)
            try:
                return store.begin_run(chosen, plan=plan, environment=environment, scores=scores, resume=resume)
            except RunExistsError:
                if name is not None:
                    raise

    @property
    def kept_run(self) -> Run:
        """The run as the store keeps it; only where there is a store."""
        if self.run is None:
            raise PlanError("This plan is carried out without a store, so nothing of it is kept.")
        return self.run

    @property
    def fetched(self) -> int:
        """Pictures that lie elsewhere and were brought to this machine (or were there from before)."""
        return self._ahead.fetched

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Run the plan; yield outcomes as they are committed.

        Closing the iterator, Ctrl-C, or somebody who asks for it (`Store.ask_to_stop`) ends the run as interrupted.
        """
        plan = self.plan
        self._tell("ecgbench_run_started", plan=plan)
        work = CaseWork(plan.methods, plan.metrics(), plan.registry.page_opener(), plan.repeats, plan.warmup_calls)
        work.own_process = plan.executor != "threads"
        state: RunState = "interrupted"
        try:
            pool = open_pool(
                plan.executor,
                work,
                workers=plan.workers,
                timeout=plan.timeout,
                memory_bytes=plan.memory_bytes,
                scheduler=plan.scheduler,
            )
            with closing(pool):
                yield from self._committed(pool)
            state = "interrupted" if self.stopped else "finished"
        finally:
            self._end(state)

    def _committed(self, pool: Pool) -> Iterator[Outcome]:
        """Yield the outcomes of the pool, each after the commit that keeps it."""
        pending: list[Outcome] = []
        committed = -COMMIT_SECONDS
        tasks = self._ahead.through(self._tasks(), lambda task: task.case.source)
        for batch in stream(pool, tasks, retries=self._retries, tick=COMMIT_SECONDS):
            for finished in batch:
                pending += self._outcomes(finished)
            if len(pending) >= COMMIT_OUTCOMES or time.monotonic() - committed >= COMMIT_SECONDS or not batch:
                committed = time.monotonic()
                yield from self._commit(pending)
                pending = []
            if self._is_to_stop(pool):
                break
        yield from self._commit(pending)
        self._is_to_stop(pool, last=True)

    def _is_to_stop(self, pool: Pool, *, last: bool = False) -> bool:
        """Tell watchers how the run gets on, and return whether one of them asked it to stop."""
        if self._teller is not None and self._teller.tell(pool, reused=self.reused, at_once=last) and not last:
            self.stopped = True
        return self.stopped

    def _commit(self, outcomes: list[Outcome]) -> list[Outcome]:
        if outcomes and self._store is not None and self.run is not None:
            self._store.add(self.run.id, outcomes)
            self._remember()
        if self._teller is not None:
            self._teller.add(outcomes)
        for outcome in outcomes:
            self._tell("ecgbench_outcome", outcome=outcome)
        return outcomes

    def _remember(self) -> None:
        """Keep the content ids of files that were read."""
        if self._store is not None:
            self._store.remember_content(self.backlog.files.items())
        self.backlog.files.clear()

    def _tasks(self) -> Iterator[CaseTask]:
        """Yield a task a case, with the methods that are still to be run on it; those of the first and the last case are dealt out."""
        numbers = count()
        ends = {0, (self.plan.case_count() or 0) - 1}
        for items in self.backlog.chunks():
            self._reuse(items)
            if len(self.backlog.files) > COMMIT_OUTCOMES:  # of cases that need not be done: no commit comes by to keep them
                self._remember()
            for item, number in zip(items, numbers, strict=False):
                for methods in self._dealt(item.missing) if number in ends else [item.missing]:
                    if methods:
                        yield CaseTask(item.case, methods)

    def _dealt(self, methods: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Deal the methods of a case out to all workers: at the beginning and at the end of a run some would have nothing to do.

        Where there are several repeats a case stays whole, since its methods take turns; so it does on a cluster, whose size we do not know.
        """
        plan = self.plan
        if plan.repeats > 1 or plan.executor not in ("processes", "threads"):
            return [methods]
        workers = plan.workers or usable_cores()
        return [methods[number::workers] for number in range(min(workers, len(methods)))]

    def _reuse(self, items: Sequence[Item]) -> None:
        """Carry over what earlier runs have, and count what needs not be done."""
        wanted: dict[int, dict[int, list[CaseInfo]]] = {}
        for item in items:
            for index, run_id in item.earlier.items():
                wanted.setdefault(run_id, {}).setdefault(index, []).append(item.case.info)
        for run_id, cells in wanted.items():
            if self._store is not None:
                self._store.carry_over(
                    self.kept_run.id, run_id, [(self._variants[index], cases) for index, cases in cells.items()]
                )
        reused = sum(len(self._variants) - len(item.missing) for item in items)
        self.reused += reused
        if reused and self.on_reuse is not None:
            self.on_reuse(self.reused)

    def _outcomes(self, finished: Finished) -> list[Outcome]:
        """Return the outcomes of a finished task; of a lost one, only those of whom is to blame, the others are tried again."""
        task, value = finished.payload, finished.value
        if isinstance(value, Lost):
            return self._lost(task, value)
        if isinstance(value, Raised):
            cell = Cell(Status.FAILED, error=value.error, traceback=value.traceback)
            value = CaseReport(dict.fromkeys(task.methods, cell))
        info = known_by(task.case.info, value.content_id)
        if value.file is not None and value.content_id is not None:
            self.backlog.files[value.file] = value.content_id
        return [outcome_of(self._variants[index], info, cell, value.load_seconds) for index, cell in value.cells.items()]

    def _lost(self, task: CaseTask, lost: Lost) -> list[Outcome]:
        """Blame the method that overran, for the clock was its own; try one that was under way when its worker died once more, alone.

        The methods beside it are run again without it. A worker that dies twice before any method began costs the case.
        """
        info = task.case.info
        if lost.label == START:
            if not task.alone:
                self._retries.append(replace(task, alone=True))
                return []
            return [_lost_outcome(self._variants[index], info, lost, "while the case was opened") for index in task.methods]
        others = tuple(index for index in task.methods if index != lost.label)
        if others:
            self._retries.append(replace(task, methods=others, alone=False))
        if lost.timed_out or task.alone:
            return [_lost_outcome(self._variants[lost.label], info, lost, "in this method")]
        self._retries.append(replace(task, methods=(lost.label,), alone=True))
        return []

    def _end(self, state: RunState) -> None:
        if self._store is not None and self.run is not None:
            self._store.finish_run(self.run.id, state)
            self.run = self._store.find_run(self.run.name)
            if state == "finished":
                refresh_summaries(self._store, self.run, metrics=self.plan.registry.metrics.values())
        self._tell("ecgbench_run_finished", run=self.run)

    def _tell(self, hook: str, **what: Any) -> None:
        """Tell each listening plugin; one that fails is named, kept among the problems and not asked again."""
        manager = self.plan.registry.plugin_manager
        for listener in getattr(manager.hook, hook).get_hookimpls():
            try:
                listener.function(*(what[name] for name in listener.argnames))
            except Exception as error:
                origin = self.plan.registry.origin_of(listener.plugin_name)
                message = f"{hook} failed and is not asked again: {one_line(error)}"
                self.plan.registry.problems.append(Problem(origin, listener.plugin_name, message, traceback.format_exc()))
                manager.unregister(listener.plugin)


def name_of_now(store: Store) -> str:
    """Return the time as the name of a run, with a number behind it where several began within a second."""
    now = time.strftime("%Y%m%d-%H%M%S")
    taken = {run.name for run in store.runs()}
    return next(name for number in count(1) if (name := f"{now}-{number}" if number > 1 else now) not in taken)


def _lost_outcome(variant: Variant, info: CaseInfo, lost: Lost, where: str) -> Outcome:
    status = Status.TIMED_OUT if lost.timed_out else Status.CRASHED
    return Outcome(variant, info, status, error=f"The worker was lost {where}: {lost.reason}.")
