"""What befalls a sheet in a photo: how much of it, and that the truth leaves out what is hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic import accidents
from ecgbench.plugins.image_sets.synthetic.accidents import HIDDEN, MAKERS, with_accidents
from ecgbench.plugins.image_sets.synthetic.covers import OtherSheet, Patch
from ecgbench.plugins.image_sets.synthetic.geometry import corners
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.lead_source import SeededHeart
from ecgbench.plugins.image_sets.synthetic.picture import Picture
from ecgbench.plugins.image_sets.synthetic.render import Print, render
from ecgbench.plugins.image_sets.synthetic.scene import Scene
from ecgbench.plugins.image_sets.synthetic.sheet import Text, print_sheet
from ecgbench.plugins.image_sets.synthetic.style import Style

PARTS = ("layers", "notes", "patches", "fronts", "damages")


@pytest.fixture(scope="module")
def flat() -> Print:
    return render(print_sheet(SeededHeart(1, 2).read(), Style()), 75)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def inked(flat: Print) -> np.ndarray:
    return np.vstack([trace.points for trace in flat.sheet.traces])


def scene_of(flat: Print, kind: str = "0005", severity: float = 0.5, seed: int = 4) -> Scene:
    return KINDS[kind](flat.geometry, severity, chance(seed))


def befallen(before: Scene, after: Scene) -> int:
    """Return how many parts of a scene there are more."""
    return sum(len(getattr(after, part)) - len(getattr(before, part)) for part in PARTS)


def test_fewer_than_half_of_plain_photos_and_nearly_all_stained_ones_show_an_accident_and_the_mildest_none(flat: Print) -> None:
    happened: dict[str, list[int]] = {"0005": [], "0009": []}
    for kind, found in happened.items():
        mild, median = scene_of(flat, kind, 0.0), scene_of(flat, kind, 0.5)
        for seed in range(40):
            assert with_accidents(mild, inked(flat), kind, 0.0, chance(seed)) is mild
            found.append(befallen(median, with_accidents(median, inked(flat), kind, 0.5, chance(seed))))
        assert max(found) <= 4  # a fold may have two edges, and holes
    plain, stained = (np.mean(np.array(found) >= 1) for found in happened.values())
    assert 0.25 < plain < 0.6 and stained > 0.9


def test_more_severe_photos_have_the_same_accidents_and_further_ones(flat: Print) -> None:
    for seed in range(8):
        some, more = (with_accidents(scene_of(flat), inked(flat), "0005", severity, chance(seed)) for severity in (0.5, 1.0))
        for part in ("notes", "patches", "fronts"):
            assert len(getattr(more, part)) >= len(getattr(some, part))


@pytest.mark.parametrize("kind", ["0001", "0003", "0006", "0011"])
def test_renders_scans_and_screens_have_none(flat: Print, kind: str) -> None:
    scene = scene_of(flat, kind)
    assert with_accidents(scene, inked(flat), kind, 1.0, chance()) is scene


@pytest.mark.parametrize("name", MAKERS)
def test_each_accident_happens_and_hides_hardly_anything_of_a_trace(
    flat: Print, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accidents, "MAKERS", {name: MAKERS[name]})
    monkeypatch.setattr(accidents, "OFTEN", {name: 1.0})
    happened = []
    for seed in range(6):
        before = scene_of(flat, seed=seed)
        after = with_accidents(before, inked(flat), "0009", 0.5, chance(seed))
        happened.append(befallen(before, after) > 0)
        picture = Picture(flat, after, after.take(flat.pixels, flat.sheet.paper.edge, chance()))
        clean = Picture(flat, before, before.take(flat.pixels, flat.sheet.paper.edge, chance()))
        seen, all_of_them = (
            sum(part._seen(trace.points).sum() for trace in part.truth.traces or ()) for part in (picture, clean)
        )
        assert seen >= (1 - 3 * HIDDEN) * all_of_them
        assert not np.array_equal(picture.pixels, clean.pixels) or not happened[-1]
    assert sum(happened) >= 4


def test_the_truth_holds_nothing_of_what_a_label_hides_but_what_is_written_on_it(flat: Print) -> None:
    trace = flat.sheet.traces[4]
    x, y = trace.points[len(trace.points) // 2]
    over = Patch(corners(x - 20, y - 8, x + 20, y + 8), (255, 255, 255), depth=0.0)
    scene = replace(scene_of(flat, severity=0.0), patches=(over,), overprint=(Text(x - 18, y + 2, 3.0, "LABEL"),))
    truth = Picture(flat, scene, scene.take(flat.pixels, flat.sheet.paper.edge, chance())).truth
    assert (
        truth.label_mask is not None
        and truth.trace_mask is not None
        and truth.grid_mask is not None
        and truth.signals is not None
    )
    column, row = np.rint(scene.geometry.to_pixels(np.array([(x - 20, y - 8), (x + 20, y + 8)]))).astype(int).T
    hidden = np.s_[row[0] + 2 : row[1] - 1, column[0] + 2 : column[1] - 1]
    assert not truth.trace_mask[hidden].any() and not truth.grid_mask[hidden].any() and truth.label_mask[hidden].any()
    assert not truth.legible and np.isnan(truth.signals.leads[trace.lead]).mean() > np.isnan(flat.sheet.shown[trace.lead]).mean()


def test_the_truth_holds_nothing_of_what_lies_before_the_sheet(flat: Print) -> None:
    scene = scene_of(flat, severity=0.0)
    height, width = scene.geometry.shape
    over = OtherSheet(corners(-9.0, -9.0, width / 2, height + 9.0), (250, 250, 250), 3.0, 0.2)
    scene = replace(scene, fronts=(over,))
    truth = Picture(flat, scene, scene.take(flat.pixels, flat.sheet.paper.edge, chance())).truth
    for name in ("trace_mask", "label_mask", "grid_mask", "pulse_mask", "separator_mask"):
        assert not getattr(truth, name)[:, : width // 2 - 1].any()
    assert truth.signals is not None and np.isnan(truth.signals.leads["I"]).all() and not truth.legible
