"""Pictures in buckets as sources of pages: fetched through the cache, in whichever process opens them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ecgbench.core.page import Page
from ecgbench.plugins.image_sets.gcs.cache import Cache
from ecgbench.plugins.image_sets.gcs.service import download, find_object, unpacked
from ecgbench.plugins.image_sets.gcs.stored import GcsError, StoredObject, read_address
from ecgbench.plugins.pages import MAX_BYTES_PER_PIXEL, MAX_PIXELS, SLACK_BYTES, page_from_bytes

MOST_BYTES = MAX_BYTES_PER_PIXEL * MAX_PIXELS + SLACK_BYTES  # as for files


def fetch(stored: StoredObject, cache: Cache | None, *, most: int = MOST_BYTES, seconds: float | None = None) -> bytes:
    """Return an object's content, from the cache where it is there; GcsError where it cannot be had, or has more than `most` bytes.

    `seconds`: for a download, as `service.download` has it. Whoever wants an object that another process is just bringing waits for that.
    """
    if stored.size > most:
        raise GcsError(f"{stored} holds {stored.size / 1e6:.3g} MB, above the limit of {most / 1e6:.3g}; scale the picture down.")
    if cache is None:
        return unpacked(stored, download(stored, seconds=seconds), most)
    data = cache.read(stored)
    if data is None:
        with cache.alone(stored):
            data = cache.read(stored)  # somebody may have brought it meanwhile
            if data is None:
                data = download(stored, seconds=seconds)
                cache.keep(stored, data)
    return unpacked(stored, data, most)


@dataclass(frozen=True)
class GcsPicture:
    """A picture in a bucket; small enough to travel to a worker, where it is fetched and decoded."""

    stored: StoredObject
    cache: Cache | None = None

    def __str__(self) -> str:
        """Return its address."""
        return str(self.stored)

    def make_page(self) -> Page:
        """Fetch and decode it; PageError, one sentence, where either fails."""
        page = page_from_bytes(fetch(self.stored, self.cache), name=str(self.stored))
        return replace(page, name=self.stored.file_name, origin=str(self.stored))

    def fetch_ahead(self) -> bool:
        """Bring it into the cache; tell whether it is there. What is wrong is said by whoever opens it."""
        if self.cache is None:
            return False
        try:
            fetch(self.stored, self.cache)
        except GcsError:
            return False
        return True

    def make_file(self) -> Path:
        """Bring it into the cache and return the file there; GcsError where it cannot be kept."""
        fetch(self.stored, self.cache)
        path = None if self.cache is None else Path(self.cache.path(self.stored))
        if path is None or not path.is_file() or self.stored.gzipped:
            raise GcsError(
                f"{self.stored} has no file on this machine: the cache does not take it; give it room, or take the picture."
            )
        return path


@dataclass(frozen=True)
class GcsAddress:
    """The newest version of a picture, by its address: which version that is, is asked when it is opened."""

    address: str
    cache: Cache | None = None

    def __str__(self) -> str:
        """Return its address."""
        return self.address

    def make_page(self) -> Page:
        """Fetch and decode it; PageError, one sentence, where either fails."""
        return self._picture().make_page()

    def fetch_ahead(self) -> bool:
        """Bring it into the cache; tell whether it is there."""
        try:
            return self._picture().fetch_ahead()
        except GcsError:
            return False

    def make_file(self) -> Path:
        """Bring it into the cache and return the file there; GcsError where it cannot be kept."""
        return self._picture().make_file()

    def _picture(self) -> GcsPicture:
        return GcsPicture(find_object(*read_address(self.address)), self.cache)
