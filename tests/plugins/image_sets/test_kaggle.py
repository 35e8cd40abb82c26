"""The competition's folders, made here of synthetic pages: what is read, and that what is broken costs one case."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.core.page import PageError
from ecgbench.core.results import Signals
from ecgbench.core.truth import Truth
from ecgbench.plugins.image_sets.kaggle import KaggleSet, open_kaggle, read_table
from ecgbench.plugins.image_sets.signal_files import LEADS, SignalsError
from ecgbench.plugins.image_sets.synthetic import SyntheticPage
from ecgbench.plugins.pages import open_page

TYPES = ("0001", "0005")
IDS = ("7001", "0042")  # as train.csv lists them, which is not their order


def write_signals(path: Path, signals: Signals) -> None:
    rows = zip(*(signals.leads[name] for name in LEADS), strict=True)
    lines = (",".join("" if np.isnan(value) else f"{value:.6f}" for value in row) for row in rows)
    path.write_text("\n".join((",".join(LEADS), *lines)) + "\n")


@pytest.fixture(scope="session")
def pages() -> dict[tuple[str, str], tuple[np.ndarray, Signals]]:
    """A small picture of each record and type, and its signals."""
    made = {}
    for number, record in enumerate(IDS):
        for kind in TYPES:
            page = SyntheticPage(record=number, kind=kind, dpi=72)
            signals = page.read_truth().signals
            assert signals is not None
            slow = Signals(50, {name: signal[::10] for name, signal in signals.leads.items()})  # ten times quicker to write
            made[record, kind] = (page.make_page().bgr, slow)
    return made


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory, pages: dict[tuple[str, str], tuple[np.ndarray, Signals]]) -> Path:
    """A folder as the competition's: two records to train on in two types each, one of them to digitize; not to be written to."""
    root, rows = tmp_path_factory.mktemp("kaggle"), []
    for (record, kind), (bgr, signals) in pages.items():
        folder = root / "train" / record
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{record}-{kind}.png"), bgr)
        write_signals(folder / f"{record}.csv", signals)
        if kind == TYPES[0]:
            rows.append(f"{record},{signals.fs:g},{len(signals.leads['II'])}")
    (root / "train.csv").write_text("\n".join(("id,fs,sig_len", *rows)) + "\n")
    (root / "test").mkdir()
    cv2.imwrite(str(root / "test" / "99.png"), pages[IDS[0], TYPES[0]][0])
    lines = [f"99,{name},500,{5000 if name == 'II' else 1250}" for name in LEADS]
    (root / "test.csv").write_text("\n".join(("id,lead,fs,number_of_rows", *lines)) + "\n")
    return root


