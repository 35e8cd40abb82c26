"""A plugin that notes when the first outcome of `ecgbench run` was reported, which is after its commit."""

from __future__ import annotations

from functools import cache

from job import Job

from ecgbench import hookimpl


@hookimpl
def ecgbench_outcome() -> None:
    """Note it."""
    _note_first()


@cache
def _note_first() -> None:
    Job.from_environment().note_result()
