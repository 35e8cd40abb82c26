"""Development and evaluation apart: that the rule splits, that forms of one record stay together, and that nobody tunes on evaluation."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from ecgbench.plugins.image_sets.synthetic import DemoSet, SyntheticSet
from ecgbench.plugins.image_sets.synthetic.split import (
    DEVELOPMENT,
    EVALUATION,
    FIRST_EVALUATION_SEED,
    split_of,
    split_of_record,
    split_of_seed,
)

ROOT = Path(__file__).parents[4]


def records(seed: int) -> set[str]:
    return {case.info.record or "" for case in SyntheticSet(pages=40, seed=seed)}


def test_synthetic_pages_are_split_by_their_seed() -> None:
    assert {split_of_seed(seed) for seed in range(FIRST_EVALUATION_SEED)} == {DEVELOPMENT}
    assert {split_of_seed(seed) for seed in (1000, 1001, 2025, 10**9)} == {EVALUATION}
    for seed in (0, 999, 1000, 4711):
        assert {split_of(record) for record in records(seed)} == {split_of_seed(seed)}


def test_development_and_evaluation_share_no_record() -> None:
    development, evaluation = set().union(*map(records, (0, 1, 7, 999))), set().union(*map(records, (1000, 1001, 2025)))
    assert development and evaluation and not development & evaluation
    names = [f"{number:05d}_hr" for number in range(2000)]
    sides = {side: {name for name in names if split_of(name) == side} for side in (DEVELOPMENT, EVALUATION)}
    assert sides[DEVELOPMENT] | sides[EVALUATION] == set(names) and not sides[DEVELOPMENT] & sides[EVALUATION]
    assert 900 < len(sides[EVALUATION]) < 1100


@pytest.mark.parametrize(
    "names",
    [
        ("00688_hr", "00688_lr", "ptbxl_00688", "ptbxl/00688_hr", "a\\b\\00688_HR.hea", "PTB-XL_00688.dat"),
        ("s0010_re", "ptb/patient001/s0010_re", "S0010_RE.hea"),
    ],
)
def test_all_forms_of_a_record_are_on_one_side(names: tuple[str, ...]) -> None:
    assert len({split_of_record(name) for name in names}) == 1


def test_the_demo_is_for_development() -> None:
    assert {split_of(case.info.record or "") for case in DemoSet()} == {DEVELOPMENT}


def without_docstrings(source: str) -> str:
    """Return a module's code without its docstrings, which do nothing."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


@pytest.mark.parametrize("folder", ["benchmarks", "ecgbench/plugins", "tests/plugins"])
def test_nothing_that_tunes_or_tests_methods_uses_an_evaluation_seed(folder: str) -> None:
    """Specs with a seed of evaluation stand in no built-in, benchmark or test of a method, but where prose cites what was measured."""
    files = [path for path in (ROOT / folder).rglob("*.py") if "image_sets" not in path.parts]
    assert files
    for path in files:
        seeds = [int(seed) for seed in re.findall(r"\bseed=(\d+)", without_docstrings(path.read_text(encoding="utf-8")))]
        assert all(split_of_seed(seed) == DEVELOPMENT for seed in seeds), path


@pytest.mark.skipif("ECGBENCH_DATA" not in os.environ, reason="ECGBENCH_DATA does not name the folder of real records")
def test_both_sides_hold_real_records() -> None:
    names = [path.stem for path in (Path(os.environ["ECGBENCH_DATA"]) / "records").rglob("*.hea")]
    counts = [sum(split_of(name) == side for name in names) for side in (DEVELOPMENT, EVALUATION)]
    assert min(counts) > len(names) / 4
