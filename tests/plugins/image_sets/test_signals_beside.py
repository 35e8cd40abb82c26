"""Signals beside pictures in plain folders: name.csv and WFDB records of the picture's name."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.truth import Case, Truth
from ecgbench.plugins.image_sets.folder import open_folder
from ecgbench.plugins.image_sets.signal_files import LEADS, SignalsError


def write_picture(path: Path) -> None:
    path.write_bytes(cv2.imencode(path.suffix, np.full((40, 60), 255, np.uint8))[1].tobytes())


def write_csv(path: Path) -> None:
    path.write_text("time,I,avf\n" + "".join(f"{i / 250:.3f},{i / 100},{-i / 100}\n" for i in range(100)))


def write_record(path: Path) -> None:
    values = np.arange(1200, dtype="<i2").reshape(100, 12)
    lines = [f"x 12 500 {len(values)}"] + [f"{path.stem}.dat 16 1000(0)/mV 16 0 0 0 0 {name}" for name in LEADS]
    path.write_text("\n".join(lines) + "\n")
    values.tofile(path.with_suffix(".dat"))


def the_case(spec: Path | str) -> Case:
    found = open_folder(str(spec))
    assert found is not None
    (case,) = found
    return pickle.loads(pickle.dumps(case))


def known(truth: Truth) -> set[str]:
    return {name for name, value in vars(truth).items() if value is not None}


@pytest.mark.parametrize("spec", ["", "a.png", "*.png"])
def test_a_csv_file_of_the_pictures_name_is_its_signals(tmp_path: Path, spec: str) -> None:
    write_picture(tmp_path / "a.png")
    write_csv(tmp_path / "a.csv")
    truth = the_case(tmp_path / spec).read_truth()
    assert known(truth) == {"signals"} and truth.signals is not None and truth.signals.fs == 250
    np.testing.assert_allclose(truth.signals.leads["aVF"], -np.arange(100) / 100, atol=1e-6)
    assert np.isnan(truth.signals.leads["V1"]).all()


def test_a_record_of_the_pictures_name_is_its_signals(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.JPG")
    write_record(tmp_path / "a.hea")
    truth = the_case(tmp_path).read_truth()
    assert known(truth) == {"signals"} and truth.signals is not None and truth.signals.fs == 500
    np.testing.assert_allclose(truth.signals.leads["V6"], np.arange(11, 1200, 12) / 1000, atol=1e-6)


def test_a_json_file_comes_first_and_a_csv_file_before_a_record(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    write_record(tmp_path / "a.hea")
    write_csv(tmp_path / "a.csv")
    signals = the_case(tmp_path).read_truth().signals
    assert signals is not None and signals.fs == 250
    (tmp_path / "a.json").write_text('{"format": "ecgbench-truth", "version": 1, "px_per_mm_x": 4.0}')
    assert known(the_case(tmp_path).read_truth()) == {"px_per_mm_x"}


def test_a_csv_file_of_something_else_says_nothing(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    (tmp_path / "a.csv").write_text("x,y,label\n1,2,paper\n")
    assert known(the_case(tmp_path).read_truth()) == set()


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("a.csv", "", r"a\.csv is empty"),
        ("a.csv", "I,II\n1,2\n", r"a\.csv does not tell its sampling rate"),
        ("a.csv", "time,I\n0,1\n1,x\n", r'Line 3 of .*a\.csv holds "x"'),
        ("a.hea", "", r"a\.hea cannot be read"),
        ("a.hea", "a 1 500 10\na.dat 16 1000/mV 16 0 0 0 0 II\n", r"a\.dat cannot be read"),
    ],
)
def test_what_is_broken_costs_the_case_and_says_why(tmp_path: Path, name: str, content: str, says: str) -> None:
    write_picture(tmp_path / "a.png")
    (tmp_path / name).write_text(content)
    case = the_case(tmp_path)
    with pytest.raises(SignalsError, match=says):
        case.read_truth()


def test_a_path_that_is_no_text_can_still_be_said(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    write_picture(folder / "a.png")
    (folder / "a.csv").write_text("I\nx\n")
    with pytest.raises(SignalsError) as raised:
        the_case(folder).read_truth()
    assert r"caf\xe9" in str(raised.value) and str(raised.value).encode()
