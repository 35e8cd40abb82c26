"""Which control fits a parameter, told by its type and bounds alone, so that any plugin's method has a form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from ecgbench.core.params import ParamSpec

Kind = Literal["slider", "number", "choice", "switch"]
STEPS = 100  # of a slider at least: finer ones cannot be hit, coarser ones hide what lies between
MOST_WHOLE_STEPS = 500  # of a slider of whole numbers; more are typed
WIDE_RANGE = 1000.0  # a number whose upper bound is so many times its lower one, or its default, is typed


@dataclass(frozen=True)
class Control:
    """The control of one parameter: a slider or number (`low` to `high` in steps of `step`, shown by `format`), a choice or a switch."""

    spec: ParamSpec
    kind: Kind
    step: float = 0.0
    format: str = ""

    @property
    def low(self) -> Any:
        """The lowest value, in the parameter's type."""
        return self.spec.type(self.spec.low)

    @property
    def high(self) -> Any:
        """The highest value, in the parameter's type."""
        return self.spec.type(self.spec.high)


def control_of(spec: ParamSpec) -> Control:
    """Return the control that fits a parameter.

    >>> control_of(ParamSpec("sigma", float, 0.15, 0.0, 1.0, None, "width")).step
    0.01
    """
    if spec.choices is not None:
        return Control(spec, "choice")
    if spec.type is bool:
        return Control(spec, "switch")
    low, high = float(spec.low or 0), float(spec.high or 0)
    if low == high:  # nothing to move, and no slider takes it
        return Control(spec, "number", step=1 if spec.type is int else 1.0, format="%d" if spec.type is int else "%g")
    if spec.type is int:
        return Control(spec, "slider" if high - low <= MOST_WHOLE_STEPS else "number", step=1, format="%d")
    wide = spec.default > 0 and high > WIDE_RANGE * spec.default
    return Control(spec, "number" if wide else "slider", step=_step(low, high, spec.default), format="%.4g")


def _step(low: float, high: float, default: float) -> float:
    """Return a round step of which the range has at least STEPS, and on which the default lies."""
    exponent = math.floor(math.log10((high - low) / STEPS) + 1e-9)
    while exponent > -9 and not math.isclose(default, round(default, -exponent), rel_tol=1e-9, abs_tol=1e-12):
        exponent -= 1
    return float(10.0**exponent) if exponent >= 0 else float(f"1e{exponent}")


def changed(specs: tuple[ParamSpec, ...], values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are not the parameter's default, in the order of declaration."""
    return {spec.name: values[spec.name] for spec in specs if spec.name in values and values[spec.name] != spec.default}
