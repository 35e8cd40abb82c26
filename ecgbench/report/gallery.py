"""Pages of a run with what each method saw drawn over them, small enough to travel in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import BoardRow, Leaderboard
from ecgbench.registry import Registry
from ecgbench.report.choice import Choice, choose_pages
from ecgbench.report.pictures import PAGE, Picture, Sights, draw_cases
from ecgbench.report.sheets import TIME, other_scores
from ecgbench.report.wording import count, short_method, with_unit
from ecgbench.store import FAILED, FAILURES, Run, Store

METHODS_SHOWN = 8  # of a task, the best first; a sweep of params has more than anybody looks at
PICTURE_BYTES = 4_000_000  # of all pictures together: 5.4 MB in base64, which leaves a report below 6 MB


@dataclass(frozen=True)
class SeenBy:
    """What a method saw on a page, or why that cannot be shown, and its scores there."""

    label: str
    seen: Picture | str
    scores: str


@dataclass(frozen=True)
class ShownPage:
    """A page, what it stands for, what is known of it, and what methods saw on it."""

    title: str
    name: str
    about: str
    page: Picture | str
    sights: Sequence[SeenBy]

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return sum(each.size for each in (self.page, *(each.seen for each in self.sights)) if isinstance(each, Picture))


@dataclass(frozen=True)
class Gallery:
    """The shown pages of a task, and a sentence on how they were chosen."""

    sentence: str
    pages: Sequence[ShownPage] = ()


def galleries(
    store: Store, run: Run, boards: Sequence[Leaderboard], registry: Registry, *, pages: int, executor: str = "processes"
) -> list[Gallery]:
    """Return a gallery a task, of up to `pages` pages each; all together keep below PICTURE_BYTES, each task giving up its last ones."""
    choices = [choose_pages(store, run, board, pages) for board in boards]
    failed = {row.variant_id: _failed_on(store, run, row) for board in boards for row in board.rows[:METHODS_SHOWN]}
    wanted: dict[CaseInfo, list[int]] = {}
    for board, choice in zip(boards, choices, strict=True):
        for _, number, case in choice.pages:
            wanted.setdefault(case, []).extend(_drawn(board, number, failed))
    memory = run.plan.get("memory_bytes")
    specs = [str(spec) for spec in run.plan.get("specs", ())]
    drawn = draw_cases(wanted, store.variants(run.id), specs, registry, executor=executor, memory_bytes=memory) if wanted else {}
    found = [_gallery(store, run, board, choice, drawn) for board, choice in zip(boards, choices, strict=True)]
    return _within(found, PICTURE_BYTES)


def _failed_on(store: Store, run: Run, row: BoardRow) -> frozenset[int]:
    column = store.values(run.id, row.variant_id, FAILED)
    return frozenset(column.cases[column.values == 0].tolist())


def _drawn(board: Leaderboard, number: int, done: Mapping[int, frozenset[int]]) -> list[int]:
    return [row.variant_id for row in board.rows[:METHODS_SHOWN] if number in done[row.variant_id]]


def _gallery(store: Store, run: Run, board: Leaderboard, choice: Choice, drawn: Mapping[CaseInfo, Sights]) -> Gallery:
    rows = board.rows[:METHODS_SHOWN]
    numbers = [number for _, number, _ in choice.pages]
    scores = {row.variant_id: scores_on(store, run, board, row, numbers) for row in rows}
    shown = []
    for title, number, case in choice.pages:
        seen = [
            SeenBy(
                short_method(row.label, board.task),
                drawn[case].get(row.variant_id) or _why_not(store, run, row, case),
                scores[row.variant_id][number],
            )
            for row in rows
        ]
        shown.append(ShownPage(title, case.name, about(case), drawn[case][PAGE], seen))
    more = f" Of {len(board.rows)} methods the best {METHODS_SHOWN} are shown." if len(board.rows) > METHODS_SHOWN else ""
    return Gallery(choice.sentence + more, shown)


def _why_not(store: Store, run: Run, row: BoardRow, case: CaseInfo) -> str:
    """Say how a method ended on a page that it gave no result for."""
    for outcome in store.outcomes(run.id, status=FAILURES, method=row.variant.method):
        if outcome.case == case and outcome.variant.key == row.variant.key:
            return f"It {outcome.status.value} here: {outcome.error or 'no reason was given'}"
    return "It was not run on this page."


def scores_on(store: Store, run: Run, board: Leaderboard, row: BoardRow, numbers: Sequence[int]) -> dict[int, str]:
    """Return the scores of a method on each of some cases in words, the one that ranks first and its time last."""
    names = [board.ranked_by.name, *(score.name for score in other_scores(board)), TIME.name]
    said: dict[int, list[str]] = {number: [] for number in numbers}
    for name in dict.fromkeys(name for name in names if name in row.scores):
        column = store.values(run.id, row.variant_id, name)
        for number in numbers:
            at = int(np.searchsorted(column.cases, number))
            if at < column.cases.size and column.cases[at] == number:
                text = with_unit(row.scores[name].score, float(column.values[at]))
                said[number].append(text if name == TIME.name else f"{name} {text}")
    return {number: " · ".join(texts) for number, texts in said.items()}


def about(case: CaseInfo) -> str:
    """Return what is known of a page in words: type, layout, grid color, resolution."""
    facts = (case.type, case.layout, case.grid_color and f"{case.grid_color} grid", case.dpi and f"{case.dpi:g} dpi")
    return ", ".join(fact for fact in facts if fact)


def _within(found: Sequence[Gallery], budget: int) -> list[Gallery]:
    """Leave out the last pages of the longest galleries until all pictures together fit the budget."""
    kept = [list(gallery.pages) for gallery in found]
    while any(kept) and sum(page.size for pages in kept for page in pages) > budget:
        max(kept, key=len).pop(1 if len(max(kept, key=len)) > 2 else -1)
    return [_shortened(gallery, pages) for gallery, pages in zip(found, kept, strict=True)]


def _shortened(gallery: Gallery, pages: Sequence[ShownPage]) -> Gallery:
    missing = len(gallery.pages) - len(pages)
    note = f" To keep this file small {count(missing, 'page')} {'is' if missing == 1 else 'are'} left out." if missing else ""
    return Gallery(gallery.sentence + note, pages)
