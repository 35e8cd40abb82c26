"""Asks a server for pictures in a bucket while Google Cloud Storage hangs, drips, refuses and sends damaged bytes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from faults.buckets import BucketService
from faults.servers import EDGES, Served, page_png, serving
from faults.suite import Found, require, storage

PROMISE = (
    "Google Cloud Storage that hangs, refuses or sends damaged bytes costs its pictures the deadline at most, and others nothing."
)
SHORT = False  # tests/ws_server/test_buckets.py has a line that hangs
BUCKET, DEADLINE_S, SLACK_S = "scans", 3.0, 3.0
KINDS = ("hang", "slow", "reset", "corrupt", "503", "403", "404")


def run(*, short: bool) -> Found:
    """Have several clients ask at once, each for a good picture beside one of each fault, and somebody else send a picture of their own."""
    clients = 2 if short else 8
    with storage() as gcs:
        names = _filled(gcs)
        options = ("--gcs-bucket", BUCKET, "--gcs-timeout", f"{DEADLINE_S:g}", "--max-queue", "200", "--max-in-flight", "200")
        with serving(*options, env={"STORAGE_EMULATOR_HOST": gcs.url}) as served:
            warm = served.answers()
            with ThreadPoolExecutor(clients) as pool:
                asked = [pool.submit(_ask, served, names) for _ in range(clients)]
                time.sleep(0.5)
                beside = max(served.answers() for _ in range(3))
                answers = [each.result() for each in asked]
            listing = _ask_for_a_list(served, gcs)
            gcs.faults.clear()
            back = time.monotonic()
            _, healed = _ask(served, names)
            recovery = time.monotonic() - back
            log = served.end()
    images = [image for _, results in answers for image in results]
    good = [image["success"] for _, results in answers for image in results[:1]]
    require(all(good), f"{good.count(False)} pictures beside the faulty ones were not done")
    require(all(each["success"] or each["error"] for each in images), "an image has no word of its own")
    require(all(image["success"] for image in healed), "a picture was not done after the line was mended")
    slowest = max(seconds for seconds, _ in answers)
    require(slowest < DEADLINE_S + SLACK_S, f"a batch took {slowest:.1f} s")
    require("Traceback" not in log, f"the server logged {log[-400:]!r}")
    lost = clients * len(names) - len(images)
    note = (
        f"slowest batch {slowest:.1f} s at a deadline of {DEADLINE_S:g} s, a listing that hung {listing:.1f} s; a picture that was sent took "
        f"{beside:.2f} s beside them, {warm:.2f} s before; {sum(not image['success'] for image in images)} told by a sentence"
    )
    return Found(clients * len(names), lost, recovery, note)


def _filled(gcs: BucketService) -> list[str]:
    """Put a picture for each fault into the bucket, a good one first; "503" once is only a delay."""
    names = ["good.png", *(f"{kind}.png" for kind in KINDS)]
    for name in names:
        gcs.put(BUCKET, name, page_png())
    for kind in KINDS:
        part = f"{kind}.png" if kind in ("hang", "503", "403", "404") else f"{kind}.png?alt=media"
        gcs.fail(part, kind, times=2 if kind == "503" else None)
    return names


def _ask(served: Served, names: list[str]) -> tuple[float, list[dict[str, Any]]]:
    start = time.monotonic()
    body = {"bucket_name": BUCKET, "image_paths": names, "options": EDGES}
    answer = httpx.post(f"{served.url}/process-gcs-batch", json=body, timeout=120)
    answer.raise_for_status()
    return time.monotonic() - start, answer.json()["results"]


def _ask_for_a_list(served: Served, gcs: BucketService) -> float:
    gcs.fail("prefix=years", "hang")
    start = time.monotonic()
    answer = httpx.post(f"{served.url}/list-gcs-images", json={"bucket_name": BUCKET, "prefix": "years/"}, timeout=60)
    require(answer.status_code == 503 and "did not list" in answer.json()["error"], f"a listing that hung: {answer.text[:300]}")
    return time.monotonic() - start
