"""What methods return: frozen values that can be scored, written as JSON and drawn for people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Bgr, Box, Mask, Page, Pixels

# Okabe and Ito's palette in BGR: told apart by color-blind readers (jfly.uni-koeln.de/color).
BLUE, ORANGE, GREEN, VERMILION, SKY = (178, 114, 0), (0, 159, 230), (115, 158, 0), (0, 94, 213), (233, 180, 86)

Positions = npt.NDArray[np.float64]


class Result(ABC):
    """What a method returns; a subclass names the `task` that it answers, checks itself, and can be written and drawn."""

    task: ClassVar[str]

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the findings as JSON-safe values, without pixels."""

    @abstractmethod
    def draw(self, page: Page) -> Bgr:
        """Return a (H, W, 3) uint8 BGR picture of the findings over `page`, for people."""

    def check(self, page: Page) -> None:  # noqa: B027 - a result may have nothing to check
        """Raise ResultError where dtypes or shapes are not those declared for a result of `page`."""


class ResultError(TypeError):
    """A method returned something other than it declared."""


def _check_mask(owner: str, name: str, mask: Any, page: Page) -> None:
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != page.shape:
        got = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise ResultError(f"{owner}.{name} must be a bool array of shape {page.shape}, got {got}.")


def _faded(page: Page) -> Pixels:
    """Return the page in pale gray, as a ground on which colors stand out."""
    pale = cv2.addWeighted(page.gray, 0.35, np.full_like(page.gray, 255), 0.65, 0)
    return np.asarray(cv2.cvtColor(pale, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def _line_width(page: Page) -> int:
    return max(1, round(max(page.shape) / 700))


@dataclass(frozen=True, eq=False)
class EdgeMap(Result):
    """Edges of a page and the box of its content.

    `edges`: (H, W) bool. `bounding_box`: Box in pixels of the paper or the printed content, None on an empty page.
    `corners`: float64 (4, 2), (x, y) of the paper's corners, clockwise from its upper left one; None where the method does not look for them.
    Contours are external ones only and computed on first use (all of them cost five times more).
    """

    task: ClassVar[str] = "edges"
    edges: Mask
    bounding_box: Box | None
    corners: Positions | None = None

    @cached_property
    def contours(self) -> tuple[npt.NDArray[np.int32], ...]:
        """External contours of the edges, each (n, 1, 2) int32 of (x, y)."""
        found, _ = cv2.findContours(self.edges.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        return tuple(np.asarray(contour, dtype=np.int32) for contour in found)

    @property
    def edge_count(self) -> int:
        """Number of external contours."""
        return len(self.contours)

    @property
    def edge_pixels(self) -> int:
        """Number of edge pixels."""
        return int(np.count_nonzero(self.edges))

    def check(self, page: Page) -> None:
        """Raise ResultError unless `edges` is bool and of the page's size, and corners, where given, are finite float64 (4, 2)."""
        _check_mask("EdgeMap", "edges", self.edges, page)
        corners = self.corners
        if corners is not None and not (corners.dtype == np.float64 and corners.shape == (4, 2) and np.isfinite(corners).all()):
            raise ResultError("EdgeMap.corners must be a finite float64 array of shape (4, 2), or None.")

    def to_dict(self) -> dict[str, Any]:
        """Return bounding_box (x, y, width, height), corners, edge_pixels and edge_count."""
        box = None if self.bounding_box is None else [int(value) for value in self.bounding_box]
        corners = None if self.corners is None else np.round(self.corners, 2).tolist()
        return {"bounding_box": box, "corners": corners, "edge_pixels": self.edge_pixels, "edge_count": self.edge_count}

    def draw(self, page: Page) -> Bgr:
        """Draw edges in blue, the content box in vermilion and the paper's corners in orange."""
        picture = _faded(page)
        picture[self.edges] = BLUE
        if self.bounding_box is not None:
            x, y, width, height = self.bounding_box
            corner = (x + width - 1, y + height - 1)
            cv2.rectangle(picture, (x, y), corner, VERMILION, 2 * _line_width(page))
        if self.corners is not None:
            cv2.polylines(picture, [np.rint(self.corners).astype(np.int32)], True, ORANGE, 2 * _line_width(page), cv2.LINE_AA)
        return picture


@dataclass(frozen=True, eq=False)
class Separation(Result):
    """Trace and grid of a page, told apart.

    `trace`, `grid`: (H, W) bool. `grid_color`: name of the grid's color ("red", "green", "blue", "grey", ...), None where no grid was seen.
    """

    task: ClassVar[str] = "color"
    trace: Mask
    grid: Mask
    grid_color: str | None

    def check(self, page: Page) -> None:
        """Raise ResultError unless both masks are bool and of the page's size."""
        _check_mask("Separation", "trace", self.trace, page)
        _check_mask("Separation", "grid", self.grid, page)

    def to_dict(self) -> dict[str, Any]:
        """Return trace_pixels, grid_pixels and grid_color."""
        trace, grid = int(np.count_nonzero(self.trace)), int(np.count_nonzero(self.grid))
        return {"trace_pixels": trace, "grid_pixels": grid, "grid_color": self.grid_color}

    def draw(self, page: Page) -> Bgr:
        """Draw the trace in blue and the grid in orange on white."""
        picture = np.full((*page.shape, 3), 255, np.uint8)
        picture[self.grid] = ORANGE
        picture[self.trace] = BLUE
        return picture


def _no_lines() -> Positions:
    return np.empty(0, np.float64)


@dataclass(frozen=True, eq=False)
class GridFit(Result):
    """The paper's grid.

    `px_per_mm_x`, `px_per_mm_y`: pixels in a millimetre along the row and the column direction at the picture's center; None where no grid is found.
    `angle_deg`: rotation of the rows of the grid against the picture's, in degrees, positive clockwise as seen, -45..45 (a grid that
    is turned by 90 is the same grid).
    `fine_x`, `bold_x`: float64 (n,), x of each 1 mm and 5 mm line where it crosses the picture's horizontal midline;
    `fine_y`, `bold_y`: y of each line where it crosses the vertical midline. `quality_score`: 0 (no grid) to 1 (sharp and regular).
    """

    task: ClassVar[str] = "grid"
    px_per_mm_x: float | None
    px_per_mm_y: float | None
    angle_deg: float = 0.0
    fine_x: Positions = field(default_factory=_no_lines)
    fine_y: Positions = field(default_factory=_no_lines)
    bold_x: Positions = field(default_factory=_no_lines)
    bold_y: Positions = field(default_factory=_no_lines)
    quality_score: float = 0.0

    @property
    def found(self) -> bool:
        """Whether a grid was found along both axes."""
        return self.px_per_mm_x is not None and self.px_per_mm_y is not None

    def moved(self, box: Box, shape: tuple[int, ...]) -> GridFit:
        """Return the fit of the whole picture of `shape` (H, W), where this one is of the part of it inside `box`."""
        slope = np.tan(np.deg2rad(self.angle_deg))
        right = box.x - slope * (shape[0] / 2 - (box.y + box.height / 2))
        down = box.y + slope * (shape[1] / 2 - (box.x + box.width / 2))
        return replace(
            self, fine_x=self.fine_x + right, bold_x=self.bold_x + right, fine_y=self.fine_y + down, bold_y=self.bold_y + down
        )

    def check(self, page: Page) -> None:
        """Raise ResultError where a scale is not positive, angle or score lie out of range or positions are not finite float64 (n,)."""
        for name in ("px_per_mm_x", "px_per_mm_y"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ResultError(f"GridFit.{name} must be positive or None, got {value}.")
        if not -45 <= self.angle_deg <= 45:
            raise ResultError(f"GridFit.angle_deg must lie in -45..45, got {self.angle_deg}.")
        if not 0 <= self.quality_score <= 1:
            raise ResultError(f"GridFit.quality_score must lie in 0..1, got {self.quality_score}.")
        for name in ("fine_x", "fine_y", "bold_x", "bold_y"):
            lines = getattr(self, name)
            if not isinstance(lines, np.ndarray) or lines.dtype != np.float64 or lines.ndim != 1:
                raise ResultError(f"GridFit.{name} must be a float64 array of shape (n,).")
            if not np.isfinite(lines).all():
                raise ResultError(f"GridFit.{name} must hold finite positions.")

    def to_dict(self) -> dict[str, Any]:
        """Return scales, angle, line positions rounded to 0.01 px, and quality_score."""
        lines = {name: np.round(getattr(self, name), 2).tolist() for name in ("fine_x", "fine_y", "bold_x", "bold_y")}
        return {
            "px_per_mm_x": None if self.px_per_mm_x is None else float(self.px_per_mm_x),
            "px_per_mm_y": None if self.px_per_mm_y is None else float(self.px_per_mm_y),
            "angle_deg": float(self.angle_deg),
            "quality_score": float(self.quality_score),
            **lines,
        }

    def draw(self, page: Page) -> Bgr:
        """Draw 1 mm lines in sky blue and 5 mm lines in vermilion, so thin that the page stays visible between them."""
        picture = _faded(page)
        pitch = min(self.px_per_mm_x or np.inf, self.px_per_mm_y or np.inf)
        width = max(1, int(min(_line_width(page), pitch / 8)))
        for lines_x, lines_y, color, thickness in (
            (self.fine_x, self.fine_y, SKY, width),
            (self.bold_x, self.bold_y, VERMILION, width + 1),
        ):
            self._draw_lines(picture, lines_x, lines_y, color, thickness)
        return picture

    def _draw_lines(
        self, picture: Pixels, lines_x: Positions, lines_y: Positions, color: tuple[int, int, int], thickness: int
    ) -> None:
        height, width = picture.shape[:2]
        slope = np.tan(np.deg2rad(self.angle_deg))
        for x in lines_x:
            top, bottom = x + slope * height / 2, x - slope * height / 2
            cv2.line(picture, (round(top), 0), (round(bottom), height - 1), color, thickness, cv2.LINE_AA)
        for y in lines_y:
            left, right = y - slope * width / 2, y + slope * width / 2
            cv2.line(picture, (0, round(left)), (width - 1, round(right)), color, thickness, cv2.LINE_AA)


@dataclass(frozen=True)
class Gate:
    """One quality check: what was measured, against what, in which unit, and a sentence for people.

    `value` is None where it could not be measured (px/mm without a grid, say); such a gate says so in its message.
    """

    name: str
    value: float | None
    threshold: float
    unit: str
    passed: bool
    message: str


@dataclass(frozen=True)
class QualityReport(Result):
    """Whether a page is fit to be digitized, gate by gate; `passed` is the verdict, `warnings` do not change it.

    `score`: how likely a person can read the page, 0..1, to put pages in order; None where the method does not say.
    """

    task: ClassVar[str] = "quality"
    passed: bool
    gates: tuple[Gate, ...]
    warnings: tuple[str, ...] = ()
    score: float | None = None

    def check(self, page: Page) -> None:
        """Raise ResultError unless the gates are Gate values with names of their own and finite values or None, and the score is in 0..1."""
        names = [gate.name for gate in self.gates if isinstance(gate, Gate)]
        if len(set(names)) != len(self.gates):
            raise ResultError("QualityReport.gates must be Gate values, each with a name of its own.")
        for gate in self.gates:
            if gate.value is not None and not np.isfinite(gate.value):
                raise ResultError(f"The gate {gate.name} must have a finite value or None, got {gate.value}.")
        if self.score is not None and not 0 <= self.score <= 1:
            raise ResultError(f"QualityReport.score must lie in 0..1 or be None, got {self.score}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict, each gate's fields, the warnings and the score."""
        gates = [
            {
                "name": gate.name,
                "value": None if gate.value is None else float(gate.value),
                "threshold": float(gate.threshold),
                "unit": gate.unit,
                "passed": bool(gate.passed),
                "message": gate.message,
            }
            for gate in self.gates
        ]
        score = None if self.score is None else float(self.score)
        return {"passed": bool(self.passed), "gates": gates, "warnings": list(self.warnings), "score": score}

    def draw(self, page: Page) -> Bgr:
        """Write each gate's outcome into the upper left corner of the page."""
        picture = page.bgr.copy()
        scale = max(page.shape) / 1600
        step = max(12, round(34 * scale))
        for row, gate in enumerate(self.gates, start=1):
            color = GREEN if gate.passed else VERMILION
            value = "n/a" if gate.value is None else f"{gate.value:.3g} {gate.unit}"
            text = f"{'pass' if gate.passed else 'FAIL'} {gate.name}: {value}"
            thickness = max(1, round(2 * scale))
            origin = (step // 2, row * step)
            cv2.putText(picture, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 4 * thickness, cv2.LINE_AA)
            cv2.putText(picture, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, color, thickness, cv2.LINE_AA)
        return picture


@dataclass(frozen=True, eq=False)
class Signals(Result):
    """Digitized leads.

    `fs`: samples per second (Hz). `leads`: name -> float32 (n,) in mV, NaN where the page shows nothing. `layout`: "3x4+1", "6x2", ...
    What a method may say besides: `confidence`: name -> 0 (guessed) to 1 (seen throughout); `drawn`: each stretch's lead and float64 (n, 2),
    (x, y) of its course in pixels of the page, NaN where it was not seen; `mm_per_s`, `mm_per_mv`: paper speed and gain, found or taken;
    `report`: whether the result is to be trusted or the page to be scanned again, and why.
    """

    task: ClassVar[str] = "digitize"
    fs: float
    leads: Mapping[str, npt.NDArray[np.float32]]
    layout: str | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)
    drawn: tuple[tuple[str, Positions], ...] = ()
    mm_per_s: float | None = None
    mm_per_mv: float | None = None
    report: QualityReport | None = None

    def check(self, page: Page) -> None:
        """Raise ResultError unless fs is positive, each lead is float32 (n,) and each course float64 (n, 2)."""
        if not (np.isfinite(self.fs) and self.fs > 0):
            raise ResultError(f"Signals.fs must be positive, got {self.fs}.")
        for name, signal in self.leads.items():
            if not isinstance(signal, np.ndarray) or signal.dtype != np.float32 or signal.ndim != 1:
                raise ResultError(f"Signals.leads[{name!r}] must be a float32 array of shape (n,).")
        for name, points in self.drawn:
            if points.dtype != np.float64 or points.ndim != 2 or points.shape[1] != 2:
                raise ResultError(f"Signals.drawn of {name!r} must be a float64 array of shape (n, 2).")
        if self.report is not None:
            self.report.check(page)

    def to_dict(self) -> dict[str, Any]:
        """Return fs, layout, and for each lead its number of samples, the share of them that is known, and the confidence; what else is said."""
        leads: dict[str, dict[str, Any]] = {
            name: {"samples": len(signal), "known": float(np.isfinite(signal).mean()) if len(signal) else 0.0}
            for name, signal in self.leads.items()
        }
        for name in leads.keys() & self.confidence.keys():
            leads[name]["confidence"] = float(self.confidence[name])
        said = {name: value for name in ("mm_per_s", "mm_per_mv") if (value := getattr(self, name)) is not None}
        report = {} if self.report is None else {"report": self.report.to_dict()}
        return {"fs": float(self.fs), "layout": self.layout, "leads": leads, **said, **report}

    def draw(self, page: Page) -> Bgr:
        """Draw each lead where it lies on the faded page; where that is not known, as a row under the others."""
        picture = _faded(page)
        if self.drawn:
            for index, (name, points) in enumerate(self.drawn):
                self._draw_course(picture, name, points, (BLUE, VERMILION, GREEN)[index % 3])
        else:
            self._draw_rows(picture)
        return picture

    def _draw_course(self, picture: Pixels, name: str, points: Positions, color: tuple[int, int, int]) -> None:
        """Draw a stretch, broken where it is not known, and write its name above its first point."""
        known = np.asarray(np.isfinite(points).all(axis=1))
        starts = np.flatnonzero(known & ~np.concatenate([[False], known[:-1]]))
        ends = np.flatnonzero(known & ~np.concatenate([known[1:], [False]])) + 1
        parts = [np.rint(points[first:last]).astype(np.int32) for first, last in zip(starts, ends, strict=True)]
        cv2.polylines(picture, parts, False, color, max(1, round(max(picture.shape) / 1800)), cv2.LINE_AA)
        if parts:
            size = max(picture.shape) / 2200
            x, y = (int(value) for value in parts[0][0])
            cv2.putText(
                picture, name, (x, max(12, y - round(30 * size))), cv2.FONT_HERSHEY_SIMPLEX, size, color, max(1, round(2 * size))
            )

    def _draw_rows(self, picture: Pixels) -> None:
        height, width = picture.shape[:2]
        row = height / max(1, len(self.leads))
        line = max(1, round(max(height, width) / 700))
        for index, (name, signal) in enumerate(self.leads.items()):
            middle = (index + 0.5) * row
            known = np.flatnonzero(np.isfinite(signal))
            cv2.putText(picture, name, (4, round(middle)), cv2.FONT_HERSHEY_SIMPLEX, row / 90, VERMILION, line)
            if known.size > 1:
                x = known / max(1, len(signal) - 1) * (width - 1)
                y = middle - signal[known] * row / 3  # 3 mV fill a row
                points = np.rint(np.column_stack([x, y])).astype(np.int32)
                cv2.polylines(picture, [points], False, BLUE, line, cv2.LINE_AA)
