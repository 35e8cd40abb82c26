"""The model heart: relations between leads, and that what is asked of it is what its leads show, measured on the leads alone."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.signal import find_peaks

from ecgbench.core.params import ParamError, param_specs
from ecgbench.plugins.image_sets.synthetic.heart import LEADS, Heart, draw_heart, make_leads

Leads = dict[str, np.ndarray]
INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
FS = 1000.0


STILL = dict.fromkeys(("noise_uv", "wander_uv", "burst_uv", "hum_uv", "motion_uv"), 0.0)


def lively(seed: int, **fixed: object) -> Leads:
    rng = np.random.default_rng(seed)
    return make_leads(draw_heart(rng, **fixed), rng)


def recorded(seconds: float = 10.0, seed: int = 3, **fields: object) -> Leads:
    return make_leads(Heart(**fields), np.random.default_rng(seed), fs=FS, seconds=seconds)


def quickness(leads: Leads) -> np.ndarray:
    """How fast the independent leads change together, mV/s."""
    return np.linalg.norm([np.gradient(leads[name].astype(float)) * FS for name in INDEPENDENT], axis=0)


def qrs_spans(leads: Leads) -> list[tuple[int, int]]:
    """Begin and end of each whole QRS complex: where the leads change faster than 5 % of their fastest, pauses of 12 ms apart."""
    speed = quickness(leads)
    spans = []
    for at in find_peaks(speed, height=0.15 * speed.max(), distance=int(0.22 * FS))[0]:
        near = np.arange(max(0, at - 150), min(len(speed), at + 150))
        quick = near[speed[near] > 0.05 * speed[near].max()]
        part = next(part for part in np.split(quick, np.flatnonzero(np.diff(quick) > 12) + 1) if part[0] <= at <= part[-1])
        if part[0] > 20 and part[-1] < len(speed) - 100:
            spans.append((int(part[0]), int(part[-1])))
    return spans


def axis_of(leads: Leads) -> float:
    """The frontal axis in degrees, from the area of QRS in I and aVF above the line between its ends."""
    net = np.zeros(2)
    for begin, end in qrs_spans(leads):
        for which, (lead, factor) in enumerate((("I", 1.0), ("aVF", 2 / math.sqrt(3)))):
            part = leads[lead][begin - 3 : end + 4].astype(float)
            net[which] += factor * (part - np.linspace(part[0], part[-1], len(part))).sum()
    return math.degrees(math.atan2(net[1], net[0]))


def st_level(leads: Leads, names: tuple[str, ...]) -> float:
    """The mean level 60 ms after the J point against 10 ms before QRS, mV."""
    signal = np.mean([leads[name] for name in names], axis=0)
    return float(np.mean([signal[end + 60] - signal[begin - 10] for begin, end in qrs_spans(leads)]))


def intervals(leads: Leads) -> np.ndarray:
    """RR intervals in s, from the middles of the QRS complexes."""
    return np.diff([(begin + end) / 2 for begin, end in qrs_spans(leads)]) / FS


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rhythm", ["sinus", "af", "ectopy"])
def test_einthoven_and_goldberger_hold_exactly(seed: int, rhythm: str) -> None:
    leads, half = lively(seed, rhythm=rhythm), np.float32(0.5)
    np.testing.assert_array_equal(leads["III"], leads["II"] - leads["I"])
    np.testing.assert_array_equal(leads["aVR"], -half * (leads["I"] + leads["II"]))
    np.testing.assert_array_equal(leads["aVL"], leads["I"] - half * leads["II"])
    np.testing.assert_array_equal(leads["aVF"], leads["II"] - half * leads["I"])
    np.testing.assert_allclose(leads["aVR"] + leads["aVL"] + leads["aVF"], 0, atol=1e-6)


def test_twelve_leads_come_in_the_usual_order_as_float32_of_ten_seconds() -> None:
    leads = lively(1)
    assert tuple(leads) == LEADS
    assert {(signal.dtype.name, signal.shape) for signal in leads.values()} == {("float32", (5000,))}
    assert make_leads(Heart(), np.random.default_rng(0), fs=250, seconds=4)["V6"].shape == (1000,)


@pytest.mark.parametrize("rate", [30, 60, 75, 110, 150, 190])
def test_the_heart_beats_at_its_rate(rate: int) -> None:
    found = intervals(recorded(30, rate_bpm=rate, rr_variation=0.03))
    assert 60 / found.mean() == pytest.approx(rate, rel=0.02)
    assert len(found) == pytest.approx(30 * rate / 60, abs=3)


@pytest.mark.parametrize("rate", [60, 90, 130])
def test_fibrillation_keeps_its_rate_but_no_rhythm(rate: int) -> None:
    irregular = [intervals(recorded(30, seed, rhythm="af", rate_bpm=rate, rr_irregularity=0.2)) for seed in range(5)]
    both = np.concatenate(irregular)
    assert 60 / both.mean() == pytest.approx(rate, rel=0.05)
    assert both.std() / both.mean() == pytest.approx(0.2, abs=0.04)
    following = np.corrcoef(np.concatenate([each[:-1] for each in irregular]), np.concatenate([each[1:] for each in irregular]))
    assert abs(following[0, 1]) < 0.25  # an interval says nothing of the next one
    regular = intervals(recorded(30, rate_bpm=rate, rr_variation=0.05))
    assert regular.std() / regular.mean() < 0.07


def test_fibrillation_has_f_waves_instead_of_p_waves() -> None:
    sinus, af = (recorded(30, rhythm=rhythm) for rhythm in ("sinus", "af"))
    p_window = {name: np.mean([leads["II"][b - 130 : b - 20] for b, _ in qrs_spans(leads)[1:]], axis=0)
                for name, leads in (("sinus", sinus), ("af", af))}  # fmt: skip
    assert np.ptp(p_window["sinus"]) > 0.08
    assert np.ptp(p_window["af"]) < 0.06
    waves = af["V1"] - recorded(30, rhythm="af", f_wave_uv=0)["V1"]
    assert 0.06 < np.percentile(np.abs(waves), 95) < 0.16  # 80 uV are asked for
    power, hz = np.abs(np.fft.rfft(waves)) ** 2, np.fft.rfftfreq(len(waves), 1 / FS)
    assert power[(hz > 4) & (hz < 9)].sum() > 0.6 * power.sum()


@pytest.mark.parametrize("axis", [-170, -120, -75, -30, 0, 30, 60, 90, 120, 165])
def test_the_axis_is_the_one_that_is_asked_for(axis: int) -> None:
    off = axis_of(recorded(axis_deg=axis)) - axis
    assert abs((off + 180) % 360 - 180) < 4


@pytest.mark.parametrize("seed", range(6))
def test_the_axis_holds_whatever_else_a_heart_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    heart = dataclasses.replace(draw_heart(rng, rhythm="sinus", axis_deg=75.0), rate_bpm=70, **STILL)
    off = axis_of(make_leads(heart, rng, fs=FS)) - 75
    assert abs((off + 180) % 360 - 180) < 6


@pytest.mark.parametrize("qrs_ms", [70, 92, 110, 140, 180])
def test_qrs_is_as_wide_as_it_is_asked_to_be(qrs_ms: int) -> None:
    for individuality in (0.0, 0.2):
        spans = qrs_spans(recorded(qrs_ms=qrs_ms, individuality=individuality))
        widths = [end - begin for begin, end in spans]
        assert np.mean(widths) == pytest.approx(qrs_ms, abs=5)


def test_a_wide_complex_bends_t_away_from_it() -> None:
    t_of = {width: recorded(qrs_ms=width, st_mv=0.0) for width in (90, 170)}
    for lead, sign in (("V6", 1), ("I", 1), ("V1", -1)):  # where QRS points up T becomes lower, where down higher
        narrow, wide = (
            np.mean([t_of[width][lead][b + 330] for b, _ in qrs_spans(t_of[width]) if b < 9600]) for width in (90, 170)
        )
        assert sign * (narrow - wide) > 0.05


@pytest.mark.parametrize("rate", [50, 75, 120])
@pytest.mark.parametrize("region, leads_of", [("global", ("I", "II", "III", "aVL", "aVF", "V2", "V3", "V4", "V5", "V6")),
                                              ("inferior", ("II", "III", "aVF")), ("anterior", ("V1", "V2", "V3", "V4")),
                                              ("lateral", ("I", "aVL", "V5", "V6"))])  # fmt: skip
@pytest.mark.parametrize("level", [-0.2, 0.0, 0.3])
def test_st_is_at_the_level_that_is_asked_for(rate: int, region: str, leads_of: tuple[str, ...], level: float) -> None:
    leads = recorded(rate_bpm=rate, st_mv=level, st_region=region)
    assert st_level(leads, leads_of) == pytest.approx(level, abs=0.03)


def test_what_is_raised_on_one_side_is_lowered_on_the_other() -> None:
    inferior, plain = recorded(st_mv=0.3, st_region="inferior"), recorded(st_mv=0.0, st_region="inferior")
    assert st_level(inferior, ("aVL",)) < st_level(plain, ("aVL",)) - 0.1
    assert st_level(inferior, ("III",)) > st_level(plain, ("III",)) + 0.2


def test_premature_beats_are_early_wide_followed_by_a_pause_and_an_opposite_t() -> None:
    leads = recorded(20, rate_bpm=60, pvc_share=0.15, rr_variation=0.0, st_mv=0.0)
    spans = qrs_spans(leads)
    widths = np.array([end - begin for begin, end in spans])
    wide = np.flatnonzero(widths > 120)
    assert len(wide) == 3  # 15 % of the 19 or 20 that could be
    found = intervals(leads)
    for at in wide:
        if 0 < at < len(spans) - 1:
            assert found[at - 1] == pytest.approx(0.6, abs=0.05)
            assert found[at - 1] + found[at] == pytest.approx(2.0, abs=0.05)
            begin, end = spans[at]
            lead = max(INDEPENDENT, key=lambda name: abs(float(leads[name][begin:end].sum())))
            t_wave = leads[lead][end + 100 : end + 300].sum()
            assert np.sign(t_wave) == -np.sign(leads[lead][begin:end].sum())


@pytest.mark.parametrize("share", [0.02, 0.1, 0.25, 0.5])
def test_the_share_of_premature_beats_is_the_one_that_is_asked_for(share: float) -> None:
    leads = recorded(30, rate_bpm=70, pvc_share=share)
    widths = np.array([end - begin for begin, end in qrs_spans(leads)])
    assert np.mean(widths > 120) == pytest.approx(share, abs=0.06)
    assert np.any(widths > 120)


def test_gains_act_on_their_wave() -> None:
    plain, tall, no_t, no_p = (recorded(seed=0, **gains)["V5"] for gains in ({}, {"qrs_gain": 2}, {"t_gain": 0}, {"p_gain": 0}))
    r_peak = int(plain[2000:4000].argmax()) + 2000
    near, before, later = (slice(r_peak + a, r_peak + b) for a, b in ((-20, 20), (-190, -90), (200, 330)))
    assert tall[near].max() == pytest.approx(2 * plain[near].max(), rel=0.05)
    assert np.abs(no_t - plain)[near].max() < 0.05
    assert plain[later].max() > 0.2 and np.abs(no_t[later]).max() < 0.1
    assert plain[before].max() > 0.05 and no_p[before].max() < 0.02
    np.testing.assert_allclose(no_p[near], plain[near], atol=0.02)


def test_noise_and_wander_have_their_standard_deviation_at_each_electrode() -> None:
    clean, noisy, moved = (recorded(60, noise_uv=noise, wander_uv=wander) for noise, wander in ((0, 0), (20, 0), (0, 50)))
    assert (noisy["I"] - clean["I"]).std() == pytest.approx(0.020 * math.sqrt(2), rel=0.05)  # between two electrodes
    assert (moved["I"] - clean["I"]).std() == pytest.approx(0.050 * math.sqrt(2), rel=0.4)
    difference = np.abs(np.fft.rfft(moved["V3"] - clean["V3"]))
    assert difference[: int(0.7 * 60)].sum() > 20 * difference[int(0.7 * 60) :].max()  # all of it is slow


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert all(lively(7)[name].tobytes() == lively(7)[name].tobytes() for name in LEADS)
    assert np.abs(lively(7)["V2"] - lively(8)["V2"]).max() > 0.1


def test_a_heart_is_the_same_at_every_sampling_rate() -> None:
    rng = np.random.default_rng(11)
    heart = dataclasses.replace(draw_heart(rng, rhythm="ectopy"), noise_uv=0, burst_uv=0)
    quick, slow = (make_leads(heart, np.random.default_rng(5), fs=fs) for fs in (1000, 250))
    np.testing.assert_allclose(quick["V4"][::4], slow["V4"], atol=1e-6)


def test_fixing_a_field_leaves_what_else_is_drawn_as_it_was() -> None:
    free, fixed = draw_heart(np.random.default_rng(5)), draw_heart(np.random.default_rng(5), qrs_ms=150, noise_uv=3)
    assert (fixed.qrs_ms, fixed.noise_uv) == (150, 3)
    assert dataclasses.replace(free, qrs_ms=150, noise_uv=3) == fixed


def test_drawn_hearts_are_mostly_in_sinus_rhythm_and_some_fibrillate_or_have_premature_beats() -> None:
    hearts = [draw_heart(np.random.default_rng(seed)) for seed in range(300)]
    assert 0.05 < np.mean([heart.rhythm == "af" for heart in hearts]) < 0.15
    assert 0.05 < np.mean([heart.pvc_share > 0 for heart in hearts]) < 0.15
    assert {heart.st_region for heart in hearts} == {"global", "anterior", "inferior", "lateral"}
    assert draw_heart(np.random.default_rng(1), rhythm="ectopy").pvc_share > 0


def test_drawn_hearts_stay_within_what_paper_can_show() -> None:
    peaks = [max(float(np.abs(signal).max()) for signal in lively(seed).values()) for seed in range(60)]
    assert min(peaks) > 0.4 and max(peaks) < 3.0  # mV: 30 mm


@pytest.mark.parametrize("spec", param_specs(Heart), ids=lambda spec: spec.name)
def test_each_field_works_at_its_bounds_and_is_refused_beyond(spec: object) -> None:
    allowed = spec.choices or (spec.low, spec.high)  # type: ignore[attr-defined]
    for value in allowed:
        for rhythm in ("sinus", "af"):
            fields = {"rhythm": rhythm} | {spec.name: value}  # type: ignore[attr-defined]
            leads = make_leads(Heart(**fields), np.random.default_rng(0))
            assert all(np.isfinite(signal).all() for signal in leads.values())
    beyond = ("nonsense",) if spec.choices else (spec.low - 0.01, spec.high + 0.01, math.nan)  # type: ignore[attr-defined]
    for value in beyond:
        with pytest.raises(ParamError, match=spec.name):  # type: ignore[attr-defined]
            Heart(**{spec.name: value})  # type: ignore[attr-defined]


@pytest.mark.parametrize("seconds", [0.01, 0.5, 2.5])
def test_short_recordings_are_made_too(seconds: float) -> None:
    for rhythm in ("sinus", "af"):
        leads = make_leads(Heart(rhythm=rhythm, pvc_share=0.5), np.random.default_rng(0), seconds=seconds)
        assert leads["V6"].shape == (round(500 * seconds),) and np.isfinite(leads["V6"]).all()


def test_what_a_heart_has_not_cannot_be_fixed() -> None:
    with pytest.raises(ParamError, match="rate_bmp"):
        draw_heart(np.random.default_rng(0), rate_bmp=60)
    with pytest.raises(ParamError, match="rhythm='waltz'"):
        draw_heart(np.random.default_rng(0), rhythm="waltz")
