"""Tests of what is taken where pulse and print tell paper speed and gain, and where they differ."""

import pytest

from ecgbench.plugins.digitize.footer import Printed
from ecgbench.plugins.digitize.paper_scale import PaperScale, settle
from ecgbench.plugins.digitize.pulses import Pulse, typical_pulse


def pulse(width: float, height: float, *, whole: bool = True) -> Pulse:
    return Pulse(10.0, 10.0 + width, 50.0, height, whole)


def test_without_pulse_and_print_the_usual_is_taken_for_granted() -> None:
    assert settle(None, Printed()) == PaperScale(25, 10, "taken for granted", "taken for granted")


def test_print_tells_where_there_is_no_pulse() -> None:
    assert settle(None, Printed(50, 5)) == PaperScale(50, 5, "printed text", "printed text")


def test_a_pulse_tells_where_there_is_no_print() -> None:
    assert settle(pulse(10, 20), Printed()) == PaperScale(50, 20, "pulse", "pulse")
    assert settle(pulse(2, 20, whole=False), Printed()) == PaperScale(25, 20, "taken for granted", "pulse")


def test_print_that_agrees_with_the_pulse_is_said() -> None:
    assert settle(pulse(5, 10), Printed(25, 10)) == PaperScale(25, 10, "pulse and printed text", "pulse and printed text")


def test_a_short_pulse_at_the_speed_in_print_is_no_doubt() -> None:
    assert settle(pulse(5, 10), Printed(50)) == PaperScale(50, 10, "printed text", "pulse")


def test_a_speed_at_which_the_pulse_would_be_none_is_not_taken() -> None:
    found = settle(pulse(10, 10), Printed(25))
    assert (found.mm_per_s, found.speed_from, len(found.doubts)) == (50, "pulse", 1)
    assert "says 25 mm/s" in found.doubts[0]


def test_a_pulse_that_the_papers_edge_cuts_is_at_least_as_wide_as_is_seen() -> None:
    assert settle(pulse(7, 10, whole=False), Printed()) == PaperScale(50, 10, "pulse", "pulse")
    assert settle(pulse(7, 10, whole=False), Printed(50)) == PaperScale(50, 10, "printed text", "pulse")
    assert settle(pulse(2, 10, whole=False), Printed(25)) == PaperScale(25, 10, "printed text", "pulse")
    found = settle(pulse(7, 10, whole=False), Printed(25))
    assert (found.mm_per_s, len(found.doubts)) == (50, 1)


@pytest.mark.parametrize(
    ("height", "is_one"), [(3.2, False), (4.6, True), (7.2, False), (9.2, True), (10.8, True), (13.5, False), (19.2, True)]
)
def test_a_rectangle_that_no_device_would_print_for_a_millivolt_is_no_pulse(height: float, is_one: bool) -> None:
    assert pulse(5, height).is_millivolt is is_one


def test_pulses_of_all_rows_tell_the_height_and_whole_ones_the_width() -> None:
    found = typical_pulse([pulse(10, 5.2), pulse(8, 10, whole=False), pulse(9, 10.2, whole=False)])
    assert found == Pulse(10.0, 20.0, 50.0, 10.0, True)
    assert typical_pulse([]) is None


def test_the_pulse_tells_the_gain_where_print_says_another() -> None:
    found = settle(pulse(5, 10.1), Printed(25, 5))
    assert (found.mm_per_mv, found.gain_from) == (10, "pulse")
    assert found.doubts == ("The page says 5 mm/mV, but its pulse is 10.1 mm high: 10 mm/mV is taken.",)


def test_doubts_about_print_are_kept() -> None:
    assert settle(None, Printed(25, None, ("The page says 5 and 10 mm/mV: neither is taken.",))).doubts
