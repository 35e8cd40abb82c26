"""A comparison in one sentence that a person can quote."""

from __future__ import annotations

from ecgbench.leaderboard import ComparisonRow
from ecgbench.report.wording import count, number, score_text, unit_of, with_unit


def quotable(row: ComparisonRow, *, a: str, b: str) -> str:
    """Say how b differs from a in one score: on how many pictures, both means, the difference with its interval, and the test."""
    score, paired = row.score, row.paired
    if paired.n == 0 or paired.difference is None:
        return f"{a} and {b} have no picture in common on which both have a finite {score.name}."
    pictures = f"On {count(paired.n, 'picture')} of {count(paired.records, 'record')}"
    means = f"{b} has {score.name} {with_unit(score, paired.mean_b)} against {score_text(score, paired.mean_a)} of {a}"
    said = _signed(score_text(score, paired.difference), unit_of(score))
    if paired.low is None or paired.high is None:
        return (
            f"{pictures} {means}, a difference of {said} ({paired.note.removeprefix('no interval: ')}, so there is no interval)."
        )
    between = f"95 % interval {score_text(score, paired.low)} to {score_text(score, paired.high)}"
    test = "" if row.test.p is None else f", Wilcoxon p {'< 0.001' if row.test.p < 0.001 else '= ' + number(row.test.p)}"
    return f"{pictures} {means}, a difference of {said} ({between}{test}): {_judged(row, b)}."


def _signed(text: str, unit: str) -> str:
    signed = text if text.startswith("-") or text == "0" else f"+{text}"
    return f"{signed} {unit}" if unit else signed


def _judged(row: ComparisonRow, b: str) -> str:
    verdict = row.paired.verdict
    return "no difference is shown" if verdict == "no difference shown" else f"{b} is {verdict}"
