"""Whether verdicts on pages are right, and whether their thresholds are well set."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import NOT_NEGATIVE, SHARE, Rows, Score, metric
from ecgbench.core.page import Page
from ecgbench.core.results import Gate, QualityReport
from ecgbench.core.truth import Truth


def legible_auc(rows: Rows) -> float:
    """Return the area under the ROC curve of a report's score: the chance that a legible page has a larger one than an illegible one.

    Of a report without a score the verdict's margin counts. A tie counts one half. NaN where all pages are legible, or none is.

    >>> legible_auc([{"verdict_margin": m, "legible": y} for m, y in ((0.5, 1), (0.1, 1), (0.2, 0), (-1, 0))])
    0.75
    """
    scores, legible = _known([{**row, "verdict_margin": row["legible_auc"]} if "legible_auc" in row else row for row in rows])
    good, bad = scores[legible], np.sort(scores[~legible])
    if not good.size or not bad.size:
        return math.nan
    below, up_to = (np.searchsorted(bad, good, side=side) for side in ("left", "right"))
    return float(np.mean(below + up_to) / 2 / bad.size)


def threshold_loss(rows: Rows) -> float:
    """Return by how much the best threshold of the margin beats the one in use (margin 0, itself passing) in Youden's index.

    The index is sensitivity + specificity - 1. NaN where all pages are legible, or none is.

    >>> threshold_loss([{"verdict_margin": m, "legible": y} for m, y in ((0.5, 1), (0.1, 1), (0.05, 0), (-1, 0))])
    0.5
    """
    margins, legible = _known(rows)
    good, bad = np.sort(margins[legible]), np.sort(margins[~legible])
    if not good.size or not bad.size:
        return math.nan
    cuts = np.concatenate([[0.0], margins, [np.inf]])
    index = np.searchsorted(bad, cuts) / bad.size - np.searchsorted(good, cuts) / good.size  # pages below a cut fail
    return float(index.max() - index[0])


def _known(rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return margin and legibility of the pages of which both are known, (n,) each."""
    known = [(row["verdict_margin"], row["legible"]) for row in rows if "verdict_margin" in row and "legible" in row]
    table = np.array(known, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1] > 0


@metric(
    "verdict",
    task="quality",
    scores=[
        Score(
            "verdict_right",
            "1",
            "higher",
            "1 where a page passed that a person can digitize, or one failed that nobody can; else 0", limits=SHARE,
        ),
        Score("legible_sensitivity", "1", "higher", "share of the legible pages that passed", limits=SHARE),
        Score("legible_specificity", "1", "higher", "share of the illegible pages that failed", limits=SHARE),
        Score(
            "legible_auc", "1", "higher", "area under the ROC curve of the report's score, legible against not; a case gives its score",
            legible_auc, limits=SHARE,
        ),
        Score(
            "threshold_loss", "1", "lower", "what the best threshold of the margin would gain in Youden's index; a case gives its margin",
            threshold_loss, limits=NOT_NEGATIVE,
        ),
        Score("verdict_margin", "1", "none", "by how much the worst gate was passed (above 0) or failed (below), of its threshold"),
        Score("legible", "1", "none", "1 where a person can digitize the page, else 0: the truth, for comparison", limits=SHARE),
        Score("gates_passed", "1", "none", "share of the quality gates that the page passed", limits=SHARE),
    ],
)  # fmt: skip
def verdict(_page: Page, result: QualityReport, truth: Truth) -> dict[str, float]:
    """Measure whether the verdict on a page is right, and how well the gates tell legible pages from others at any threshold.

    `verdict_right` = 1 where passed = legible; its mean over a set is the accuracy. `legible_sensitivity` is given of legible pages only,
    `legible_specificity` of illegible ones, so that their means over a set are those shares. `verdict_margin` = the smallest over the
    gates of |value - threshold| / |threshold|, negative where the gate failed; a gate without a value gives -1 where it failed
    and nothing where it passed, and a report without gates 1 or -1. Over a set, `legible_auc` is the area under the ROC curve of the
    report's score, or of that margin where it has none: 1 where every legible page has a larger one than every other, 1/2 by chance.
    `threshold_loss` = max over t of J(t) - J(0), with J = sensitivity + specificity - 1 of the verdict "margin >= t": 0 where the
    thresholds are well set, however well the gates tell; it is found on the same pages and so a little pessimistic of few.
    `gates_passed` = passed gates / gates; it needs no truth and describes the pages rather than the method.

    Source: J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
    Radiology 143:29-36, 1982; W. J. Youden, "Index for rating diagnostic tests", Cancer 3:32-35, 1950; the margin is this project's.
    """
    margin = _margin(result)
    scores = {"verdict_margin": margin}
    if result.gates:
        scores["gates_passed"] = sum(bool(gate.passed) for gate in result.gates) / len(result.gates)
    if truth.legible is None:
        return scores
    right = float(bool(result.passed) == truth.legible)
    kind = "legible_sensitivity" if truth.legible else "legible_specificity"
    judged = {"verdict_right": right, kind: right, "legible": float(truth.legible)}
    ranked = margin if result.score is None else float(result.score)
    return scores | judged | {"legible_auc": ranked, "threshold_loss": margin}


def _margin(report: QualityReport) -> float:
    return verdict_margin(report.gates) if report.gates else (1.0 if report.passed else -1.0)


def verdict_margin(gates: Iterable[Gate]) -> float:
    """Return the smallest margin of some gates (see `verdict`); 1 where all passed without a value."""
    return min((margin for gate in gates if (margin := _gate_margin(gate)) is not None), default=1.0)


def _gate_margin(gate: Gate) -> float | None:
    """Return by which share of its threshold a gate was passed or, negative, failed; None of one that passed without a value."""
    if gate.value is None:
        return None if gate.passed else -1.0
    distance = abs(gate.value - gate.threshold) / (abs(gate.threshold) or 1.0)
    return float(distance if gate.passed else -distance)
