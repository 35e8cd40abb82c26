"""Where a notebook runs: on Kaggle or anywhere else, and where the competition's files lie."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ecgbench.submission import Asked, SubmissionError, read_asked
from ecgbench.submission.making import SubmissionReport, make_submission

KAGGLE_INPUT, KAGGLE_WORKING = Path("/kaggle/input"), Path("/kaggle/working")
LOCAL_INPUTS = (".", "input", "data", "../input")  # from the working directory, where this is not Kaggle
DEEPEST = 3  # folders below the input: /kaggle/input/competitions/NAME has been seen, and data sets in folders of their own
NOT_SEARCHED = frozenset({"train", "test", "node_modules"})
LONGEST_PATH = 250  # of a file that is looked for; longer text may be a picture in base64
BUDGET_SECONDS = 8.5 * 3600  # the rules end a notebook after 9 hours; half an hour is left to set up and to write
_FOUND: dict[
    tuple[Path, ...], Path
] = {}  # the competition below input folders: searching takes long where many data sets are attached


class NotebookEnvironment:
    """Where the competition's files are: below /kaggle/input on Kaggle, else in or below the working directory.

    `input_dir`, `working_dir`: other places than these. Nothing here, nor what it calls, ever asks the network.

    >>> NotebookEnvironment("/nowhere").competition is None
    True
    """

    offline = True

    def __init__(
        self, input_dir: str | os.PathLike[str] | None = None, working_dir: str | os.PathLike[str] | None = None
    ) -> None:
        self.on_kaggle = KAGGLE_INPUT.is_dir()
        self.working_dir = Path(working_dir) if working_dir is not None else KAGGLE_WORKING if self.on_kaggle else Path.cwd()
        self._given = None if input_dir is None else Path(input_dir).absolute()

    @property
    def input_dirs(self) -> tuple[Path, ...]:
        """Where files are looked for, first to last."""
        if self._given is not None:
            return (self._given,)
        local = tuple(self.working_dir / name for name in LOCAL_INPUTS)
        return (KAGGLE_INPUT, *local) if self.on_kaggle else local

    @cached_property
    def competition(self) -> Path | None:
        """The first folder with a test.csv of the competition; None where there is none."""
        known = _FOUND.get(self.input_dirs)
        if known is not None and (known / "test.csv").is_file():
            return known
        for place in self.input_dirs:
            for folder in _folders(place, DEEPEST if place == KAGGLE_INPUT or self._given is not None else 1):
                if (folder / "test.csv").is_file() and asked_in(folder):
                    _FOUND[self.input_dirs] = folder
                    return folder
        return None

    @property
    def asked(self) -> Mapping[str, Asked]:
        """What test.csv asks of each record; nothing where there is no competition."""
        return {} if self.competition is None else asked_in(self.competition)

    @property
    def test_images(self) -> list[Path]:
        """The pictures to digitize, in the order of test.csv."""
        return [] if self.competition is None else [self.competition / "test" / f"{record}.png" for record in self.asked]

    def find(self, image: Any) -> Any:
        """Return the path of a picture that is named by itself, by its name in test/, or from an input folder; else what was given."""
        if not isinstance(image, (str, os.PathLike)) or len(os.fspath(image)) > LONGEST_PATH or Path(image).exists():
            return image
        homes = [self.working_dir, *([self.competition / "test", self.competition] if self.competition else []), *self.input_dirs]
        found = (home / name for home in homes for name in (Path(image), Path(f"{image}.png")))
        return next((str(path) for path in found if path.is_file()), image)

    def submit(self, out: str | os.PathLike[str] = "submission.csv", **settings: Any) -> SubmissionReport:
        """Digitize every test picture into a submission in the working directory, within the time that the rules leave.

        `settings`: as of `ecgbench.submission.making.make_submission`. SubmissionError where there is no competition.
        """
        if self.competition is None:
            looked = ", ".join(str(place) for place in self.input_dirs)
            raise SubmissionError(f"There is no test.csv of the competition in {looked}; give its folder as input_dir.")
        return make_submission(self.competition, self.working_dir / out, **{"max_seconds": BUDGET_SECONDS, **settings})

    def __repr__(self) -> str:
        where = "on Kaggle" if self.on_kaggle else "not on Kaggle"
        return f"<NotebookEnvironment {where}, competition: {self.competition}, {len(self.asked)} test pictures>"

    def _repr_html_(self) -> str:
        rows = {
            "where": "Kaggle" if self.on_kaggle else "not Kaggle",
            "competition": self.competition or f"none found in {', '.join(str(place) for place in self.input_dirs)}",
            "test pictures": len(self.asked),
            "writes to": self.working_dir,
        }
        cells = "".join(f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows.items())
        return f"<table>{cells}</table>"


def asked_in(folder: Path) -> Mapping[str, Asked]:
    """Return what the test.csv of a folder asks of each record; nothing where it is another table."""
    stat = (folder / "test.csv").stat()
    return _asked(folder, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _asked(folder: Path, _mtime_ns: int, _size: int) -> Mapping[str, Asked]:
    try:
        return {each.record: each for each in read_asked(folder)}
    except SubmissionError:
        return {}


def _folders(place: Path, depth: int) -> Iterator[Path]:
    """Yield a folder and those below it, the higher ones first."""
    level = [place]
    for _ in range(depth + 1):
        yield from level
        level = [folder for parent in level for folder in _within(parent)]


def _within(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name not in NOT_SEARCHED and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=True)
            )
    except OSError:
        return []
    return [folder / name for name in names]
