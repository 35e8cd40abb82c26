"""A small competition, with the working directory beside it."""

import cv2
import numpy as np
import pytest

from ecgbench.submission.practice import make_practice


@pytest.fixture(scope="session")
def practice(tmp_path_factory):
    """Two records to digitize, at 500 and at 250 Hz; not to be written to."""
    return make_practice(tmp_path_factory.mktemp("notebook") / "input" / "physionet", records=2, dpi=75)


@pytest.fixture
def beside(practice, monkeypatch):
    """The folder that holds input/, as the working directory."""
    monkeypatch.chdir(practice.parents[1])
    return practice


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def blank():
    return np.full((80, 120), 255, np.uint8)


@pytest.fixture
def blank_file(apart, blank):
    cv2.imwrite("blank.png", blank)
    return "blank.png"
