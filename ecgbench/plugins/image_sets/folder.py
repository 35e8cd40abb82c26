"""Folders of pictures, single pictures and patterns as image sets, with the truth that stands beside the pictures."""

# A folder may hold 100,000 files: their paths stay text, which costs a tenth of Path objects.
# ruff: noqa: PTH111, PTH112, PTH118, PTH119, PTH120, PTH122, PTH207

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ecgbench.core.image_set import ImageSetOpener, SpecError
from ecgbench.core.transformer import hookimpl
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.plugins.image_sets.image_kit import ImageKitTruth
from ecgbench.plugins.image_sets.signal_files import names_leads, signals_from_csv
from ecgbench.plugins.image_sets.truth_files import MASKS, TruthError, TruthFile, case_fields, read_facts
from ecgbench.plugins.image_sets.wfdb_records import read_record

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif")
# A JSON file says most, and may say which CSV file holds the signals; ecg-image-kit zips its own.
TRUTH_SUFFIXES = (".json", ".json.gz", ".csv", ".hea")
MASK_SUFFIXES = tuple(MASKS.values())  # truth, not pages
# Other openers' specs: an address or scheme ("gs://bucket/prefix", "records:DIR"), or a name with settings ("synthetic?count=20").
_NOT_A_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|[A-Za-z][\w.-]*\?\w+=")


class Found(NamedTuple):
    """A picture below a folder, named relative to it, and the suffix of the file beside it that holds its truth ("" for none)."""

    name: str
    beside: str


@dataclass(frozen=True)
class SignalsBeside:
    """Reads the signals of a picture from the CSV file or WFDB record of its name; small enough to travel to a worker."""

    path: str

    def __call__(self) -> Truth:
        """Return the signals; nothing is known where a CSV file speaks of something else. Raises SignalsError where it is broken."""
        if self.path.endswith(".hea"):
            return Truth(signals=read_record(self.path))
        return Truth(signals=signals_from_csv(self.path)) if names_leads(self.path) else Truth()


@dataclass(frozen=True)
class PictureSet:
    """Pictures on disk in the order of their names; files are looked at only by whoever opens the cases.

    `name`: the spec. `base`: the folder that the cases' names are relative to. `find`: lists the pictures below it.
    """

    name: str
    base: str
    find: Callable[[], Iterable[Found]]

    def __iter__(self) -> Iterator[Case]:
        """Yield a case for each picture, broken ones included: they fail when they are opened, and say why."""
        return (self._case(found) for found in self.find())

    def count(self) -> int:
        """Return the number of pictures, counted anew each time."""
        return sum(1 for _ in self.find())

    def _case(self, found: Found) -> Case:
        path = os.path.join(self.base, found.name)
        name, source = _printable(found.name.replace(os.sep, "/")), _printable(path)
        if not found.beside:
            return Case(CaseInfo(name, source), path)
        beside = os.path.splitext(path)[0] + found.beside
        if found.beside == ".json.gz":
            return Case(CaseInfo(name, source), path, ImageKitTruth(beside))
        if found.beside != ".json":
            return Case(CaseInfo(name, source), path, SignalsBeside(beside))
        try:
            facts = read_facts(beside, picture=os.path.basename(path))
        except TruthError:
            facts = {}  # the case fails when its truth is read, and says why
        if facts is None:
            return Case(CaseInfo(name, source), path, ImageKitTruth(beside))
        return Case(CaseInfo(name, source, **case_fields(facts)), path, TruthFile(beside))


def suffix_beside(picture: str, there: Callable[[str], bool]) -> str:
    """Return the suffix of the file that holds a picture's truth, the first that is there; "" where none is."""
    stem = os.path.splitext(picture)[0]
    return next((suffix for suffix in TRUTH_SUFFIXES if there(stem + suffix)), "")


