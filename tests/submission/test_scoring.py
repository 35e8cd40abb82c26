"""The score of submissions, against a straight transcription of its definition in exact arithmetic."""

import csv
import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecgbench.plugins.image_sets.signal_files import LEADS
from ecgbench.submission import SubmissionError
from ecgbench.submission.scoring import score_submission

LOWEST = -384.0


def transcription(submission, solution):
    """The definition, sample by sample, without rounding: tables of id -> value, and of id -> (fs, value)."""
    records = {}
    for name, (fs, value) in solution.items():
        record, row, lead = name.rsplit("_", 2)
        _, leads = records.setdefault(record, (fs, {}))
        leads.setdefault(lead, {})[int(row)] = (Fraction(value), Fraction(submission[name]))
    ratios = [ratio_of(fs, leads.values()) for fs, leads in records.values()]
    mean = sum(ratios) / len(ratios)
    return max(10 * math.log10(mean), LOWEST) if mean > 0 else LOWEST


def ratio_of(fs, leads):
    power = noise = Fraction(0)
    for rows in leads:
        true, found = zip(*(rows[row] for row in sorted(rows)), strict=True)
        moved = align(true, found, int(0.2 * fs))
        power += sum(x**2 for x in true)
        noise += sum((x - y) ** 2 for x, y in zip(true, moved, strict=True))
    return Fraction(384) if noise == 0 else min(power / noise, Fraction(384))


def align(true, found, most):
    n = len(true)
    x_mean, y_mean = sum(true) / n, sum(found) / n
    lags = [lag for lag in range(-most, most + 1) if abs(lag) < n]
    inside = {lag: range(max(0, lag), min(n, n + lag)) for lag in lags}
    correlation = {lag: sum((true[i] - x_mean) * (found[i - lag] - y_mean) for i in inside[lag]) for lag in lags}
    best = min((lag for lag in lags if correlation[lag] == max(correlation.values())), key=lambda lag: (abs(lag), lag))
    offset = sum(true[i] - found[i - best] for i in inside[best]) / len(inside[best])
    return [found[i - best] + offset if i in inside[best] else 0 for i in range(n)]


def write(path, columns, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.table(dict(zip(columns, zip(*rows, strict=True), strict=True))), path)
        return path
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])
    return path


@pytest.fixture
def scored(tmp_path):
    """Scores tables, in a shuffled order, after they were written and read."""

    def score(submission, solution, suffix=".csv", fs=True):
        order = np.random.default_rng(0).permutation(len(solution))
        names = list(solution)
        true = [(names[at], *solution[names[at]]) if fs else (names[at], solution[names[at]][1]) for at in order]
        return score_submission(
            write(tmp_path / f"submission{suffix}", ("id", "value"), [(name, submission[name]) for name in sorted(submission)]),
            write(tmp_path / f"solution{suffix}", ("id", "fs", "value") if fs else ("id", "value"), true),
        )

    return score


def tables(fs, leads, record="7"):
    """The two tables of a record whose leads are (true, found)."""
    rows = [
        (f"{record}_{row}_{lead}", x, y) for lead, pair in leads.items() for row, (x, y) in enumerate(zip(*pair, strict=True))
    ]
    return {name: float(y) for name, _, y in rows}, {name: (fs, float(x)) for name, x, _ in rows}


