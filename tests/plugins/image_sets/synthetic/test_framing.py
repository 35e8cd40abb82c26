"""How close pictures are taken: what is cut off, and that truth goes along."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.sets import open_synthetic
from ecgbench.plugins.image_sets.synthetic.style import Style

ROLL = Style(device="portable", paper="roll", grid="cells", frame="full", header="none")


def page(kind: str, framing: str, record: int = 3) -> SyntheticPage:
    return SyntheticPage(5, record, kind, 0.4, 100, ROLL, framing=framing)


def inside(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.asarray(((points >= -0.5) & (points < (shape[1] - 0.5, shape[0] - 0.5))).all(axis=1))


@pytest.mark.parametrize("kind", ["0001", "0003", "0005"])
def test_a_close_picture_is_smaller_and_cuts_off_nothing_of_a_trace(kind: str) -> None:
    close, whole = page(kind, "close"), page(kind, "whole")
    small, large = close.make_page().shape, whole.make_page().shape
    assert small[0] < large[0] and small[1] <= large[1]
    for near, far in zip(close.read_truth().traces or (), whole.read_truth().traces or (), strict=True):
        seen = inside(far.points, large)
        assert seen.mean() > 0.9 and inside(near.points, small)[seen].all()


def test_a_close_render_is_cut_and_not_drawn_again() -> None:
    close, whole = page("0001", "close"), page("0001", "whole")
    small, large = close.make_page().bgr.astype(int), whole.make_page().bgr.astype(int)
    shift = np.rint(whole.read_truth().traces[0].points[0] - close.read_truth().traces[0].points[0]).astype(int)  # type: ignore[index]
    part = large[shift[1] : shift[1] + small.shape[0], shift[0] : shift[0] + small.shape[1]]
    assert np.abs(part - small).max() <= 2


def test_most_close_photos_show_nothing_beside_the_sheet() -> None:
    shown = []
    for record in range(8):
        truth, shape = page("0005", "close", record).read_truth(), page("0005", "close", record).make_page().shape
        box = truth.content_box
        assert box is not None
        shown.append(box.width * box.height / (shape[0] * shape[1]))
    assert np.mean(np.array(shown) > 0.995) >= 0.5 and min(shown) > 0.6


def test_any_framing_leaves_renders_whole_and_a_wrong_one_is_said() -> None:
    assert page("0001", "any").make_page().shape == page("0001", "whole").make_page().shape
    with pytest.raises(SpecError, match="any, close, whole"):
        page("0001", "near")
    with pytest.raises(SpecError, match="any,close,whole"):
        open_synthetic("synthetic?framing=near")
    opened = open_synthetic("synthetic?framing=close&count=2")
    assert opened is not None and {case.source.framing for case in opened} == {"close"}  # type: ignore[attr-defined]
