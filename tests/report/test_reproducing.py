"""The command that repeats one outcome is one that runs."""

import shlex
import subprocess
import sys

from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.registry import default_registry
from ecgbench.report.reproducing import reproducing_command

CANNY = Variant("edges.canny", "edges", "1", "x", {"sigma": 0.5})


def test_a_file_is_run_by_the_command_line_with_the_params_that_it_had():
    outcome = Outcome(CANNY, CaseInfo("a b.png", "scans/a b.png"), Status.FAILED)
    assert reproducing_command(outcome, ["scans"]) == (
        "ecgbench run 'scans/a b.png' --methods edges.canny --param edges.canny.sigma=0.5"
    )


def test_a_generated_page_is_found_in_its_image_set_by_a_line_that_runs():
    spec = "synthetic?count=2&seed=3&dpi=72"
    case = list(default_registry().open_images(spec))[1].info
    line = shlex.split(reproducing_command(Outcome(CANNY, case, Status.DONE), [spec]))
    assert line[0] == "python" and "'\"'" not in reproducing_command(Outcome(CANNY, case, Status.DONE), [spec])
    ran = subprocess.run([sys.executable, *line[1:]], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0 and "EdgeMap" in ran.stdout, ran.stderr
