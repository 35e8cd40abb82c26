"""`pytest --ecg-plugin`: the checks as test items, told as pytest tells things, and nothing where it is not asked for.

pytester forgets what a session within this process imported, and multiprocessing does not bear to be imported twice: so what sessions
import is imported here.
"""

import multiprocessing.heap
import multiprocessing.sharedctypes  # noqa: F401

import pytest

import ecgbench.testing.conducting
import ecgbench.testing.finding  # noqa: F401
from tests.testing.test_finding import PLUGIN

SCRIBBLER = PLUGIN.replace("    return EdgeMap", "    if gray.flags.writeable:\n        gray[0] = 0\n    return EdgeMap")


pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester):
    """Runs pytest in a folder that holds the plugin `my_nothing` and one test; in this process, as most of what a new one does is to import."""
    pytester.makepyfile(test_own="def test_own():\n    pass\n")

    def pytest_with(*words, plugin=PLUGIN):
        pytester.makepyfile(my_nothing=plugin)
        pytester.syspathinsert()
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "ecgbench.testing.conformance", "-v", "-rA", *words)

    return pytest_with


def said(done):
    return done.stdout.str() + done.stderr.str()


ITEM = "ecgbench.testing.conformance::edges.nothing::"


def test_each_check_is_an_item_that_can_be_chosen(run):
    done = run("--pyargs", "ecgbench.testing", "--ecg-plugin", "my_nothing", "-k", "survives_noise or tells_its_story")
    assert done.ret == 0, said(done)
    assert f"PASSED {ITEM}survives_noise" in done.stdout.str()
    assert f"PASSED {ITEM}tells_its_story" in done.stdout.str()
    assert "2 passed, 20 deselected" in done.stdout.str()


def test_an_item_can_be_named_and_a_failure_says_what_and_why(run):
    done = run("--pyargs", f"{ITEM}leaves_its_input_alone", "--ecg-plugin", "my_nothing", plugin=SCRIBBLER)
    assert done.ret == 1, said(done)
    assert f"FAILED {ITEM}leaves_its_input_alone" in done.stdout.str()
    assert "It changed 850 of 467500 values of its input on the page 'ordinary'; work on a copy." in done.stdout.str()
    assert "Why: A page's pixels are handed to every method of a case" in done.stdout.str()
    assert "1 failed" in done.stdout.str()
    assert "Traceback" not in done.stdout.str()


def test_expected_failures_are_xfailed_and_those_that_pass_fail(run):
    expected = 'EXPECTED_FAILURES = {"leaves_its_input_alone": "it is in a hurry", "survives_noise": "it never tried"}'
    words = ("--pyargs", "ecgbench.testing", "--ecg-plugin", "my_nothing", "-k", "leaves_its or survives_noise")
    done = run(*words, plugin=f"{SCRIBBLER}\n{expected}\n")
    assert done.ret == 1, said(done)
    assert f"XFAIL {ITEM}leaves_its_input_alone - it is in a hurry (it changed 850 of 467500" in done.stdout.str()
    assert "It was expected to fail (it never tried); take it out of EXPECTED_FAILURES." in done.stdout.str()


def test_the_option_alone_adds_the_checks_to_the_users_own_tests_and_workers_share_them(run):
    done = run("--ecg-plugin", "my_nothing", "-n", "2", "-k", "own or blank or lonely")
    assert done.ret == 0, said(done)
    assert "PASSED test_own.py::test_own" in done.stdout.str()
    assert f"PASSED {ITEM}survives_blank_pages" in done.stdout.str()
    assert "2 passed" in done.stdout.str()


def test_without_the_option_nothing_is_added(run):
    done = run()
    assert done.ret == 0, said(done)
    assert "1 passed" in done.stdout.str()
    assert "conformance::" not in done.stdout.str()


def test_the_package_without_the_option_and_an_unknown_plugin_are_told_in_a_sentence(run):
    done = run("--pyargs", "ecgbench.testing")
    assert done.ret == 4
    assert "Say which plugin to check: pytest --pyargs ecgbench.testing --ecg-plugin MY_PLUGIN" in done.stderr.str()
    done = run("--ecg-plugin", "my_nothign")
    assert done.ret != 0
    assert "There is no package, entry point or module named 'my_nothign' here" in said(done)
    assert "Traceback" not in done.stdout.str()
