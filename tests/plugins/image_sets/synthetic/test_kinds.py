"""The kinds of picture: where sheets come to lie, what severity changes, and that any sheet can become any of them."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.camera import keystone
from ecgbench.plugins.image_sets.synthetic.damage import Blur, Downscale, Jpeg, MotionBlur, Noise
from ecgbench.plugins.image_sets.synthetic.geometry import flat_geometry
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS, PHOTO, SCAN, Ramp
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS, LETTER_MM
from ecgbench.plugins.image_sets.synthetic.light import Light
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.scene import Scene
from ecgbench.plugins.image_sets.synthetic.stains import Mould, Spill
from ecgbench.plugins.image_sets.synthetic.style import Style

FLAT = flat_geometry(100)
SCANS, PHOTOS = ("0003", "0004", "0011", "0012"), ("0005", "0006", "0009", "0010")
DAMAGED = (*SCANS, *PHOTOS)


def scene(kind: str, severity: float, seed: int = 0) -> Scene:
    return KINDS[kind](FLAT, severity, np.random.default_rng(seed))


def angle_deg(found: Scene) -> float:
    row = found.geometry.jacobian(np.array(LETTER_MM) / 2)[:, 0]
    return float(np.rad2deg(np.arctan2(row[1], row[0])))


def test_there_are_the_nine_image_types_of_kaggle() -> None:
    assert tuple(KINDS) == ("0001", "0003", "0004", "0005", "0006", "0009", "0010", "0011", "0012")


def test_a_ramp_is_straight_between_its_three_values() -> None:
    ramp = Ramp(1.0, 3.0, 2.0)
    assert [ramp.at(severity) for severity in (0, 0.25, 0.5, 0.75, 1)] == [1, 2, 3, 2.5, 2]


@pytest.mark.parametrize("kind", PHOTOS)
@pytest.mark.parametrize("severity", [0.0, 0.5, 1.0])
def test_the_rows_of_every_layout_stay_in_a_photo(kind: str, severity: float) -> None:
    """Traces fill the sheet from 10 to 270 mm; at most a pulse beside them or a margin may be cut off."""
    traces = np.array([(14.4, 30.0), (265.0, 30.0), (265.0, 205.0), (14.4, 205.0)])
    for seed in range(6):
        pixels = scene(kind, severity, seed).geometry.to_pixels(traces)
        assert (pixels > -0.5).all() and (pixels < (FLAT.shape[1], FLAT.shape[0])).all()


@pytest.mark.parametrize("kind", SCANS)
@pytest.mark.parametrize("severity", [0.0, 0.5, 1.0])
def test_scans_are_tilted_by_what_their_severity_says(kind: str, severity: float) -> None:
    for seed in range(6):
        found = scene(kind, severity, seed)
        assert abs(angle_deg(found)) == pytest.approx(SCAN.tilt_deg.at(severity), rel=0.101)
        assert found.geometry.size_at(np.array([100.0, 100.0])) == pytest.approx(100 / 25.4)  # a scanner keeps the scale
        assert found.desk is None and found.bend is None


@pytest.mark.parametrize("kind", PHOTOS)
@pytest.mark.parametrize("severity", [0.0, 0.5, 1.0])
def test_photos_have_the_tilt_and_keystone_that_their_severity_says(kind: str, severity: float) -> None:
    """A bent sheet's rows are turned here and there, which a camera's hold does not say."""
    found = [scene(kind, severity, seed) for seed in range(24)]
    assert np.median([abs(angle_deg(one)) for one in found]) == pytest.approx(PHOTO.tilt_deg.at(severity), rel=0.15, abs=0.3)
    assert np.median([keystone(one.geometry) for one in found]) == pytest.approx(PHOTO.keystone.at(severity), rel=0.15, abs=0.01)


@pytest.mark.parametrize("kind", DAMAGED)
def test_more_severe_means_blurrier_noisier_more_tilted_and_more_compressed(kind: str) -> None:
    for seed in range(4):
        found = [scene(kind, severity, seed) for severity in (0.0, 0.3, 0.6, 1.0)]
        noise = [next(damage.luma for damage in one.damages if isinstance(damage, Noise)) for one in found]
        quality = [next(damage.quality for damage in one.damages if isinstance(damage, Jpeg)) for one in found]
        assert [one.blur_px for one in found] == sorted({one.blur_px for one in found})
        assert noise == sorted(set(noise)) and quality == sorted(set(quality), reverse=True)
        assert abs(angle_deg(found[0])) < abs(angle_deg(found[-1]))


@pytest.mark.parametrize(("kind", "made"), [("0009", Spill), ("0010", Spill), ("0011", Mould), ("0012", Mould)])
def test_more_severe_means_the_same_stains_stronger_and_further_ones(kind: str, made: type[Spill] | type[Mould]) -> None:
    def strength(severity: float) -> list[float]:
        layers = [layer for layer in scene(kind, severity).layers if isinstance(layer, made)]
        return [layer.rim if isinstance(layer, Spill) else layer.strength * layer.colonies for layer in layers]

    mild, half, full = (strength(severity) for severity in (0.1, 0.5, 1.0))
    assert len(mild) <= len(half) <= len(full)
    assert all(a < b < c for a, b, c in zip(mild, half, full, strict=False))


def test_only_heavily_damaged_pages_are_torn_written_on_and_crumpled() -> None:
    assert scene("0010", 0.0).torn is None and not scene("0010", 0.0).notes
    worst = scene("0010", 1.0)
    assert worst.torn is not None and len(worst.notes) == 7 and len(worst.overprint) == 3
    assert all(scene(kind, 1.0).torn is None for kind in KINDS if kind != "0010")


def test_blurs_add_up_as_variances() -> None:
    found = Scene(FLAT, damages=(Blur(3), Noise(1), MotionBlur(np.sqrt(12) * 4, 10), Downscale(24)))
    assert found.blur_px == pytest.approx(13)


def test_a_render_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    found = scene("0001", 1.0)
    np.testing.assert_array_equal(found.take(picture.copy(), (255, 255, 255), np.random.default_rng(0)), picture)
    assert found.geometry is FLAT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("layout", "dpi"), [("3x4+1", 72), ("12x1", 75), ("strip", 300)])
def test_every_kind_takes_every_sheet_and_resolution_at_every_severity(kind: str, layout: str, dpi: float) -> None:
    """Large sheets are made at low resolutions and high ones with strips, to keep it quick."""
    width, height = (round(mm * dpi / 25.4) for mm in LAYOUTS[layout].size_mm)
    for severity in (0.0, 0.5, 1.0) if dpi == 72 else (1.0,):
        recipe = SyntheticPage(8, 1, kind, severity, dpi, Style(layout=layout), framing="whole")
        page, truth = recipe.make_page(), recipe.read_truth()
        assert page.bgr.shape == (height, width, 3) and page.bgr.std() > 5
        assert truth.trace_mask is not None and truth.trace_mask.shape == (height, width) and truth.trace_mask.any()
        assert truth.px_per_mm_x == pytest.approx(dpi / 25.4, rel=0.3)


@pytest.mark.parametrize("kind", DAMAGED)
def test_at_severity_0_a_page_is_nearly_clean(kind: str) -> None:
    recipe = SyntheticPage(6, 2, kind, 0.0, 120)
    page, truth = recipe.make_page(), recipe.read_truth()
    assert truth.trace_mask is not None and truth.legible is not None and truth.legible
    box = truth.content_box
    assert box is not None
    inside = page.gray[
        box.y + box.height // 20 : box.y + box.height * 19 // 20, box.x + box.width // 20 : box.x + box.width * 19 // 20
    ]
    assert np.median(inside) > 170 and np.percentile(page.gray[truth.trace_mask], 50) < 110


@pytest.mark.parametrize("kind", ["0005", "0009", "0010"])
def test_a_more_severe_photo_is_taken_in_the_same_light(kind: str) -> None:
    for seed in range(4):
        colors = {
            next(damage.color for damage in scene(kind, severity, seed).damages if isinstance(damage, Light))
            for severity in (0.2, 0.5, 1.0)
        }
        assert len(colors) == 1


def test_a_quantity_whose_worst_is_an_exception_rises_slowly_at_first() -> None:
    ramp = Ramp(0, 1, 5, common=1.6)
    assert [ramp.at(severity) for severity in (0, 0.5, 0.65, 0.8, 0.9, 1)] == pytest.approx([0, 1, 1.3, 1.6, 3.3, 5])
