"""The command line, run in this process, and small pictures to run it on."""

import json
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pytest
import typer.main

from ecgbench.cli import main
from ecgbench.cli.output import console

get_command = cache(typer.main.get_command)  # a third of a command's time, and the same for each: a process makes it once


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        """The sentence on stderr, of a command that failed as it should: one line, and nothing on stdout."""
        assert (self.code, self.out) == (2, ""), self
        (line,) = self.err.splitlines()
        assert line.startswith("ecgbench: ")
        return line.removeprefix("ecgbench: ")


@pytest.fixture
def ecgbench(capfd, monkeypatch, tmp_path):
    """Runs `ecgbench WORDS...` in an empty folder and returns an Answer."""
    monkeypatch.chdir(tmp_path)
    for name in ("ECGBENCH_STORE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("typer.main.get_command", get_command)

    def run(*words):
        line = [str(word) for word in words]
        monkeypatch.setattr("sys.argv", ["ecgbench", *line])
        console.cache_clear()  # it keeps the width that it had
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main(line)
        out, err = capfd.readouterr()
        return Answer(int(left.value.code or 0), out, err)

    return run


def draw_page(index=0):
    """A page of 400 x 300 with a red grid of 8 px/mm and a trace."""
    page = np.full((300, 400, 3), 255, np.uint8)
    for step, width in ((8, 1), (40, 2)):
        for at in range(40, 361, step):
            cv2.line(page, (at, 40), (at, 264), (150, 150, 245), width)
        for at in range(40, 265, step):
            cv2.line(page, (40, at), (360, at), (150, 150, 245), width)
    x = np.arange(50, 350)
    wave = np.column_stack([x, 150 + 40 * np.sin(x / (9 + index))]).astype(np.int32)
    cv2.polylines(page, [wave], False, (20, 20, 20), 2)
    return page


@pytest.fixture
def pictures(tmp_path):
    """A folder of three pages."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f"page{index}.png"), draw_page(index))
    return folder
