"""Imported once by the process that workers are forked from, so that each starts with its libraries in memory.

One thread for BLAS: set before numpy is first imported, because OpenBLAS reads it only then.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import cloudpickle  # noqa: F401
import cv2  # noqa: F401
import numpy as np  # noqa: F401

import ecgbench.measure
import ecgbench.runner  # noqa: F401
