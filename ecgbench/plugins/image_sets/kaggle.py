"""The folders of the competition "PhysioNet - Digitization of ECG Images": pictures with signals to train on, pictures to digitize.

Below the folder lie ``train/{id}/{id}-{type}.png`` with ``{id}.csv`` (a column for each of the 12 leads, in mV, empty where the page
does not show it) and ``train.csv`` (id, fs, sig_len); ``test/{id}.png`` and ``test.csv`` (id, lead, fs, number_of_rows; no truth).
"""

# Cases of many pictures keep their paths as text, which costs a tenth of Path objects.
# ruff: noqa: PTH118, PTH208

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgbench.core.image_set import ImageSetOpener, SpecError
from ecgbench.core.transformer import hookimpl
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.plugins.image_sets.signal_files import SignalsError, signals_from_csv

SCHEME = "kaggle:"
LAYOUT = "3x4+1"  # of every page of the competition: four columns of 2.5 s, and lead II for 10 s
COLUMNS: Mapping[str, tuple[str, ...]] = {"train": ("id", "fs", "sig_len"), "test": ("id", "lead", "fs", "number_of_rows")}
SETTINGS = ("split", "types")
_TYPE = re.compile(r"\d{4}")


@dataclass(frozen=True)
class KaggleTruth:
    """Reads the signals of a record when they are asked for; `fs`, `sig_len`: as train.csv states them."""

    path: str
    fs: str
    sig_len: str

    def __call__(self) -> Truth:
        """Return the signals. Raises SignalsError where the record's file, or its line in train.csv, is not right."""
        try:
            fs, samples = float(self.fs), int(self.sig_len)
        except ValueError:
            what = f"fs {self.fs!r} and sig_len {self.sig_len!r}"
            raise SignalsError(f"train.csv gives {self.path} {what}, which are no numbers.") from None
        signals = signals_from_csv(self.path, fs=fs)
        lacking = [name for name, signal in signals.leads.items() if not np.isfinite(signal).any()]
        if lacking:
            raise SignalsError(f"{self.path} says nothing of {', '.join(lacking)}; a page of the competition shows 12 leads.")
        found = len(signals.leads["II"])
        if found != samples:
            raise SignalsError(f"{self.path} holds {found} samples where train.csv states {samples}.")
        return Truth(signals=replace(signals, layout=LAYOUT), layout=LAYOUT)


@dataclass(frozen=True)
class KaggleSet:
    """The pictures of one half of the competition, record by record in the order of its table.

    `split`: "train" or "test". `types`: kinds of picture to show ("0001", ...), all that are there where it is empty.
    """

    name: str
    folder: str
    split: str = "train"
    types: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Case]:
        """Yield the cases; one whose picture or signals are missing or broken fails when it is opened, and says why."""
        return self._training() if self.split == "train" else self._testing()

    def count(self) -> int:
        """Return the number of pictures, counted anew each time."""
        if self.split == "test":
            return len(self._ids())
        return sum(len(self._types_of(row["id"])) for row in self._rows())

    def _training(self) -> Iterator[Case]:
        for row in self._rows():
            record = row["id"]
            beside = os.path.join(self.folder, "train", record)
            truth = KaggleTruth(os.path.join(beside, f"{record}.csv"), row["fs"], row["sig_len"])
            for kind in self._types_of(record):
                path = os.path.join(beside, f"{record}-{kind}.png")
                yield Case(CaseInfo(f"{record}-{kind}", path, record=record, type=kind, layout=LAYOUT), path, truth)

    def _testing(self) -> Iterator[Case]:
        for record in self._ids():
            path = os.path.join(self.folder, "test", f"{record}.png")
            yield Case(CaseInfo(record, path, record=record, layout=LAYOUT), path)

    def _ids(self) -> list[str]:
        return list(dict.fromkeys(row["id"] for row in self._rows()))

    def _rows(self) -> list[dict[str, str]]:
        return read_table(Path(self.folder) / f"{self.split}.csv", COLUMNS[self.split])

    def _types_of(self, record: str) -> Sequence[str]:
        """Return the kinds of picture of a record: those that are asked for, there or not, or else those that are there."""
        if self.types:
            return self.types
        try:
            names = os.listdir(os.path.join(self.folder, "train", record))
        except OSError:
            names = []
        start = f"{record}-"
        kinds = (
            name.removeprefix(start).removesuffix(".png") for name in names if name.startswith(start) and name.endswith(".png")
        )
        return sorted(kind for kind in kinds if _TYPE.fullmatch(kind)) or ("0001",)  # a record without pictures fails as one case


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the lines of a table with an "id", as text by column. Raises SpecError that names the file and what is wrong with it."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, restval=""))
    except OSError as error:
        raise SpecError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise SpecError(f"{path} is no table of comma-separated text.") from None
    lacking = [column for column in columns if rows and column not in rows[0]]
    if lacking or not rows:
        raise SpecError(
            f"{path} {'lacks ' + ', '.join(lacking) if lacking else 'is empty'}; it has the columns {', '.join(columns)}."
        )
    for number, row in enumerate(rows, start=2):
        if not row["id"] or Path(row["id"]).name != row["id"]:
            raise SpecError(f"Line {number} of {path} has the id {row['id']!r}, which names no record.")
    return [{column: row[column] or "" for column in columns} for row in rows]


