"""The command that serves: what cannot be is one sentence; tests/ws_server tells of the rest."""

import socket
import subprocess
import sys

import pytest


def test_settings_that_make_no_sense_are_one_sentence(ecgbench):
    assert ecgbench("serve", "--port", 99999).error == "A port lies in 0..65535, got 99999."
    assert ecgbench("serve", "--token", "").error == "The token is empty; leave it out to let everybody in."


def test_a_port_that_is_taken_is_one_sentence(ecgbench):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = f"Port {port} of 127.0.0.1 cannot be had (Address already in use); end what listens there, or choose another."
        assert ecgbench("serve", "--port", port).error == sentence


def test_its_help_names_the_limits(ecgbench):
    out = ecgbench("serve", "--help").out
    for option in ("--port", "--workers", "--isolate", "--token", "--allow-origin", "--max-batch", "--max-megapixels"):
        assert option in out


@pytest.mark.parametrize("package", ["uvicorn", "starlette", "orjson", "prometheus_client"])
def test_a_missing_package_is_one_sentence_that_names_the_command(package):
    script = f"import sys; sys.modules[{package!r}] = None; from ecgbench.cli import main; main(['serve', '--port', '0'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    sentence = f"ecgbench: The server and its clients need the package {package}; `pip install 'ecg-image-bench[server]'`."
    assert done.stderr.splitlines() == [sentence]
