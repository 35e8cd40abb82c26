"""The truth that stands beside a picture in a bucket, read as that of a folder: its files are put beside each other for as long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ecgbench.core.truth import Truth
from ecgbench.plugins.image_sets.gcs.cache import Cache
from ecgbench.plugins.image_sets.gcs.picture import fetch
from ecgbench.plugins.image_sets.gcs.service import find_object
from ecgbench.plugins.image_sets.gcs.stored import GcsError, StoredObject
from ecgbench.plugins.image_sets.signal_files import SignalsError
from ecgbench.plugins.image_sets.truth_files import MASKS, TruthError, read_facts
from ecgbench.plugins.image_sets.wfdb_records import signal_files

Reader = Callable[[str], Callable[[], Truth]]


@dataclass(frozen=True)
class TruthInBucket:
    """Reads the truth of a picture from an object beside it, and from what that names; small enough to travel to a worker.

    `reader`: TruthFile, ImageKitTruth or SignalsBeside, which take the path of a file. `known`: objects that its name leads to expect.
    """

    reader: Reader
    stored: StoredObject
    known: tuple[StoredObject, ...]
    cache: Cache | None

    def __call__(self) -> Truth:
        """Return the truth. Raises GcsError, TruthError or SignalsError, which name the object."""
        with TemporaryDirectory(prefix="ecgbench-truth-") as folder:
            path = Path(folder) / self.stored.file_name
            path.write_bytes(fetch(self.stored, self.cache))
            self._bring(path)
            try:
                return self.reader(str(path))()
            except (TruthError, SignalsError) as error:
                where = str(self.stored).removesuffix(self.stored.file_name)
                raise type(error)(str(error).replace(f"{folder}/", where)) from None

    def _bring(self, path: Path) -> None:
        """Put what a file names beside it, and what that names; what is not in the bucket is missed by who reads."""
        tried = {path.name}
        while wanted := [name for name in _named_in(path) if name not in tried]:
            for name in wanted:
                tried.add(name)
                stored = self._find(name)
                if stored is not None:
                    path.with_name(name).write_bytes(fetch(stored, self.cache))

    def _find(self, name: str) -> StoredObject | None:
        for stored in self.known:
            if stored.file_name == name:
                return stored
        try:
            return find_object(self.stored.bucket, self.stored.folder + name)
        except GcsError:
            return None


def _named_in(path: Path) -> list[str]:
    """Return the files that a truth file names beside itself."""
    if path.suffix == ".hea":
        return [each.name for each in signal_files(path)]
    if path.suffix != ".json":
        return []
    try:
        facts = read_facts(str(path)) or {}
    except TruthError:
        return []  # which is said when it is read
    named: Iterable[Any] = [facts.get(name) for name in MASKS]
    parts = [facts.get(name) for name in ("signals", "traces")]
    named = [*named, *(part.get("file") for part in parts if isinstance(part, dict))]
    return [name for name in named if isinstance(name, str) and name and Path(name).name == name]
