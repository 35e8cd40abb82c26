"""Pictures of buckets: which may be read, what goes wrong with one of them, and that a slow line holds up none but its own."""

import time

import httpx
import pytest

from ecgbench.client import Client
from ecgbench.ws_server import Settings
from ecgbench.ws_server.buckets import Buckets
from ecgbench.ws_server.settings import SettingsError

EDGES = {"edge_detection": True}


@pytest.fixture
def bucket(gcs, png):
    for name in ("p/a.png", "p/b.png", "p/c.png"):
        gcs.put("scans", name, png)
    return gcs


def ask(served, *names, bucket="scans"):
    return served.http.post("/process-gcs-batch", json={"bucket_name": bucket, "image_paths": names, "options": EDGES})


def test_every_door_reads_an_allowed_bucket_and_a_missing_object_is_its_own_error(bucket, start, dial):
    served = start(gcs_buckets=("scans",))
    answer = ask(served, "p/a.png", "p/gone.png", "p/b.png").json()
    assert [each["success"] for each in answer["results"]] == [True, False, True]
    assert "There is no gs://scans/p/gone.png" in answer["results"][1]["error"]
    assert answer["results"][1]["worker_id"] is None
    items, final = dial(served), None
    items.send(type="process_gcs_batch", id=1, bucket_name="scans", image_paths=["p/a.png", "p/gone.png"], options=EDGES)
    told, final = items.until_final(1)
    assert (final["type"], [each["success"] for each in final["results"]]) == ("gcs_batch_result", [True, False])
    assert len(told) == 2
    with Client(served.ws) as client:
        reply = client.process_gcs_batch("scans", ["p/a.png"], EDGES, returns=["edges"])
    assert reply["results"][0]["steps"]["edge_detection"]["edge_pixels"] > 0
    assert client_knows_gcs(served)


def test_every_door_lists_the_pictures_below_a_prefix(bucket, start, dial, monkeypatch):
    for name in ("p/.thumbs/a.png", "p/a.json", "q.png"):
        bucket.put("scans", name, b"-")
    served = start(gcs_buckets=("scans",))
    names = ["p/a.png", "p/b.png", "p/c.png"]
    answer = served.http.post("/list-gcs-images", json={"bucket_name": "scans", "prefix": "p/"})
    assert answer.json() == {"success": True, "bucket_name": "scans", "prefix": "p/", "image_paths": names, "more": False}
    with Client(served.ws) as client:
        assert client.list_gcs_images("scans")["image_paths"] == [*names, "q.png"]
    for limit, looked_at in ((2, 10_000), (1000, 4)):
        monkeypatch.setattr("ecgbench.ws_server.buckets.MOST_LISTED", limit)
        monkeypatch.setattr("ecgbench.ws_server.buckets.MOST_LOOKED_AT", looked_at)
        items = dial(served)
        items.send(type="list_gcs_images", id=1, bucket_name="scans", prefix="p/")
        _, final = items.until_final(1)
        assert (final["type"], final["image_paths"], final["more"]) == ("gcs_images", names[:2], True)
    refused = served.http.post("/list-gcs-images", json={"bucket_name": "other"})
    assert refused.status_code == 403


HANGS = "hangs"  # Google's library asks for this listing again, also when the server has long answered


def test_a_listing_that_hangs_is_a_sentence_within_the_deadline(bucket, start):
    served = start(gcs_buckets=("scans",), gcs_seconds=1.0)
    bucket.fail(f"prefix={HANGS}", "hang")
    answer = served.http.post("/list-gcs-images", json={"bucket_name": "scans", "prefix": f"{HANGS}/"})
    assert answer.status_code == 503
    assert f"did not list gs://scans/{HANGS}/ within 1 s" in answer.json()["error"]


def client_knows_gcs(served):
    return served.http.get("/methods").json()["gcs"] is True


