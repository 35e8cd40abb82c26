"""Ctrl-C: once ends what is done and keeps it, again is heard while that goes on, and a third time ends everything at once."""

from __future__ import annotations

import os
import signal
from itertools import count
from types import FrameType

from ecgbench.cli.output import INTERRUPTED

AT_ONCE = 3  # so many times; workers die with this process, and what was reported is kept already


def take_interrupts() -> None:
    """Have the first Ctrl-C end the command and the second one nothing: it would break off the end, and show a traceback instead."""
    pressed = count(1)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        times = next(pressed)
        if times == 1:
            raise KeyboardInterrupt
        if times >= AT_ONCE:
            os._exit(INTERRUPTED)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell has it ignored
        signal.signal(signal.SIGINT, interrupt)
