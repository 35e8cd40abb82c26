"""WFDB records: names, rates, gains, units and gaps, and one sentence for each way to be broken."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ecgbench.plugins.image_sets.signal_files import LEADS, SignalsError
from ecgbench.plugins.image_sets.wfdb_records import header_of, read_record, signal_files

DATA = os.environ.get("ECGBENCH_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="set ECGBENCH_DATA to the folder of real ECG data")


def digital(samples: int = 1000, channels: int = 12) -> np.ndarray:
    return np.random.default_rng(3).integers(-2000, 2000, (samples, channels)).astype("<i2")


def make_record(
    folder: Path, values: np.ndarray | None = None, *, names: Sequence[str] = LEADS, fs: str = "500", gain: str = "1000(0)/mV"
) -> Path:
    """Write a record in format 16, by hand: one file, all channels interleaved."""
    values = digital() if values is None else values
    lines = [f"one {values.shape[1]} {fs} {len(values)}"] + [f"one.dat 16 {gain} 16 0 0 0 0 {name}" for name in names]
    (folder / "one.hea").write_text("\n".join(lines) + "\n# a comment\n")
    values.tofile(folder / "one.dat")
    return folder / "one.hea"


def test_samples_come_back_in_millivolts_and_in_the_usual_order(tmp_path: Path) -> None:
    values, shuffled = digital(), (11, 3, 7, 0, 1, 2, 10, 4, 5, 6, 8, 9)
    path = make_record(tmp_path, values[:, shuffled], names=[LEADS[index].upper() for index in shuffled])
    signals = read_record(path)
    assert (signals.fs, tuple(signals.leads)) == (500.0, LEADS)
    for index, name in enumerate(LEADS):
        np.testing.assert_allclose(signals.leads[name], values[:, index] / 1000, atol=1e-6)
        assert signals.leads[name].dtype == np.float32 and signals.leads[name].flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("elsewhere", ["/etc/passwd", "../one.dat", "s3://bucket/one.dat", "sub/one.dat"])
def test_a_header_leads_to_no_file_outside_its_folder(tmp_path: Path, elsewhere: str) -> None:
    path = make_record(tmp_path)
    path.write_text(path.read_text().replace("one.dat", elsewhere))
    with pytest.raises(SignalsError, match="which does not lie beside it; only files of its folder are read"):
        read_record(path)
    whole = tmp_path / "whole.hea"
    whole.write_text("whole/1 12 500 1000\none 1000\n")
    with pytest.raises(SignalsError, match="which does not lie beside it"):
        read_record(whole)


@pytest.mark.parametrize(
    "gain, expected",
    [
        ("2000", lambda raw: raw / 2000),
        ("200(100)/mV", lambda raw: (raw - 100) / 200),
        ("1(-5)/uV", lambda raw: (raw + 5) / 1000),
        ("4000000(0)/V", lambda raw: raw / 4000),
        ("0", lambda raw: raw / 200),  # not calibrated: the format's default gain
        ("-1000(0)/mV", lambda raw: raw / -1000),
    ],
)
def test_gain_baseline_and_unit_are_taken_into_account(tmp_path: Path, gain: str, expected: object) -> None:
    values = digital()
    signals = read_record(make_record(tmp_path, values, gain=gain))
    np.testing.assert_allclose(signals.leads["V2"], expected(values[:, 7].astype(float)), rtol=1e-5, atol=1e-6)  # type: ignore[operator]


def test_samples_that_are_marked_invalid_are_nan(tmp_path: Path) -> None:
    values = digital()
    values[100:200, 1] = -32768
    two = read_record(make_record(tmp_path, values)).leads["II"]
    assert np.isnan(two[100:200]).all() and np.isfinite(two[:100]).all() and np.isfinite(two[200:]).all()


@pytest.mark.parametrize("fs", ["100", "250", "360", "500", "512.5", "1000"])
def test_any_sampling_rate_is_kept_unless_another_is_asked_for(tmp_path: Path, fs: str) -> None:
    path = make_record(tmp_path, fs=fs)
    assert read_record(path).fs == float(fs) and len(read_record(path).leads["I"]) == 1000
    assert len(read_record(path, fs=300).leads["I"]) == round(1000 * 300 / float(fs))


def test_no_more_is_read_than_asked_for(tmp_path: Path) -> None:
    values = digital()
    np.testing.assert_allclose(
        read_record(make_record(tmp_path, values), seconds=1).leads["I"], values[:500, 0] / 1000, atol=1e-6
    )


def test_missing_leads_are_nan_and_other_channels_are_left_out(tmp_path: Path) -> None:
    signals = read_record(make_record(tmp_path, digital(channels=4), names=("vx", "ii", "V1", "pleth")))
    known = {name for name, signal in signals.leads.items() if np.isfinite(signal).any()}
    assert known == {"II", "V1"} and tuple(signals.leads) == LEADS


def test_a_file_of_other_channels_need_not_be_there(tmp_path: Path) -> None:
    path = make_record(tmp_path)
    path.write_text(
        path.read_text().replace("one 12", "one 15") + "".join(f"gone.xyz 16 2000 16 0 0 0 0 {n}\n" for n in ("vx", "vy", "vz"))
    )
    assert np.isfinite(read_record(path).leads["V6"]).all()
    assert signal_files(path) == (tmp_path / "one.dat", tmp_path / "gone.xyz")


def test_a_record_in_segments_is_read_as_one(tmp_path: Path) -> None:
    values = digital()
    for name, part in (("s1", values[:400]), ("s2", values[400:])):
        lines = [f"{name} 12 500 {len(part)}"] + [f"{name}.dat 16 1000(0)/mV 16 0 0 0 0 {lead}" for lead in LEADS]
        (tmp_path / f"{name}.hea").write_text("\n".join(lines) + "\n")
        part.tofile(tmp_path / f"{name}.dat")
    (tmp_path / "whole.hea").write_text("whole/2 12 500 1000\ns1 400\ns2 600\n")
    signals = read_record(tmp_path / "whole")
    np.testing.assert_allclose(signals.leads["V3"], values[:, 8] / 1000, atol=1e-6)
    assert signal_files(tmp_path / "whole.hea") == tuple(tmp_path / name for name in ("s1.hea", "s1.dat", "s2.hea", "s2.dat"))


def test_leads_with_more_than_one_sample_a_frame_keep_them(tmp_path: Path) -> None:
    values = digital(1000, 2)
    (tmp_path / "one.hea").write_text(
        "one 2 250 500\n" + "".join(f"one.dat 16x2 1000(0)/mV 16 0 0 0 0 {n}\n" for n in ("I", "II"))
    )
    frames = np.concatenate([values[:, 0].reshape(500, 2), values[:, 1].reshape(500, 2)], axis=1)
    frames.tofile(tmp_path / "one.dat")
    signals = read_record(tmp_path / "one")
    assert signals.fs == 500
    np.testing.assert_allclose(signals.leads["II"], values[:, 1] / 1000, atol=1e-6)


def test_a_record_is_named_with_or_without_its_suffix(tmp_path: Path) -> None:
    assert {header_of(tmp_path / name) for name in ("one", "one.hea", "one.dat")} == {tmp_path / "one.hea"}
    assert header_of(tmp_path / "12.5.lead") == tmp_path / "12.5.lead.hea"


def cut(path: Path, to: int) -> None:
    path.write_bytes(path.read_bytes()[:to])


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    "spoil, says",
    [
        (lambda folder: (folder / "one.hea").unlink(), r"There is no record .*one: its header"),
        (lambda folder: (folder / "one.dat").unlink(), r"one\.dat cannot be read .* the record .*one\.hea needs it"),
        (lambda folder: cut(folder / "one.dat", 5001), r"one\.dat holds 5001 of the 24000 bytes .* cut short"),
        (lambda folder: cut(folder / "one.dat", 0), r"one\.dat holds 0 of the 24000 bytes"),
        (lambda folder: (folder / "one.hea").write_text(""), "cannot be read"),
        (lambda folder: (folder / "one.hea").write_text("hello world\n" * 5), "cannot be read: invalid syntax"),
        (lambda folder: (folder / "one.hea").write_bytes(bytes(range(256))), "does not lie beside it"),
        (lambda folder: (folder / "one.hea").write_text("one 0 500 0\n"), "holds no signals"),
        (lambda folder: edit(folder / "one.hea", "one 12", "one 13"), "one"),
        (lambda folder: edit(folder / "one.hea", "one 12", "one 11"), "one"),
        (lambda folder: edit(folder / "one.hea", "500 1000", "500 5000000000"), "of the 120000000000 bytes"),
        (lambda folder: edit(folder / "one.hea", "12 500", "12 0"), "0 samples per second"),
        (lambda folder: edit(folder / "one.hea", ".dat 16 ", ".dat 99 "), "cannot be read"),
        (lambda folder: edit(folder / "one.hea", "/mV", "/mmHg"), 'the lead I in "mmHg", which is no unit of voltage'),
        (lambda folder: edit(folder / "one.hea", "0 II\n", "0 I\n"), "the lead I twice"),
        (lambda folder: [edit(folder / "one.hea", f"0 {name}\n", f"0 x{name}\n") for name in LEADS], "none of the 12 .* it holds xI, xII"),
        (lambda folder: edit(folder / "one.hea", "500 1000", "500 1000 10:00:00 31/31/1999"), "cannot be read"),
    ],
)  # fmt: skip
def test_a_broken_record_is_one_sentence_that_names_its_file(tmp_path: Path, spoil: object, says: str) -> None:
    make_record(tmp_path)
    spoil(tmp_path)  # type: ignore[operator]
    with pytest.raises(SignalsError, match=says) as raised:
        read_record(tmp_path / "one")
    message = str(raised.value)
    assert str(tmp_path / "one") in message and message.endswith(".") and "\n" not in message


def test_a_header_of_nonsense_names_no_files(tmp_path: Path) -> None:
    for content in (b"", b"\n\n", b"#\n# only\n", bytes(range(256)), b"one 1 500\n../../secret 16\n~ 100\n"):
        (tmp_path / "one.hea").write_bytes(content)
        assert all(path.parent == tmp_path for path in signal_files(tmp_path / "one.hea"))
    assert signal_files(tmp_path / "gone.hea") == ()


@needs_data
@pytest.mark.parametrize(
    "name, fs, samples, within_mv",
    # What LUDB states holds these relations only roughly, most of all at the ends of its records.
    [("ptb/s0010_re", 1000, 38400, 0.01), ("ptbxl/00005_hr", 500, 5000, 0.01), ("ludb/ludb_005", 500, 5000, 0.3)],
)
def test_real_records_are_read_and_obey_einthoven_and_goldberger(name: str, fs: float, samples: int, within_mv: float) -> None:
    signals = read_record(Path(str(DATA)) / "records" / name)
    assert signals.fs == fs and {len(signal) for signal in signals.leads.values()} == {samples}
    leads = {lead: signal.astype(float) for lead, signal in signals.leads.items()}
    assert all(0.05 < np.ptp(signal) < 20 for signal in leads.values())
    for lead, expected in (
        ("III", leads["II"] - leads["I"]), ("aVR", -(leads["I"] + leads["II"]) / 2), ("aVF", leads["II"] - leads["I"] / 2),
    ):  # fmt: skip
        assert np.abs(leads[lead] - expected).max() < within_mv


@needs_data
def test_every_real_record_is_read_as_the_library_reads_it() -> None:
    import wfdb

    for path in sorted((Path(str(DATA)) / "records").glob("*/*.hea"))[::9]:
        if path.parent.name == "ptb":
            continue  # its Frank leads are not here, so that the library alone cannot read it
        whole, ours = wfdb.rdrecord(str(path.with_suffix(""))), read_record(path)
        for index, name in enumerate(LEADS):
            np.testing.assert_allclose(ours.leads[name], whole.p_signal[:, index], atol=1e-6, err_msg=f"{path} {name}")


@needs_data
def test_the_first_samples_of_a_real_record_are_those_that_its_header_states() -> None:
    """The header's own check: each signal's initial value, in the same line as gain and baseline."""
    path = Path(str(DATA)) / "records" / "ptb" / "s0010_re.hea"
    signals = read_record(path, seconds=1)
    for lead, initial in (("I", -489), ("II", -458), ("aVL", -260), ("V6", 390)):
        assert signals.leads[lead][0] == pytest.approx(initial / 2000, abs=1e-6)
