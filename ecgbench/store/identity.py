"""Which cases are the same picture, and which of them share a record, as numbers that are the same in every store."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from ecgbench.core.truth import CaseInfo


def number_of(text: str) -> int:
    """Return 64 bits of a hash of a text, as a signed integer; any two of a million are the same with a chance of 1 in 10 million."""
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


@lru_cache(maxsize=512)  # the cases of a record come one after the other
def unit_of(record: str) -> int:
    """Return the number of a record."""
    return number_of(f"record\0{record}")


def identity_of(case: CaseInfo) -> int:
    """Return the number of the picture: of its name and content; of name and source as long as nobody has read it.

    A picture that was moved to another folder keeps its identity, one that was changed does not.

    >>> here, there = CaseInfo("a.png", "here/a.png", "sha256:1"), CaseInfo("a.png", "there/a.png", "sha256:1")
    >>> identity_of(here) == identity_of(there)
    True
    """
    if case.content_id is None:
        return number_of(f"source\0{case.name}\0{case.source}")
    return number_of(f"content\0{case.name}\0{case.content_id}")
