"""Imported once by the process that workers are forked from, so that each starts with its libraries, and their tables, in memory.

One thread for BLAS: set before numpy is first imported, because OpenBLAS reads it only then.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import cloudpickle  # noqa: F401
import cv2
import numpy as np

import ecgbench.measure
import ecgbench.runner  # noqa: F401

cv2.cvtColor(
    np.zeros((1, 1, 3), np.uint8), cv2.COLOR_BGR2LAB
)  # which makes the tables that OpenCV has for it, in 0.15 s: here for all
