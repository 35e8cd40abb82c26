"""Writes a run to a file: csv, json and parquet for programs, html and md for people; whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ecgbench.core.outcome import Outcome
from ecgbench.leaderboard import refresh_summaries
from ecgbench.registry import default_registry
from ecgbench.report.csv_cells import safe_cell
from ecgbench.report.writing import ExportError, replacing

if TYPE_CHECKING:
    from ecgbench.registry import Registry
    from ecgbench.store import Run, Store

HEAD = ("case", "method", "params", "status", "error", "wall_median_s")
TAIL = ("task", "version", "source", "content_id", "record", "type", "layout", "grid_color", "dpi", "severity")
NUMBERS = ("wall_median_s", "dpi", "severity")
ROW_GROUP = 10_000  # outcomes held at a time: some 20 MB with 20 scores each


def export(store: Store, run: Run, format: str, target: str | Path | BinaryIO, *, registry: Registry | None = None) -> None:  # noqa: A002
    """Write a run as one of FORMATS to a path or to an open binary file (say `sys.stdout.buffer`).

    csv and parquet have a row an outcome: HEAD, then one column a score, then TAIL; in csv, text that a spreadsheet would take for a
    formula has an apostrophe before it. A score that was not given is empty, one that is not a
    number is nan. json holds the run, its environment, the declared scores and every outcome whole. html is the report, md the
    leaderboards and failures as tables. A path holds the whole export or what it held before. Memory does not grow with the number of
    outcomes but for html. Raises ExportError for an unknown format, or a path that cannot be written.
    """
    try:
        write = FORMATS[format]
    except KeyError:
        raise ExportError(f"There is no export format {format!r}; known ones: {', '.join(FORMATS)}.") from None
    if not isinstance(target, (str, os.PathLike)):
        write(store, run, target, registry)
        return
    with replacing(Path(target)) as file:
        write(store, run, file, registry)


def score_names(store: Store, run: Run) -> list[str]:
    """Return the names of the scores that occur in a run, in the order in which they were declared."""
    refresh_summaries(store, run, metrics=default_registry().metrics.values())
    found = {summary.metric for summary in store.summaries(run.id)}
    variants = store.variants(run.id)
    # Summaries are of finite values; a score that was NaN everywhere was given all the same.
    return [
        name for name in store.scores() if name in found or any(store.values(run.id, each, name).cases.size for each in variants)
    ]


def _write_csv(store: Store, run: Run, file: BinaryIO, _registry: Registry | None) -> None:
    names = score_names(store, run)
    text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text)
    writer.writerow(columns(names))
    writer.writerows(map(safe_cell, row(outcome, names)) for outcome in store.outcomes(run.id))
    text.detach()


def columns(names: Sequence[str]) -> list[str]:
    """Return the headings of a table of outcomes; a score that bears the name of another column is written as score_NAME.

    >>> columns(["wall_median_s", "box_iou", "dpi"])[5:8]
    ['wall_median_s', 'box_iou', 'score_dpi']
    """
    return [*HEAD, *(f"score_{name}" if name in (*HEAD, *TAIL) else name for name in names if name != HEAD[-1]), *TAIL]


def row(outcome: Outcome, names: Sequence[str]) -> list[Any]:
    """Return the cells of an outcome under `columns(names)`; None where there is nothing."""
    case, variant, scores = outcome.case, outcome.variant, outcome.scores
    head = [case.name, variant.method, params_text(outcome), outcome.status.value, outcome.error, scores.get("wall_median_s")]
    given = [scores.get(name) for name in names if name != HEAD[-1]]
    about = [case.source, case.content_id, case.record, case.type, case.layout, case.grid_color, case.dpi, case.severity]
    return [*head, *given, variant.task, variant.version, *about]


def params_text(outcome: Outcome) -> str:
    """Return the params that were given as JSON, the same text for the same params."""
    return json.dumps(dict(outcome.variant.params), sort_keys=True, default=repr)


def _write_json(store: Store, run: Run, file: BinaryIO, _registry: Registry | None) -> None:
    names = score_names(store, run)
    declared = store.scores()
    scores = {
        name: {"unit": each.unit, "direction": each.direction, "doc": each.doc} for name in names for each in [declared[name]]
    }
    about = run.to_dict()
    environment = about.pop("environment")
    head = {"run": about, "environment": environment, "scores": scores}
    file.write(json_bytes(head)[:-1] + b', "outcomes": [')
    for index, outcome in enumerate(store.outcomes(run.id)):
        file.write((b",\n" if index else b"\n") + json_bytes(outcome_dict(outcome)))
    file.write(b"\n]}\n")


def outcome_dict(outcome: Outcome) -> dict[str, Any]:
    """Return everything that is known of an outcome, JSON-safe."""
    fields = {name: value for name, value in vars(outcome).items() if name not in ("variant", "case")}
    variant = {**vars(outcome.variant), "params": dict(outcome.variant.params)}
    variant.pop("key", None)
    return {
        "case": dict(vars(outcome.case)),
        "variant": variant,
        **fields,
        "status": outcome.status.value,
        "scores": dict(outcome.scores),
    }


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON on one line; numbers that JSON has no word for are null."""
    return json.dumps(_finite(value), allow_nan=False, default=str).encode("ascii")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def _write_parquet(store: Store, run: Run, file: BinaryIO, _registry: Registry | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = score_names(store, run)
    headings = columns(names)
    texts = {*HEAD, *TAIL} - set(NUMBERS)
    schema = pa.schema([(heading, pa.string() if heading in texts else pa.float64()) for heading in headings])
    rows = (row(outcome, names) for outcome in store.outcomes(run.id))
    with pq.ParquetWriter(file, schema) as writer:
        for group in _groups(rows):
            cells = [[_utf8(cell) for cell in column] for column in zip(*group, strict=True)]
            writer.write_table(pa.table([pa.array(c, t) for c, t in zip(cells, schema.types, strict=True)], schema=schema))


def _groups(rows: Iterable[list[Any]]) -> Iterator[list[list[Any]]]:
    rows = iter(rows)
    while group := list(islice(rows, ROW_GROUP)):
        yield group


def _utf8(cell: Any) -> Any:
    """Return a cell as parquet takes it: names of files may hold bytes that are no text."""
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) and not cell.isascii() else cell


def _write_html(store: Store, run: Run, file: BinaryIO, registry: Registry | None) -> None:
    from ecgbench.report.html import report_html

    file.write(report_html(store, run, registry or default_registry()).encode("utf-8", "backslashreplace"))


def _write_md(store: Store, run: Run, file: BinaryIO, _registry: Registry | None) -> None:
    from ecgbench.report.markdown import markdown_report

    file.write(markdown_report(store, run).encode("utf-8", "backslashreplace"))


FORMATS: dict[str, Callable[[Store, Run, BinaryIO, Registry | None], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
    "html": _write_html,
    "md": _write_md,
}
