"""Where the leads of a page come from: anything that reads a recording, and the seeded heart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from zlib import crc32

import numpy as np

from ecgbench.plugins.image_sets.synthetic.choice import Value, text_of
from ecgbench.plugins.image_sets.synthetic.heart import Leads, draw_heart, make_leads
from ecgbench.plugins.image_sets.synthetic.reading import Reading, read_heart

FS = 500.0  # Hz, of seeded hearts


@dataclass(frozen=True, eq=False)
class Recording:
    """What was recorded: each lead as float32 (n,) in mV, NaN where it is not known, all from the same moment on.

    `leads`: names as in `heart.LEADS`; those that are missing are left out of a sheet. `fs`: samples per second.
    `title`: the patient's identity, where a header is to show one that is known. `reading`: what a device would measure and say, None
    where nobody knows.
    """

    leads: Leads
    fs: float
    title: tuple[str, ...] = ()
    reading: Reading | None = None


@runtime_checkable
class LeadSource(Protocol):
    """A recording that is read where it is needed; hashable and picklable, and small.

    `name`: what cases are named after. `record`: the unit that confidence intervals resample, as in CaseInfo. `content_id`:
    identifies the samples.
    """

    @property
    def name(self) -> str:
        """What cases are named after ("00005_hr")."""

    @property
    def record(self) -> str:
        """The record, as in CaseInfo ("ptbxl/00005_hr")."""

    @property
    def content_id(self) -> str:
        """Equal ids mean equal samples."""

    def read(self) -> Recording:
        """Read the recording."""


@dataclass(frozen=True)
class SeededHeart:
    """The recording of a heart that was drawn for `record` of `seed`; `fixed`: what draw_heart is told, not left to chance."""

    seed: int
    number: int
    fixed: tuple[tuple[str, Value], ...] = ()

    @property
    def name(self) -> str:
        """The record's number: "00012"."""
        return f"{self.number:05d}"

    @property
    def record(self) -> str:
        """Seed and number: "synthetic:0:12"."""
        return f"synthetic:{self.seed}:{self.number}"

    @property
    def content_id(self) -> str:
        """Seed, number and what is fixed, as in a page's recipe."""
        said = "".join(f":{name}={text_of(value)}" for name, value in self.fixed)
        return f"heart:seed={self.seed}:record={self.number}{said}"

    def read(self) -> Recording:
        """Draw the heart and record it for ten seconds."""
        rng = stream(self.seed, self.number, "heart")
        heart = draw_heart(rng, **dict(self.fixed))
        leads = make_leads(heart, rng, fs=FS)
        return Recording(leads, FS, reading=read_heart(heart, leads["V1"], leads["V5"]))


def stream(seed: int, record: int, purpose: str) -> np.random.Generator:
    """Return the source of chance for one purpose of one record; new purposes leave the others as they are."""
    return np.random.default_rng([seed, record, crc32(purpose.encode())])
