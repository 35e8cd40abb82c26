"""Styles: what they may be, what is drawn, and the preset."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.plugins.image_sets.synthetic.choice import OneOf, Within, of
from ecgbench.plugins.image_sets.synthetic.devices import DEVICES
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS
from ecgbench.plugins.image_sets.synthetic.lead_source import stream
from ecgbench.plugins.image_sets.synthetic.paper import INKS, PAPERS
from ecgbench.plugins.image_sets.synthetic.style import FIELDS, KAGGLE, PRESETS, Style, draw_style


@cache
def sixty() -> list[Style]:
    return [drawn(record) for record in range(60)]


def drawn(record: int, **given: OneOf | Within) -> Style:
    return draw_style(given, lambda name: stream(3, record, f"style {name}"))


def test_every_field_is_known_with_a_name_of_its_own() -> None:
    assert [field.name for field in fields(Style)] == list(FIELDS)
    assert len({field.key for field in FIELDS.values()}) == len(FIELDS)
    assert all(field.known.holds(getattr(Style(), name)) for name, field in FIELDS.items())


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_not_known_is_refused_with_what_is(name: str) -> None:
    for wrong in ("mauve", float("nan"), 1e9, None):
        with pytest.raises(SpecError, match=f"no {name} of"):
            replace(Style(), **{name: wrong})


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_drawn_is_known_and_varies(name: str) -> None:
    values = {getattr(style, name) for style in sixty()}
    assert len(values) > 1 and all(FIELDS[name].known.holds(value) for value in values)


def test_hundred_records_show_every_layout_color_ink_grid_and_gain() -> None:
    styles = [drawn(record) for record in range(100)]
    assert {style.layout for style in styles} == set(LAYOUTS) and {style.color for style in styles} == set(PAPERS)
    assert {style.ink for style in styles} == set(INKS) and {style.grid for style in styles} == {
        "lines",
        "dotted",
        "cells",
        "none",
    }
    assert {style.gain for style in styles} == {5.0, 10.0, 20.0} and {style.speed for style in styles} == {25.0, 50.0}
    assert Counter(style.speed for style in styles)[25.0] > 75


def test_giving_one_field_leaves_the_others_as_they_are() -> None:
    for record in range(20):
        free, given = drawn(record), drawn(record, color=of(("green",)), trace_mm=Within(0.5, 0.6))
        assert given.color == "green" and 0.5 <= given.trace_mm <= 0.6
        assert replace(given, color=free.color, trace_mm=free.trace_mm) == free


def test_a_field_that_is_given_several_values_draws_them_alike() -> None:
    speeds = Counter(drawn(record, speed=of((25.0, 50.0))).speed for record in range(300))
    assert 120 < speeds[50.0] < 180


def test_equal_styles_say_the_same_and_others_do_not() -> None:
    assert Style(gain=10).said() == Style().said() and isinstance(Style(gain=10).gain, float)
    said = {drawn(record).said() for record in range(50)}
    assert len(said) == 50
    assert Style(antialias=False).said() != Style().said() and "antialias=off" in Style(antialias=False).said()


def test_a_page_without_grid_has_no_grid_color() -> None:
    assert Style(grid="none", color="blue").grid_color == "none" and Style(grid="dotted", color="blue").grid_color == "blue"


def test_devices_have_their_ways_unless_somebody_says_otherwise() -> None:
    carts = [drawn(record, device=of(("cart",))) for record in range(30)]
    assert {style.labels for style in carts} == {"above"} and {style.device for style in carts} == {"cart"}
    assert {drawn(record, device=of(("cart",)), labels=of(("below",))).labels for record in range(10)} == {"below"}
    for name, device in DEVICES.items():
        for field, choice in device.usual.items():
            rng = np.random.default_rng(0)
            assert all(FIELDS[field].known.holds(choice.draw(rng)) for _ in range(20)), (name, field)


def test_who_gives_a_gain_gets_it() -> None:
    assert not any(drawn(record, gain=of((20.0,))).fit for record in range(30))
    assert drawn(1, gain=of((20.0,)), fit=of((True,))).fit


def test_the_preset_fixes_the_geometry_and_leaves_colors_to_chance() -> None:
    styles = [drawn(record, **KAGGLE) for record in range(30)]
    for name in ("layout", "grid", "frame", "speed", "gain", "labels", "pulse"):
        assert len({getattr(style, name) for style in styles}) == 1
    assert len({style.color for style in styles}) > 3 and PRESETS["kaggle"] is KAGGLE


def test_style_is_hashable() -> None:
    assert len({Style(), Style(color="red"), Style(color="blue")}) == 2


def test_strength_moves_the_lines_from_the_ground() -> None:
    paper = PAPERS["blue"]
    assert paper.with_strength(1.0) == paper
    half = paper.with_strength(0.5)
    np.testing.assert_allclose(np.subtract(half.ground, half.fine), np.subtract(paper.ground, paper.fine) / 2, atol=0.5)
    assert min(paper.with_strength(50).bold) >= 0


@pytest.mark.parametrize("device", sorted(set(DEVICES) - {"plain"}))
def test_pulses_of_every_device_but_ecg_image_kit_have_feet(device: str) -> None:
    feet = [drawn(record, device=of((device,))).foot_mm for record in range(8)]
    assert min(feet) >= 0.3 and len(set(feet)) > 4
    assert {drawn(record, device=of(("plain",))).foot_mm for record in range(4)} == {0.0}
