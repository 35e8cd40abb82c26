"""What methods found on one picture as a table: scores where truth is known, time, and the findings themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecgbench.core.metric import Score
from ecgbench.dashboard.trying import Seen
from ecgbench.report.wording import MISSING, heading, number, score_text

LONGEST_LIST = 6  # values that are written out; of more, their number and their ends


def finding_rows(seen: Mapping[str, Seen], declared: Mapping[str, Score]) -> list[dict[str, str]]:
    """Return a row a number and a column a method, all as text: time, scores, then what the method says itself."""
    by_name = {label: dict(_numbers(each, declared)) for label, each in seen.items()}
    names = dict.fromkeys(name for numbers in by_name.values() for name in numbers)
    return [{"number": name, **{label: numbers.get(name, MISSING) for label, numbers in by_name.items()}} for name in names]


def _numbers(seen: Seen, declared: Mapping[str, Score]) -> Iterator[tuple[str, str]]:
    yield "time (ms)", number(1e3 * seen.seconds)
    for name, value in seen.scores.items():
        score = declared.get(name)
        yield (heading(score), score_text(score, value)) if score else (name, number(value))
    yield from _flat("", seen.findings)


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield names and texts of findings, those within others with the names of both."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix} {name}".strip(), inner)
    elif isinstance(value, (list, tuple)) and value and all(isinstance(each, Mapping) for each in value):
        for index, each in enumerate(value, start=1):
            title = each.get("name") or each.get("lead") or index
            yield from _flat(f"{prefix} {title}".strip(), {name: inner for name, inner in each.items() if name != "name"})
    else:
        yield prefix, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, (list, tuple)):
        if len(value) > LONGEST_LIST:
            return f"{len(value)} values, {_text(value[0])} to {_text(value[-1])}"
        return ", ".join(map(_text, value)) or "none"
    return str(value)
