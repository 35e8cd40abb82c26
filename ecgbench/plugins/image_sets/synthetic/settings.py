"""What a spec of synthetic pages may set, and how its text is read: "count=20&types=0001,0005&grid=dotted"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from ecgbench.core.image_set import SpecError
from ecgbench.core.params import param_specs
from ecgbench.plugins.image_sets.synthetic.choice import Choice, Within, of, read_choice
from ecgbench.plugins.image_sets.synthetic.framing import FRAMINGS
from ecgbench.plugins.image_sets.synthetic.heart import DRAWN_RHYTHMS, HEART_SETTINGS, Heart
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.page import DPI_RANGE
from ecgbench.plugins.image_sets.synthetic.style import FIELDS, PRESETS

Reader = Callable[[str, str], Any]


def read_settings(settings: str, owner: str) -> dict[str, Any]:
    """Read "key=value&key=value" into the fields of SyntheticSet; what styles may be is gathered in `given`, hearts in `hearts`.

    `owner`: the spec, for messages. Raises SpecError that lists what is known.

    >>> read_settings("count=endless&types=0001,0005&grid=dotted", "synthetic?..")
    {'pages': None, 'types': ('0001', '0005'), 'given': (('grid', OneOf(values=('dotted',), weights=None)),)}
    """
    values: dict[str, Any] = {}
    given: dict[str, Choice] = {}
    hearts: dict[str, Choice] = {}
    seen: set[str] = set()
    for setting in filter(None, settings.split("&")):
        key, _, text = setting.partition("=")
        if key not in KEYS:
            raise SpecError(f'{owner}: there is no setting "{key}"; known are {", ".join(KEYS)}.')
        if key in seen:
            raise SpecError(f'"{key}" stands twice in {owner}; give it once.')
        seen.add(key)
        if key in _STYLES:
            given[_STYLES[key]] = read_choice(key, unquote(text), FIELDS[_STYLES[key]].known)
        elif key in HEART_SETTINGS:
            hearts[HEART_SETTINGS[key]] = read_choice(key, unquote(text), _heart_choice(HEART_SETTINGS[key]))
        else:
            field, read = SETTINGS[key]
            values[field] = read(key, unquote(text))
    given = dict(PRESETS[values.pop("preset")]) | given if "preset" in values else given
    both = {"given": tuple(given.items()), "hearts": tuple(hearts.items())}
    return values | {name: choices for name, choices in both.items() if choices}


def _heart_choice(field: str) -> Choice:
    """Return what a field of Heart may be; the rhythm may also be ectopy, which draw_heart knows."""
    if field == "rhythm":
        return of(DRAWN_RHYTHMS)
    spec = next(spec for spec in param_specs(Heart) if spec.name == field)
    return of(spec.choices) if spec.choices else Within(float(spec.low or 0), float(spec.high or 0))


def _whole(key: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise SpecError(f'"{key}" is a whole number from 0, got "{text}".')
    return int(text)


def _pages(key: str, text: str) -> int | None:
    if text == "endless":
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SpecError(f'"{key}" is a number of pages from 1, or endless, got "{text}".')
    return int(text)


def _within(low: float, high: float) -> Reader:
    def read(key: str, text: str) -> Choice:
        return read_choice(key, text, Within(low, high))

    return read


def _some_of(known: Mapping[str, Any]) -> Reader:
    def read(key: str, text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if len(set(names)) < len(names) or not set(names) <= set(known):
            raise SpecError(f'"{key}" names some of {",".join(known)}, each once, got "{text}".')
        return names

    return read


def _one_of(known: Iterable[str]) -> Reader:
    def read(key: str, text: str) -> str:
        if text not in known:
            raise SpecError(f'"{key}" is one of {",".join(known)}, got "{text}".')
        return text

    return read


# What a spec may set besides the fields of Style: its name, the field of SyntheticSet, and how it is read.
SETTINGS: Mapping[str, tuple[str, Reader]] = {
    "count": ("pages", _pages),
    "types": ("types", _some_of(KINDS)),
    "seed": ("seed", _whole),
    "dpi": ("dpi", _within(*DPI_RANGE)),
    "severity": ("severity", _within(0, 1)),
    "framing": ("framing", _one_of(FRAMINGS)),
    "preset": ("preset", _one_of(PRESETS)),
}
_STYLES: Mapping[str, str] = {field.key: name for name, field in FIELDS.items()}
KEYS = (*SETTINGS, *_STYLES, *HEART_SETTINGS)
