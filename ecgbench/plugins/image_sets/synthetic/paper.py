"""Paper and ink: their colors, and the part of a paper that bears its grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Paper:
    """Colors of a paper (blue, green, red), and the widths of its 1 mm and 5 mm lines in mm.

    `grid`: "lines", "dotted" (squares of `fine_mm` where 1 mm lines would cross, and lines at 5 mm), "cells" (such dots, on squares of
    the color `tint` between 5 mm lines of dots, in two rows that are `split_mm` apart or in one) or "none".
    `fade`: share by which its print is paler in places. `beyond`: the color beside the grid where it is not the ground's: white sheets
    on which a device prints the grid as well. `heavy_mm`: width of a line down the sheet at each 25 mm.
    """

    ground: Color
    fine: Color
    bold: Color
    fine_mm: float = 0.12
    bold_mm: float = 0.22
    grid: str = "lines"
    tint: Color = (255, 255, 255)
    fade: float = 0.0
    beyond: Color | None = None
    heavy_mm: float = 0.0
    split_mm: float = 0.0

    @property
    def edge(self) -> Color:
        """The color of the paper's edge."""
        return self.ground if self.beyond is None or self.grid == "none" else self.beyond

    @property
    def dotted(self) -> bool:
        """Whether dots stand for the 1 mm lines."""
        return self.grid in ("dotted", "cells")

    def with_strength(self, strength: float) -> Paper:
        """Return the paper with the colors of its lines so many times as far from the ground's, as far as there are such colors."""
        return replace(self, fine=self._away(self.fine, strength), bold=self._away(self.bold, strength))

    def _away(self, color: Color, strength: float) -> Color:
        blue, green, red = (
            min(255, max(0, round(ground + strength * (line - ground)))) for line, ground in zip(color, self.ground, strict=True)
        )
        return blue, green, red


PAPERS: Mapping[str, Paper] = {
    "red": Paper((255, 255, 255), (185, 185, 248), (125, 125, 235)),
    "pink": Paper((248, 244, 254), (220, 206, 240), (186, 170, 222)),
    "blue": Paper((255, 255, 255), (243, 220, 190), (228, 172, 115)),
    "green": Paper((240, 252, 242), (182, 222, 178), (132, 190, 122)),
    "orange": Paper((246, 252, 255), (176, 214, 250), (92, 162, 244)),
    "grey": Paper((255, 255, 255), (208, 208, 208), (160, 160, 160)),
    "black": Paper((255, 255, 255), (150, 150, 150), (45, 45, 45)),
}
# The same colors as computers draw them: salmon, rose and steel, measured on four exports.
SCREEN_PAPERS: Mapping[str, Paper] = {
    "red": Paper((255, 255, 255), (180, 184, 255), (128, 132, 255)),
    "pink": Paper((250, 248, 255), (224, 220, 244), (189, 184, 227)),
    "blue": Paper((255, 255, 255), (243, 232, 224), (214, 195, 180)),
}
DOT_TIMES = 2.3  # side of the dots of a dotted grid by the width of lines that they stand for: 0.2 to 0.46 mm
CELL_DOT_MM = 0.3  # and of the gray ones of cells, which are darker
CELL_DOT: Color = (98, 106, 100)
CELL_PITCH_MM, CELL_DASH_MM = 0.5, 0.4  # of the dots that the 5 mm lines around cells are made of, and how long each is
WHITE: Color = (255, 255, 255)
CELL_GRAY, CELL_PALE = 0.76, 0.24  # shares of that gray and then of the ground in the color of the lines around cells
CELL_MARGIN_MM = 0.55  # between a 5 mm line and the tinted square beside it
CELL_TINT = (0.965, 0.972, 0.958)  # of the ground's color (blue, green, red): a little green

INKS: Mapping[str, Color] = {
    "black": (16, 14, 14),
    "dark-grey": (72, 68, 68),
    "blue-black": (82, 48, 36),
    "dark-blue": (150, 56, 28),
}


ASKEW = 2.7  # an offset along columns has nothing to do with the one along rows


@dataclass(frozen=True)
class Frame:
    """The part of the paper that bears the grid, in mm; lines stand at whole mm from `anchor`, its upper left corner by default."""

    left: float
    top: float
    right: float
    bottom: float
    anchor: tuple[float, float] | None = None

    @property
    def x0(self) -> float:
        """Where a 5 mm line stands that runs down the paper."""
        return self.left if self.anchor is None else self.anchor[0]

    @property
    def y0(self) -> float:
        """Where a 5 mm line stands that runs across the paper."""
        return self.top if self.anchor is None else self.anchor[1]


def frame_of(
    name: str, size_mm: tuple[float, float], margin_mm: float, header_mm: float, offset_mm: float = 0.0, footer_mm: float = 0.0
) -> Frame:
    """Return the frame called `name` on a paper of `size_mm` (width, height); "boxed" and "framed" ones hold whole 5 mm squares.

    "full": grid to the paper's edge, from its lower left corner on, as in Kaggle's type 0001, or `offset_mm` from it: paper is printed
    before it is cut. "boxed": within `margin_mm`.
    "framed": the same, below `header_mm`. Both leave `footer_mm` free below, if that is more than the margin.

    >>> frame_of("framed", (279.4, 215.9), 5.0, 40.0)
    Frame(left=7.2, top=40.9, right=272.2, bottom=210.9, anchor=None)
    """
    width, height = size_mm
    if name == "full":
        return Frame(0.0, 0.0, width, height, anchor=(offset_mm, height - offset_mm * ASKEW % 5))
    across, top = 5 * int((width - 2 * margin_mm) / 5), margin_mm if name == "boxed" else header_mm
    below = max(margin_mm, footer_mm)
    down = 5 * int((height - below - top) / 5)
    left, bottom = round((width - across) / 2, 3), round(height - below, 3)
    return Frame(left, round(bottom - down, 3), round(left + across, 3), bottom)
