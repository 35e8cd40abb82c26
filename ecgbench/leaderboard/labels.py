"""What the variants of a run are called, so that no two are called the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ecgbench.core.outcome import Variant


def labels(variants: Mapping[int, Variant]) -> dict[int, str]:
    """Return a label for each variant: its method and the params that were given, version and source too where that is not enough.

    >>> old, new = Variant("edges.canny", "edges", "0.1", "aa"), Variant("edges.canny", "edges", "0.1", "bb")
    >>> labels({1: old, 2: new, 3: Variant("edges.sobel", "edges", "0.1", "cc")})
    {1: 'edges.canny 0.1 aa', 2: 'edges.canny 0.1 bb', 3: 'edges.sobel'}
    """
    seen = Counter(variant.label for variant in variants.values())
    return {
        number: variant.label if seen[variant.label] == 1 else f"{variant.label} {variant.version} {variant.source_hash}"
        for number, variant in variants.items()
    }


def find_variants(variants: Mapping[int, Variant], text: str) -> list[int]:
    """Return the variants that `text` names: the one of that very label, else all of that method (or label, in several versions)."""
    exact = [number for number, label in labels(variants).items() if label == text]
    return exact or [number for number, variant in variants.items() if text in (variant.method, variant.label)]
