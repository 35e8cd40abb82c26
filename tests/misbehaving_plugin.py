"""Methods that do everything wrong, beside two that do not: a plugin for tests."""

import ctypes
import os
import threading
import time

import numpy as np

from ecgbench import EdgeMap, Gray, transformer

STORY = """{purpose}

How it works: see its name.
What works: test_execution.py.
What didn't work: being good.
Changes: 0.1 first version.
"""


def method(name):
    def decorate(function):
        function.__doc__ = STORY.format(purpose=f"Be {name}.")
        return transformer(name)(function)

    return decorate


def nothing(gray):
    return EdgeMap(np.zeros(gray.shape, bool), None)


@method("edges.a_good")
def a_good(gray: Gray) -> EdgeMap:
    return nothing(gray)


@method("edges.segfaulting")
def segfaulting(gray: Gray) -> EdgeMap:
    ctypes.string_at(0)
    return nothing(gray)


@method("edges.hanging")
def hanging(gray: Gray) -> EdgeMap:
    time.sleep(600)
    return nothing(gray)


@method("edges.exiting")
def exiting(gray: Gray) -> EdgeMap:
    os._exit(5)
    return nothing(gray)


@method("edges.quitting")
def quitting(gray: Gray) -> EdgeMap:
    raise SystemExit(6)


@method("edges.eating")
def eating(gray: Gray) -> EdgeMap:
    np.ones(4 << 30, np.uint8)
    return nothing(gray)


@method("edges.raising")
def raising(gray: Gray) -> EdgeMap:
    raise RuntimeError("out of\nideas")


@method("edges.lying")
def lying(gray: Gray) -> EdgeMap:
    return {"edges": gray}


@method("edges.misshapen")
def misshapen(gray: Gray) -> EdgeMap:
    return EdgeMap(np.zeros((1, 1), bool), None)


@method("edges.writing")
def writing(gray: Gray) -> EdgeMap:
    gray[0] = 0
    return nothing(gray)


@method("edges.unlocking")
def unlocking(gray: Gray) -> EdgeMap:
    gray.setflags(write=True)
    gray[:] = 0
    return nothing(gray)


@method("edges.forking")
def forking(gray: Gray) -> EdgeMap:
    os.fork()  # both come back
    return nothing(gray)


@method("edges.wandering")
def wandering(gray: Gray) -> EdgeMap:
    os.chdir("/")
    return nothing(gray)


@method("edges.talking")
def talking(gray: Gray) -> EdgeMap:
    print("x" * 100_000)
    os.write(1, b"y" * 100_000)
    return nothing(gray)


@method("edges.leaking")
def leaking(gray: Gray) -> EdgeMap:
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return nothing(gray)


@method("edges.z_good")
def z_good(gray: Gray) -> EdgeMap:
    return nothing(gray)
