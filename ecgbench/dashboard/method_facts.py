"""A method's documentation for the screen: authors' words as Markdown that can load nothing, and what they promise by heading."""

from __future__ import annotations

import re

# Streamlit shows no HTML in Markdown, but a picture in it would be fetched from wherever its author says.
_PICTURE = re.compile(r"!(?=\[)")  # also in code, since what a parser takes for code is told by more than a pattern can
_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_DIRECTIVE = re.compile(r":(?=[a-z_/-]+[:\[])")  # of Streamlit: icons, colors, badges


def sections(page: str) -> dict[str, str]:
    """Return the sections of a method's documentation page by heading, as Markdown that is safe to show."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return {heading: harmless(text.strip()) for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def harmless(markdown: str) -> str:
    r"""Return Markdown in which nothing is loaded and no link leads elsewhere: pictures and links become their words.

    >>> harmless("see ![x](http://a/b.png) and [there](http://a/)")
    'see x and there'
    """
    code = re.split(r"(```.*?```|`[^`\n]*`)", _PICTURE.sub("! ", markdown), flags=re.DOTALL)
    return "".join(part if index % 2 else _harmless(part) for index, part in enumerate(code))


def _harmless(text: str) -> str:
    text = _LINK.sub(r"\1", re.sub(r"! (?=\[[^\]]*\][(\[])", "", text))
    text = re.sub(r"^\s*\[[^\]]+\]:\s*\S+.*$", "", text, flags=re.MULTILINE)  # where links of that name lead
    return _DIRECTIVE.sub(r"\\:", text).replace("$", r"\$")


def plain(text: str) -> str:
    r"""Return text that is no Markdown as Markdown that shows it as it is, on one line.

    >>> plain("a*b [c](d)")
    'a\\*b \\[c\\](d)'
    """
    return re.sub(r"([\\`*_{}\[\]<>#|~$:!])", r"\\\1", " ".join(text.split()))
