"""The browser client's own tests, which node runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def test_the_browser_client_keeps_what_its_tests_say() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; it runs the tests of websocket_client.js")
    ran = subprocess.run([node, "--test", str(Path(__file__).parent)], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 0" not in ran.stdout
