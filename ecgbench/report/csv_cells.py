"""Cells of CSV files that a spreadsheet takes for what they are: a picture may be called `=HYPERLINK(...)`."""

from __future__ import annotations

import re

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, CSV Injection
_NUMBER = r"[-+]?[\d.,]+(e[-+]?\d+)?"
_NUMBERS = re.compile(
    rf"{_NUMBER}(x| to {_NUMBER})?", re.IGNORECASE
)  # also ratios and intervals, as tables of the dashboard have them


def safe_cell(value: object) -> object:
    """Return a cell as it is written: text that a spreadsheet would take for a formula has an apostrophe before it, all else is as it is.

    >>> safe_cell("=cmd.png"), safe_cell("-0.5 to 0.1"), safe_cell(-0.5)
    ("'=cmd.png", '-0.5 to 0.1', -0.5)
    """
    if isinstance(value, str) and value.startswith(STARTS_A_FORMULA) and not _NUMBERS.fullmatch(value):
        return f"'{value}"
    return value
