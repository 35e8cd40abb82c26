"""What a run measured of a method, as docs/functions/measured.json keeps it, and the Performance section made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from ecgbench.method_pages.markdown import table


class MeasuredRow(TypedDict):
    """One score of a method over a set: its name, unit, value, and 95 % interval (low, high) where there is one."""

    score: str
    unit: str
    value: float
    interval: list[float] | None


class MeasuredByType(TypedDict):
    """The score that ranks a method's task on each type of page: its name, unit, and by type the mean with its 95 % interval."""

    score: str
    unit: str
    types: dict[str, tuple[float, float | None, float | None]]


class MeasuredPicture(TypedDict):
    """What a method saw on one page: a file beside the pages, which page of the run it is by its score, its name, score and value."""

    file: str
    place: str
    case: str
    score: str
    value: str


class Measured(TypedDict):
    """What one run says of a method: the command that measures it again, the method's version, where, on how many pages, the scores."""

    command: str
    version: str
    environment: str
    n: int
    rows: list[MeasuredRow]
    by_type: NotRequired[MeasuredByType]
    pictures: NotRequired[list[MeasuredPicture]]


def performance(method: str, measured: Mapping[str, Any] | None) -> str:
    """Return the Performance section: the measured scores, or else the command that measures them."""
    if not measured:
        return f"Not measured yet. This measures it:\n\n```sh\n{_command(method)}\n```"
    said = f"Version {measured['version']} on {measured['n']} pages; {measured['environment']}."
    rows = [(row["score"], _with_unit(row), _interval(row)) for row in measured["rows"]]
    figures = table(["score", "value", "95 % interval"], rows)
    again = f"This measures it again:\n\n```sh\n{measured['command']}\n```"
    return "\n\n".join([said, figures, *_by_type(measured.get("by_type")), again, *map(_picture, measured.get("pictures", ()))])


def _by_type(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    rows = [
        (kind, _with_unit({"value": mean, "unit": found["unit"]}), _interval({"interval": None if low is None else (low, high)}))
        for kind, (mean, low, high) in found["types"].items()
    ]
    return [f"By type of page, {found['score']}:", table(["type", "mean", "95 % interval"], rows)]


def _picture(picture: Mapping[str, Any]) -> str:
    said = f"{picture['place']}, {picture['case']}: {picture['score']} {picture['value']}"
    return f"![{said}]({picture['file']})\n\n{said}."


def _command(method: str) -> str:
    return f"ecgbench run demo --methods {method} --repeats 5 --name {method}\necgbench leaderboard {method}"


def _interval(row: Mapping[str, Any]) -> str:
    bounds = row.get("interval")
    return "" if bounds is None else f"{_number(bounds[0])} to {_number(bounds[1])}"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _with_unit(row: Mapping[str, Any]) -> str:
    return _number(row["value"]) if row["unit"] == "1" else f"{_number(row['value'])} {row['unit']}"
