"""Sweeps each threshold of quality.gates over synthetic development pages, and prints what it costs to move it.

Legible and illegible pages come from low and high resolutions, all nine kinds and all severities; a page's truth says which it is. Every
other threshold stays as it is while one is moved. Then the report's score: its mean log-loss with each of its curves' constants moved, and
the constants that make it least, found one after the other, which are those of `legibility.Curves`.
Run it again when a gate or the generator changes:

    python benchmarks/calibrate_quality.py [--pages 108] [--seed 46]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from ecgbench.core.results import Gate
from ecgbench.core.truth import Case
from ecgbench.plugins.image_sets.synthetic.split import DEVELOPMENT, split_of_seed
from ecgbench.plugins.metrics.quality import legible_auc, verdict_margin
from ecgbench.plugins.quality import GatesParams, gates
from ecgbench.plugins.quality.legibility import USUAL, Curves, legibility
from ecgbench.plugins.quality.view import PAGE_MM
from ecgbench.registry import default_registry
from ecgbench.workers import parallel_map

SETS = (
    "synthetic?count={pages}&seed={first}&dpi=72..110",
    "synthetic?count={pages}&seed={second}&dpi=130..200",
    "synthetic?count={pages}&seed={third}&dpi=72..200&severity=0.5..1",
)
STEPS = (0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.25)  # times a constant, in which the least log-loss is sought
ROUNDS = 20
CURVE_FACTORS = (0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
FACTORS = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
# The gate that each threshold belongs to, and whether a value may not exceed it.
THRESHOLDS = {
    "max_blur_mm": ("blur", True),
    "min_px_per_mm": ("resolution", False),
    "min_contrast": ("contrast", False),
    "min_paper": ("exposure", False),
    "min_grid_score": ("grid", False),
    "max_dark_share": ("distinctness", True),
    "max_spacing_change": ("flatness", True),
    "max_hidden": ("hidden", True),
}


@dataclass(frozen=True)
class Seen:
    """What the gates measured on a page, and whether a person can digitize it."""

    gates: tuple[Gate, ...]
    legible: bool
    most_px_per_mm: float

    def score(self, curves: Curves) -> float:
        """Return the report's score as it would be with other curves."""
        measured = {gate.name: gate.value for gate in self.gates}
        return legibility(measured["resolution"], self.most_px_per_mm, measured["blur"], measured["hidden"] or 0.0, curves)


def look(case: Case) -> Seen:
    """Measure one page; runs in a worker."""
    truth = case.read_truth()
    page = default_registry().open_page(case.source)
    return Seen(gates(page).gates, bool(truth.legible), max(page.shape) / PAGE_MM)


def moved(gate: Gate, threshold: float, *, upper: bool) -> Gate:
    """Return a gate as it would be with another threshold; one without a value stays as it is."""
    if gate.value is None:
        return gate
    passed = gate.value <= threshold if upper else gate.value >= threshold
    return replace(gate, threshold=threshold, passed=passed)


def judged(pages: Iterable[Seen], name: str, threshold: float) -> tuple[float, float, float]:
    """Return sensitivity, specificity and AUC with one threshold moved."""
    gate_name, upper = THRESHOLDS[name]
    rows = []
    for page in pages:
        own = [moved(gate, threshold, upper=upper) if gate.name == gate_name else gate for gate in page.gates]
        rows.append({"verdict_margin": verdict_margin(own), "legible": float(page.legible)})
    passed = np.array([row["verdict_margin"] >= 0 for row in rows])
    legible = np.array([row["legible"] > 0 for row in rows])
    return float(passed[legible].mean()), float((~passed[~legible]).mean()), legible_auc(rows)


def log_loss(pages: Sequence[Seen], curves: Curves) -> float:
    """Return the mean negative log-likelihood of what the pages are, by their scores."""
    scores = np.clip([page.score(curves) for page in pages], 1e-3, 1 - 1e-3)
    legible = np.array([page.legible for page in pages])
    return float(-np.log(np.where(legible, scores, 1 - scores)).mean())


def fitted(pages: Sequence[Seen]) -> Curves:
    """Return the curves of least log-loss, one constant moved after the other from those in use until none gains; three digits are kept."""
    best, least = USUAL, log_loss(pages, USUAL)
    for _ in range(ROUNDS):
        before = least
        for constant in fields(Curves):
            for step in STEPS:
                moved_curves = replace(best, **{constant.name: float(f"{getattr(best, constant.name) * step:.3g}")})
                loss = log_loss(pages, moved_curves)
                if loss < least - 1e-5 and moved_curves.unknown_scale <= 1:
                    best, least = moved_curves, loss
        if least == before:
            break
    return best


def score_auc(pages: Iterable[Seen], curves: Curves) -> float:
    """Return the area under the ROC curve of the pages' scores."""
    return legible_auc([{"verdict_margin": page.score(curves), "legible": float(page.legible)} for page in pages])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the pages and print a table a threshold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=108, help="pages of each of three sets")
    parser.add_argument("--seed", type=int, default=46, help="of development, the first of three")
    given = parser.parse_args(arguments)
    if split_of_seed(given.seed + 2) != DEVELOPMENT:
        parser.error("thresholds are set on development seeds; take one below 998")
    specs = [each.format(pages=given.pages, first=given.seed, second=given.seed + 1, third=given.seed + 2) for each in SETS]
    cases = [case for spec in specs for case in default_registry().open_images(spec)]
    pages = list(parallel_map(look, cases))
    print(f"{len(pages)} pages of {', '.join(specs)}; {sum(page.legible for page in pages)} are legible")
    defaults = GatesParams()
    for field in fields(GatesParams):
        usual = float(getattr(defaults, field.name))
        print(f"\n{field.name} ({usual:g})\n{'threshold':>10} {'sensitivity':>12} {'specificity':>12} {'AUC':>6}")
        for factor in FACTORS:
            sensitivity, specificity, auc = judged(pages, field.name, usual * factor)
            print(f"{usual * factor:10.3g} {sensitivity:12.3f} {specificity:12.3f} {auc:6.3f}{'  <' if factor == 1 else ''}")
    print(
        f"\nThe score: AUC {score_auc(pages, USUAL):.3f}; mean log-loss {log_loss(pages, USUAL):.4f}, and with a constant times"
    )
    print(f"{'':>22} {' '.join(f'{factor:>7g}' for factor in CURVE_FACTORS)}")
    for constant in fields(Curves):
        usual = float(getattr(USUAL, constant.name))
        moved_curves = (replace(USUAL, **{constant.name: usual * factor}) for factor in CURVE_FACTORS)
        print(f"{constant.name:>22} {' '.join(f'{log_loss(pages, curves):7.4f}' for curves in moved_curves)}")
    best = fitted(pages)
    print(f"\nLeast log-loss {log_loss(pages, best):.4f}, AUC {score_auc(pages, best):.3f}: {best}")


if __name__ == "__main__":
    main()
