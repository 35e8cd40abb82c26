"""The demo set and synthetic sets to order: what they hold, and what a wrong spec is told."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from ecgbench.core.image_set import ImageSet, ImageSetOpener, SpecError
from ecgbench.core.truth import Case
from ecgbench.plugins.image_sets import synthetic
from ecgbench.plugins.image_sets.synthetic.choice import Within, of
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS
from ecgbench.plugins.image_sets.synthetic.lead_source import SeededHeart
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.paper import PAPERS
from ecgbench.plugins.image_sets.synthetic.sets import DemoSet, SyntheticSet, open_demo, open_synthetic
from ecgbench.plugins.image_sets.synthetic.settings import KEYS
from ecgbench.plugins.image_sets.synthetic.style import FIELDS


def opened(spec: str) -> SyntheticSet:
    found = open_synthetic(spec)
    assert found is not None
    return found


def test_the_openers_are_offered_and_leave_other_specs_alone() -> None:
    openers = {opener.name: opener for opener in synthetic.ecgbench_image_sets()}
    assert set(openers) == {"demo", "synthetic"} and all(isinstance(opener, ImageSetOpener) for opener in openers.values())
    for spec in ("scans/", "demos", "synthetics?count=1", "", "gs://demo"):
        assert open_demo(spec) is None and open_synthetic(spec) is None
    assert isinstance(open_demo("demo"), ImageSet) and isinstance(opened("synthetic"), ImageSet)


def recipe(case: Case) -> SyntheticPage:
    assert isinstance(case.source, SyntheticPage)
    return case.source


def test_the_demo_holds_all_kinds_every_color_and_six_layouts_and_a_page_that_nobody_can_read() -> None:
    cases = list(DemoSet())
    assert len(cases) == DemoSet().count() == 12
    assert {case.info.type for case in cases} == set(KINDS)
    assert {case.info.grid_color for case in cases} == set(PAPERS)
    assert {case.info.layout for case in cases} == set(LAYOUTS) - {"strip"}
    assert {case.info.dpi for case in cases} == {150.0, 200.0}
    assert len({case.name for case in cases}) == len({case.info.record for case in cases}) == 12
    assert cases[0].read_truth().legible and not cases[-1].read_truth().legible


def test_the_demo_takes_no_settings() -> None:
    with pytest.raises(SpecError, match=r"synthetic\?seed=3"):
        open_demo("demo?seed=3")


def test_a_set_shows_each_record_in_every_kind_and_has_as_many_pages_as_asked() -> None:
    found = opened("synthetic?count=5&types=0001,0005&seed=4&dpi=75")
    cases = list(found)
    assert [case.name for case in cases] == ["00000-0001", "00000-0005", "00001-0001", "00001-0005", "00002-0001"]
    assert found.count() == 5 and found.name == "synthetic?count=5&types=0001,0005&seed=4&dpi=75"
    assert cases[0].info.record == cases[1].info.record != cases[2].info.record
    assert cases[0].info.layout == cases[1].info.layout and cases[0].info.grid_color == cases[1].info.grid_color
    assert {case.info.dpi for case in cases} == {75.0}


def test_iterating_twice_gives_the_same_cases() -> None:
    found = opened("synthetic?count=30&seed=1")
    assert [case.info for case in found] == [case.info for case in found]


def test_an_endless_set_has_no_count_and_never_repeats_a_page() -> None:
    found = opened("synthetic?count=endless&seed=9")
    assert found.count() is None
    ids = [case.info.content_id for case in islice(found, 500)]
    assert len(set(ids)) == 500


def test_asking_for_other_types_leaves_the_pages_of_a_type_as_they_are() -> None:
    among_all = {case.name: case.info for case in opened("synthetic?count=45&seed=2")}
    alone = {case.name: case.info for case in opened("synthetic?count=5&seed=2&types=0005")}
    assert all(among_all[name] == info for name, info in alone.items())


def test_another_seed_gives_other_pages_and_severity_spreads_over_its_range() -> None:
    one, other = list(opened("synthetic?count=80&seed=1")), list(opened("synthetic?count=80&seed=2"))
    assert not {case.info.content_id for case in one} & {case.info.content_id for case in other}
    severities = [case.info.severity for case in one if case.info.severity is not None]
    assert len(severities) == 80 and min(severities) < 0.1 and max(severities) > 0.9
    many = list(opened("synthetic?count=150&seed=1&types=0001"))
    assert {case.info.layout for case in many} == set(LAYOUTS)
    assert {case.info.grid_color for case in many} == {*PAPERS, "none"}


def test_layouts_colors_and_severity_can_be_chosen() -> None:
    cases = list(opened("synthetic?count=36&layouts=3x4+1&colors=blue,green&severity=0.25"))
    assert {case.info.layout for case in cases} == {"3x4+1"}
    assert {case.info.grid_color for case in cases} == {"blue", "green"}
    assert {case.info.severity for case in cases} == {0.25}
    assert [case.info.layout for case in opened("synthetic?count=1&layouts=3x4%2B1")] == ["3x4+1"]


# One setting for each field of Style, and what all pages of such a set have.
STYLE_SETTINGS: dict[str, tuple[str, set[object]]] = {
    "layouts": ("12x1,strip", {"12x1", "strip"}), "colors": ("black", {"black"}), "grid": ("dotted,none", {"dotted", "none"}),
    "strength": ("0.5", {0.5}), "fine_mm": ("0.2", {0.2}), "bold_mm": ("0.3", {0.3}), "frame": ("boxed", {"boxed"}),
    "margin_mm": ("7", {7.0}), "speed": ("50", {50.0}), "gain": ("5,20", {5.0, 20.0}), "ink": ("blue-black", {"blue-black"}),
    "trace_mm": ("0.35", {0.35}), "antialias": ("off", {False}), "labels": ("none", {"none"}), "pulse": ("right,none", {"right", "none"}),
    "separators": ("tick", {"tick"}), "header": ("none", {"none"}), "font": ("plain,mono", {"plain", "mono"}),
    "device": ("cart,screen", {"cart", "screen"}), "paper": ("a4", {"a4"}), "cut_mm": ("5", {5.0}), "fit": ("off", {False}),
    "offset_mm": ("1.5", {1.5}), "fade": ("0.2", {0.2}), "thinning": ("0.4", {0.4}), "paling": ("0.3", {0.3}),
    "mottle": ("0.1", {0.1}), "spread_mm": ("0.05", {0.05}), "heavy_mm": ("0.6", {0.6}),
    "split_mm": ("0.1", {0.1}), "foot_mm": ("0.5", {0.5}), "slant_mm": ("0.2", {0.2}), "head_mm": ("0.125", {0.125}),
    "letters": ("hinted,stepped", {"hinted", "stepped"}), "faint": ("0.3", {0.3}), "filter_hz": ("40,150", {40.0, 150.0}),
    "apart": ("0.9", {0.9}), "footer": ("off", {False}), "crisp": ("on", {True}), "blotch": ("0.2", {0.2}), "shade": ("screen", {"screen"}),
    "rest_mm": ("0.5", {0.5}),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_every_choice_of_style_can_be_set(name: str) -> None:
    text, expected = STYLE_SETTINGS[FIELDS[name].key]
    cases = list(opened(f"synthetic?count=25&types=0001&{FIELDS[name].key}={text}"))
    assert {getattr(recipe(case).style, name) for case in cases} == expected


def test_ranges_and_lists_can_be_set() -> None:
    cases = list(opened("synthetic?count=60&types=0001&trace_mm=0.2..0.3&dpi=100,300&severity=0.4..0.6"))
    widths = [recipe(case).style.trace_mm for case in cases]
    assert min(widths) >= 0.2 and max(widths) <= 0.3 and len(set(widths)) > 30
    assert {case.info.dpi for case in cases} == {100.0, 300.0}
    assert all(0.4 <= (case.info.severity or 0) <= 0.6 for case in cases)


def test_all_kinds_of_a_record_share_its_resolution_and_style() -> None:
    cases = list(opened("synthetic?count=20&types=0001,0005&dpi=100..300"))
    for one, other in zip(cases[::2], cases[1::2], strict=True):
        assert (recipe(one).style, recipe(one).dpi) == (recipe(other).style, recipe(other).dpi)


def test_the_preset_has_kaggles_geometry_and_can_be_changed_in_part() -> None:
    (case,) = opened("synthetic?count=1&preset=kaggle&types=0001")
    truth = case.read_truth()
    assert case.source.make_page().shape == (1700, 2200)
    assert truth.px_per_mm_x == truth.px_per_mm_y == pytest.approx(7.874, abs=1e-4) and truth.layout == "3x4+1"
    assert truth.traces is not None and truth.mm_per_s and truth.mm_per_mv
    assert truth.px_per_mm_y * truth.mm_per_mv == pytest.approx(78.74, abs=1e-3)
    np.testing.assert_allclose(np.diff(truth.traces[0].points[:, 0]) * 500, 196.85, atol=0.2)
    assert truth.traces[0].points[0, 0] + 0.5 == pytest.approx(118.11, abs=0.01)
    assert {recipe(case).style.gain for case in opened("synthetic?count=3&gain=20&preset=kaggle&types=0001")} == {20.0}


def test_records_of_given_sources_are_shown_each_once_in_turn() -> None:
    sources = (SeededHeart(7, 1), SeededHeart(7, 5))
    found = SyntheticSet(sources=sources, types=("0001", "0003"), dpi=of((75.0,)))
    assert [case.name for case in found] == ["00001-0001", "00001-0003", "00005-0001", "00005-0003"] and found.count() == 4
    assert SyntheticSet(sources=sources, types=("0001",), pages=1).count() == 1
    assert SyntheticSet(sources=sources, types=("0001",), pages=None).count() == 2
    assert {case.info.record for case in found} == {"synthetic:7:1", "synthetic:7:5"}


def test_a_set_is_made_in_python_too() -> None:
    cases = list(SyntheticSet(pages=8, dpi=of((75.0,)), severity=Within(0.2, 0.3), given=(("color", of(("blue",))),)))
    assert {case.info.grid_color for case in cases} <= {"blue", "none"} and {case.info.dpi for case in cases} == {75.0}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("cuont=3", ", ".join(KEYS)),
        ("count=0", "from 1, or endless"),
        ("count=-2", "from 1, or endless"),
        ("count=many", "from 1, or endless"),
        ("count=", "from 1, or endless"),
        ("count", "from 1, or endless"),
        ("count=²", "from 1, or endless"),
        ("types=0001,0002", ",".join(KINDS)),
        ("types=", ",".join(KINDS)),
        ("types=0001,0001", "each once"),
        ("seed=1.5", "whole number"),
        ("seed=-1", "whole number"),
        ("dpi=50", "from 72 to 600"),
        ("dpi=nan", "from 72 to 600"),
        ("dpi=big", "from 72 to 600"),
        ("layouts=4x3", ", ".join(LAYOUTS)),
        ("colors=red,mauve", ", ".join(PAPERS)),
        ("severity=2", "from 0 to 1"),
        ("count=3&count=4", "twice"),
        ("colors=red&colors=red", "twice"),
        ("gain=7", "5, 10, 20"),
        ("speed=fast", "25, 50"),
        ("grid=dots", "lines, dotted, cells, none"),
        ("antialias=yes", "on, off"),
        ("trace_mm=9", "from 0.1 to 1"),
        ("preset=kagle", "kaggle"),
    ],
)
def test_a_wrong_setting_is_told_what_is_known(settings: str, says: str) -> None:
    with pytest.raises(SpecError) as error:
        open_synthetic(f"synthetic?{settings}")
    assert says in str(error.value)
