"""Tests of reading paper speed and gain: print in fonts that are not among the templates, and all that is none."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import pytest
from PIL import ImageFont

from ecgbench.plugins.digitize.footer import find_said, read_print
from ecgbench.plugins.digitize.glyphs import FONTS

SCALE = 8
UNKNOWN = ("cmr10.ttf", "DejaVuSerif-Bold.ttf", "STIXGeneralBol.ttf")  # fonts that no template is cut from


@lru_cache
def face(font: str, height_mm: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / font), round(height_mm * SCALE / 0.7))


def page_of(
    *lines: str, font: str = "cmr10.ttf", height_mm: float = 2.4, ink: float = 1.0, blur_mm: float = 0.06, noise: float = 0.0
) -> np.ndarray:
    """Return a page of (40, 140) mm with lines of print, a trace above them and a lead's name."""
    page = np.zeros((40 * SCALE, 140 * SCALE), np.float32)
    page[60:63, 40:-40] = 1.0
    for row, text in enumerate(("aVR", *lines)):
        glyphs = face(font, height_mm).getmask(text, mode="L")
        letters = np.asarray(glyphs, np.float32).reshape(glyphs.size[::-1]) / 255
        top = 80 + row * 60
        page[top : top + letters.shape[0], 60 : 60 + letters.shape[1]] = ink * letters
    soft = cv2.GaussianBlur(page, (0, 0), blur_mm * SCALE)
    return (
        np.asarray(soft + np.random.default_rng(0).normal(0, noise, page.shape), np.float32)
        if noise
        else np.asarray(soft, np.float32)
    )


def said(page: np.ndarray) -> tuple[float | None, float | None]:
    found = read_print(page, SCALE)
    return found.mm_per_s, found.mm_per_mv


@pytest.mark.parametrize("font", UNKNOWN)
@pytest.mark.parametrize(
    ("text", "speed", "gain"),
    [
        ("25mm/s   10mm/mV   40Hz", 25, 10),
        ("50 mm/s    5 mm/mV", 50, 5),
        ("Speed: 25 mm/sec   Limb: 20 mm/mV   Chest: 20.0 mm/mV", 25, 20),
    ],
)
def test_speed_and_gain_are_read_in_fonts_that_are_not_known(font: str, text: str, speed: float, gain: float) -> None:
    assert said(page_of(text, font=font)) == (speed, gain)


@pytest.mark.parametrize(
    "text", ["250 mm/s", "26 mm/s", "30 mm/s  15 mm/mV", "mm/s  mm/mV", "25 mm", "25 m/s", "125 mm/s", "0.5 mm/mV", "1.10 mm/mV"]
)
def test_a_number_that_no_device_prints_is_not_read(text: str) -> None:
    assert said(page_of(text)) == (None, None)


def test_text_that_is_no_footer_says_nothing() -> None:
    page = page_of("Vent. rate 25 BPM  QT/QTc 394/454 ms", "Normal sinus rhythm, summary 10/50", "0.05-150 Hz  CID: 25  V2.5")
    assert said(page) == (None, None)


@pytest.mark.parametrize(
    "how", [{"height_mm": 1.3}, {"height_mm": 4.0}, {"ink": 0.6}, {"blur_mm": 0.15}, {"noise": 0.08}], ids=str
)
def test_small_large_light_soft_and_noisy_print_is_read(how: dict[str, Any]) -> None:
    assert said(page_of("25 mm/s   10 mm/mV", **how)) == (25, 10)


def test_print_at_different_gains_is_a_doubt() -> None:
    found = read_print(page_of("25 mm/s  Limb: 10 mm/mV  Chest: 5 mm/mV"), SCALE)
    assert (found.mm_per_s, found.mm_per_mv) == (25, None)
    assert found.doubts == ("The page says 5 and 10 mm/mV: neither is taken.",)


def test_ink_that_touches_a_number_makes_it_unread() -> None:
    page = page_of("25 mm/s")
    page[130:175, 52:59] = 1.0  # a stroke where another digit might stand
    assert said(page) == (None, None)


def test_noise_and_blank_pages_say_nothing() -> None:
    noise = np.random.default_rng(1).random((300, 900)).astype(np.float32)
    assert said(cv2.GaussianBlur(noise, (0, 0), 2.0)) == (None, None)
    for shape in ((1, 1), (3, 900), (300, 900)):
        assert said(np.zeros(shape, np.float32)) == (None, None)


def test_what_is_read_holds_without_the_fonts_own_templates() -> None:
    others = tuple(font for font in FONTS if not str(font[0]).startswith("STIX"))
    found = list(find_said(page_of("50mm/s  10mm/mV", font="STIXGeneral.ttf"), SCALE, others))
    assert {(one.value, one.unit) for one in found} == {(50, "mm/s"), (10, "mm/mV")}
