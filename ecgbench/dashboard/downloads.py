"""What is shown as files to take away: tables as CSV; charts have their own menu, which saves PNG and SVG in the browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st

from ecgbench.report.csv_cells import safe_cell

Row = Sequence[object]


def as_csv(headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    r"""Return a table as CSV in UTF-8, as `ecgbench export` writes it; None is an empty cell.

    >>> as_csv(["method", "iou"], [["edges.canny", 0.5], ["edges.sobel", None]])
    b'method,iou\r\nedges.canny,0.5\r\nedges.sobel,\r\n'
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(map(safe_cell, headings))
    writer.writerows(map(safe_cell, row) for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def records_as_csv(records: Sequence[Mapping[str, object]]) -> bytes:
    r"""Return rows that name their values as CSV; the first one's names are the headings.

    >>> records_as_csv([{"method": "edges.canny", "iou": 0.5}])
    b'method,iou\r\nedges.canny,0.5\r\n'
    """
    return as_csv(list(records[0]), [list(record.values()) for record in records]) if records else b""


def csv_button(make: Callable[[], bytes], *, name: str, label: str = "CSV") -> None:
    """Draw a button that saves a table as NAME.csv; the table is made when it is clicked."""
    st.download_button(
        label,
        make,
        f"{name}.csv",
        "text/csv",
        key=f"download-{name}",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )
