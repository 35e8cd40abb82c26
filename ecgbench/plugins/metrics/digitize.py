"""How well leads were digitized: Kaggle's metric, the 2024 Challenge's, and what is wrong in plain units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import NOT_NEGATIVE, PERCENT, Rows, Score, metric
from ecgbench.core.page import Page
from ecgbench.core.results import Signals
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics.alignment import Floats, aligned, at_rate

PERFECT = 384.0  # Kaggle's cap of a record's ratio of powers, and, in dB, the floor of its score
DB_LIMIT = 100.0  # of scores without a cap of their own: noise of 1e-5 of the signal, far below float32 samples in mV off paper


class Lead(NamedTuple):
    """One lead as it is judged: `true` and `found` (n,) float64 in mV over the time that the page shows.

    `found` is NaN where nothing was found, `true` where the page lost a sample.
    """

    true: Floats
    found: Floats


class Powers(NamedTuple):
    """Sums of squares of a lead's true samples and of the noise, in mV^2."""

    signal: float
    noise: float


def kaggle_score(rows: Rows) -> float:
    """Return the Kaggle score of a set: 10 log10 of the mean of the records' ratios, at least -384; NaN of no record.

    A row gives its ratio in dB.

    >>> round(kaggle_score([{"kaggle_snr_db": 20.0}, {"kaggle_snr_db": 0.0}]), 3)
    17.033
    """
    return mean_ratio_db([10 ** (row["kaggle_snr_db"] / 10) for row in rows if "kaggle_snr_db" in row])


def mean_ratio_db(ratios: Sequence[float]) -> float:
    """Return the Kaggle score of records' ratios of powers, in dB; NaN of no record."""
    return _db(float(np.mean(ratios)), -PERFECT, math.inf) if ratios else math.nan


def record_ratio(leads: Iterable[Lead], fs: float) -> float:
    """Return the ratio of powers of one record by Kaggle's metric, 0 to 384; `true` and `found` of its leads are finite, at `fs` Hz.

    >>> x = np.array([0.0, 1.0, 0.0, 2.0])
    >>> record_ratio([Lead(x, x + 5), Lead(x, np.zeros(4))], fs=5)  # powers of 5 and 5; noise of 0, and of 2.75 about the mean
    3.6363636363636362
    """
    powers = [_powers(lead.true, aligned(lead.true, lead.found, int(0.2 * fs)).found) for lead in leads]
    return _kaggle_ratio(_total(powers))


def kaggle_snr_db(result: Signals, truth: Truth) -> float:
    """Return Kaggle's metric of one page, in dB (see the metric "kaggle"); NaN where no lead is known.

    >>> x = np.array([0.0, 1.0, 0.0, 2.0], np.float32)
    >>> round(kaggle_snr_db(Signals(5, {"I": x + 5}), Truth(signals=Signals(5, {"I": x}))), 3)
    25.843
    """
    leads = _leads(result, truth)
    if not leads or truth.signals is None:
        return math.nan
    found = [lead._replace(found=np.nan_to_num(lead.found, nan=0.0)) for lead in leads]
    return _db(record_ratio(found, truth.signals.fs), -PERFECT, math.inf)


@metric(
    "kaggle",
    task="digitize",
    scores=[
        Score(
            "kaggle_snr_db", "dB", "higher", "Kaggle's metric: power of all leads over that of the noise, aligned, mean of the ratios",
            kaggle_score,
        ),
        Score("kaggle_lead_snr_db", "dB", "higher", "the same ratio of each lead alone, in dB, mean of the leads"),
        Score("timing_shift_ms", "ms", "lower", "how far leads are shifted in time, mean of the leads that were found", limits=NOT_NEGATIVE),
        Score("gain_error_pct", "%", "lower", "how far amplitudes are wrong by a factor, mean of the leads that were found", limits=NOT_NEGATIVE),
    ],
)  # fmt: skip
def kaggle(_page: Page, result: Signals, truth: Truth) -> dict[str, float]:
    """Measure a digitized page as the competition "PhysioNet - Digitization of ECG Images" does.

    Of each lead x that the page shows, found as y (0 where nothing was found): shift y by the lag of the largest cross-correlation of
    the mean-centered signals, at most int(0.2 fs) samples, the smallest such lag; add the constant that fits x best by least squares; samples
    shifted out count as 0. A record's ratio is sum(x^2) / sum((x - y)^2), each summed over the leads, at most 384; without noise it is
    384, without a signal 0. `kaggle_snr_db` = 10 log10(ratio), at least -384; over a set it is 10 log10 of the mean of the ratios.
    `kaggle_lead_snr_db` takes the ratio of each lead by itself, to the same limits.

    `timing_shift_ms` = |lag| / fs. `gain_error_pct` = 100 |g - 1|, where g is the slope of the shifted y over x by least squares. Both
    are given where a lead was found; a method that finds few leads is not flattered, since missing ones count in all other scores.

    Leads are compared over the time from the first to the last sample that the page shows, in the truth's sampling rate (y is
    interpolated linearly, without an anti-aliasing filter); Kaggle hands out and takes the same samples. Samples in
    between that are not known are left out. Correlations that differ by rounding only count as equal.

    Source: the competition's evaluation page and metric code, kaggle.com/competitions/physionet-ecg-image-digitization, 2025; shift and
    gain are definitions of this project.
    """
    leads = _leads(result, truth)
    if not leads or truth.signals is None:
        return {}
    fs = truth.signals.fs
    fits = [aligned(lead.true, np.nan_to_num(lead.found, nan=0.0), int(0.2 * fs)) for lead in leads]
    powers = [_powers(lead.true, fit.found) for lead, fit in zip(leads, fits, strict=True)]
    total = _total(powers)
    scores = {
        "kaggle_snr_db": _db(_kaggle_ratio(total), -PERFECT, math.inf),
        "kaggle_lead_snr_db": float(np.mean([_db(_kaggle_ratio(each), -PERFECT, math.inf) for each in powers])),
    }
    found = [fit for lead, fit in zip(leads, fits, strict=True) if np.isfinite(lead.found).any()]
    gains = [fit.gain for fit in found if math.isfinite(fit.gain)]
    scores |= {"timing_shift_ms": float(np.mean([1000 * abs(fit.lag) / fs for fit in found]))} if found else {}
    return scores | ({"gain_error_pct": float(np.mean([100 * abs(gain - 1) for gain in gains]))} if gains else {})