@pytest.mark.parametrize(
    ("names", "name", "status", "sentence"),
    [
        (["p/a.png"], "other", 403, "does not read the bucket 'other'"),
        (["p/a.png"], "scans/p", 403, "does not read the bucket"),
        (["p/"], "scans", 400, "holds names of objects"),
        ([""], "scans", 400, "holds names of objects"),
        (["a\nb.png"], "scans", 400, "names no object"),
        (["p/a.png"] * 11, "scans", 413, "A batch may have 10 images"),
    ],
)
def test_what_a_server_does_not_read_is_refused_before_anything_is_fetched(bucket, start, names, name, status, sentence):
    answer = ask(start(gcs_buckets=("scans",)), *names, bucket=name)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]
    assert [path for path in bucket.asked if HANGS not in path] == []


def test_a_line_that_hangs_costs_its_picture_the_deadline_and_no_one_else_anything(bucket, start, png, base64_png):
    served = start(gcs_buckets=("scans",), gcs_seconds=2.0, max_workers=1)
    bucket.fail("p/a.png", "hang")
    bucket.fail("p/b.png?alt=media", "slow")
    begun = time.monotonic()
    with served.connect() as socket:
        socket.send(
            '{"type": "process_gcs_batch", "id": 1, "bucket_name": "scans", "image_paths": ["p/a.png", "p/b.png", "p/c.png"]}'
        )
        while not bucket.asked:
            time.sleep(0.01)
        one = served.http.post("/detect-edges", json={"image": base64_png})
        assert one.status_code == 200
        assert served.server.desk.waiting >= 2  # the two that hang hold no slot, and only one slot is there
    answer = httpx.post(
        f"{served.server.url}/process-gcs-batch", json={"bucket_name": "scans", "image_paths": ["p/a.png", "p/c.png"]}, timeout=60
    ).json()
    assert [each["success"] for each in answer["results"]] == [False, True]
    assert answer["results"][0]["error"].startswith("Google Cloud Storage did not deliver gs://scans/p/a.png within 2 s")
    assert time.monotonic() - begun < 60


def test_caps_hold_for_what_is_fetched(bucket, start, png):
    small = start(gcs_buckets=("scans",), max_message_bytes=len(png) - 1)
    assert "above the limit" in ask(small, "p/a.png").json()["results"][0]["error"]
    assert bucket.downloads() == 0
    few = start(gcs_buckets=("scans",), max_pixels=1000)
    assert "above the limit of 0.001" in ask(few, "p/a.png").json()["results"][0]["error"]


def test_pictures_that_have_no_room_wait_for_it_and_say_so_in_the_end(bucket, start, png, eventually):
    served = start(gcs_buckets=("scans",), gcs_seconds=1.0, max_queue_bytes=1)
    desk = served.server.desk
    desk._bytes += 1  # somebody's picture that is never done
    answer = ask(served, "p/a.png").json()
    desk._bytes -= 1
    assert answer["results"][0]["error"].startswith("The server had no room for gs://scans/p/a.png within 1 s")
    assert ask(served, "p/a.png").json()["results"][0]["success"]
    eventually(lambda: desk._bytes == 0 and desk.waiting == 0)


def test_who_cancels_leaves_nothing_behind(bucket, start, eventually):
    served = start(gcs_buckets=("scans",), gcs_seconds=30.0)
    bucket.fail("p/a.png", "hang", times=1)
    with served.connect() as socket:
        socket.send('{"type": "process_gcs_batch", "id": 1, "bucket_name": "scans", "image_paths": ["p/a.png"]}')
        eventually(lambda: served.server.desk.waiting == 1)
    eventually(lambda: served.server.desk.waiting == 0)
    assert ask(served, "p/a.png").json()["results"][0]["success"]


def test_a_bucket_that_cannot_be_called_so_is_refused_at_the_start():
    with pytest.raises(SettingsError, match="There can be no bucket 'My Scans'"):
        Buckets(Settings(gcs_buckets=("My Scans",)), lambda _size: True)
