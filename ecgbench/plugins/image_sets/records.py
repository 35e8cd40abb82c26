"""Folders of recorded ECGs as image sets: each record printed on a synthetic sheet when it is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.core.image_set import ImageSetOpener, SpecError
from ecgbench.core.transformer import hookimpl
from ecgbench.plugins.image_sets.signal_files import SignalsError
from ecgbench.plugins.image_sets.synthetic.openers import HEART_NAMES, SHEET_NAMES
from ecgbench.plugins.image_sets.synthetic.split import SPLITS, split_of_record
from ecgbench.plugins.image_sets.wfdb_records import read_record, signal_files

if TYPE_CHECKING:  # what makes pages is loaded when a folder is opened
    from ecgbench.plugins.image_sets.synthetic.heart import Leads
    from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
    from ecgbench.plugins.image_sets.synthetic.sets import SyntheticSet

SCHEME = "records:"
LONGEST_SHEET_S = 60.0  # more than a sheet of any layout shows; the rest of a day's recording is not read
LEAST_HELD = 10  # samples after which an end counts as held


@dataclass(frozen=True)
class RecordFile:
    """The recording in a WFDB record; `header`: the path of its header, `record`: its name below the folder that was opened."""

    header: str
    record: str

    @property
    def name(self) -> str:
        """The record's name below the folder that was opened ("ptbxl/00005_hr")."""
        return self.record

    @property
    def content_id(self) -> str:
        """The hash of the record's files: a record that was changed is another one, one that was moved is the same."""
        paths = (Path(self.header), *signal_files(Path(self.header)))
        return f"wfdb:sha256:{_digest(tuple(_stamp(path) for path in paths))}"

    def read(self) -> Recording:
        """Read the record as it was sampled, less an end at which nothing was.

        Raises SignalsError, also where it lacks some of the 12 leads of a page. A header shows the digits of its name, as the ID that devices print.
        """
        from ecgbench.plugins.image_sets.synthetic.lead_source import Recording

        signals = read_record(self.header, seconds=LONGEST_SHEET_S)
        lacking = [name for name, signal in signals.leads.items() if not np.isfinite(signal).any()]
        if lacking:
            raise SignalsError(f"The record {self.header} lacks {', '.join(lacking)} of the 12 leads that a page shows.")
        name = Path(self.record).name
        leads = _without_held_end(dict(signals.leads))
        return Recording(leads, signals.fs, (f"ID: {re.sub('[^0-9]', '', name) or name}",))


def _without_held_end(leads: Leads) -> Leads:
    """Return leads that are not known (NaN) from where all of them are held to the end: a filter ran out of samples there.

    The last 0.1 s of the records of PTB-XL are so. A single lead may well be flat; leads that were never anything but flat stay.
    """
    every = np.stack(list(leads.values()))
    moves = np.flatnonzero((np.nan_to_num(np.diff(every, axis=1)) != 0).any(axis=0))
    if not len(moves) or every.shape[1] - moves[-1] - 2 < LEAST_HELD:
        return leads
    return {name: np.where(np.arange(len(lead)) > moves[-1] + 1, np.float32(np.nan), lead) for name, lead in leads.items()}


Stamp = tuple[str, int, int]


def _stamp(path: Path) -> Stamp:
    """Return a file's path, size and time of change; -1 for both where there is none."""
    try:
        status = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), status.st_size, status.st_mtime_ns


@lru_cache(maxsize=1024)  # a page asks for it several times, and every damage of a record again
def _digest(stamps: tuple[Stamp, ...]) -> str:
    """Return the hash of the files' bytes, each after its name and size; a file that is not there counts as missing."""
    digest = sha256()
    for path, size, _ in stamps:
        digest.update(f"{os.path.basename(path)}\0{size}\0".encode(errors="surrogateescape"))  # noqa: PTH119
        if size >= 0:
            with Path(path).open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()


def open_records(spec: str) -> SyntheticSet | None:
    """Open "records:DIR?types=0001,0003&severity=0.5": every record below a folder in the order of their names.

    All that can be set for synthetic pages can be set here; all records are shown where no `count` is given, and all of their
    samples, as they are, unless `filter_hz` or `rest_mm` are given. `split`: only the records
    of one side, development or evaluation (see synthetic/split.py). Raises SpecError where there is no such folder, where it holds no
    record (of that side), or where a setting is not known.
    """
    if not spec.startswith(SCHEME):
        return None
    from ecgbench.plugins.image_sets.synthetic.choice import of
    from ecgbench.plugins.image_sets.synthetic.sets import SyntheticSet
    from ecgbench.plugins.image_sets.synthetic.settings import read_settings

    where, _, settings = spec.removeprefix(SCHEME).partition("?")
    folder = Path(where).expanduser()
    if not where or not folder.is_dir():
        raise SpecError(
            f'There is no folder "{where}" of records; write records:DIR, with the folder that holds their .hea files.'
        )
    sources = tuple(_records(folder))
    if not sources:
        raise SpecError(f"The folder {where} holds no records; a WFDB record is a .hea file with its .dat file beside it.")
    split, settings = _read_split(settings, spec)
    sources = tuple(source for source in sources if split in (None, split_of_record(source.record)))
    if not sources:
        raise SpecError(f"None of the records in {where} is one for {split}.")
    values = {"pages": None} | read_settings(settings, spec)
    if "hearts" in values:
        raise SpecError(f"{spec}: records bring their own hearts; leave out {', '.join(HEART_NAMES)}.")
    whole = {name: of((0.0,)) for name in ("filter_hz", "rest_mm")}
    values["given"] = tuple((whole | dict(values.get("given", ()))).items())  # the truth is a record's own samples
    return SyntheticSet(name=spec, sources=sources, **values)


def _read_split(settings: str, owner: str) -> tuple[str | None, str]:
    """Return the side that is asked for, None where none is, and the settings without it."""
    given = [setting for setting in settings.split("&") if setting.partition("=")[0] == "split"]
    others = "&".join(setting for setting in settings.split("&") if setting not in given)
    if not given:
        return None, others
    split = given[0].partition("=")[2]
    if len(given) > 1 or split not in SPLITS:
        raise SpecError(f'{owner}: "split" is one of {", ".join(SPLITS)}, and stands once.')
    return split, others


def _records(folder: Path) -> Iterable[RecordFile]:
    """Yield the records below a folder, hidden files and the segments of other records apart."""
    headers = sorted(path for path in folder.rglob("*.hea") if path.is_file())
    visible = [path for path in headers if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    segments = {file for path in visible for file in signal_files(path) if file.suffix == ".hea"}
    for path in visible:
        if path not in segments:
            yield RecordFile(str(path), path.relative_to(folder).with_suffix("").as_posix())


RECORDS = ImageSetOpener(
    "records",
    "records:DIR?types=0001,0003&severity=0.5&dpi=200",
    f"Recorded ECGs (WFDB) printed as synthetic pages with truth; settings: split, {', '.join(SHEET_NAMES)}.",
    open_records,
)


@hookimpl
def ecgbench_image_sets() -> Iterable[ImageSetOpener]:
    """Offer folders of records."""
    return (RECORDS,)
