"""The command as such: quick help, errors in one sentence, and nothing that a pipe or a terminal may trip over."""

import os
import subprocess
import sys

import pytest

from ecgbench import __version__
from ecgbench.cli import app, app_of
from ecgbench.cli.runs import make_head_start
from ecgbench.core.outcome import Status
from ecgbench.store import Store

COMMANDS = ("demo", "run", "runs", "leaderboard", "compare", "export", "methods", "show", "plugins", "docs", "process", "images")
HELP = """
import sys
sys.argv = ["ecgbench", "--help"]
from ecgbench.cli import main
try:
    main()
finally:
    print("LOADED", *(name for name in ("cv2", "numpy", "sqlalchemy", "scipy", "PIL", "matplotlib") if name in sys.modules))
"""


def test_help_names_every_command_and_loads_no_heavy_library():
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[-1].split() == ["LOADED"]
    assert [name for name in COMMANDS if f"│ {name} " not in done.stdout] == []


@pytest.mark.parametrize("words", [[], ["images"]])
def test_without_words_help_is_shown(ecgbench, words):
    answer = ecgbench(*words)
    assert answer.code == 2
    assert "Usage: ecgbench" in answer.out
    assert answer.err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(ecgbench, command):
    for flag in ("-h", "--help"):
        answer = ecgbench(command, flag)
        assert answer.code == 0
        assert f"Usage: ecgbench {command}" in answer.out


def test_the_version_is_told(ecgbench):
    assert ecgbench("--version").out == f"ecgbench {__version__}\n"


ERRORS = {
    "methds": "No such command 'methds'. Did you mean 'methods'? (see `ecgbench --help`)",
    "run": "Missing argument 'SPEC...' (see `ecgbench run --help`)",
    "methods --tusk edges": "No such option: --tusk",
    "run scans --jobs 0": "Invalid value for '--jobs'",
    "run scans --jobs many": "Invalid value for '--jobs'",
    "methods --task edge": "There is no method of the task 'edge'; tasks: color, digitize, edges, grid, quality",
    "show edges.cany": "There is no method 'edges.cany'; known ones: edges.canny",
    "show canny": "There is no method 'canny'; did you mean 'edges.canny'? known ones: ",
    "images nowhere": "There is no image set 'nowhere': no such file or folder, and no opener knows it. Forms: ",
    "images scans extra": "Got unexpected extra argument",
    "run nowhere": "There is no image set 'nowhere'",
    "run empty": "The folder empty holds no pictures",
    "run scans -m edges.prewitt": "There is no method 'edges.prewitt'; known ones: edges.canny",
    "run scans --param sigma=1": "--param 'sigma=1' cannot be read; write METHOD.NAME=VALUE",
    "run scans --param edges.canny.sigma=": "--param 'edges.canny.sigma=' cannot be read",
    "run scans --param edges.canny.sigmo=1": "There is no parameter 'sigmo'; did you mean 'sigma'?",
    "run scans --param edges.canny.sigma=9": "sigma=9.0 is out of bounds; it goes from 0.0 to 1.0",
    "run scans -m edges.sobel --param edges.canny.sigma=1": "'edges.canny.sigma' is of no method of this plan",
    "run scans --memory 4": "--memory '4' cannot be read; write 4GB, 512MB or none",
    "run scans --memory -1GB": "--memory '-1GB' leaves a worker nothing",
    "run scans --timeout 0": "A timeout is a number of seconds above 0, got 0",
    "run scans --timeout nan": "A timeout is a number of seconds above 0, got nan",
    "run scans --timeout 1 --executor threads": "The threads executor cannot end a method that hangs",
    "run scans --repeats 0": "A plan needs at least one repeat, got 0",
    "run scans --executor gpu": "There is no executor 'gpu'; choose one of processes, threads, serial",
    "run scans --resume": "--resume goes on with a run by its name; give --name, `ecgbench runs` lists them",
    "run scans --store nowhere/runs.db": "The folder nowhere of the store nowhere/runs.db does not exist",
    "run scans --store scans/page0.png": "The store scans/page0.png is not a store of ecgbench, but some other file",
    "runs": "There is no store at ecgbench.db; `ecgbench run` makes one, --store names another",
    "leaderboard": "There is no store at ecgbench.db",
    "compare edges.canny edges.sobel": "There is no store at ecgbench.db",
    "export": "There is no store at ecgbench.db",
    "runs --store scans/page0.png": "The store scans/page0.png is not a store of ecgbench, but some other file",
    "runs --store scans": "The store scans is a folder",
    "runs --store mysql2://me@host/db": "is not a kind of database that is known",
    "show edges.canny --store scans/page0.png": "The store scans/page0.png is not a store of ecgbench",
    "compare a b --fail-on nonsense": "'nonsense' is not a bound; write METRIC (< or >) NUMBER",
    "process scans/page0.png --edges prewitt": "The option method does not know 'prewitt'; known ones: canny",
    "process scans/page0.png --out scans/page1.png": "scans/page1.png cannot be used: File exists.",
    "images generate scans/page0.png": "cannot be used",
    "images generate pages --types 9999": "names some of 0001",
    "docs --measure first": "There is no store at ecgbench.db",
}


