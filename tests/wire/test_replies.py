"""Replies: the headers that docs/server.md promises, pictures as the request came, and read again as they were."""

import json
import math

import pytest

from ecgbench.wire import (
    BatchResult,
    Cancelled,
    Failure,
    ImageReply,
    Item,
    Methods,
    Picture,
    Result,
    WireError,
    read_reply,
    write_reply,
)
from ecgbench.wire.frames import unpack

PICTURES = (
    Picture("trace", "color_separation", "png", 10, 5, (1, 2, 10, 5), b"one"),
    Picture("crop", None, "png", 10, 5, (1, 2, 10, 5), b"two!"),
)
DONE = ImageReply(0, True, steps={"edge_detection": {"edge_pixels": 3}}, width=12, height=9, worker_id=4, pictures=PICTURES)


def test_pictures_go_back_as_the_request_came():
    frame = write_reply(Result(DONE), "a", binary=True)
    header, parts = unpack(frame)
    assert parts == [b"one", b"two!"]
    assert [picture["part"] for picture in header["pictures"]] == [0, 1]
    text = json.loads(write_reply(Result(DONE), "a"))
    assert text["pictures"][0]["data"] == "b25l"
    assert read_reply(frame) == read_reply(write_reply(Result(DONE), "a"))
    assert read_reply(frame)["pictures"][1] == {
        "name": "crop", "step": None, "format": "png", "width": 10, "height": 5, "box": [1, 2, 10, 5], "data": b"two!",
    }  # fmt: skip


def test_a_reply_without_pictures_is_text_also_to_a_binary_request():
    failed = ImageReply(1, False, "No picture.")
    assert json.loads(write_reply(Item(failed, 2, 3), binary=True))["error"] == "No picture."


def test_one_image_is_told_of_by_the_same_fields_wherever_it_stands():
    fields = {
        "index",
        "success",
        "error",
        "steps",
        "crop_box",
        "width",
        "height",
        "worker_id",
        "timestamp",
        "seconds",
        "waited_seconds",
    }
    assert fields < set(json.loads(write_reply(Result(DONE))))
    assert fields < set(json.loads(write_reply(Item(DONE, 1, 2))))
    batch = json.loads(write_reply(BatchResult((DONE,), 0.5)))
    assert set(batch["results"][0]) == fields
    assert (batch["type"], batch["success"], batch["count"]) == ("batch_result", True, 1)


@pytest.mark.parametrize(
    ("reply", "header"),
    [
        (Cancelled("x", False), {"type": "cancelled", "request": "x", "found": False}),
        (Methods({"methods": []}), {"type": "methods", "methods": []}),
        (
            Failure(WireError("busy", "Later.", retry_after=0.5)),
            {"type": "error", "code": "busy", "error": "Later.", "status": 429, "retry_after": 0.5},
        ),
        (Failure(WireError("cancelled", "So.")), {"type": "error", "code": "cancelled", "error": "So.", "status": 499}),
    ],
)
def test_other_replies_say_what_they_promise_and_echo_the_id(reply, header):
    assert json.loads(write_reply(reply)) == header
    assert json.loads(write_reply(reply, 9)) == {"id": 9, **header}


def test_numbers_that_json_has_no_word_for_become_null():
    assert json.loads(write_reply(Methods({"share": math.nan})))["share"] is None
