"""A transformer's parameters: each with a default, bounds and a sentence, as a frozen dataclass."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import Any, get_type_hints


class ParamError(ValueError):
    """A parameter that does not exist or a value out of its bounds; the message lists what there is."""


@dataclass(frozen=True)
class ParamSpec:
    """What is known of one parameter: name, type (bool, int, float or str), default, bounds or choices, a sentence."""

    name: str
    type: type
    default: Any
    low: float | None
    high: float | None
    choices: tuple[Any, ...] | None
    doc: str

    @property
    def bounds(self) -> str:
        """The allowed values in words, e.g. "0.0 to 1.0" or "lab, hsv"."""
        if self.choices is not None:
            return ", ".join(str(choice) for choice in self.choices)
        if self.type is bool:
            return "True, False"
        return f"{self.low} to {self.high}"

    def check(self, value: Any) -> Any:
        """Return `value` in the parameter's type, read from text where need be; raise ParamError out of bounds."""
        value = self._typed(value)
        if self.choices is not None:
            if value not in self.choices:
                raise ParamError(f"{self.name}={value!r} is not known; choose one of {self.bounds}.")
        elif self.type is not bool and not self._within(value):
            raise ParamError(f"{self.name}={value!r} is out of bounds; it goes from {self.bounds}.")
        return value

    def _within(self, value: float) -> bool:
        bounded = self.low is not None and self.high is not None and self.low <= value <= self.high  # False for NaN
        return bounded and abs(value) != math.inf

    def _typed(self, value: Any) -> Any:
        if self.type is bool:
            return _as_bool(self.name, value)
        try:
            typed = self.type(value)
        except (TypeError, ValueError, OverflowError):
            raise ParamError(f"{self.name}={value!r} must be of type {self.type.__name__}.") from None
        if self.type is int and isinstance(value, Real) and typed != value:
            raise ParamError(f"{self.name}={value!r} must be a whole number.")
        return typed


def _as_bool(name: str, value: Any) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, bool):
        return value
    try:
        return known[str(value).lower()]
    except KeyError:
        raise ParamError(f"{name}={value!r} must be true or false.") from None


def param(
    default: Any, low: float | None = None, high: float | None = None, doc: str = "", *, choices: tuple[Any, ...] = ()
) -> Any:
    """Declare a parameter of a frozen dataclass: its default, inclusive bounds (or `choices`) and a sentence.

    >>> @dataclass(frozen=True)
    ... class CannyParams:
    ...     sigma: float = param(0.33, 0.0, 1.0, "half-width of the hysteresis band around the median gray level")
    >>> param_specs(CannyParams)[0].bounds
    '0.0 to 1.0'
    """
    if not doc:
        raise ParamError("Each parameter needs a sentence that says what it does.")
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "choices": choices or None, "doc": doc})


@dataclass(frozen=True)
class NoParams:
    """The parameters of a transformer that takes none."""


@cache
def param_specs(params_type: type) -> tuple[ParamSpec, ...]:
    """Return what is known of each parameter of a params dataclass; raise ParamError where it is not complete."""
    if not _is_frozen(params_type):
        shown = getattr(params_type, "__name__", params_type)
        raise ParamError(f"{shown} must be a frozen dataclass whose fields are made by param().")
    hints = get_type_hints(params_type)
    return tuple(_spec(params_type, field, hints[field.name]) for field in dataclasses.fields(params_type))


def _is_frozen(params_type: Any) -> bool:
    declared = getattr(params_type, "__dataclass_params__", None)
    return isinstance(params_type, type) and declared is not None and bool(declared.frozen)


def _spec(owner: type, field: dataclasses.Field[Any], kind: type) -> ParamSpec:
    where = f"{owner.__name__}.{field.name}"
    if "doc" not in field.metadata:
        raise ParamError(f"{where} must be declared with param(default, low, high, sentence).")
    if kind not in (bool, int, float, str):
        raise ParamError(f"{where} must be bool, int, float or str, not {kind}.")
    spec = ParamSpec(
        field.name, kind, field.default, field.metadata["low"], field.metadata["high"], field.metadata["choices"],
        field.metadata["doc"],
    )  # fmt: skip
    if kind is str and spec.choices is None:
        raise ParamError(f"{where} is text and needs choices=(...).")
    if kind in (int, float) and spec.choices is None and (spec.low is None or spec.high is None):
        raise ParamError(f"{where} is a number and needs a lower and an upper bound.")
    try:
        spec.check(field.default)
    except ParamError as error:
        raise ParamError(f"The default of {where} is not allowed: {error}") from None
    return spec


def make_params(params_type: type, values: Mapping[str, Any]) -> Any:
    """Make a params value from names and values (text is read), within bounds; unknown names list the known ones."""
    specs = {spec.name: spec for spec in param_specs(params_type)}
    for name in values:
        if name not in specs:
            raise ParamError(f"There is no parameter {name!r}; {_known(name, list(specs))}.")
    return params_type(**{name: specs[name].check(value) for name, value in values.items()})


def _known(name: str, names: list[str]) -> str:
    if not names:
        return "this method takes none"
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known ones: {', '.join(names)}"


def params_dict(params: Any) -> dict[str, Any]:
    """Return a params value as a JSON-safe dictionary in declaration order."""
    return dataclasses.asdict(params)
