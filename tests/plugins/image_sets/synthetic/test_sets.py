"""The demo set and synthetic sets to order: what they hold, and what a wrong spec is told."""

from __future__ import annotations

from itertools import islice

import pytest

from ecgbench.core.image_set import ImageSet, ImageSetOpener, SpecError
from ecgbench.plugins.image_sets import synthetic
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.sets import SETTINGS, DemoSet, SyntheticSet, open_demo, open_synthetic
from ecgbench.plugins.image_sets.synthetic.sheet import LAYOUTS, PAPERS


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


def test_the_demo_holds_every_kind_color_and_layout_and_a_page_that_nobody_can_read() -> None:
    cases = list(DemoSet())
    assert len(cases) == DemoSet().count() == 12
    assert {case.info.type for case in cases} == set(KINDS)
    assert {case.info.grid_color for case in cases} == set(PAPERS)
    assert {case.info.layout for case in cases} == set(LAYOUTS)
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
    among_all = {case.name: case.info for case in opened("synthetic?count=20&seed=2")}
    alone = {case.name: case.info for case in opened("synthetic?count=5&seed=2&types=0005")}
    assert all(among_all[name] == info for name, info in alone.items())


def test_another_seed_gives_other_pages_and_severity_spreads_over_its_range() -> None:
    one, other = list(opened("synthetic?count=80&seed=1")), list(opened("synthetic?count=80&seed=2"))
    assert not {case.info.content_id for case in one} & {case.info.content_id for case in other}
    severities = [case.info.severity for case in one if case.info.severity is not None]
    assert len(severities) == 80 and min(severities) < 0.1 and max(severities) > 0.9
    assert {case.info.layout for case in one} == set(LAYOUTS) and {case.info.grid_color for case in one} == set(PAPERS)


def test_layouts_colors_and_severity_can_be_chosen() -> None:
    cases = list(opened("synthetic?count=12&layouts=3x4+1&colors=blue,green&severity=0.25"))
    assert {case.info.layout for case in cases} == {"3x4+1"}
    assert {case.info.grid_color for case in cases} == {"blue", "green"}
    assert {case.info.severity for case in cases} == {0.25}
    assert [case.info.layout for case in opened("synthetic?count=1&layouts=3x4%2B1")] == ["3x4+1"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("cuont=3", ", ".join(SETTINGS)),
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
        ("layouts=12x1", ",".join(LAYOUTS)),
        ("colors=red,mauve", ",".join(PAPERS)),
        ("severity=2", "from 0 to 1"),
        ("count=3&count=4", "twice"),
    ],
)
def test_a_wrong_setting_is_told_what_is_known(settings: str, says: str) -> None:
    with pytest.raises(SpecError) as error:
        open_synthetic(f"synthetic?{settings}")
    assert says in str(error.value)
