"""The machine and the software that a run is measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ecgbench import __version__
from ecgbench.core.outcome import Environment
from ecgbench.workers import usable_cores

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_")


@cache
def current_environment() -> Environment:
    """Return versions, processor, memory, threads, the git state of the working folder, and how OpenCV was built."""
    facts: dict[str, Any] = {
        "ecgbench": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "opencv_build": opencv_build(),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cores": usable_cores(),
        "memory_gb": memory_gb(),
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        **git_state(),
    }
    return Environment(facts)


def opencv_build() -> dict[str, str]:
    """Return the lines of OpenCV's build information that change speed: processor features, threads, IPP, optimization."""
    wanted = ("Baseline", "Dispatched code generation", "Parallel framework", "Intel IPP", "Configuration", "JPEG", "PNG")
    found = {}
    for line in cv2.getBuildInformation().splitlines():
        name, _, value = line.strip().partition(":")
        if name in wanted and value.strip():
            found[name] = " ".join(value.split())
    return found


def cpu_model() -> str:
    """Return the processor's name as the kernel gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def memory_gb() -> float | None:
    """Return the machine's memory in GB (1e9 bytes), None where the system does not tell."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError, AttributeError):
        return None


def git_state() -> dict[str, Any]:
    """Return commit and cleanness of the working folder's git repository; nothing where there is none."""
    git = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        status = subprocess.run(git, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = status.stdout.splitlines()
    commit = next((line.rpartition(" ")[2] for line in lines if line.startswith("# branch.oid")), None)
    return {"git_commit": commit, "git_dirty": any(not line.startswith("#") for line in lines)}
