"""Folders of records as image sets: each record printed on sheets, with its own signals as the truth."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.core.page import PageError
from ecgbench.plugins.image_sets.records import RecordFile, open_records
from ecgbench.plugins.image_sets.signal_files import LEADS
from ecgbench.plugins.image_sets.synthetic.heart import Heart, make_leads
from ecgbench.plugins.image_sets.synthetic.lead_source import LeadSource
from ecgbench.plugins.image_sets.synthetic.sets import SyntheticSet
from ecgbench.plugins.image_sets.synthetic.split import SPLITS, split_of_record
from ecgbench.plugins.image_sets.wfdb_records import read_record

DATA = os.environ.get("ECGBENCH_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="set ECGBENCH_DATA to the folder of real ECG data")


def make_record(path: Path, *, rate: float = 70, fs: int = 500, seconds: float = 10, leads: tuple[str, ...] = LEADS) -> None:
    made = make_leads(Heart(rate_bpm=rate), np.random.default_rng(0), fs=fs, seconds=seconds)
    values = np.rint(np.stack([made[name] for name in leads], axis=1) * 1000).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{path.name} {len(leads)} {fs} {len(values)}"] + [
        f"{path.name}.dat 16 1000(0)/mV 16 0 0 0 0 {n.lower()}" for n in leads
    ]
    path.with_name(f"{path.name}.hea").write_text("\n".join(lines) + "\n")
    values.tofile(path.with_name(f"{path.name}.dat"))


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three records and a hidden one; not to be written to."""
    root = tmp_path_factory.mktemp("records")
    make_record(root / "b", rate=60)
    make_record(root / "deep" / "er" / "a", rate=80, fs=1000)
    make_record(root / "c", rate=100, fs=250)
    make_record(root / ".hidden" / "d")
    return root


