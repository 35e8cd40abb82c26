"""What a run was measured in: facts that JSON can hold, and none that cannot be known."""

import json
import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench import __version__
from ecgbench.environment import cpu_model, current_environment, git_state, memory_gb, opencv_build
from ecgbench.workers import usable_cores


def test_the_environment_names_versions_machine_and_build_as_json():
    facts = json.loads(json.dumps(dict(current_environment().facts), allow_nan=False))
    assert facts["ecgbench"] == __version__
    assert facts["numpy"] == np.__version__
    assert facts["opencv"] == cv2.__version__
    assert facts["cores"] == usable_cores() >= 1
    assert facts["cpu"]
    assert facts["memory_gb"] == pytest.approx(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, abs=0.1)
    assert set(facts["threads"]) <= set(os.environ)


def test_it_is_looked_up_once_a_process():
    assert current_environment() is current_environment()


def test_the_build_of_opencv_tells_what_changes_speed():
    build = opencv_build()
    assert "Parallel framework" in build
    assert build["Baseline"].split()
    assert all(value and value == value.strip() for value in build.values())


def test_what_the_system_does_not_tell_is_left_out(monkeypatch):
    def refused(*given, **named):
        raise OSError("not here")

    monkeypatch.setattr(Path, "read_text", refused)
    monkeypatch.setattr(os, "sysconf", refused)
    assert isinstance(cpu_model(), str)
    assert memory_gb() is None


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def git(*words):
    names = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    return subprocess.run(["git", *names, *words], check=True, capture_output=True, text=True).stdout.strip()


def test_commit_and_changes_of_the_working_folder_are_told(repository):
    git("init", "--quiet")
    (repository / "a.txt").write_text("one")
    git("add", "a.txt")
    git("commit", "--quiet", "-m", "first")
    assert git_state() == {"git_commit": git("rev-parse", "HEAD"), "git_dirty": False}
    (repository / "new.txt").write_text("not tracked: no method of the repository's")
    assert git_state()["git_dirty"] is False
    (repository / "a.txt").write_text("two")
    assert git_state()["git_dirty"] is True


def test_a_folder_without_git_tells_nothing(repository, monkeypatch):
    assert git_state() == {}
    monkeypatch.setenv("PATH", "")
    assert git_state() == {}
