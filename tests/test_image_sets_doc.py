"""The page on image sets names everything that there is."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from ecgbench.core.truth import Truth
from ecgbench.plugins.image_sets.synthetic.choice import OneOf, text_of
from ecgbench.plugins.image_sets.synthetic.settings import KEYS
from ecgbench.plugins.image_sets.synthetic.split import FIRST_EVALUATION_SEED
from ecgbench.plugins.image_sets.synthetic.style import FIELDS
from ecgbench.plugins.image_sets.truth_files import KEYS as TRUTH_KEYS
from ecgbench.plugins.image_sets.truth_files import MASKS
from ecgbench.registry import Registry

PAGE = (Path(__file__).parents[1] / "docs" / "image_sets.md").read_text(encoding="utf-8")


def test_every_setting_and_every_value_is_named() -> None:
    said = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
    assert set(KEYS) <= said
    for field in FIELDS.values():
        if isinstance(field.known, OneOf) and isinstance(field.known.values[0], str):
            assert {text_of(value) for value in field.known.values} <= said


def test_every_part_of_the_truth_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE)) | {"fine_x", "fine_y", "bold_x", "bold_y"}
    assert {field.name for field in fields(Truth)} <= named
    assert all(f"name{suffix}" in PAGE for suffix in MASKS.values())


def test_the_example_of_a_truth_file_holds_every_key_and_no_other() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert json.loads(example).keys() == TRUTH_KEYS


def test_every_opener_is_shown() -> None:
    for opener in Registry.load().openers.values():
        assert re.search(rf"`{re.escape(re.split(r'[?: ]', opener.form)[0])}", PAGE), opener.form


def test_the_rule_of_development_and_evaluation_is_stated() -> None:
    assert f"seeds below {FIRST_EVALUATION_SEED} are for development" in PAGE


@pytest.mark.parametrize("link", re.findall(r"\]\((#[^)]+)\)", PAGE))
def test_links_within_the_page_lead_somewhere(link: str) -> None:
    headings = {"#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", PAGE, re.M)}
    assert link in headings