@pytest.mark.parametrize("line", ERRORS)
def test_an_error_is_one_sentence_on_stderr_and_exit_code_2(ecgbench, pictures, tmp_path, line):
    (tmp_path / "empty").mkdir()
    assert ERRORS[line] in ecgbench(*line.split()).error
    assert not (tmp_path / "ecgbench.db").exists()


def test_debug_shows_the_traceback(ecgbench):
    from ecgbench.registry import RegistryError

    with pytest.raises(RegistryError, match=r"edges\.cany"):
        from ecgbench.cli import main

        main(["show", "edges.cany", "--debug"])


def test_a_surprise_is_named_and_says_how_to_see_more(ecgbench, monkeypatch):
    def surprise():
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("ecgbench.registry.default_registry", surprise)
    assert ecgbench("methods").error == (
        "unexpected ZeroDivisionError: division by zero (run it again with --debug for the traceback)"
    )


def test_ctrl_c_in_any_command_is_exit_code_130_without_a_word(ecgbench, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("ecgbench.registry.default_registry", interrupted)
    answer = ecgbench("methods")
    assert (answer.code, answer.out, answer.err) == (130, "", "")


def command(*words, **terms):
    code = "from ecgbench.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **terms)


def test_a_reader_that_goes_away_is_no_error():
    process = command("methods", "--json")
    process.stdout.read(1)
    process.stdout.close()
    error = process.stderr.read().decode()
    process.stderr.close()
    process.wait(60)
    assert error == ""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_a_stream_that_is_closed_keeps_nothing_from_being_done(tmp_path, closed):
    line = f"{sys.executable} -m ecgbench run 'synthetic?count=1&dpi=72' --methods edges.canny --jobs 1 --name all"
    done = subprocess.run(
        ["bash", "-c", f"{line} {closed}"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "rror" in done.stderr) == (0, False)
    with Store(tmp_path / "ecgbench.db") as store:
        assert store.counts(store.find_run("all").id) == {Status.DONE: 1}


def test_names_that_the_encoding_has_no_letters_for_do_not_end_a_command(tmp_path):
    odd = os.fsencode(str(tmp_path)) + b"/\xff\xe9.png"
    process = command("process", odd, env={**os.environ, "PYTHONIOENCODING": "ascii:strict"})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"There is no file" in out
    assert err == b""


@pytest.mark.parametrize("line", [["runs", "--json"], ["run", "--help"]])
def test_a_line_that_names_its_command_at_once_is_read_without_building_the_others(line):
    assert [each.callback.__name__.removeprefix("list_") for each in app_of(line).registered_commands] == [line[0]]
    assert app_of(line) is app_of(line)


@pytest.mark.parametrize("line", [[], ["--help"], ["--debug", "runs"], ["images", "demo"], ["no-command"]])
def test_any_other_line_is_read_with_all_commands(line):
    assert app_of(line) is app


@pytest.mark.parametrize(
    ("line", "woken"),
    [
        (["run", "demo"], 1),
        (["demo"], 1),
        (["run", "demo", "--dry-run"], 0),
        (["run", "demo", "--executor=serial"], 0),
        (["run", "demo", "--executor", "threads"], 0),
        (["run", "--help"], 0),
        (["runs"], 0),
        ([], 0),
    ],
)
def test_the_process_that_workers_come_from_is_woken_before_a_line_is_read(line, woken, monkeypatch):
    calls = []
    monkeypatch.setattr("ecgbench.workers.wake_forkserver", lambda: calls.append(1))
    make_head_start(line)
    assert len(calls) == woken
