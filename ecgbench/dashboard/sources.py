"""Pictures to try methods on: an upload, or a case of an image set; each known by a key, so that nothing is done twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice
from typing import Any

import streamlit as st

from ecgbench.core.truth import Case, CaseInfo
from ecgbench.dashboard.kept_workers import KeptWorkers
from ecgbench.dashboard.trying import TRY_BYTES, TRY_SECONDS, Action, Attempt, Tried, TryWork, became
from ecgbench.registry import default_registry

LISTED = 200  # cases of an image set to choose from
WORKERS = 2  # that try methods, and never more than cores
FRESH_SECONDS = 15  # for which the list of a folder's pictures stands
KEPT = 64  # attempts of all sessions, some 300 kB each


def uploaded_case(name: str, data: bytes) -> Case:
    """Return a case of bytes that somebody sent."""
    return Case(CaseInfo(name, "an upload", f"sha256:{hashlib.sha256(data).hexdigest()}"), data)


@st.cache_resource(ttl=FRESH_SECONDS, max_entries=16, show_spinner=False)
def cases_of(spec: str) -> tuple[list[Case], int | None]:
    """Return the first cases of an image set, and how many there are in all; raise SpecError where there is none."""
    images = default_registry().open_images(spec)
    return list(islice(images, LISTED)), images.count()


def case_key(case: Case, spec: str = "") -> str:
    """Return what tells a picture from others, as long as nobody changes the file."""
    return case.info.content_id or f"{spec}\0{case.name}\0{case.info.source}"


def seen_on(case: Case | None, key: str, actions: Sequence[tuple[str, Action]]) -> list[Tried]:
    """Return what became of each action, known by a name that tells it from others; what was done before is not done again."""
    wanted = [(f"{key}\0{name}", Attempt(key, case, action)) for name, action in actions]
    kept = _kept()
    missing = [(name, attempt) for name, attempt in wanted if name not in kept]
    for (name, _), tried in zip(missing, _done([attempt for _, attempt in missing]), strict=True):
        kept[name] = tried
    found = [kept[name] for name, _ in wanted]
    for name in list(kept)[: max(0, len(kept) - KEPT)]:
        kept.pop(name, None)
    return found


def _done(attempts: list[Attempt]) -> list[Tried]:
    if not attempts:
        return []
    return [became(value, attempt) for value, attempt in zip(_workers.do(attempts), attempts, strict=True)]


def _work() -> TryWork:
    return TryWork(default_registry().page_opener())


_workers = KeptWorkers(_work, most=WORKERS, timeout=TRY_SECONDS, memory_bytes=TRY_BYTES)


@st.cache_resource(show_spinner=False)
def _kept() -> dict[str, Any]:
    return {}
