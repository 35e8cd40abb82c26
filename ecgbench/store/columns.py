"""Finds the numbers that stand for one metric of one variant of one run, which is what scores are kept by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, ScalarSelect, select

from ecgbench.store.schema import metrics, score_columns


def column_of(run_id: int, variant_id: int, metric: str) -> ScalarSelect[Any]:
    """Return what selects the number of a column by the name of its metric."""
    named = select(score_columns.c.id).join(metrics, metrics.c.id == score_columns.c.metric_id).where(metrics.c.name == metric)
    return named.where(score_columns.c.run_id == run_id, score_columns.c.variant_id == variant_id).scalar_subquery()


def columns_of(connection: Connection, run_id: int, variant_id: int) -> dict[int, int]:
    """Return the metric of each column that a variant has scores in, by number of the column."""
    wanted = select(score_columns.c.id, score_columns.c.metric_id)
    rows = connection.execute(wanted.where(score_columns.c.run_id == run_id, score_columns.c.variant_id == variant_id))
    return {row.id: row.metric_id for row in rows}
