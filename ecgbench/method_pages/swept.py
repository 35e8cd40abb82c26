"""How a method's defaults were chosen: what it scores with other values, as docs/functions/sweeps.json keeps it, and the tables made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ecgbench.method_pages.markdown import table

SMALLEST_CHANGE = 5e-5  # of a mean that is shown with four digits


class SweptScore(TypedDict):
    """A score with one value of a parameter: its mean, and the mean change against the default with its 95 % interval, where there is one."""

    mean: float | None
    change: float | None
    interval: list[float] | None


class SweptValue(TypedDict):
    """One value of a parameter, and the method's scores with it, by name; all other parameters have their defaults."""

    value: float
    scores: dict[str, SweptScore]


class SweptParameter(TypedDict):
    """A parameter, or a constant that none is made of: its name, what it is, its default, and the values that were tried."""

    name: str
    default: float
    values: list[SweptValue]


class Swept(TypedDict):
    """What a sweep found of a method: the command that repeats it, on which pages, the scores and what they are, by parameter."""

    command: str
    pages: str
    scores: dict[str, str]
    parameters: list[SweptParameter]


def sweep_tables(swept: Mapping[str, Any] | None) -> str:
    """Return a paragraph, a table a parameter and the command; nothing where there was no sweep."""
    if not swept:
        return ""
    said = "; ".join(f"`{name}` is {what}" for name, what in swept["scores"].items())
    intro = (
        f"Defaults by a sweep on development pages, {swept['pages']}. Each value is held against the default on the same pages: change of the "
        f"mean and its 95 % interval over records. Here {said}."
    )
    tables = [_parameter(each, list(swept["scores"])) for each in swept["parameters"]]
    return "\n\n".join([intro, *tables, f"This sweeps them again:\n\n```sh\n{swept['command']}\n```"])


def _parameter(parameter: Mapping[str, Any], scores: list[str]) -> str:
    head = [parameter["name"], *(cell for score in scores for cell in (score, "change"))]
    rows = []
    for each in parameter["values"]:
        default = each["value"] == parameter["default"]
        cells = [cell for score in scores for cell in _cells(each["scores"][score], default=default)]
        rows.append((f"{each['value']:g}{' (default)' if default else ''}", *cells))
    return table(head, rows)


def _cells(score: Mapping[str, Any], *, default: bool) -> tuple[str, str]:
    mean = "" if score["mean"] is None else f"{score['mean']:.4g}"
    if default or score["change"] is None:
        return mean, ""
    bounds = score["interval"]
    interval = "" if bounds is None else f" ({_signed(bounds[0])} to {_signed(bounds[1])})"
    return mean, f"{_signed(score['change'])}{interval}"


def _signed(value: float) -> str:
    return "0" if abs(value) < SMALLEST_CHANGE else f"{value:+.2g}"