def random_leads(rng, fs):
    leads = {}
    for lead in LEADS[: int(rng.integers(1, 13))]:
        n = int(fs * (1.0 if lead == "II" else 0.5)) + 1
        true = np.convolve(rng.normal(0, 1, n + 4), np.ones(5) / 5, mode="valid").round(3)
        found = np.roll(true, rng.integers(-fs // 3, fs // 3)) * rng.uniform(-0.5, 1.5) + rng.normal(0.2, rng.random(), n)
        leads[lead] = (true, found.round(4))
    return leads


@pytest.mark.parametrize("seed", range(12))
def test_it_agrees_with_a_straight_transcription_on_random_records(scored, seed):
    rng = np.random.default_rng(seed)
    submission, solution = {}, {}
    for record in ("12", "1_2", "003")[: 1 + seed % 3]:
        fs = int(rng.integers(4, 60))
        found, true = tables(fs, random_leads(rng, fs), record)
        submission |= found
        solution |= true
    expected = transcription(submission, solution)
    assert scored(submission, solution, (".csv", ".parquet")[seed % 2]).score_db == pytest.approx(expected, abs=1e-9)


X = np.array([0.0, 1.0, 0.0, -0.5, 2.0, 0.25, 0.0, 0.0, 1.0, 0.0])
PERIODIC = np.tile([0.0, 1.0], 5)
DEGENERATE = {
    "a perfect copy": (10, {"I": (X, X)}),
    "an offset": (10, {"I": (X, X + 3)}),
    "upside down": (10, {"I": (X, -X)}),
    "nothing found": (10, {"I": (X, 0 * X), "II": (X + 1, 0 * X + 7)}),
    "no signal": (10, {"I": (0 * X, X)}),
    "no signal, nothing found": (10, {"I": (0 * X, 0 * X)}),
    "no signal, an offset": (10, {"I": (0 * X, 0 * X + 0.5)}),
    "a constant signal": (10, {"I": (0 * X + 0.5, X)}),
    "constants": (10, {"I": (0 * X + 0.5, 0 * X + 0.25)}),
    "several lags fit as well": (10, {"I": (PERIODIC, 1 - PERIODIC)}),
    "a shift as far as allowed": (10, {"I": (X, np.roll(X, 2))}),
    "a shift too far": (10, {"I": (X, np.roll(X, 3))}),
    "one sample": (10, {"I": ([0.5], [0.25]), "II": ([2.0], [1.0])}),
    "two samples": (10, {"I": ([0.5, 1.0], [1.0, 0.5])}),
    "no lag at all": (4, {"I": (X, np.roll(X, 1))}),
    "huge and tiny": (10, {"I": (X * 1e6, X * 1e-6), "II": (X * 1e-6, X)}),
}


@pytest.mark.parametrize("what", DEGENERATE)
def test_it_agrees_with_a_straight_transcription_on_degenerate_records(scored, what):
    submission, solution = tables(*DEGENERATE[what])
    assert scored(submission, solution).score_db == pytest.approx(transcription(submission, solution), abs=1e-9)


def test_the_best_is_384_as_a_ratio_and_the_worst_384_below_zero_in_db(scored):
    assert scored(*tables(10, {"I": (X, X)})).score_db == pytest.approx(10 * math.log10(384), abs=1e-12)
    assert scored(*tables(10, {"I": (0 * X, X)})).score_db == LOWEST


def test_each_records_ratio_is_told(scored):
    (one, true), (other, zeros) = tables(10, {"I": (X, X)}, "a"), tables(10, {"I": (0 * X, X)}, "b")
    score = scored(one | other, true | zeros)
    assert score.ratios == {"a": 384.0, "b": 0.0}
    assert score.score_db == pytest.approx(10 * math.log10(192), abs=1e-12)


def test_without_a_column_of_rates_lead_two_tells_the_rate(scored):
    rng = np.random.default_rng(5)
    leads = {"II": (rng.normal(size=200), rng.normal(size=200)), "V1": (rng.normal(size=50), rng.normal(size=50))}
    submission, solution = tables(20, leads)
    assert scored(submission, solution, fs=False).score_db == scored(submission, solution).score_db
    with pytest.raises(SubmissionError, match="states no fs, and has no lead II of 7"):
        scored(*tables(10, {"I": (X, X)}), fs=False)


def wrong(change):
    submission, _ = tables(10, {"I": (X, X), "V1": (X, X)})
    return change(submission) or submission


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda each: each.pop("7_3_I") and None, "lacks the id 7_3_I"),
        (lambda each: each.pop("7_9_I") or None, "holds 9 rows of lead I of 7, where the solution has 10"),
        (lambda each: {name: x for name, x in each.items() if not name.endswith("V1")}, "lacks the ids of lead V1 of 7"),
        (lambda each: each | {"8_0_I": 1.0, "8_0_II": 1.0}, "solution lacks: those of lead I of 8 and 1 more leads"),
        (lambda each: each | {"7_3_I": math.nan}, "holds no finite number at the id 7_3_I"),
        (lambda each: each | {"7_3_I": math.inf}, "holds no finite number at the id 7_3_I"),
        (lambda each: each | {"7_3_I": "much"}, "cannot be read as a table of id and value"),
        (lambda each: each | {"7_x_I": 1.0}, "holds the id '7_x_I', which is not"),
        (lambda each: each | {"7_03_I": 1.0}, "states twice the id 7_3_I"),
    ],
)
def test_a_submission_that_is_not_right_is_one_sentence(scored, change, says):
    _, solution = tables(10, {"I": (X, X), "V1": (X, X)})
    with pytest.raises(SubmissionError, match=says) as raised:
        scored(wrong(change), solution)
    assert "\n" not in str(raised.value)


def test_files_that_are_no_tables_are_one_sentence(tmp_path):
    good = write(tmp_path / "good.csv", ("id", "fs", "value"), [("7_0_I", 10, 1.0)])
    contents = {"empty.csv": b"", "head.csv": b"id,value\n", "x.csv": b"\xff\xfe\x00", "y.csv": b"id\n1\n", "p.parquet": b"x"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SubmissionError, match=name):
            score_submission(tmp_path / name, good)
    with pytest.raises(SubmissionError, match="There is no file"):
        score_submission(good, tmp_path / "gone.csv")
    two = write(tmp_path / "two.csv", ("id", "fs", "value"), [("7_0_I", 10, 1.0), ("7_1_I", 20, 1.0)])
    with pytest.raises(SubmissionError, match="must state one fs above 0 in every row of 7"):
        score_submission(good, two)