def _printable(path: str) -> str:
    """Return a path whose bytes that are no UTF-8 are written out, so that it can be stored and shown."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def is_picture(name: str) -> bool:
    """Tell whether a file is a page by its name: of a picture's kind, and no mask beside one."""
    small = name.lower()
    return small.endswith(SUFFIXES) and not small.endswith(MASK_SUFFIXES)


def _below(folder: str, prefix: str = "", above: frozenset[str] = frozenset()) -> Iterator[Found]:
    """Yield the pictures below a folder in the order of their names, hidden ones apart; links that lead back up are not followed."""
    here = os.path.realpath(folder)
    if here in above:
        return
    try:
        with os.scandir(folder) as listing:
            entries = sorted((entry.name, entry.is_dir()) for entry in listing if not entry.name.startswith("."))
    except OSError as error:
        raise SpecError(f"The folder {_printable(folder)} cannot be read ({error.strerror}); check its permissions.") from None
    names = {name for name, is_folder in entries if not is_folder}
    for name, is_folder in entries:
        if is_folder:
            yield from _below(os.path.join(folder, name), f"{prefix}{name}{os.sep}", above | {here})
        elif is_picture(name):
            yield Found(prefix + name, suffix_beside(name, names.__contains__))


def _matching(pattern: str, base: str) -> Iterator[Found]:
    """Yield the pictures that a pattern matches ("*", "?", "[..]" and "**" as in a shell), in the order of their names."""
    for path in sorted(glob.iglob(pattern, recursive=True)):
        if is_picture(path) and not os.path.isdir(path):
            name = os.path.relpath(path, base or os.curdir)
            yield Found(name, suffix_beside(path, os.path.exists))


def _single(path: str) -> Iterator[Found]:
    yield Found(os.path.basename(path), suffix_beside(path, os.path.exists))


def open_folder(spec: str) -> PictureSet | None:
    """Open a folder with all below it ("scans/"), a picture, or a pattern ("scans/*.png", "scans/**/*.jpg").

    Raises SpecError where the path does not exist or holds no picture; returns None for what is no path.
    """
    path = os.path.expanduser(spec)
    exists = _exists(path)
    if not exists and (_NOT_A_PATH.match(spec) or not re.search(r"[/*?\[]", spec.replace(os.sep, "/"))):
        return None
    if os.path.isdir(path):
        return _filled(PictureSet(spec, path, partial(_below, path)), f"The folder {spec} holds no pictures")
    if exists:
        if not is_picture(path):
            raise SpecError(f"{spec} is not a picture; name one ({', '.join(SUFFIXES)}) or a folder of pictures.")
        return PictureSet(spec, os.path.dirname(path), partial(_single, path))
    if not glob.has_magic(path):
        raise SpecError(f"There is no file or folder {spec}; check the path.")
    base = _folder_before_pattern(path)
    return _filled(PictureSet(spec, base, partial(_matching, path, base)), f"No picture matches {spec}")


def _exists(path: str) -> bool:
    try:
        return bool(path) and Path(path).exists()
    except (OSError, ValueError):  # too long for a path, or with a null character
        return False


def _folder_before_pattern(pattern: str) -> str:
    folder = pattern
    while glob.has_magic(folder):
        folder = os.path.dirname(folder)
    return folder


def _filled(pictures: PictureSet, otherwise: str) -> PictureSet:
    if next(iter(pictures.find()), None) is None:
        raise SpecError(f"{otherwise}; pictures end in {', '.join(SUFFIXES)}.")
    return pictures


FOLDER = ImageSetOpener(
    "folder",
    "scans/ | page.png | 'scans/*.png'",
    "Pictures on disk: a folder, one picture, or a pattern; truth is read from name.json, name.json.gz, name.csv or name.hea beside name.png.",
    open_folder,
)


@hookimpl
def ecgbench_image_sets() -> Iterable[ImageSetOpener]:
    """Offer folders of pictures."""
    return (FOLDER,)
