"""How well trace and grid were told apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ecgbench.core.metric import PERCENT, SHARE, Score, metric
from ecgbench.core.page import Page, Pixels
from ecgbench.core.results import Separation
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics.masks import count, grown, harmonic_mean, marks, pixels, ratio, shared, without
from ecgbench.plugins.metrics.skeletons import skeleton
from ecgbench.plugins.metrics.stretches import stretches


@metric(
    "separation",
    task="color",
    scores=[
        Score(
            "trace_dice",
            "1",
            "higher",
            "overlap of found and true trace pixels (Dice), each pixel counting as it is",
            limits=SHARE,
        ),
        Score(
            "trace_f1_1px",
            "1",
            "higher",
            "harmonic mean of trace precision and recall where a pixel may be 1 px off",
            limits=SHARE,
        ),
        Score("trace_precision", "1", "higher", "share of the found trace pixels that are trace", limits=SHARE),
        Score("trace_recall", "1", "higher", "share of the true trace pixels that were found", limits=SHARE),
        Score("trace_iou", "1", "higher", "found and true trace pixels in common, as a share of those in either", limits=SHARE),
        Score("trace_cldice", "1", "higher", "overlap of found and true trace along their center lines (clDice)", limits=SHARE),
        Score(
            "trace_lost_pct",
            "%",
            "lower",
            "share of the leads' length where no trace was found within 1 px, mean of the leads",
            limits=PERCENT,
        ),
        Score(
            "grid_dice", "1", "higher", "overlap of found and true grid pixels (Dice), each pixel counting as it is", limits=SHARE
        ),
        Score(
            "grid_f1_1px", "1", "higher", "harmonic mean of grid precision and recall where a pixel may be 1 px off", limits=SHARE
        ),
        Score("grid_iou", "1", "higher", "found and true grid pixels in common, as a share of those in either", limits=SHARE),
    ],
)
def separation(page: Page, result: Separation, truth: Truth) -> dict[str, float]:
    """Measure how well trace and grid were told apart, pixel by pixel.

    With F found and T true pixels: Dice = 2 |F and T| / (|F| + |T|), IoU = |F and T| / |F or T|, precision = |F and T| / |F|,
    recall = |F and T| / |T|. `..._f1_1px` = 2 p r / (p + r), with p the share of F within 1 px of T (diagonals included) and r the
    share of T within 1 px of F. `trace_cldice` is the same of p = |S(F) and T| / |S(F)| and r = |S(T) and F| / |S(T)|, where S are
    the center lines. Where F and T are both empty all are 1; where one is, all that are not defined are 0.

    `trace_lost_pct`: a sample of a lead is lost where no found trace pixel lies within 1 px of its position; samples are equally far
    apart in time, so that their share is that of the lead's length. Samples outside the picture or unknown do not count.

    Labels, calibration pulses and separators are ink, yet no trace, and not what a separator is asked about: found trace pixels within
    1 px of them, and not on the true trace, are left out of F, where the truth knows them.

    Source: L. R. Dice, "Measures of the amount of ecologic association between species", Ecology 26:297-302, 1945; D. R. Martin,
    C. C. Fowlkes, J. Malik, "Learning to detect natural image boundaries", IEEE Trans. Pattern Anal. Mach. Intell. 26:530-549, 2004,
    for precision and recall with a tolerance; S. Shit et al., "clDice - a novel topology-preserving loss function for tubular structure
    segmentation", CVPR 2021:16560-16569, for clDice; the share of length lost is a definition of this project.
    """
    scores: dict[str, float] = {}
    found = pixels(result.trace, page.shape)
    if truth.trace_mask is not None:
        true = _true_trace(truth, page.shape)
        judged = without(found, true.aside)
        scores |= _overlap_scores("trace", judged, true.mask, true.near) | _line_scores(judged, true)
    if truth.traces:
        lost = _lost_pct(grown(found, 1), truth)
        scores |= {} if lost is None else {"trace_lost_pct": lost}
    if truth.grid_mask is not None:
        grid, true_grid = pixels(result.grid, page.shape), pixels(truth.grid_mask, page.shape)
        scores |= _overlap_scores("grid", grid, true_grid, grown(true_grid, 1))
    return scores


@dataclass(frozen=True, eq=False)
class TrueTrace:
    """The true trace as each method of a case is held against it, (H, W) uint8 of 0 and 1.

    `mask`; `near`: within 1 px of it; `aside`: pixels of which nothing is judged, None where there are none.
    """

    mask: Pixels
    near: Pixels
    aside: Pixels | None

    @cached_property
    def center_lines(self) -> Pixels:
        """The skeleton of the mask."""
        return skeleton(self.mask)


@lru_cache(maxsize=1)  # by identity of the truth: the methods of a case are scored one after the other
def _true_trace(truth: Truth, shape: tuple[int, ...]) -> TrueTrace:
    if truth.trace_mask is None:
        raise ValueError("the truth has no trace")
    mask, other = pixels(truth.trace_mask, shape), marks(truth, shape)
    aside = None if other is None else without(grown(other, 1), mask)
    return TrueTrace(mask, grown(mask, 1), aside)


def _overlap_scores(name: str, found: Pixels, true: Pixels, near_true: Pixels) -> dict[str, float]:
    """Return Dice, IoU and F1 within 1 px of one kind of ink."""
    found_count, true_count, hits = count(found), count(true), shared(found, true)
    precision = ratio(shared(found, near_true), found_count, true_count)
    recall = ratio(shared(true, grown(found, 1)), true_count, found_count)
    return {
        f"{name}_dice": ratio(2 * hits, found_count + true_count, 0),
        f"{name}_iou": ratio(hits, found_count + true_count - hits, 0),
        f"{name}_f1_1px": harmonic_mean(precision, recall),
    }


def _line_scores(found: Pixels, true: TrueTrace) -> dict[str, float]:
    """Return precision and recall of the trace, pixel by pixel and along center lines."""
    found_count, true_count, hits = count(found), count(true.mask), shared(found, true.mask)
    lines = skeleton(found)
    return {
        "trace_precision": ratio(hits, found_count, true_count),
        "trace_recall": ratio(hits, true_count, found_count),
        "trace_cldice": harmonic_mean(
            ratio(shared(lines, true.mask), count(lines), true_count),
            ratio(shared(true.center_lines, found), count(true.center_lines), found_count),
        ),
    }


def _lost_pct(near_found: Pixels, truth: Truth) -> float | None:
    """Return the share in % of each lead's samples that no found pixel is near to, mean over the stretches that the picture shows."""
    lost = [float(np.mean(near_found[y, x] == 0)) for x, y in stretches(truth, near_found.shape) if x.size]
    return 100 * float(np.mean(lost)) if lost else None
