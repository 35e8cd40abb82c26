"""A small competition to make submissions for."""

import shutil

import pytest

from ecgbench.submission.practice import make_practice


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Two records to digitize, at 500 and at 250 Hz; not to be written to."""
    return make_practice(tmp_path_factory.mktemp("practice") / "competition", records=2, dpi=75)


@pytest.fixture
def competition(made, tmp_path):
    """A copy of it."""
    return shutil.copytree(made, tmp_path / "competition")
