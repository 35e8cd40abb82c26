"""Keeps what was computed of a run, so that leaderboards need not compute it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from ecgbench.store.bulk import upsert
from ecgbench.store.records import StoredSummary
from ecgbench.store.schema import metrics, summaries


def read(connection: Connection, run_id: int) -> list[StoredSummary]:
    """Return the summaries of a run, fresh or not, in the order of variants and metrics."""
    wanted = (
        select(summaries, metrics.c.name.label("metric"))
        .join(metrics, metrics.c.id == summaries.c.metric_id)
        .where(summaries.c.run_id == run_id)
        .order_by(summaries.c.variant_id, summaries.c.metric_id)
    )
    names = StoredSummary.__dataclass_fields__
    return [StoredSummary(**{name: getattr(row, name) for name in names}) for row in connection.execute(wanted)]


def replace(connection: Connection, run_id: int, variant_ids: Iterable[int], found: Sequence[StoredSummary]) -> None:
    """Put summaries in the place of all that these variants had."""
    connection.execute(delete(summaries).where(summaries.c.run_id == run_id, summaries.c.variant_id.in_(list(variant_ids))))
    numbers = {row.name: row.id for row in connection.execute(select(metrics.c.id, metrics.c.name))}
    keys = summaries.primary_key.columns.keys()
    columns = [column.name for column in summaries.c if column.name not in ("run_id", "metric_id")]
    rows = [
        {"run_id": run_id, "metric_id": numbers[each.metric], **{name: getattr(each, name) for name in columns}} for each in found
    ]
    if rows:
        rows.sort(key=lambda row: [row[key] for key in keys])
        # Another may compute the same at the same time: what it has just put there was not there to be deleted.
        others = [column.name for column in summaries.c if column.name not in keys]
        connection.execute(upsert(summaries, connection.dialect, keys=keys, replace=others), rows)