@metric(
    "signals",
    task="digitize",
    scores=[
        Score("snr_db", "dB", "higher", "power of all leads over that of the noise, where they were put: no shift or offset is forgiven"),
        Score("challenge_2024_snr_db", "dB", "higher", "SNR of the PhysioNet Challenge 2024, mean of the leads"),
        Score("rmse_uv", "uV", "lower", "root mean square error over all leads, where they were put", limits=NOT_NEGATIVE),
        Score("pearson_r", "1", "higher", "Pearson's correlation of found and true lead, mean of the leads; 0 of one not found", limits=(-1.0, 1.0)),
        Score("leads_missing_pct", "%", "lower", "share of the shown leads of which nothing was found", limits=PERCENT),
    ],
)  # fmt: skip
def signals(_page: Page, result: Signals, truth: Truth) -> dict[str, float]:
    """Measure digitized leads as they are, without aligning them: x the true samples that the page shows, y the found ones, else 0.

    `snr_db` = 10 log10(sum(x^2) / sum((y - x)^2)), each summed over the leads. `challenge_2024_snr_db` = the same of each lead alone,
    mean over the leads that have any power. Both lie within -100..100 (the Challenge's is infinite without noise).
    `rmse_uv` = 1000 sqrt(mean((y - x)^2)) over all samples of all leads. `pearson_r` = mean over the leads of the correlation of x and y,
    0 where either is constant, and NaN in x left out everywhere.
    Leads are compared as in the metric "kaggle": over the time that the page shows, in the truth's sampling rate. The Challenge's own code
    takes the same sampling rate for granted.

    Source: M. A. Reyna et al., "Digitization and Classification of ECG Images: The George B. Moody PhysioNet Challenge 2024", Computing in
    Cardiology 2024, and its evaluation code (github.com/physionetchallenges/evaluation-2024, compute_snr); K. Pearson, "Notes on
    regression and inheritance in the case of two parents", Proc. R. Soc. London 58:240-242, 1895.
    """
    leads = _leads(result, truth)
    if not leads:
        return {}
    pairs = [
        (lead.true[known], np.nan_to_num(lead.found, nan=0.0)[known]) for lead in leads for known in [np.isfinite(lead.true)]
    ]
    powers = [_powers(true, found) for true, found in pairs]
    total = _total(powers)
    alone = [_plain_db(each) for each in powers if each.signal > 0]
    scores = {"challenge_2024_snr_db": float(np.mean(alone)), "snr_db": _plain_db(total)} if alone else {}
    return scores | {
        "rmse_uv": 1000 * math.sqrt(total.noise / sum(true.size for true, _ in pairs)),
        "pearson_r": float(np.mean([_pearson(true, found) for true, found in pairs])),
        "leads_missing_pct": 100 * float(np.mean([not np.isfinite(lead.found).any() for lead in leads])),
    }


def _leads(result: Signals, truth: Truth) -> list[Lead]:
    """Return the leads that the page shows, each with what was found of it; names are compared without their case."""
    if truth.signals is None:
        return []
    found = {name.strip().casefold(): signal for name, signal in result.leads.items()}
    leads: list[Lead] = []
    for name, signal in truth.signals.leads.items():
        shown = np.flatnonzero(np.isfinite(signal))
        if shown.size:
            part = slice(int(shown[0]), int(shown[-1]) + 1)
            leads.append(Lead(signal[part].astype(np.float64), _found(found, name, result.fs, truth.signals.fs, part)))
    return leads


def _found(leads: Mapping[str, npt.NDArray[np.float32]], name: str, fs: float, true_fs: float, part: slice) -> Floats:
    """Return what was found of a lead at the sampling rate of the truth, over a part of its samples, NaN where nothing was."""
    found = leads.get(name.strip().casefold(), np.empty(0, np.float32))
    signal = np.where(np.isfinite(found), found, np.nan).astype(np.float64)  # infinite is no voltage
    return at_rate(signal, fs, true_fs, np.arange(part.start, part.stop))


def _powers(true: Floats, found: Floats) -> Powers:
    known = np.isfinite(true)
    return Powers(float(np.sum(true[known] ** 2)), float(np.sum((true - found)[known] ** 2)))


def _total(powers: Sequence[Powers]) -> Powers:
    return Powers(sum(each.signal for each in powers), sum(each.noise for each in powers))


def _kaggle_ratio(powers: Powers) -> float:
    if powers.noise == 0:
        return PERFECT
    return min(powers.signal / powers.noise, PERFECT)


def _plain_db(powers: Powers) -> float:
    return DB_LIMIT if powers.noise == 0 else _db(powers.signal / powers.noise, -DB_LIMIT, DB_LIMIT)


def _db(ratio: float, low: float, high: float) -> float:
    return low if ratio <= 0 else min(high, max(low, 10 * math.log10(ratio)))


def _pearson(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    norm = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / norm if norm > 0 else 0.0
