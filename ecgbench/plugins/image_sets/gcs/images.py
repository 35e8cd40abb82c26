"""Buckets as image sets: what lies below a prefix, in the order of its names, with the truth beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from ecgbench.core.image_set import SpecError
from ecgbench.core.truth import Case, CaseInfo
from ecgbench.plugins.image_sets.folder import SUFFIXES, SignalsBeside, is_picture, suffix_beside
from ecgbench.plugins.image_sets.gcs.beside import Reader, TruthInBucket
from ecgbench.plugins.image_sets.gcs.cache import Cache, cache_of_environment
from ecgbench.plugins.image_sets.gcs.picture import GcsPicture, fetch
from ecgbench.plugins.image_sets.gcs.service import list_objects
from ecgbench.plugins.image_sets.gcs.stored import SCHEME, GcsError, StoredObject, read_address
from ecgbench.plugins.image_sets.image_kit import ImageKitTruth
from ecgbench.plugins.image_sets.truth_files import TruthError, TruthFile, case_fields, facts_of

READERS = 8  # truth files that are fetched at a time, since what cases are called stands in them
AHEAD = 32  # pictures whose truth files are asked for before their turn


@dataclass(frozen=True)
class Found:
    """A picture in a bucket, and the objects of its name beside it; `suffix`: of the one that holds its truth, "" for none."""

    picture: StoredObject
    beside: tuple[StoredObject, ...] = ()
    suffix: str = ""


@dataclass(frozen=True)
class GcsSet:
    """The pictures below a prefix; listed anew each time, so that memory stays flat however many there are.

    `base`: what cases' names leave out. `only`: the name of the one picture that is meant, None for all. A picture is fetched by whoever
    opens its case.
    """

    name: str
    bucket: str
    prefix: str
    base: str
    cache: Cache | None
    only: str | None = None

    def __iter__(self) -> Iterator[Case]:
        """Yield a case for each picture, broken ones included: they fail when they are opened, and say why."""
        waiting: deque[Future[Case]] = deque()
        with ThreadPoolExecutor(READERS, "ecgbench-gcs") as readers:
            try:
                for found in self.find():
                    waiting.append(readers.submit(self._case, found))
                    if len(waiting) > AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                readers.shutdown(wait=False, cancel_futures=True)

    def count(self) -> int:
        """Return the number of pictures, counted anew each time."""
        return sum(1 for _ in self.find())

    def find(self) -> Iterator[Found]:
        """Yield the pictures in the order of their names; hidden ones, and those that are truth, are left out.

        Objects whose names agree up to the first dot behind the last slash stand together in a listing: a picture and its truth do.
        """
        for _, together in groupby(list_objects(self.bucket, self.prefix), key=_up_to_dot):
            objects = {each.file_name: each for each in together if not is_hidden(each, self.base)}
            for name, stored in objects.items():
                if is_picture(name) and self.only in (None, stored.name):
                    stem = f"{PurePosixPath(name).stem}."
                    beside = tuple(each for other, each in objects.items() if other.startswith(stem) and other != name)
                    yield Found(stored, beside, suffix_beside(name, objects.__contains__))

    def _case(self, found: Found) -> Case:
        picture = found.picture
        info: dict[str, Any] = {
            "name": picture.name.removeprefix(self.base),
            "source": str(picture),
            "content_id": picture.content_id,
        }
        source = GcsPicture(picture, self.cache)
        if not found.suffix:
            return Case(CaseInfo(**info), source)
        name = picture.file_name.removesuffix(PurePosixPath(picture.file_name).suffix) + found.suffix
        truth = next(each for each in found.beside if each.file_name == name)
        reader, fields = self._read(truth, found)
        return Case(CaseInfo(**info, **fields), source, TruthInBucket(reader, truth, found.beside, self.cache))

    def _read(self, truth: StoredObject, found: Found) -> tuple[Reader, dict[str, Any]]:
        """Return what reads a truth file, and what it states of its case; one that is broken says so when it is read."""
        if found.suffix == ".json.gz":
            return ImageKitTruth, {}
        if found.suffix != ".json":
            return SignalsBeside, {}
        try:
            facts = facts_of(fetch(truth, self.cache), str(truth), picture=found.picture.file_name)
        except (TruthError, GcsError):
            facts = {}
        return (ImageKitTruth, {}) if facts is None else (TruthFile, case_fields(facts))


def is_hidden(stored: StoredObject, base: str) -> bool:
    """Tell whether a part of an object's name behind `base` begins with a dot."""
    return any(part.startswith(".") for part in stored.name.removeprefix(base).split("/"))


def _up_to_dot(stored: StoredObject) -> str:
    return f"{stored.folder}{stored.file_name.partition('.')[0]}."


def open_bucket(spec: str) -> GcsSet | None:
    """Open "gs://bucket/prefix": a folder with all below it, one picture, or whatever begins so; None for other specs.

    Raises SpecError, one sentence, where the bucket cannot be listed or holds no picture there.
    """
    if not spec.startswith(SCHEME):
        return None
    try:
        bucket, prefix = read_address(spec)
        opened = _opened(spec, bucket, prefix, cache_of_environment())
        if next(opened.find(), None) is None:
            raise SpecError(f"There are no pictures at {spec}; pictures end in {', '.join(SUFFIXES)}.")
    except GcsError as error:
        raise SpecError(str(error)) from None
    return opened


def _opened(spec: str, bucket: str, prefix: str, cache: Cache | None) -> GcsSet:
    base = prefix[: prefix.rfind("/") + 1]
    if is_picture(prefix):  # and its truth begins as it does
        return GcsSet(spec, bucket, prefix.removesuffix(PurePosixPath(prefix).suffix) + ".", base, cache, only=prefix)
    if prefix != base and next(list_objects(bucket, f"{prefix}/", at_most=1), None):
        prefix = base = f"{prefix}/"  # a folder, as one writes it
    return GcsSet(spec, bucket, prefix, base, cache)
