"""Makes text of files and plugins harmless to show on a terminal."""

from __future__ import annotations

import re

# Control characters (ISO 6429), which a terminal obeys, and Unicode's marks that turn the direction of what follows.
_COMMANDS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return a text on one line with everything that a terminal would obey written out.

    >>> printable("a\x1b[31m\nb.png"), printable("Zürich.png")
    ('a\\x1b[31m\\nb.png', 'Zürich.png')
    """
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
