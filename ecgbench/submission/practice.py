"""A competition to practice on: folders as the real one's, of synthetic pages, with the solution that the real one keeps."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ecgbench.core.results import Signals
from ecgbench.core.truth import Case
from ecgbench.plugins.image_sets.kaggle import COLUMNS
from ecgbench.plugins.image_sets.signal_files import LEADS
from ecgbench.plugins.image_sets.synthetic import SYNTHETIC
from ecgbench.plugins.pages import open_page
from ecgbench.submission.asked import SubmissionError, rules

THINNED = (
    1,
    2,
)  # every so many samples of a record are kept, in turn: records at 500 and at 250 Hz, as the real ones differ in rate


def make_practice(
    folder: str | os.PathLike[str], *, records: int = 3, types: Sequence[str] = ("0001",), dpi: float = 200, seed: int = 0
) -> Path:
    """Write a small competition into `folder` and return it.

    test/{id}.png and test.csv of `records` records, solution.csv (id, fs, value) to score them, and as many others to train on:
    train/{id}/{id}-{type}.png, {id}.csv and train.csv. `types`: kinds of picture, in turn; pages of one `seed` are the same everywhere.
    SpecError where a type or dpi is not known, SubmissionError where `folder` is not empty.
    """
    home = Path(folder)
    if home.is_dir() and any(home.iterdir()):
        raise SubmissionError(f"{home} is not empty; give a new folder.")
    images = SYNTHETIC.open(f"synthetic?preset=kaggle&count={2 * records}&types={','.join(types)}&dpi={dpi:g}&seed={seed}")
    assert images is not None
    lines: dict[str, list[str]] = {"train": [], "test": [], "solution": []}
    for number, case in enumerate(images, start=1):
        thinned = _thinned(case, THINNED[(number - 1) // 2 % len(THINNED)])
        if number % 2:
            lines["train"].append(_write_train(home, f"{1000 + number}", case, thinned))
        else:
            _write_test(home, f"{1000 + number}", case, thinned, lines)
    _write_table(home / "train.csv", COLUMNS["train"], lines["train"])
    _write_table(home / "test.csv", COLUMNS["test"], lines["test"])
    _write_table(home / "solution.csv", ("id", "fs", "value"), lines["solution"])
    return home


def _thinned(case: Case, every: int) -> Signals:
    signals = case.read_truth().signals
    assert signals is not None
    return Signals(signals.fs / every, {name: signals.leads[name][::every] for name in LEADS})


def _write_train(home: Path, record: str, case: Case, signals: Signals) -> str:
    beside = home / "train" / record
    _write_page(beside / f"{record}-{case.info.type}.png", case)
    rows = zip(*(signals.leads[name] for name in LEADS), strict=True)
    _write_table(
        beside / f"{record}.csv", LEADS, [",".join("" if np.isnan(value) else f"{value:.4f}" for value in row) for row in rows]
    )
    return f"{record},{signals.fs:g},{len(signals.leads['II'])}"


def _write_test(home: Path, record: str, case: Case, signals: Signals, lines: dict[str, list[str]]) -> None:
    _write_page(home / "test" / f"{record}.png", case)
    for ask in rules(signals.fs):
        lines["test"].append(f"{record},{ask.lead},{signals.fs:g},{ask.rows}")
        signal = signals.leads[ask.lead]
        shown = signal[np.isfinite(signal)][: ask.rows]
        lines["solution"] += [f"{record}_{row}_{ask.lead},{signals.fs:g},{value:.4f}" for row, value in enumerate(shown.tolist())]


def _write_page(path: Path, case: Case) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, png = cv2.imencode(".png", open_page(case.source).bgr)
    path.write_bytes(png.tobytes())


def _write_table(path: Path, columns: Sequence[str], lines: Sequence[str]) -> None:
    path.write_text("\n".join((",".join(columns), *lines)) + "\n", encoding="utf-8")
