"""Letters: those of a hot head are heavier than the outlines that they follow, and stand on the same line."""

from __future__ import annotations

import pytest

from ecgbench.plugins.image_sets.synthetic.lettering import stamp_of


@pytest.mark.parametrize("height_px", [11.0, 20.0, 60.0])
def test_heat_makes_letters_heavier_but_hardly_larger(height_px: float) -> None:
    light, heavy = (stamp_of("aVF", font, height_px) for font in ("times", "times-thermal"))
    assert heavy.coverage.sum() > 1.15 * light.coverage.sum()
    assert heavy.coverage.shape[0] == pytest.approx(light.coverage.shape[0], abs=2 + 0.06 * height_px)
    assert heavy.down == pytest.approx(light.down, abs=1 + 0.05 * height_px)
    assert heavy.length == pytest.approx(light.length, rel=0.06)