@pytest.fixture
def competition(laid_out: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(laid_out, tmp_path, dirs_exist_ok=True)


def opened(spec: str) -> KaggleSet:
    found = open_kaggle(spec)
    assert found is not None
    return found


def test_training_pages_come_record_by_record_with_their_types(competition: Path) -> None:
    images = opened(f"kaggle:{competition}")
    infos = [case.info for case in images]
    assert [(info.name, info.record, info.type) for info in infos] == [
        ("7001-0001", "7001", "0001"), ("7001-0005", "7001", "0005"), ("0042-0001", "0042", "0001"), ("0042-0005", "0042", "0005"),
    ]  # fmt: skip
    assert images.count() == 4 and {info.layout for info in infos} == {"3x4+1"}


def test_the_truth_is_the_signals_and_nothing_else(
    competition: Path, pages: dict[tuple[str, str], tuple[np.ndarray, Signals]]
) -> None:
    for case in opened(f"kaggle:{competition}"):
        bgr, expected = pages[str(case.info.record), str(case.info.type)]
        np.testing.assert_array_equal(open_page(case.source).bgr, bgr)
        truth = pickle.loads(pickle.dumps(case)).read_truth()
        assert truth.signals is not None and truth.layout == truth.signals.layout == "3x4+1"
        assert truth.signals.fs == expected.fs and tuple(truth.signals.leads) == LEADS
        for name in LEADS:
            np.testing.assert_allclose(truth.signals.leads[name], expected.leads[name], atol=1e-6)
        known = {name: value for name, value in vars(truth).items() if value is not None}
        assert set(known) == {"signals", "layout"}


def test_pages_to_digitize_have_no_truth(competition: Path) -> None:
    images = opened(f"kaggle:{competition}?split=test")
    (case,) = images
    assert (case.name, case.info.record, case.info.type, images.count()) == ("99", "99", None, 1)
    assert vars(case.read_truth()) == vars(Truth()) and open_page(case.source).shape[0] > 0


def test_types_are_chosen_and_those_that_are_missing_fail_alone(competition: Path) -> None:
    assert [case.name for case in opened(f"kaggle:{competition}?types=0005")] == ["7001-0005", "0042-0005"]
    images = opened(f"kaggle:{competition}?types=0001,0012&split=train")
    assert images.count() == 4
    working, missing, *_ = images
    assert open_page(working.source).shape[0] > 0
    with pytest.raises(PageError, match=r"There is no file .*7001-0012\.png"):
        open_page(missing.source)


def test_a_folder_that_is_laid_out_so_needs_no_name(competition: Path) -> None:
    assert opened(str(competition)).split == "train"
    assert opened(f"{competition}?split=test").split == "test"
    (competition / "train.csv").unlink()
    assert opened(str(competition)).split == "test"


def test_other_folders_and_specs_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("picture,label\na.png,1\n")
    for spec in (str(tmp_path), "demo", "synthetic?count=3", "", "/nowhere", "gs://bucket/x", "a\0b", f"{tmp_path}/train.csv"):
        assert open_kaggle(spec) is None


@pytest.mark.parametrize(
    "spec, says",
    [
        ("kaggle:", "not laid out like the competition"),
        ("kaggle:/nowhere", "not laid out like the competition"),
        ("kaggle:{}?split=valid", 'no split "valid"; there is train and test'),
        ("kaggle:{}?count=3", '"count" is no setting'),
        ("kaggle:{}?split=train&split=test", '"split" is no setting, or stands twice'),
        ("kaggle:{}?types=1", "types are four digits"),
        ("kaggle:{}?types=0001,0001", "types are four digits"),
        ("kaggle:{}?split=test&types=0001", "do not say their types"),
    ],
)
def test_a_wrong_spec_is_one_sentence_that_says_what_would_be_right(competition: Path, spec: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        open_kaggle(spec.format(competition))


@pytest.mark.parametrize(
    "content, says",
    [
        ("", "is empty"),
        ("id,fs,sig_len\n", "is empty"),
        ("id,fs\n1,500\n", "lacks sig_len"),
        ("id,fs,sig_len\n,500,5000\n", "Line 2 of .* names no record"),
        ("id,fs,sig_len\n7,500,5000\n../../etc,500,5000\n", "Line 3 of .* names no record"),
    ],
)
def test_a_table_that_lists_nothing_is_the_sets_error(competition: Path, content: str, says: str) -> None:
    (competition / "train.csv").write_text(content)
    with pytest.raises(SpecError, match=says):
        open_kaggle(f"kaggle:{competition}")


def test_a_table_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id\n\xff\xfe\x00\n")
    with pytest.raises(SpecError, match="no table"):
        read_table(tmp_path / "t.csv", ("id",))


def replace_in(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    "file, old, new, says",
    [
        ("train/7001/7001.csv", "aVR,", "aVX,", r"7001\.csv says nothing of aVR"),
        ("train/7001/7001.csv", "I,II", "I,I", "the lead I twice"),
        ("train/7001/7001.csv", "V6\n", "V6\nx", r'Line 2 of .*7001\.csv holds "x.*" under I, which is no number'),
        ("train/7001/7001.csv", ",", ";", r"7001\.csv holds none of the 12"),
        ("train.csv", "7001,50,500", "7001,50,499", r"7001\.csv holds \d+ samples where train.csv states 499"),
        ("train.csv", "7001,50,", "7001,fast,", r"7001\.csv fs 'fast' and sig_len '\d+', which are no numbers"),
        ("train.csv", "7001,50,", "7001,0,", r"7001\.csv states 0 samples per second"),
        ("train.csv", "7001,50,", "7001,nan,", r"7001\.csv states nan samples per second"),
    ],
)  # fmt: skip
def test_a_broken_record_costs_its_own_cases_only(competition: Path, file: str, old: str, new: str, says: str) -> None:
    replace_in(competition / file, old, new)
    broken, whole = split_by_record(opened(f"kaggle:{competition}"))
    assert len(broken) == len(whole) == 2
    for case in broken:
        with pytest.raises(SignalsError, match=says) as raised:
            case.read_truth()
        assert str(raised.value).endswith(".") and "\n" not in str(raised.value)
    assert all(case.read_truth().signals is not None for case in whole)


def split_by_record(images: KaggleSet) -> tuple[Sequence, Sequence]:
    cases = list(images)
    return [case for case in cases if case.info.record == "7001"], [case for case in cases if case.info.record != "7001"]


def test_missing_files_cost_their_own_cases_only(competition: Path) -> None:
    (competition / "train" / "7001" / "7001.csv").unlink()
    (competition / "train" / "7001" / "7001-0001.png").write_bytes(b"")
    for name in ("0042-0001.png", "0042-0005.png"):
        (competition / "train" / "0042" / name).unlink()
    images = opened(f"kaggle:{competition}")
    first, second, bare = images
    assert images.count() == 3
    with pytest.raises(PageError, match=r"7001-0001\.png"):
        open_page(first.source)
    with pytest.raises(SignalsError, match=r"7001\.csv cannot be read \(No such file"):
        second.read_truth()
    with pytest.raises(PageError, match=r"0042-0001\.png"):  # a record without pictures is one case that fails
        open_page(bare.source)
