"""`pytest --ecg-plugin`: the checks as test items, told as pytest tells things, and nothing where it is not asked for."""

import subprocess
import sys

import pytest

from tests.testing.test_finding import PLUGIN

SCRIBBLER = PLUGIN.replace("    return EdgeMap", "    if gray.flags.writeable:\n        gray[0] = 0\n    return EdgeMap")


@pytest.fixture
def run(tmp_path):
    """Runs pytest in a folder that holds the plugin `my_nothing` and one test."""
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")

    def pytest_with(*words, plugin=PLUGIN):
        (tmp_path / "my_nothing.py").write_text(plugin, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "ecgbench.testing.conformance",
            "-v",
            "-rA",
            *words,
        ]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    return pytest_with


ITEM = "ecgbench.testing.conformance::edges.nothing::"


def test_each_check_is_an_item_that_can_be_chosen(run):
    done = run("--pyargs", "ecgbench.testing", "--ecg-plugin", "my_nothing", "-k", "survives_noise or tells_its_story")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"PASSED {ITEM}survives_noise" in done.stdout
    assert f"PASSED {ITEM}tells_its_story" in done.stdout
    assert "2 passed, 20 deselected" in done.stdout


def test_an_item_can_be_named_and_a_failure_says_what_and_why(run):
    done = run("--pyargs", f"{ITEM}leaves_its_input_alone", "--ecg-plugin", "my_nothing", plugin=SCRIBBLER)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"FAILED {ITEM}leaves_its_input_alone" in done.stdout
    assert "It changed 850 of 467500 values of its input on the page 'ordinary'; work on a copy." in done.stdout
    assert "Why: A page's pixels are handed to every method of a case" in done.stdout
    assert "1 failed" in done.stdout
    assert "Traceback" not in done.stdout


def test_expected_failures_are_xfailed_and_those_that_pass_fail(run):
    expected = 'EXPECTED_FAILURES = {"leaves_its_input_alone": "it is in a hurry", "survives_noise": "it never tried"}'
    words = ("--pyargs", "ecgbench.testing", "--ecg-plugin", "my_nothing", "-k", "leaves_its or survives_noise")
    done = run(*words, plugin=f"{SCRIBBLER}\n{expected}\n")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"XFAIL {ITEM}leaves_its_input_alone - it is in a hurry (it changed 850 of 467500" in done.stdout
    assert "It was expected to fail (it never tried); take it out of EXPECTED_FAILURES." in done.stdout


def test_the_option_alone_adds_the_checks_to_the_users_own_tests_and_workers_share_them(run):
    done = run("--ecg-plugin", "my_nothing", "-n", "2", "-k", "own or blank or lonely")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED test_own.py::test_own" in done.stdout
    assert f"PASSED {ITEM}survives_blank_pages" in done.stdout
    assert "2 passed" in done.stdout


def test_without_the_option_nothing_is_added(run):
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "conformance::" not in done.stdout


def test_the_package_without_the_option_and_an_unknown_plugin_are_told_in_a_sentence(run):
    done = run("--pyargs", "ecgbench.testing")
    assert done.returncode == 4
    assert "Say which plugin to check: pytest --pyargs ecgbench.testing --ecg-plugin MY_PLUGIN" in done.stderr
    done = run("--ecg-plugin", "my_nothign")
    assert done.returncode != 0
    assert "There is no package, entry point or module named 'my_nothign' here" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout
