"""The built-in metrics: how edges, separations, grids, verdicts and digitized leads are held against what is known of a page."""

from __future__ import annotations

from collections.abc import Iterable

from ecgbench.core.metric import Metric
from ecgbench.core.transformer import hookimpl
from ecgbench.plugins.metrics.budget import budget
from ecgbench.plugins.metrics.color import separation
from ecgbench.plugins.metrics.digitize import kaggle, signals
from ecgbench.plugins.metrics.edges import boundaries, content_box, corners, edge_texture
from ecgbench.plugins.metrics.grid import grid_fit
from ecgbench.plugins.metrics.quality import verdict

__all__ = [
    "boundaries", "budget", "content_box", "corners", "edge_texture", "grid_fit", "kaggle", "separation", "signals", "verdict",
]  # fmt: skip


@hookimpl
def ecgbench_metrics() -> Iterable[Metric]:
    """Offer the built-in metrics."""
    return (content_box, corners, boundaries, edge_texture, separation, grid_fit, verdict, kaggle, signals, budget)
