"""What electrodes pick up besides the heart: breathing, muscles, mains hum, and contacts that move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgbench.plugins.image_sets.synthetic.lead_field import ELECTRODES, Float

if TYPE_CHECKING:
    from ecgbench.plugins.image_sets.synthetic.heart import Heart

# The kinds of noise and their forms follow G. M. Friesen et al., "A comparison of the noise sensitivity of nine QRS detection
# algorithms", IEEE Trans. Biomed. Eng. 37:85-98, 1990 (mains hum, muscles, breathing, and shifts of an electrode that decay), and the
# recordings of G. B. Moody, W. K. Muldrow, R. G. Mark, "A noise stress test for arrhythmia detectors", Comput. Cardiol. 11:381-384, 1984.
MAINS_HZ = (50.0, 60.0)
BURSTS, BURST_S = 3, (0.3, 3.0)  # at most so many, and how long a muscle is tense
MOVES, RECOVER_S = 3, (0.15, 0.9)  # shifts of electrodes in a recording, and the time constants with which their leads come back
LIMBS = 3  # electrodes RA, LA, LL, whose muscles are tense most often
LIMB_SHARE = 0.75
ONSET_S = 0.03
# What a device's low-pass leaves of white noise, as weights of neighboring samples: to about 90 Hz, or to 55 Hz, at 500 a second.
BANDS: tuple[tuple[float, ...], ...] = ((1.0, 2.0, 1.0), (1.0, 4.0, 6.0, 4.0, 1.0))
FILTERED = 0.6  # share of the recordings whose muscles' noise is filtered so
T_AFTER_S = 0.27  # the T wave's middle after the R peak


def electrode_noise(heart: Heart, rng: np.random.Generator, times: Float) -> Float:
    """Return what all of it adds at the nine electrodes, (9, n) in mV: so every relation between leads survives it.

    The last thing that is drawn is the muscles' noise, which alone has as many draws as samples: all else is the same at every rate.
    """
    slow = _wander(heart, rng, times) + _hum(heart, rng, times) + _moves(heart, rng, times)
    tense = _tense(rng, times)
    filtered = BANDS[int(rng.random() < FILTERED)]
    white = rng.standard_normal((ELECTRODES.shape[1], len(times) + len(filtered) - 1))
    muscle = sum(share * white[:, at : at + len(times)] for at, share in enumerate(filtered)) / np.linalg.norm(filtered)
    return np.asarray(slow + (heart.noise_uv + heart.burst_uv * tense) / 1000 * muscle, dtype=np.float64)


def beat_to_beat(variation: float, peaks: Float, times: Float, rng: np.random.Generator) -> Float:
    """Return by how much the dipole's axes grow and shrink from wave to wave, (3, n) about 1.

    QRS and T of each beat have their own size on each axis, smoothly between: hearts move and fill differently from beat to beat.
    `variation`: standard deviation of the sizes.
    """
    nodes = np.sort(np.concatenate([peaks, peaks + T_AFTER_S]))
    sizes = 1 + variation * rng.standard_normal((3, len(nodes))).clip(-2.5, 2.5)
    return np.array([np.interp(times, nodes, axis) for axis in sizes]) if len(nodes) else np.ones((3, len(times)))


def _wander(heart: Heart, rng: np.random.Generator, times: Float) -> Float:
    electrodes = ELECTRODES.shape[1]
    slow = rng.uniform(0.05, 0.2, (electrodes, 1))  # Hz, of an electrode's drift
    phase = rng.uniform(0, 1, (2, electrodes, 1))
    breath = heart.breath_hz * times + phase[0]
    return np.asarray(
        heart.wander_uv / 1000 * (np.sin(2 * np.pi * breath) + np.sin(2 * np.pi * (slow * times + phase[1]))), dtype=np.float64
    )


def _hum(heart: Heart, rng: np.random.Generator, times: Float) -> Float:
    """Return the mains, as loud at each electrode as its cable lies, and swelling slowly."""
    hz, loud = MAINS_HZ[rng.integers(len(MAINS_HZ))], rng.uniform(0.1, 1, (ELECTRODES.shape[1], 1))
    phase, swell = rng.uniform(0, 1, 2)
    wave = np.sin(2 * np.pi * (hz * times + phase)) * (1 + 0.4 * np.sin(2 * np.pi * (0.17 * times + swell)))
    return np.asarray(heart.hum_uv / 1000 * loud * wave, dtype=np.float64)


def _moves(heart: Heart, rng: np.random.Generator, times: Float) -> Float:
    """Return shifts of electrodes that are touched or moved, which decay as the amplifier's high-pass lets them."""
    seconds = _length(times)
    shifts = np.zeros((ELECTRODES.shape[1], len(times)))
    for _ in range(MOVES):
        electrode, start, fall = int(rng.integers(ELECTRODES.shape[1])), rng.uniform(0, 1) * seconds, rng.uniform(*RECOVER_S)
        height = heart.motion_uv / 1000 * rng.uniform(-1, 1)
        after = np.maximum(times - start, 0)
        shifts[electrode] += height * (1 - np.exp(-after / ONSET_S)) * np.exp(-after / fall)
    return shifts


def _tense(rng: np.random.Generator, times: Float) -> Float:
    """Return how tense the muscles below each electrode are, (9, n) from 0 to 1: now one limb, now a spell in all of them."""
    seconds = _length(times)
    tense = np.zeros((ELECTRODES.shape[1], len(times)))
    for _ in range(BURSTS):
        middle, length = rng.uniform(0, 1) * seconds, rng.uniform(*BURST_S)
        limb, chest = int(rng.integers(LIMBS)), int(rng.integers(LIMBS, ELECTRODES.shape[1]))
        loud, whether, all_of_them = rng.uniform(0.3, 1), rng.random(), rng.random() < 0.3
        at = chest if whether > LIMB_SHARE else slice(0, LIMBS) if all_of_them else limb
        envelope = np.exp(-0.5 * ((times - middle) / (length / 2)) ** 4)  # flat on top, and quickly over
        tense[at] += loud * envelope
    return np.minimum(tense, 1)


def _length(times: Float) -> float:
    """Return the length in s of a recording whose samples lie at `times`, the same at every rate."""
    return float(times[-1] + times[1] - times[0]) if len(times) > 1 else 0.0
