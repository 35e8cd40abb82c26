"""Objects in Google Cloud Storage as values: where they are, which version, and how big."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ecgbench.core.page import PageError

SCHEME = "gs://"
# https://cloud.google.com/storage/docs/buckets#naming; what is nearly a name is refused by the service, in its own words.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
LONGEST_NAME = 1024  # bytes of an object's name, as the service has it


class GcsError(PageError):
    """Something in a bucket that cannot be listed, read or written; the message is one sentence that names it and says what to do."""


@dataclass(frozen=True)
class StoredObject:
    """One version of one object, as a listing tells of it: a later version is another value.

    `size`: bytes as stored. `crc32c`: base64 of the big-endian CRC-32C of these bytes. `gzipped`: stored compressed, to be unpacked when read.
    """

    bucket: str
    name: str
    generation: int
    size: int
    crc32c: str
    gzipped: bool = False

    def __str__(self) -> str:
        """Return its address."""
        return f"{SCHEME}{self.bucket}/{self.name}"

    @property
    def content_id(self) -> str:
        """What identifies its bytes in the store."""
        return f"gcs:{self.generation}:{self.crc32c}"

    @property
    def folder(self) -> str:
        """Its name up to and with the last slash."""
        return self.name[: self.name.rfind("/") + 1]

    @property
    def file_name(self) -> str:
        """Its name behind the last slash."""
        return self.name[len(self.folder) :]


def read_address(text: str) -> tuple[str, str]:
    """Return bucket and name of "gs://bucket/name" (an object, a prefix, or nothing); GcsError where it is no such address.

    >>> read_address("gs://scans/2026/page 1.png")
    ('scans', '2026/page 1.png')
    """
    bucket, _, name = text.removeprefix(SCHEME).partition("/")
    check_bucket(bucket)
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME or re.search(r"[\r\n\0]", name):
        raise GcsError(f"{text[:200]!r} names no object: names have at most {LONGEST_NAME} bytes, on one line.")
    return bucket, name


def check_bucket(name: str) -> None:
    """Raise GcsError where no bucket can have this name."""
    if not _BUCKET.fullmatch(name):
        raise GcsError(f"There can be no bucket {name[:100]!r}; write gs://BUCKET/PREFIX, with a bucket such as my-scans.")
