"""Tests of parameters: what may be declared, what may be given, and what the errors say."""

from dataclasses import dataclass, make_dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.core.params import NoParams, ParamError, make_params, param, param_specs, params_dict


@dataclass(frozen=True)
class Params:
    sigma: float = param(0.33, 0.0, 1.0, "half-width of the band")
    size: int = param(5, 1, 31, "side of the window in px")
    bold: bool = param(False, doc="whether bold lines count")
    space: str = param("lab", choices=("lab", "hsv"), doc="color space")
    levels: int = param(2, choices=(2, 4, 8), doc="number of levels")


def test_specs_tell_name_type_default_bounds_and_sentence_in_order():
    specs = param_specs(Params)
    assert [spec.name for spec in specs] == ["sigma", "size", "bold", "space", "levels"]
    assert [spec.type for spec in specs] == [float, int, bool, str, int]
    assert [spec.bounds for spec in specs] == ["0.0 to 1.0", "1 to 31", "True, False", "lab, hsv", "2, 4, 8"]
    assert specs[0].doc == "half-width of the band"
    assert specs[0].default == 0.33


def test_values_left_out_take_their_defaults():
    assert make_params(Params, {}) == Params()
    assert make_params(Params, {"size": 7}) == Params(size=7)


@pytest.mark.parametrize(
    ("name", "given_value", "value"),
    [
        ("sigma", "0.5", 0.5),
        ("sigma", 1, 1.0),
        ("sigma", np.float32(0.5), 0.5),
        ("size", "7", 7),
        ("size", 7.0, 7),
        ("size", np.int64(7), 7),
        ("bold", "true", True),
        ("bold", "No", False),
        ("bold", 1, True),
        ("bold", np.bool_(True), True),
        ("space", "hsv", "hsv"),
        ("levels", "4", 4),
    ],
)
def test_values_are_read_from_text_and_kin_and_have_the_declared_type(name, given_value, value):
    made = getattr(make_params(Params, {name: given_value}), name)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("sigma", 1.01, "sigma=1.01 is out of bounds; it goes from 0.0 to 1.0"),
        ("sigma", -1e-9, "out of bounds"),
        ("sigma", "nan", "out of bounds"),
        ("sigma", "inf", "out of bounds"),
        ("sigma", "much", "must be of type float"),
        ("sigma", None, "must be of type float"),
        ("sigma", 10**400, "must be of type float"),
        ("size", 0, "out of bounds"),
        ("size", 10**400, "out of bounds"),
        ("size", 2.5, "must be a whole number"),
        ("size", np.float32(2.5), "must be a whole number"),
        ("size", "2.5", "must be of type int"),
        ("size", float("nan"), "must be of type int"),
        ("size", float("inf"), "must be of type int"),
        ("bold", "maybe", "must be true or false"),
        ("bold", 2, "must be true or false"),
        ("space", "rgb", "choose one of lab, hsv"),
        ("levels", 3, "choose one of 2, 4, 8"),
    ],
)
def test_a_value_that_is_not_allowed_is_an_error_that_names_the_parameter(name, value, sentence):
    with pytest.raises(ParamError, match=sentence) as caught:
        make_params(Params, {name: value})
    assert str(caught.value).startswith(f"{name}=")


def test_bounds_are_inclusive():
    assert make_params(Params, {"sigma": 0.0, "size": 31}) == Params(sigma=0.0, size=31)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones_and_the_closest():
    with pytest.raises(ParamError, match=r"no parameter 'sigm'; did you mean 'sigma'\? known ones: sigma, size, bold"):
        make_params(Params, {"sigm": 0.5})
    with pytest.raises(ParamError, match="no parameter 'sigma'; this method takes none"):
        make_params(NoParams, {"sigma": 0.5})


def test_a_parameter_needs_a_sentence():
    with pytest.raises(ParamError, match="needs a sentence"):
        param(0.5, 0.0, 1.0)


def frozen(*fields):
    return make_dataclass("Made", fields, frozen=True)


@pytest.mark.parametrize(
    ("params_type", "sentence"),
    [
        (frozen(("n", int, 5)), r"Made\.n must be declared with param"),
        (frozen(("n", int, param(5, doc="x"))), r"Made\.n is a number and needs a lower and an upper bound"),
        (frozen(("n", int, param(5, low=1, doc="x"))), "needs a lower and an upper bound"),
        (frozen(("n", int, param(5, 6, 9, "x"))), r"default of Made\.n is not allowed: n=5 is out of bounds"),
        (frozen(("s", str, param("a", doc="x"))), "is text and needs choices"),
        (frozen(("s", str, param("a", choices=("b",), doc="x"))), r"default of Made\.s is not allowed"),
        (frozen(("s", tuple, param((), doc="x"))), "must be bool, int, float or str"),
        (frozen(("s", float | None, param(1.0, 0.0, 2.0, "x"))), "must be bool, int, float or str"),
        (make_dataclass("Thawed", [("n", int, param(5, 1, 9, "x"))]), "Thawed must be a frozen dataclass"),
        (object, "object must be a frozen dataclass"),
        (float, "float must be a frozen dataclass"),
        (int | None, "must be a frozen dataclass"),
    ],
)
def test_a_declaration_that_is_not_complete_is_an_error_that_says_what_lacks(params_type, sentence):
    with pytest.raises(ParamError, match=sentence):
        param_specs(params_type)


def test_a_subclass_has_the_parameters_of_its_parent():
    assert [spec.name for spec in param_specs(type("Child", (Params,), {}))] == ["sigma", "size", "bold", "space", "levels"]


def test_params_are_frozen_and_become_a_dictionary_in_order():
    params = Params(size=7)
    assert list(params_dict(params).items()) == [("sigma", 0.33), ("size", 7), ("bold", False), ("space", "lab"), ("levels", 2)]
    with pytest.raises(AttributeError):
        params.size = 9


@given(st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.booleans(), st.none()))
def test_any_value_is_within_bounds_or_a_param_error(value):
    for name in ("sigma", "size", "bold", "space", "levels"):
        try:
            made = make_params(Params, {name: value})
        except ParamError:
            continue
        assert 0 <= made.sigma <= 1
        assert 1 <= made.size <= 31
        assert type(made.bold) is bool
        assert made.space in ("lab", "hsv")
        assert made.levels in (2, 4, 8)
