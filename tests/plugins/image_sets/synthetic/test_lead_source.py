"""Seeded hearts as sources of leads, and what a spec may say of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.plugins.image_sets.synthetic.heart import HEART_SETTINGS, draw_heart
from ecgbench.plugins.image_sets.synthetic.lead_source import LeadSource, SeededHeart, stream
from ecgbench.plugins.image_sets.synthetic.sets import SyntheticSet, open_synthetic


def opened(settings: str) -> SyntheticSet:
    found = open_synthetic(f"synthetic?{settings}")
    assert found is not None
    return found


def hearts_of(settings: str) -> list[SeededHeart]:
    sources = [case.source.leads for case in opened(f"{settings}&types=0001&count=30")]
    assert all(isinstance(source, SeededHeart) for source in sources)
    return sources


def test_a_seeded_heart_is_a_small_source_that_reads_the_same_anywhere() -> None:
    source = SeededHeart(3, 7, (("rhythm", "af"),))
    assert isinstance(source, LeadSource) and len(pickle.dumps(source)) < 500
    again = pickle.loads(pickle.dumps(source)).read()
    for name, signal in source.read().leads.items():
        np.testing.assert_array_equal(signal, again.leads[name])


def test_what_is_fixed_tells_sources_and_pages_apart_and_leaves_the_record_as_it_was() -> None:
    free, fixed = SeededHeart(3, 7), SeededHeart(3, 7, (("rate_bpm", 150.0),))
    assert free.record == fixed.record == "synthetic:3:7"
    assert fixed.content_id == "heart:seed=3:record=7:rate_bpm=150" != free.content_id
    (plain,), (quick,) = opened("count=1&types=0001"), opened("count=1&types=0001&heart_rate=150")
    assert plain.info.content_id != quick.info.content_id and plain.name == quick.name


@pytest.mark.parametrize(
    "settings, field, low, high",
    [
        ("heart_rate=60..62", "rate_bpm", 60, 62),
        ("axis=-45", "axis_deg", -45, -45),
        ("qrs_ms=120..160", "qrs_ms", 120, 160),
        ("st_mv=-0.2..-0.1", "st_mv", -0.2, -0.1),
        ("pvc_share=0.2", "pvc_share", 0.2, 0.2),
        ("noise_uv=0", "noise_uv", 0, 0),
        ("wander_uv=100", "wander_uv", 100, 100),
    ],
)
def test_numbers_of_hearts_are_set_or_drawn_from_a_range(settings: str, field: str, low: float, high: float) -> None:
    drawn = [dict(source.fixed)[field] for source in hearts_of(settings)]
    assert all(low <= value <= high for value in drawn)
    assert len(set(drawn)) == (1 if low == high else 30 if high - low > 1 else len(set(drawn)))


def test_rhythms_and_regions_are_set_or_drawn_from_a_list() -> None:
    assert {dict(source.fixed)["rhythm"] for source in hearts_of("rhythm=af")} == {"af"}
    both = hearts_of("rhythm=af,ectopy&st_region=inferior")
    assert {dict(source.fixed)["rhythm"] for source in both} == {"af", "ectopy"}
    for source in both[:5]:
        heart = draw_heart(stream(source.seed, source.number, "heart"), **dict(source.fixed))
        assert heart.rhythm == "af" or heart.pvc_share > 0
        assert heart.st_region == "inferior"


def test_every_setting_reaches_the_leads() -> None:
    plain = SeededHeart(0, 0, (("rhythm", "sinus"), ("st_region", "global"))).read().leads["V3"]
    for field, value in (
        ("rhythm", "af"), ("rate_bpm", 133.0), ("axis_deg", -80.0), ("qrs_ms", 170.0), ("st_mv", 0.4), ("pvc_share", 0.3),
        ("noise_uv", 80.0), ("wander_uv", 200.0), ("st_region", "inferior"), ("burst_uv", 400.0), ("hum_uv", 150.0), ("motion_uv", 1900.0),
    ):  # fmt: skip
        assert field in HEART_SETTINGS.values()
        fixed = {"rhythm": "sinus", "st_region": "global", field: value} | ({"st_mv": 0.3} if field == "st_region" else {})
        assert np.abs(SeededHeart(0, 0, tuple(fixed.items())).read().leads["V3"] - plain).max() > 0.02, field
    assert len(HEART_SETTINGS) == 12


@pytest.mark.parametrize(
    "settings, says",
    [
        ("rhythm=waltz", '"rhythm" names some of sinus, af, ectopy'),
        ("heart_rate=400", '"heart_rate" is a number from 25 to 220'),
        ("axis=left", '"axis" is a number from -180 to 180'),
        ("st_region=back", '"st_region" names some of global, anterior, inferior, lateral'),
        ("rate_bpm=60", 'no setting "rate_bpm".*heart_rate'),
    ],
)
def test_a_wrong_heart_is_told_what_is_known(settings: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        open_synthetic(f"synthetic?{settings}")
