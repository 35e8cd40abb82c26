"""How the dashboard is started: all settings on the command line, nothing to phone home, one sentence where the extra is missing."""

import os
import tomllib
from pathlib import Path

import pytest

from ecgbench.cli import main
from ecgbench.dashboard import launch

OWN = str(Path(os.__file__).parent)  # where Python's own modules are
CHECKOUT = Path(__file__).parents[2]


def test_a_checkout_has_the_settings_of_the_command():
    with (CHECKOUT / ".streamlit" / "config.toml").open("rb") as file:
        written = tomllib.load(file)
    flat = {}
    for section, values in written.items():
        for name, value in values.items():
            flat |= (
                {f"{section}.{name}.{each}": it for each, it in value.items()}
                if isinstance(value, dict)
                else {f"{section}.{name}": value}
            )
    assert flat == {**launch.OPTIONS, "server.address": "127.0.0.1"}  # without one Streamlit asks a host elsewhere for its own


def test_telemetry_is_off_and_only_this_machine_is_served():
    line = launch.command(host="127.0.0.1", port=8600)
    assert {"--browser.gatherUsageStats=false", "--server.address=127.0.0.1", "--server.port=8600"} <= set(line)
    assert not any(word.startswith("--server.port") for word in launch.command(host="127.0.0.1", port=0))


def test_only_who_looks_for_modules_in_the_current_folder_has_the_dashboard_look_there(monkeypatch):
    for path, flags in ((["/bin"], ["-P"]), (["", "/bin"], []), ([str(Path.cwd())], []), ([OWN, str(Path.cwd())], ["-P"])):
        monkeypatch.setattr("sys.path", path)
        line = launch.command(host="127.0.0.1", port=0)
        assert line[1 : line.index("-m")] == flags


def test_without_the_extra_one_sentence_names_the_command(monkeypatch, capsys):
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        main(["dashboard"])
    assert ended.value.code == 2
    assert (
        capsys.readouterr().err
        == "ecgbench: The dashboard needs streamlit and altair; pip install 'ecg-image-bench[dashboard]'.\n"
    )
