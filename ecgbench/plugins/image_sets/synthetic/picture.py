"""A made page before it is handed out: its sheet, its print, what became of it, and so all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from ecgbench.core.page import Box, Mask, Pixels
from ecgbench.core.results import Signals
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry, Map, box_around, corners, crossings, grid_mask, inside_of
from ecgbench.plugins.image_sets.synthetic.heart import Float, Leads
from ecgbench.plugins.image_sets.synthetic.render import HALF_COVERED, Print, ink_coverage
from ecgbench.plugins.image_sets.synthetic.scene import Scene
from ecgbench.plugins.image_sets.synthetic.sheet import Trace

# A page is legible where a person can count 1 mm squares and follow the trace. Below 3 px/mm neighboring lines merge; a Gaussian
# blur of s mm leaves exp(-2 (pi s)^2) of the contrast of a 1 mm grating: 9 % at 0.35 mm, about what an eye can still make out.
FINEST_PX_PER_MM = 3.0
BLUR_LIMIT_MM = 0.35
# Without a grid, a calibration pulse still gives the scale. A lead is lost where more than this share of its samples are not in the
# picture, torn off, or no darker than the paper beside them by 8 % of white: 2.5 times the noise of the worst real photo, 8 levels.
CUT_OFF = 0.05
FAINTEST = 0.08
BESIDE_MM = 1.0
BEYOND_MM = 2.0  # a corner that lies no further outside of the picture can still be told from the edges that lead to it


@dataclass(frozen=True, eq=False)
class Picture:
    """The picture of a print. Masks and points are worked out when the truth is asked for."""

    flat: Print
    scene: Scene
    pixels: Pixels

    @cached_property
    def geometry(self) -> Geometry:
        """Where the sheet's millimeters lie in the picture."""
        return self.scene.geometry

    @cached_property
    def px_per_mm(self) -> float:
        """Pixels in a millimeter in the middle of the sheet."""
        return self.geometry.size_at(np.array(self.scene.size_mm) / 2)

    @cached_property
    def truth(self) -> Truth:
        """All that is known, worked out from the sheet's millimeters through the picture's geometry."""
        sheet, box = self.flat.sheet, self._content_box()
        rows, columns = self._scales(box)
        traces = tuple(self._trace_truth(trace) for trace in sheet.traces)
        masks: dict[str, Any] = self._masks()
        for mask in masks.values():
            mask.setflags(write=False)
        return Truth(
            content_box=box,
            px_per_mm_x=float(np.hypot(*rows)),
            px_per_mm_y=float(np.hypot(*columns)),
            has_grid=sheet.paper.grid != "none",
            angle_deg=float(np.rad2deg(np.arctan2(rows[1], rows[0]))),
            legible=self._legible(float(np.sqrt(np.hypot(*rows) * np.hypot(*columns))), traces),
            signals=Signals(sheet.fs, self._readable(), sheet.style.layout),
            layout=sheet.style.layout,
            corners=self._corners(),
            traces=traces,
            mm_per_s=sheet.style.speed,
            mm_per_mv=sheet.style.gain,
            **masks,
            **self._lines(),
        )

    @cached_property
    def _gray(self) -> Pixels:
        return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    @cached_property
    def _left(self) -> Mask | None:
        """Which pixels show the sheet, None for all: a trace that runs off the sheet is not drawn on the table, or on a finger."""
        if self.scene.desk is None and not self.scene.fronts:
            return None
        left = inside_of(self.geometry, self.scene.outline)
        for front in self.scene.fronts:
            left &= ~front.hides(self.geometry.shape)
        return left

    @cached_property
    def _printed(self) -> Mask | None:
        """Which pixels show the sheet and nothing that is stuck on it, None for all."""
        if not self.scene.patches:
            return self._left
        stuck = np.logical_or.reduce([inside_of(self.geometry, patch.outline) for patch in self.scene.patches])
        return np.asarray(~stuck if self._left is None else self._left & ~stuck)

    def _scales(self, box: Box) -> tuple[Float, Float]:
        """Return the pixels in a millimeter of a row and of a column at the content's center, as (x, y) each."""
        center = self.geometry.to_mm(np.array([(box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2)]))[0]
        rows, columns = self.geometry.jacobian(center).T
        return rows, columns

    def _lines(self) -> dict[str, Any]:
        sheet, none = self.flat.sheet, np.empty(0, dtype=np.float64)
        if sheet.paper.grid == "none":
            return dict.fromkeys(("fine_x", "fine_y", "bold_x", "bold_y"), none)
        fine, bold = (crossings(self.geometry, sheet.frame, step) for step in (1, 5))
        return {"fine_x": fine[0], "fine_y": fine[1], "bold_x": bold[0], "bold_y": bold[1]}

    def _masks(self) -> dict[str, Mask]:
        """Return the masks of the truth. Where kinds of ink meet, the trace goes before pulses, separators and text.

        Notes and overprinted lines are text, also on a label. Where paper was torn off or something hides it, there is nothing.
        """
        flat, written, printed = self.flat, self.scene.written(), self._printed
        trace = self._trace() if printed is None else self._trace() & printed
        text = self.scene.uncovered(flat.text)
        text = text if written is None else np.maximum(text, written)
        ink = flat.ink if written is None else cv2.max(flat.ink, written)
        mm = None if self.scene.matrix is None else self.geometry.mm_map()
        layers = np.asarray(cv2.merge([text, flat.pulses, flat.separators, ink]), dtype=np.uint8)
        moved = self.scene.move(layers, mm) >= HALF_COVERED
        masks = {"trace_mask": trace, "grid_mask": self._grid(mm) & ~(moved[..., 3] | trace)}
        masks |= {name: moved[..., index] & ~trace for index, name in enumerate(("label_mask", "pulse_mask", "separator_mask"))}
        seen = {name: self._left if name == "label_mask" else printed for name in masks}
        return {name: mask if (shown := seen[name]) is None else mask & shown for name, mask in masks.items()}

    def _trace(self) -> Mask:
        """Return which pixels the traces cover by half or more; in a picture of the print they are inked anew, where they came to lie."""
        if self.geometry is self.flat.geometry:
            return np.asarray(self.flat.trace >= HALF_COVERED)
        scale = float(self.flat.geometry.matrix[0, 0])
        return np.asarray(ink_coverage(self.flat.sheet.traces, self.geometry, scale) >= HALF_COVERED)

    def _grid(self, mm: Map | None) -> Mask:
        paper = self.flat.sheet.paper
        if paper.grid == "none":
            return np.zeros(self.geometry.shape, dtype=np.bool_)
        frame, heavy_mm = self.flat.sheet.frame, paper.heavy_mm
        return grid_mask(self.geometry, frame, paper.fine_mm, paper.bold_mm, heavy_mm=heavy_mm, dotted=paper.dotted, mm=mm)

    def _trace_truth(self, trace: Trace) -> TraceTruth:
        known = np.isfinite(trace.points).all(axis=1)
        points = np.full(trace.points.shape, np.nan)
        points[known] = self.geometry.to_pixels(trace.points[known])
        points = points.astype(np.float32).astype(np.float64)  # to 0.0005 px, so that truth files hold half as much
        box = box_around(self.geometry.to_pixels(corners(*trace.box_mm)), self.geometry.shape)
        return TraceTruth(trace.lead, points, self.flat.sheet.fs, trace.start_s, box)

    def _corners(self) -> Float | None:
        """Return the paper's corners where its edges are seen, or are those of the picture; None where one lies outside of it."""
        if self.scene.desk is None and not self.geometry.is_flat:
            return None
        found = self.geometry.to_pixels(self.scene.corners)
        height, width = self.geometry.shape
        outside = np.maximum(-0.5 - found, found - (width - 0.5, height - 0.5)).max()
        return found if outside <= BEYOND_MM * self.px_per_mm else None

    def _content_box(self) -> Box:
        """Return the box of the sheet where its edges are seen (on a desk), else of everything that is printed on it."""
        sheet, shape = self.flat.sheet, self.geometry.shape
        if self.scene.desk is not None:
            outline = self.scene.outline
            return box_around(self.geometry.path_to_pixels(np.vstack([outline, outline[:1]])), shape)
        printed = [corners(*box) for box in self.flat.text_boxes_mm]
        printed += [stroke.points for stroke in (*sheet.traces, *sheet.pulses, *sheet.separators)]
        if sheet.paper.grid != "none":
            frame, half_line = sheet.frame, sheet.paper.bold_mm / 2
            printed.append(
                corners(frame.left - half_line, frame.top - half_line, frame.right + half_line, frame.bottom + half_line)
            )
        points = np.vstack([*printed, np.empty((0, 2))])
        points = points[np.isfinite(points).all(axis=1)]
        return box_around(self.geometry.to_pixels(points if len(points) else self.scene.outline), shape)

    def _legible(self, px_per_mm: float, traces: tuple[TraceTruth, ...]) -> bool:
        sharp = px_per_mm >= FINEST_PX_PER_MM and self.scene.blur_px <= BLUR_LIMIT_MM * px_per_mm
        measurable = self.flat.sheet.paper.grid != "none" or bool(self.flat.sheet.pulses)
        return sharp and measurable and all(self._share_seen(trace.points) >= 1 - CUT_OFF for trace in traces)

    def _share_seen(self, points: Float) -> float:
        """Return the share of points (n, 2) that are seen and stand out, 1 where there are none; those not known are left out."""
        known = points[np.isfinite(points).all(axis=1)]
        seen = known[self._seen(known)]
        return float(self._stand_out(seen).sum() / len(known)) if len(known) else 1.0

    def _stand_out(self, points: Float) -> Mask:
        """Return which points (n, 2) within the picture are darker than the brightest of eight places around them."""
        height, width = self.geometry.shape
        column, row = np.rint(points).astype(np.intp).T
        reach = max(2, round(BESIDE_MM * self.px_per_mm))
        around = [(reach * dy, reach * dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy]
        beside = [self._gray[(row + dy).clip(0, height - 1), (column + dx).clip(0, width - 1)] for dy, dx in around]
        here = self._gray[row.clip(0, height - 1), column.clip(0, width - 1)].astype(np.int16)
        return np.asarray(np.max(beside, axis=0, initial=0) - here >= FAINTEST * 255)

    def _seen(self, points: Float) -> Mask:
        """Return which points (n, 2) in pixels lie in the picture, on paper that is still there and not hidden; not those that are NaN."""
        height, width = self.geometry.shape
        inside: Mask = np.asarray(((points >= -0.5) & (points < (width - 0.5, height - 0.5))).all(axis=1))
        if self._printed is not None:
            column, row = np.rint(points[inside]).astype(np.intp).T.clip(0)
            inside[inside] = self._printed[row.clip(max=height - 1), column.clip(max=width - 1)]
        return inside

    def _readable(self) -> Leads:
        """Return what the sheet shows, without the samples that are not in the picture, were torn off or are hidden wherever the lead is drawn."""
        sheet = self.flat.sheet
        if self.geometry is self.flat.geometry:
            return sheet.shown
        seen = {lead: np.zeros(len(signal), np.bool_) for lead, signal in sheet.shown.items()}
        for trace in sheet.traces:
            first = round(trace.start_s * sheet.fs)
            seen[trace.lead][first : first + len(trace.points)] |= self._seen(self.geometry.to_pixels(trace.points))
        return {lead: np.where(seen[lead], signal, np.float32(np.nan)) for lead, signal in sheet.shown.items()}
