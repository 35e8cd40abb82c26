"""The five authored sections of a plugin's docstring, read and checked."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

REQUIRED = ("How it works", "What works", "What didn't work", "Changes")
OPTIONAL = ("Example", "Limitations", "References")
_HEADING = re.compile(rf"^({'|'.join(REQUIRED + OPTIONAL)}):[ \t]*", re.MULTILINE)


class DocumentationError(ValueError):
    """A docstring that lacks one of the five sections; the message names it."""


@dataclass(frozen=True)
class Documentation:
    """What an author says of a method: Purpose, How it works, What works, What didn't work, Changes; more if they like."""

    purpose: str
    how_it_works: str
    what_works: str
    what_didnt_work: str
    changes: str
    extra: dict[str, str] = field(default_factory=dict)


def read_documentation(docstring: str | None, *, owner: str) -> Documentation:
    """Read the five sections from a docstring: its first sentence is the Purpose, the rest stand under their headings.

    Raises DocumentationError that names `owner` and the first section that is missing or empty.

    >>> text = '''Outline page borders.
    ...
    ... How it works: Canny. What follows may span lines.
    ... What works: scans.
    ... What didn't work: photos.
    ... Changes: 0.1 first version.
    ... '''
    >>> read_documentation(text, owner="edges.canny").what_works
    'scans.'
    """
    text = inspect.cleandoc(docstring or "")
    parts = _HEADING.split(text)
    purpose, sections = " ".join(parts[0].split()), dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))
    if not purpose:
        raise DocumentationError(f"{owner} has no docstring; its first line must state the purpose.")
    for name in REQUIRED:
        if not sections.get(name):
            raise DocumentationError(f'The docstring of {owner} lacks the section "{name}:"; write at least a sentence.')
    how, works, did_not, changes = (_unwrapped(sections[name]) for name in REQUIRED)
    return Documentation(purpose, how, works, did_not, changes, {name: sections[name] for name in OPTIONAL if name in sections})


def _unwrapped(section: str) -> str:
    """Join the wrapped lines of each paragraph; keep blank lines and list items apart."""
    return re.sub(r"(?<!\n)\n(?![\n\-*])[ \t]*", " ", section)
