import pytest

from ecgbench.core.params import ParamSpec
from ecgbench.dashboard.forms import changed, control_of
from ecgbench.registry import default_registry


def spec(kind, default, low=None, high=None, choices=None):
    return ParamSpec("p", kind, default, low, high, choices, "a sentence")


@pytest.mark.parametrize(
    ("given", "kind", "step"),
    [
        (spec(float, 0.15, 0.0, 1.0), "slider", 0.01),
        (spec(float, 0.125, 0.0, 1.0), "slider", 0.001),  # the default lies on a step
        (spec(float, 1e-6, 0.0, 1.0), "number", 1e-6),
        (spec(float, 50.0, 0.0, 5000.0), "slider", 10.0),
        (spec(float, 2.0, 2.0, 2.0), "number", 1.0),
        (spec(int, 5, 1, 31), "slider", 1),
        (spec(int, 5, 1, 10**6), "number", 1),
        (spec(bool, True), "switch", 0.0),
        (spec(str, "a", choices=("a", "b")), "choice", 0.0),
        (spec(int, 3, choices=(3, 5)), "choice", 0.0),
    ],
)
def test_a_parameter_has_the_control_that_fits_it(given, kind, step):
    control = control_of(given)
    assert control.kind == kind and control.step == pytest.approx(step)


def test_every_built_in_parameter_has_a_control_that_can_hold_its_default():
    for method in default_registry().transformers.values():
        for each in method.params:
            control = control_of(each)
            if control.kind in ("slider", "number"):
                steps = (each.default - control.low) / control.step
                assert control.low <= each.default <= control.high and abs(steps - round(steps)) < 1e-6, (method.name, each.name)


def test_only_what_is_no_default_is_given():
    specs = (spec(int, 3, 1, 9),)
    assert changed(specs, {"p": 3}) == {} and changed(specs, {"p": 4}) == {"p": 4}
