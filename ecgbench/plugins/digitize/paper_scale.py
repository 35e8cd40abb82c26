"""Paper speed and gain of a page: what its pulses and its print say, and which of them is taken where they differ."""

from __future__ import annotations

from dataclasses import dataclass

from ecgbench.plugins.digitize.footer import Printed
from ecgbench.plugins.digitize.pulses import SPEEDS, Pulse

MM_PER_S, MM_PER_MV = 25.0, 10.0  # what nearly all devices print
PULSE, PRINT, GRANTED = "pulse", "printed text", "taken for granted"
LASTS_S = (0.09, 0.26)  # a pulse: 0.2 s by convention, 0.1 to 0.14 s on portable and desktop devices


@dataclass(frozen=True)
class PaperScale:
    """Paper speed and gain, what each was read from ("pulse", "printed text", both, or "taken for granted"), and what is in doubt."""

    mm_per_s: float
    mm_per_mv: float
    speed_from: str
    gain_from: str
    doubts: tuple[str, ...] = ()


def settle(pulse: Pulse | None, printed: Printed) -> PaperScale:
    """Return the paper speed and gain that a page's pulse and print say together.

    Print tells the speed, where the pulse would last about as long as pulses do: their width is a convention that many devices do not
    keep, so that a pulse of 5 mm is one of 0.2 s at 25 mm/s or of 0.1 s at 50 mm/s. One that the paper's edge cuts lasts longer than what is
    seen of it. The pulse tells the gain: it is one millivolt, drawn
    as the traces are, while print may be misread. Whatever differs is a doubt.
    """
    speed, speed_from, speed_doubts = _speed(pulse, printed.mm_per_s)
    gain, gain_from, gain_doubts = _gain(pulse, printed.mm_per_mv)
    return PaperScale(speed, gain, speed_from, gain_from, (*printed.doubts, *speed_doubts, *gain_doubts))


def _speed(pulse: Pulse | None, said: float | None) -> tuple[float, str, tuple[str, ...]]:
    if pulse is None:
        return (MM_PER_S, GRANTED, ()) if said is None else (said, PRINT, ())
    width = pulse.right - pulse.left
    shortest = LASTS_S[0] if pulse.whole else 0.0
    told = pulse.mm_per_s if pulse.whole else next((speed for speed in SPEEDS if width / speed <= LASTS_S[1]), SPEEDS[-1])
    if said is None:
        return told, PULSE if pulse.whole or told != MM_PER_S else GRANTED, ()
    if shortest <= width / said <= LASTS_S[1]:
        return said, f"{PULSE} and {PRINT}" if pulse.whole and said == told else PRINT, ()
    doubt = f"The page says {said:g} mm/s, but its pulse of {width:.1f} mm would not last as long as one: {told:g} mm/s is taken."
    return told, PULSE, (doubt,)


def _gain(pulse: Pulse | None, said: float | None) -> tuple[float, str, tuple[str, ...]]:
    if pulse is None:
        return (MM_PER_MV, GRANTED, ()) if said is None else (said, PRINT, ())
    if said is None:
        return pulse.mm_per_mv, PULSE, ()
    if said == pulse.mm_per_mv:
        return said, f"{PULSE} and {PRINT}", ()
    doubt = f"The page says {said:g} mm/mV, but its pulse is {pulse.height:.1f} mm high: {pulse.mm_per_mv:g} mm/mV is taken."
    return pulse.mm_per_mv, PULSE, (doubt,)
