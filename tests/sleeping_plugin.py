"""A method that takes its time without taking the processor: a plugin for tests that need work to be under way."""

import time

from ecgbench import EdgeMap, Gray
from tests.misbehaving_plugin import method, nothing


@method("edges.sleeping")
def sleeping(gray: Gray) -> EdgeMap:
    time.sleep(0.05)
    return nothing(gray)