@pytest.fixture
def folder(records: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return shutil.copytree(records, tmp_path, dirs_exist_ok=True)


def opened(spec: str) -> SyntheticSet:
    found = open_records(spec)
    assert found is not None
    return found


def test_every_record_below_the_folder_is_shown_as_every_type_that_is_asked_for(folder: Path) -> None:
    images = opened(f"records:{folder}?types=0001,0003&dpi=72")
    assert [(case.name, case.info.record, case.info.type) for case in images] == [
        ("b-0001", "b", "0001"), ("b-0003", "b", "0003"), ("c-0001", "c", "0001"), ("c-0003", "c", "0003"),
        ("deep/er/a-0001", "deep/er/a", "0001"), ("deep/er/a-0003", "deep/er/a", "0003"),
    ]  # fmt: skip
    assert images.count() == 6 and opened(f"records:{folder}?types=0001&count=2").count() == 2


@pytest.mark.parametrize("record, fs", [("b", 500), ("c", 250), ("deep/er/a", 1000)])
def test_the_truth_is_the_records_own_samples_at_its_own_rate(folder: Path, record: str, fs: int) -> None:
    case = next(
        case
        for case in opened(f"records:{folder}?types=0001&dpi=72&layouts=3x4%2B1&speed=25&gain=5")
        if case.info.record == record
    )
    case = pickle.loads(pickle.dumps(case))
    assert case.source.make_page().shape[0] > 100
    shown, recorded = case.read_truth().signals, read_record(folder / record)
    assert shown is not None and shown.fs == recorded.fs == fs
    for column, names in enumerate((("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))):
        part = slice(round(2.5 * fs) * column, round(2.5 * fs) * (column + 1))
        for name in names:
            np.testing.assert_array_equal(shown.leads[name][part], recorded.leads[name][part])
            assert name == "II" or np.isfinite(shown.leads[name]).sum() == round(2.5 * fs)
    np.testing.assert_array_equal(shown.leads["II"], recorded.leads["II"])


def test_a_record_is_filtered_where_that_is_asked(folder: Path) -> None:
    (plain, filtered) = (
        next(iter(opened(f"records:{folder}?types=0001&dpi=72&layouts=3x4%2B1&gain=5{more}"))).read_truth().signals
        for more in ("", "&filter_hz=25")
    )
    assert plain is not None and filtered is not None
    change = np.abs(plain.leads["II"] - filtered.leads["II"])
    assert 0 < np.nanmean(change) < 0.2 * np.nanstd(plain.leads["II"])


def test_a_record_that_was_changed_is_another_case_and_one_that_was_moved_is_not(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def ids(where: Path) -> dict[str, str]:
        return {case.name: str(case.info.content_id) for case in opened(f"records:{where}?types=0001")}

    before = ids(folder)
    assert len(set(before.values())) == 3
    elsewhere = tmp_path_factory.mktemp("moved")
    for suffix in (".hea", ".dat"):
        (elsewhere / f"c{suffix}").write_bytes((folder / f"c{suffix}").read_bytes())
    assert ids(elsewhere) == {"c-0001": before["c-0001"]}  # whatever else lies in the folder, too
    data = bytearray((folder / "b.dat").read_bytes())
    data[5000] ^= 1
    (folder / "b.dat").write_bytes(data)
    after = ids(folder)
    assert after["b-0001"] != before["b-0001"]
    assert {name: after[name] for name in after if name != "b-0001"} == {
        name: before[name] for name in before if name != "b-0001"
    }


def test_a_broken_record_costs_its_own_cases_only(folder: Path) -> None:
    (folder / "b.dat").write_bytes(b"short")
    (folder / "c.hea").write_text("nonsense\n")
    make_record(folder / "few", leads=("I", "II", "V1"))
    make_record(folder / "z")
    says = {"b-0001": r"b\.dat holds 5 of the", "c-0001": r"c\.hea", "few-0001": r"few\.hea lacks III, aVR, aVL, aVF, V2, V3"}
    cases = {case.name: case for case in opened(f"records:{folder}?types=0001&dpi=72")}
    assert set(cases) == {"b-0001", "c-0001", "deep/er/a-0001", "few-0001", "z-0001"}
    for name, case in cases.items():
        if name in says:
            with pytest.raises(PageError, match=says[name]):
                case.source.make_page()
        else:
            assert case.source.make_page().shape[0] > 100


def test_short_recordings_and_gaps_leave_paper_empty(tmp_path: Path) -> None:
    make_record(tmp_path / "short", seconds=4)
    values = np.fromfile(tmp_path / "short.dat", "<i2").reshape(-1, 12)
    values[1300:1500, 1] = -32768
    values.tofile(tmp_path / "short.dat")
    (case,) = opened(f"records:{tmp_path}?types=0001&dpi=72&layouts=3x4%2B1&speed=25")
    assert case.source.make_page().shape[0] > 100
    truth = case.read_truth()
    assert truth.signals is not None and truth.trace_mask is not None and truth.trace_mask.any()
    known = np.isfinite(truth.signals.leads["II"])
    assert known[:1300].all() and not known[1300:1500].any() and known[1500:2000].all() and not known[2000:].any()
    assert not np.isfinite(truth.signals.leads["V4"]).any()  # its column begins after the recording has ended


def test_an_end_at_which_all_leads_are_held_is_not_shown_and_a_single_flat_lead_is(tmp_path: Path) -> None:
    make_record(tmp_path / "held")
    data = tmp_path / "held.dat"
    values = np.fromfile(data, "<i2").reshape(-1, 12)
    values[-50:] = values[-51]
    values[:, LEADS.index("V2")] = 40
    values.tofile(data)
    leads = RecordFile(str(tmp_path / "held.hea"), "held").read().leads
    assert all(np.isnan(lead[-50:]).all() and np.isfinite(lead[:-50]).all() for lead in leads.values())
    np.testing.assert_allclose(leads["V2"][:-50], 0.04, atol=1e-6)
    (case,) = opened(f"records:{tmp_path}?types=0001&dpi=72&layouts=3x4%2B1&device=plain")
    signals = case.read_truth().signals
    assert signals is not None and np.isnan(signals.leads["II"][-50:]).all() and np.isfinite(signals.leads["II"][:-50]).all()


def test_a_record_that_is_flat_all_along_stays(tmp_path: Path) -> None:
    make_record(tmp_path / "flat")
    data = tmp_path / "flat.dat"
    np.zeros_like(np.fromfile(data, "<i2")).tofile(data)
    leads = RecordFile(str(tmp_path / "flat.hea"), "flat").read().leads
    assert all((lead == 0).all() for lead in leads.values())


def test_segments_are_no_records_of_their_own(tmp_path: Path) -> None:
    make_record(tmp_path / "s1", seconds=5)
    make_record(tmp_path / "s2", seconds=5)
    (tmp_path / "whole.hea").write_text("whole/2 12 500 5000\ns1 2500\ns2 2500\n")
    (case,) = opened(f"records:{tmp_path}?types=0001&dpi=72")
    assert case.info.record == "whole" and case.source.make_page().shape[0] > 100


def test_a_record_file_is_a_small_source_of_leads(folder: Path) -> None:
    source = RecordFile(str(folder / "b.hea"), "b")
    assert isinstance(source, LeadSource) and len(pickle.dumps(source)) < 1000
    recording = source.read()
    assert tuple(recording.leads) == LEADS and recording.fs == 500 and recording.title == ("ID: b",)


@pytest.mark.parametrize(
    "spec, says",
    [
        ("records:", "There is no folder"),
        ("records:/nowhere/at/all", "There is no folder"),
        ("records:{}/empty", "holds no records"),
        ("records:{}?types=9999", '"types" names some of'),
        ("records:{}?rhythm=af", "bring their own hearts"),
        ("records:{}?what=1", 'no setting "what"'),
        ("records:{}?split=both", '"split" is one of development, evaluation'),
        ("records:{}?split=evaluation&split=development", "stands once"),
    ],
)
def test_a_wrong_spec_is_one_sentence_that_says_what_would_be_right(folder: Path, spec: str, says: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(SpecError, match=says):
        open_records(spec.format(folder))


def test_other_specs_are_left_to_others(folder: Path) -> None:
    for spec in ("demo", "", str(folder), "record:x", "synthetic?count=1"):
        assert open_records(spec) is None


def test_a_split_shows_the_records_of_its_side_only(folder: Path) -> None:
    everything = {str(case.info.record) for case in opened(f"records:{folder}?types=0001")}
    for side in SPLITS:
        expected = {record for record in everything if split_of_record(record) == side}
        spec = f"records:{folder}?split={side}&types=0001"
        if expected:
            assert {case.info.record for case in opened(spec)} == expected
        else:
            with pytest.raises(SpecError, match=f"is one for {side}"):
                opened(spec)


@needs_data
def test_real_records_become_pages_of_their_signals() -> None:
    images = opened(f"records:{DATA}/records?types=0001&dpi=100")
    assert images.count() == 94
    cases = {case.info.record: case for case in images}
    for record in ("ptb/s0010_re", "ptbxl/00005_hr", "ludb/ludb_005"):
        page, truth = cases[record].source.make_page(), cases[record].read_truth()
        recorded = read_record(Path(str(DATA)) / "records" / str(record))
        assert min(page.shape) > 300 and truth.signals is not None and truth.signals.fs == recorded.fs
        for name, signal in truth.signals.leads.items():
            known = np.isfinite(signal)
            np.testing.assert_array_equal(signal[known], recorded.leads[name][: len(signal)][known])
            assert known.any()