def open_kaggle(spec: str) -> KaggleSet | None:
    """Open "kaggle:DIR", or a folder that is laid out like the competition's: "DIR?split=test", "DIR?types=0001,0005".

    Without a `split` it is the one to train on, where that is there. Raises SpecError where it is not as it should be; returns None
    for other folders and specs.
    """
    said = spec.startswith(SCHEME)
    where, _, settings = spec.removeprefix(SCHEME).partition("?")
    folder = Path(where).expanduser()
    there = [split for split, columns in COLUMNS.items() if where and (said or _is_table(folder / f"{split}.csv", columns))]
    if not said and not there:
        return None
    there = [split for split in there if (folder / f"{split}.csv").is_file()]
    if not there:
        raise SpecError(
            f"The folder {where or '(none)'} is not laid out like the competition: it has no train.csv and no test.csv."
        )
    split, types = _read_settings(settings, spec, there)
    opened = KaggleSet(spec, str(folder), split, types)
    next(iter(opened), None)  # so that a table that cannot be read is said now
    return opened


def _is_table(path: Path, columns: Sequence[str]) -> bool:
    """Tell whether a file's first line names these columns."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            head = file.readline(1000)
    except (OSError, ValueError):  # a path with a null character, or none at all
        return False
    return set(columns) <= {name.strip().strip('"') for name in head.split(",")}


def _read_settings(settings: str, spec: str, there: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    values: dict[str, str] = {}
    for setting in filter(None, settings.split("&")):
        key, _, text = setting.partition("=")
        if key not in SETTINGS or key in values:
            raise SpecError(f'{spec}: "{key}" is no setting, or stands twice; there are {" and ".join(SETTINGS)}.')
        values[key] = text
    split = values.get("split", there[0])
    if split not in there:
        raise SpecError(f'{spec}: there is no split "{split}"; there is {" and ".join(there)}.')
    types = tuple(values["types"].split(",")) if "types" in values else ()
    if types and split == "test":
        raise SpecError(f"{spec}: the pictures of the test split do not say their types; leave types out.")
    if len(set(types)) < len(types) or not all(_TYPE.fullmatch(kind) for kind in types):
        raise SpecError(f'{spec}: types are four digits each, each once (0001,0005), got "{values["types"]}".')
    return split, types


KAGGLE = ImageSetOpener(
    "kaggle",
    "kaggle:DIR?split=train&types=0001,0005",
    "The competition's folders: train (signals are the truth) or test (no truth); a folder with train.csv or test.csv opens so by itself.",
    open_kaggle,
)


@hookimpl
def ecgbench_image_sets() -> Iterable[ImageSetOpener]:
    """Offer the competition's folders."""
    return (KAGGLE,)
