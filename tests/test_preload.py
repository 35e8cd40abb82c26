"""What workers start with: their libraries in memory, and one thread for linear algebra."""

import json
import os
import subprocess
import sys

import pytest

REPORT = """
import json, os, sys
import ecgbench.preload
names = ("cv2", "numpy", "cloudpickle", "ecgbench.measure", "ecgbench.runner", "sqlalchemy", "scipy", "PIL", "skimage", "matplotlib", "rich")
print(json.dumps([os.environ["OPENBLAS_NUM_THREADS"], [name for name in names if name in sys.modules]]))
"""


@pytest.mark.parametrize(("given", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_workers_have_one_thread_unless_told_otherwise_and_no_library_that_they_do_not_need(given, threads):
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")} | given
    done = subprocess.run([sys.executable, "-c", REPORT], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout) == [threads, ["cv2", "numpy", "cloudpickle", "ecgbench.measure", "ecgbench.runner"]]
