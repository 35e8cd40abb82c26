"""One sentence a task: which method leads, by how much, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Callable

from ecgbench.core.outcome import Status
from ecgbench.leaderboard import BoardRow, BoardScore, Leaderboard
from ecgbench.report.sheets import COSTS, TIME, fails, interval_text
from ecgbench.report.wording import count, number, score_text, short_method, with_unit
from ecgbench.stats import Paired, compare_paired
from ecgbench.store import Pairs, Run, Store

ReadPairs = Callable[[int, int, str], Pairs]
"""Gives one metric, by name, of two variants of the run, by number, over the pages that both have it of."""


def verdict(store: Store, run: Run, board: Leaderboard, *, read_pairs: ReadPairs | None = None) -> str:
    """Say which method leads a task, its score with interval, how far it is ahead of the second, and whether their pairs tell them apart."""
    score, rows = board.ranked_by, board.rows
    if not any(row.counts.get(Status.DONE) for row in rows):
        return "No method gave a result, so nothing can be said."
    if score.name in COSTS:
        return _quickest(board)
    lead = rows[0]
    if len(rows) == 1:
        return f"{_name(lead, board)}, the only method that was run, has {_value(lead, board)}."
    level = [_name(row, board) for row in rows if _ranked(row, board) == _ranked(lead, board)]
    if len(level) > 1:
        return f"{', '.join(level[:-1])} and {level[-1]} are level: {_value(lead, board)}."
    read = read_pairs or (lambda a, b, metric: store.paired(run.id, a, run.id, b, metric))
    return f"{_name(lead, board)} leads with {_value(lead, board)}, {_ahead(lead, rows[1], board)}. {_apart(board, read)}"


def _name(row: BoardRow, board: Leaderboard) -> str:
    return short_method(row.label, board.task)


def _ranked(row: BoardRow, board: Leaderboard) -> float | None:
    found = row.scores.get(board.ranked_by.name)
    return found.ranked if found else None


def _value(row: BoardRow, board: Leaderboard) -> str:
    """Return the score that ranks with its interval, and where the method failed the number with failures as worst as well."""
    found = row.scores[board.ranked_by.name]
    between = f" ({interval_text(found)})" if interval_text(found) else ""
    said = f"{board.ranked_by.name} {with_unit(found.score, found.mean)}{between}"
    if found.n < row.n:
        said += f" on {found.n:,} of {count(row.n, 'page')}"
    if found.failures:
        said += f", {score_text(found.score, found.ranked)} with {count(found.failures, 'page')} that it has no value of counted as worst"
    return said


def _ahead(lead: BoardRow, second: BoardRow, board: Leaderboard) -> str:
    name, score = _name(second, board), board.ranked_by
    here, there = _ranked(lead, board), _ranked(second, board)
    if here is None or there is None:
        return f"and {name} has none"
    counted = " with failures counted as worst" if fails(lead, score) or fails(second, score) else ""
    return f"{with_unit(score, abs(here - there))} ahead of {name}{counted}"


def _apart(board: Leaderboard, read: ReadPairs) -> str:
    """Say whether the interval of the difference of the first two, page by page, leaves out 0."""
    score, (lead, second) = board.ranked_by, board.rows[:2]
    if score.combine is not None:  # of pages one by one the difference would be another number
        return _intervals_apart(lead.scores.get(score.name), second.scores.get(score.name))
    pairs = read(second.variant_id, lead.variant_id, score.name)
    paired = compare_paired(pairs.a, pairs.b, pairs.records, direction=score.direction)
    pages = count(paired.n, "page")
    if paired.low is None or paired.high is None:
        return f"Whether that is more than chance cannot be told: {paired.note.removeprefix('no interval: ')}."
    between = f"{score_text(score, paired.low)} to {score_text(score, paired.high)}"
    difference = f"{with_unit(score, paired.difference)}, 95 % interval {between}"
    return f"{_judged(paired, board)} (difference page by page: {difference}, {pages})."


def _judged(paired: Paired, board: Leaderboard) -> str:
    lead, second = (_name(row, board) for row in board.rows[:2])
    failed = any(fails(row, board.ranked_by) for row in board.rows[:2])  # then pairs are not all that ranks
    if paired.verdict == "better":
        return (
            "Also where both give a value, it is ahead by more than chance explains"
            if failed
            else "That is more than chance explains"
        )
    if paired.verdict == "worse":
        return f"Where both give a value {second} is the better one, but it fails where {lead} does not"
    return "Where both give a value, these pages do not tell the two apart" if failed else "These pages do not tell the two apart"


def _intervals_apart(lead: BoardScore | None, second: BoardScore | None) -> str:
    if lead is None or second is None or None in (lead.low, lead.high, second.low, second.high):
        return "Whether that is more than chance cannot be told: there are no intervals."
    overlap = (lead.low or 0.0) <= (second.high or 0.0) and (second.low or 0.0) <= (lead.high or 0.0)
    return f"Their 95 % intervals {'overlap' if overlap else 'do not overlap'}."


def _quickest(board: Leaderboard) -> str:
    """Say which is quickest, where nothing is known that would tell which is right."""
    score = board.ranked_by
    means = [(_name(row, board), row.scores[score.name].mean) for row in board.rows if score.name in row.scores]
    timed = [(name, mean) for name, mean in means if mean]
    unknown = "Nothing is known of these pages that would tell which method is right."
    if not timed or score.name != TIME.name:
        return unknown
    (lead, seconds), *others = timed
    takes = f"{unknown} {lead} takes {with_unit(score, seconds)} a page on average"
    if not others:
        return f"{takes}."
    second, more = others[0]
    return f"{takes}, the least; {second} takes {number(more / seconds)} times as long."
