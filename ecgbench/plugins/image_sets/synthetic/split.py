"""Which pages and records methods may be tuned on, and which are kept to judge them: the one place that says so."""

from __future__ import annotations

import re
from hashlib import sha256

DEVELOPMENT, EVALUATION = "development", "evaluation"
SPLITS = (DEVELOPMENT, EVALUATION)
FIRST_EVALUATION_SEED = 1000  # synthetic seeds below it are for development, it and all above it for evaluation
_SYNTHETIC = re.compile(r"synthetic:(\d+):\d+")
_FORM = re.compile(r"^ptb-?xl_|_[hl]r$")  # PTB-XL gives each record at 500 (_hr) and at 100 Hz (_lr): one heart, one side


def split_of_seed(seed: int) -> str:
    """Return the side of all synthetic pages of a seed.

    >>> split_of_seed(999), split_of_seed(1000)
    ('development', 'evaluation')
    """
    return DEVELOPMENT if seed < FIRST_EVALUATION_SEED else EVALUATION


def split_of_record(name: str) -> str:
    """Return the side of a recorded ECG, by a hash of its name: about half of the records are on each, wherever they lie.

    `name`: with or without folders and suffix; the forms in which PTB-XL gives one record are the same record.

    >>> split_of_record("ptbxl/00005_hr") == split_of_record("records100/00005_lr.hea")
    True
    """
    stem = re.split(r"[\\/]", name)[-1].lower()
    stem = _FORM.sub("", _FORM.sub("", re.sub(r"\.(hea|dat|mat|csv)$", "", stem)))
    return SPLITS[sha256(stem.encode()).digest()[0] % 2]


def split_of(record: str) -> str:
    """Return the side of a case by its `CaseInfo.record`: a synthetic one ("synthetic:7:3") by its seed, any other by its name.

    >>> split_of("synthetic:7:3"), split_of("synthetic:2025:1")
    ('development', 'evaluation')
    """
    synthetic = _SYNTHETIC.fullmatch(record)
    return split_of_record(record) if synthetic is None else split_of_seed(int(synthetic[1]))
