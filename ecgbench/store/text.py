"""Text as a database can hold it: file names may hold bytes that are no text, and no database takes those or NUL."""

from __future__ import annotations

ESCAPED = "escaped:"


def to_text(value: str | None) -> str | None:
    r"""Return `value` in a form that every database takes; `from_text` gives it back exactly.

    >>> to_text("ekg Zürich.png"), to_text("ekg\udcff.png")
    ('ekg Zürich.png', 'escaped:ekg\\udcff.png')
    """
    if value is None or ((value.isascii() or _is_text(value)) and "\0" not in value and not value.startswith(ESCAPED)):
        return value
    return ESCAPED + value.encode("unicode_escape").decode("ascii")


def to_texts(values: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Return `to_text` of each value; the plain ones, which nearly all are, are told at one go."""
    joined = "\n".join(filter(None, values))
    if joined.isascii() and "\0" not in joined and ESCAPED not in joined:
        return values
    return tuple(map(to_text, values))


def from_text(stored: str | None) -> str | None:
    r"""Return what was given to `to_text`.

    >>> from_text(to_text("ekg\udcff.png")) == "ekg\udcff.png"
    True
    """
    if stored is None or not stored.startswith(ESCAPED):
        return stored
    return stored[len(ESCAPED) :].encode("ascii").decode("unicode_escape")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate: a byte of a file name that is no UTF-8
        return False
    return True
