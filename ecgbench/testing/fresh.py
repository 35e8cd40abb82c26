"""A function's value in a Python that knows nothing of this one: other libraries in memory, another order of sets, no state."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ecgbench.core.interpreter import python_command
from ecgbench.testing.check import CheckFailed

HASH_SEED = "1"  # texts hash otherwise than in a process that draws its seed, so that sets of them come in another order
PROGRAM = "import sys, pickle; sys.path[:] = pickle.load(sys.stdin.buffer); from ecgbench.testing.fresh import answer; answer()"


def in_a_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return `function(*arguments)` from a Python that is started for it; raise CheckFailed where it does not give one."""
    import cloudpickle

    message = pickle.dumps(sys.path) + cloudpickle.dumps((function, arguments))
    environment = os.environ | {"PYTHONHASHSEED": HASH_SEED}
    done = subprocess.run([*python_command(), "-c", PROGRAM], input=message, capture_output=True, env=environment, check=False)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or f"it ended with exit code {done.returncode}"
        raise CheckFailed(f"it does not run in a fresh process: {last}")
    return pickle.loads(done.stdout)  # noqa: S301 - from a process of our own


def answer() -> None:
    """Do what stdin asks for and write the value to stdout, which what is asked for must not get hold of."""
    mine = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    with mine:
        pickle.dump(function(*arguments), mine)
