"""Made-up patients: names, numbers, dates and wards that nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

# Common in several countries, and together nobody's.
SURNAMES = (
    "Adams", "Ahmed", "Becker", "Brown", "Chen", "Clark", "Costa", "Davis", "Evans", "Fischer", "Garcia", "Hall", "Hansen", "Hughes",
    "Ivanov", "Jones", "Kaya", "Khan", "Kim", "Kowalski", "Lopez", "Martin", "Meyer", "Miller", "Moore", "Nguyen", "Novak", "Patel",
    "Rossi", "Sharma", "Silva", "Singh", "Smith", "Tanaka", "Walker", "Wilson",
)  # fmt: skip
MEN = (
    "Ali", "Carlos", "Daniel", "David", "George", "Hans", "James", "Jan", "John", "Jose", "Lucas", "Mark", "Mehmet", "Omar", "Paul",
    "Peter", "Thomas", "Walter",
)  # fmt: skip
WOMEN = (
    "Aisha", "Anna", "Elena", "Emma", "Fatima", "Irene", "Karin", "Laura", "Linda", "Maria", "Mei", "Nadia", "Priya", "Rosa", "Ruth", "Sara",
)  # fmt: skip
ROOMS = ("", "", "Room:", "Loc: 12", "Ward 4", "Dept: ER", "Room: 214", "Location: OPD")
REASONS = ("", "", "Chest pain", "Routine", "Pre-op", "Palpitations", "Dyspnea")
MODELS = ("SE-301", "SE-1201", "ECG-1350", "ECG-9020", "CP 150", "AT-102", "FX-8322", "iE 12A", "BeneHeart R3")
WHEN = (
    "%d-%b-%Y %H:%M:%S",
    "%m/%d/%Y, %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d %b %Y  %I:%M %p",
    "%Y/%m/%d %H:%M",
    "%d-%m-%Y %H:%M",
)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Patient:
    """Who and when, as a header says it; empty where it was not entered or was made unreadable."""

    name: str
    number: str
    when: str
    age: str
    sex_word: str
    room: str
    reason: str
    model: str


def one_of(items: Sequence[Item], rng: np.random.Generator) -> Item:
    """Draw one of several."""
    return items[int(rng.integers(len(items)))]


def draw_patient(rng: np.random.Generator, title: Sequence[str] = ()) -> Patient:
    """Draw a patient; `title`: the number, where one is known ("ID: 17").

    Three of five are anonymous: their names were never entered, or were taken out before the picture was handed on.
    """
    sex = int(rng.integers(2))
    given = one_of((MEN, WOMEN)[sex], rng)
    name = f"{one_of(SURNAMES, rng)}, {given}" if rng.random() < 0.4 else one_of(("", "", "", "----", "Anonymous"), rng)
    number = title[0].removeprefix("ID: ") if title else _number(rng)
    made = datetime(1996, 1, 1) + timedelta(seconds=int(rng.integers(28 * 31_536_000)))
    sex_word = one_of((("M", "F"), ("Male", "Female"), ("male", "female")), rng)[sex]
    return Patient(
        name, number, made.strftime(one_of(WHEN, rng)), str(rng.integers(19, 95)), sex_word, one_of(ROOMS, rng), one_of(REASONS, rng),
        one_of(MODELS, rng),
    )  # fmt: skip


def _number(rng: np.random.Generator) -> str:
    digits = "".join(str(digit) for digit in rng.integers(0, 10, 10))
    forms = (
        digits,
        digits[:7],
        f"000{digits[:5]}",
        f"{digits[:3]}-{digits[3:5]}-{digits[5:9]}",
        f"{'ABKMRT'[int(digits[9]) % 6]}{digits[:6]}",
        "",
    )
    return one_of(forms, rng)
