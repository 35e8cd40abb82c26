"""Recipes of pages: the same bytes everywhere, ids that tell pages apart, and what a wrong recipe is told."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from itertools import cycle

import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.core.page import Page
from ecgbench.core.truth import PageMaker, Truth
from ecgbench.plugins.image_sets.synthetic import page as recipes
from ecgbench.plugins.image_sets.synthetic.heart import LEADS
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.page import GENERATOR_VERSION, SyntheticPage
from ecgbench.plugins.image_sets.synthetic.style import FIELDS, Style

QUICK = 75  # dpi
STYLES = (
    Style(layout="6x2", color="green"),
    Style(layout="12x1", grid="dotted", antialias=False, pulse="right", header="full", font="mono"),
)

DIGEST = """
import dataclasses, hashlib, numpy as np
def digest(recipe):
    page, truth = recipe.make_page(), recipe.read_truth()
    parts = [page.bgr]
    for field in dataclasses.fields(truth):
        value = getattr(truth, field.name)
        if field.name == "traces":
            parts += [trace.points for trace in value]
        elif field.name == "signals":
            parts += [value.leads[lead] for lead in sorted(value.leads)]
        else:
            parts.append(value if isinstance(value, np.ndarray) else np.array(str(value)))
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()
"""


def digest(recipe: SyntheticPage) -> str:
    """Hash all pixels and all of the truth; the same code runs in another process below."""
    space: dict[str, object] = {}
    exec(DIGEST, space)
    return str(space["digest"](recipe))  # type: ignore[operator]


def test_the_same_recipes_give_the_same_bytes_and_truth_in_another_process_and_order() -> None:
    """The other process makes them in the opposite order, so that neither what was made before a page nor the process is seen in it."""
    made = [SyntheticPage(3, 4, kind, 0.7, QUICK, style) for kind, style in zip(KINDS, cycle(STYLES), strict=False)]
    code = DIGEST + "import pickle, sys\nprint(*map(digest, pickle.loads(sys.stdin.buffer.read())))"
    other = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(made[::-1]), capture_output=True, check=True)
    assert other.stdout.decode().split()[::-1] == [digest(recipe) for recipe in made]


@pytest.mark.parametrize("change", [{"seed": 1}, {"record": 1}, {"kind": "0003"}, {"severity": 0.2}, {"dpi": 80.0}])
def test_each_field_changes_the_content_id_and_the_pixels(change: dict[str, object]) -> None:
    one = SyntheticPage(0, 0, "0005", 0.1, QUICK)
    other = replace(one, **change)  # type: ignore[arg-type]
    assert one.content_id != other.content_id and one.content_id.startswith(f"synthetic:{GENERATOR_VERSION}:")
    assert not np.array_equal(one.make_page().bgr, other.make_page().bgr)


OTHER_VALUES: dict[str, object] = {
    "layout": "3x4", "color": "blue", "grid": "dotted", "strength": 0.5, "fine_mm": 0.25, "bold_mm": 0.4, "frame": "boxed",
    "margin_mm": 10, "speed": 50, "gain": 5, "ink": "dark-blue", "trace_mm": 0.8, "antialias": False, "labels": "above",
    "pulse": "right", "separators": "tick", "header": "full", "font": "mono",
    "device": "cart", "paper": "a4", "cut_mm": 6, "fit": True, "offset_mm": 2, "fade": 0.6, "thinning": 0.6,
    "paling": 0.5, "mottle": 0.3, "spread_mm": 0.2, "heavy_mm": 0.8, "split_mm": 0.15, "foot_mm": 1, "slant_mm": 0.4,
    "head_mm": 0.25,
    "letters": "hinted", "faint": 0.4, "filter_hz": 25, "apart": 0.8, "footer": False, "crisp": True, "blotch": 0.3,
    "shade": "screen", "rest_mm": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_each_choice_of_style_changes_the_content_id_and_the_pixels(name: str) -> None:
    needed: dict[str, object] = {
        "fit": {"layout": "12x1", "gain": 20},
        "offset_mm": {"frame": "full"},
        "thinning": {"trace_mm": 1.0},
        "split_mm": {"grid": "cells"},
        "apart": {"paper": "roll"},
    }.get(name, {})  # type: ignore[assignment]
    styles = (Style(**needed), Style(**needed | {name: OTHER_VALUES[name]}))  # type: ignore[arg-type]
    plain, other = (SyntheticPage(dpi=QUICK, style=style) for style in styles)
    assert plain.content_id != other.content_id
    assert not np.array_equal(plain.make_page().bgr, other.make_page().bgr)


def test_equal_recipes_have_equal_content_ids() -> None:
    assert SyntheticPage(dpi=100, severity=0).content_id == SyntheticPage(dpi=100.0, severity=0.0).content_id


def test_nearly_equal_severities_are_told_apart() -> None:
    assert SyntheticPage(severity=0.1234567).content_id != SyntheticPage(severity=0.1234568).content_id


def test_a_recipe_is_a_page_maker_and_its_case_travels() -> None:
    recipe = SyntheticPage(kind="0005", severity=0.3, dpi=QUICK)
    case = pickle.loads(pickle.dumps(recipe.to_case()))
    assert isinstance(case.source, PageMaker) and case.source == recipe
    assert isinstance(case.source.make_page(), Page) and isinstance(case.read_truth(), Truth)
    assert len(pickle.dumps(recipe.to_case())) < 2000
    assert case.info.record == "synthetic:0:0" and case.info.content_id == recipe.content_id == recipe.make_page().content_id
    info = case.info
    assert (info.type, info.layout, info.grid_color, info.dpi, info.severity) == ("0005", "3x4+1", "red", 75.0, 0.3)
    assert SyntheticPage(style=Style(grid="none")).to_case().info.grid_color == "none"


def test_a_page_and_its_truth_are_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[float] = []
    render = recipes.render
    monkeypatch.setattr(recipes, "render", lambda sheet, dpi: (rendered.append(dpi), render(sheet, dpi))[1])
    recipe = SyntheticPage(seed=99, dpi=QUICK)
    page, truth = recipe.make_page(), recipe.read_truth()
    assert rendered == [QUICK] and recipe.read_truth() is truth
    assert truth.trace_mask is not None and truth.trace_mask.shape == page.shape


def test_truth_costs_nothing_until_it_is_read() -> None:
    recipe = SyntheticPage(seed=98, kind="0005", dpi=QUICK)
    recipe.make_page()
    picture = recipes._picture(recipe)
    assert not {"truth", "geometry"} & set(vars(picture)) and not {"text", "pulses", "separators"} & set(vars(picture.flat))
    recipe.read_truth()
    assert {"truth", "geometry"} <= set(vars(picture)) and {"text", "pulses", "separators"} <= set(vars(picture.flat))


def test_truth_masks_and_pixels_cannot_be_written_to() -> None:
    recipe = SyntheticPage(dpi=QUICK)
    truth = recipe.read_truth()
    masks = [getattr(truth, field.name) for field in fields(Truth) if field.name.endswith("_mask")]
    for array in (recipe.make_page().bgr, *masks):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0


def test_one_record_shows_the_same_signals_in_every_kind() -> None:
    leads = [SyntheticPage(4, 2, kind, 0.5, QUICK).read_truth().signals for kind in KINDS]
    for other in leads[1:]:
        assert other is not None and leads[0] is not None
        np.testing.assert_array_equal(other.leads["V3"], leads[0].leads["V3"])


def test_a_photo_says_nothing_of_its_resolution() -> None:
    assert SyntheticPage(kind="0003", dpi=QUICK).make_page().dpi == QUICK
    assert SyntheticPage(kind="0005", dpi=QUICK).make_page().dpi is None


@dataclass(frozen=True)
class Ramp:
    """A recording that rises slowly."""

    name: str = "ramp"
    record: str = "made/ramp"
    content_id: str = "ramp:1"

    def read(self) -> Recording:
        return Recording({lead: np.linspace(0, 1, 2500, dtype=np.float32) for lead in LEADS}, 250.0, ("ID: ramp",))


def test_a_page_shows_the_leads_of_its_source() -> None:
    recipe = SyntheticPage(record=7, dpi=QUICK, source=Ramp())
    case, truth = recipe.to_case(), recipe.read_truth()
    assert (case.name, case.info.record, case.source.make_page().name) == ("ramp-0001", "made/ramp", "ramp-0001")
    assert ":source=ramp:1:" in recipe.content_id and recipe.content_id != SyntheticPage(record=7, dpi=QUICK).content_id
    assert truth.signals is not None and truth.traces is not None and truth.signals.fs == 250
    np.testing.assert_array_equal(truth.signals.leads["II"], np.linspace(0, 1, 2500, dtype=np.float32))
    assert pickle.loads(pickle.dumps(recipe)) == recipe


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("kind", "0002", "0001, 0003, 0004, 0005"),
        ("severity", 1.5, "0..1"),
        ("severity", float("nan"), "0..1"),
        ("dpi", 30, "72 to 600"),
        ("dpi", float("nan"), "72 to 600"),
        ("seed", -1, "from 0"),
        ("record", -1, "from 0"),
    ],
)
def test_a_recipe_that_cannot_be_made_says_what_can(field: str, value: object, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        SyntheticPage(**{field: value})  # type: ignore[arg-type]


# What the recipes below give in this version: the mean level of the page, and the pixels of its trace and of its grid.
KNOWN: dict[str, dict[str, tuple[float, int, int]]] = {
    "10": {
        "0001": (239.04, 9269, 307180),
        "0003": (220.75, 9291, 305907),
        "0004": (238.81, 9197, 305945),
        "0005": (190.50, 8462, 288039),
        "0006": (190.67, 8571, 290726),
        "0009": (179.65, 8068, 279866),
        "0010": (183.74, 8965, 297036),
        "0011": (204.63, 9256, 306083),
        "0012": (212.51, 9293, 305663),
        "6x2": (227.30, 14164, 304831),
        "12x1": (233.50, 28935, 110996),
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_another_picture_of_the_same_recipe_needs_a_new_generator_version(kind: str) -> None:
    """Stored outcomes are found again by content id: where this fails on purpose, raise GENERATOR_VERSION and add what it gives."""
    recipe = SyntheticPage(1, 2, kind, 0.5, 100)
    truth = recipe.read_truth()
    assert truth.trace_mask is not None and truth.grid_mask is not None
    given = (float(recipe.make_page().bgr.mean()), int(truth.trace_mask.sum()), int(truth.grid_mask.sum()))
    assert KNOWN[GENERATOR_VERSION][kind] == pytest.approx(given, rel=2e-3), given


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.layout)
def test_another_print_of_the_same_style_needs_a_new_generator_version(style: Style) -> None:
    recipe = SyntheticPage(1, 2, style=style, dpi=100)
    truth = recipe.read_truth()
    assert truth.trace_mask is not None and truth.grid_mask is not None
    given = (float(recipe.make_page().bgr.mean()), int(truth.trace_mask.sum()), int(truth.grid_mask.sum()))
    assert KNOWN[GENERATOR_VERSION][style.layout] == pytest.approx(given, rel=2e-3), given
