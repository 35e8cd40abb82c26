"""pytest-benchmark on every method and page. A page is decoded once for all its methods, as pytest advises for what is dear to make.

The number of rounds is the job's: by default pytest-benchmark repeats a call for a second. `ECG_PEERS_STYLE` is "plain" for
`benchmark(function)`, which beside its rounds calls twice more (to calibrate, and for the result), or "pedantic" for the mode that does not.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import pytest
from compared import METHODS, Pixels, decoded
from job import Job

JOB = Job.from_environment()


@pytest.fixture(scope="module", params=JOB.paths(), ids=lambda path: path.name)
def picture(request: pytest.FixtureRequest) -> Pixels:
    cv2.setNumThreads(1)
    path: Path = request.param
    return decoded(path)


@pytest.mark.parametrize("method", METHODS[JOB.methods].values(), ids=METHODS[JOB.methods])
def test_method(benchmark: Any, picture: Pixels, method: Any) -> None:
    if os.environ["ECG_PEERS_STYLE"] == "plain":
        benchmark(method, picture)
    else:
        benchmark.pedantic(method, (picture,), rounds=JOB.repeats, iterations=1)
    JOB.note_result()
