"""Which cases are the same picture, and which of them share a record, as numbers that are the same in every store."""

from __future__ import annotations

import hashlib

from ecgbench.core.truth import CaseInfo


def number_of(*parts: str | None) -> int:
    """Return 64 bits of a hash of the parts, as a signed integer; two of a million differ but for a chance of 1 in 10 million."""
    joined = "\0".join("" if part is None else "=" + part for part in parts)
    digest = hashlib.blake2b(joined.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def identity_of(case: CaseInfo) -> int:
    """Return the number of the picture: of its name and content; of name and source as long as nobody has read it.

    A picture that was moved to another folder keeps its identity, one that was changed does not.

    >>> here, there = CaseInfo("a.png", "here/a.png", "sha256:1"), CaseInfo("a.png", "there/a.png", "sha256:1")
    >>> identity_of(here) == identity_of(there)
    True
    """
    if case.content_id is None:
        return number_of("source", case.name, case.source)
    return number_of("content", case.name, case.content_id)
