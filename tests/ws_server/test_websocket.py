"""The WebSocket: every request is answered once, in its own time, and mistakes are one sentence."""

import os

import cv2
import numpy as np
import pytest

from ecgbench.plugins.color import lab
from ecgbench.plugins.edges import canny, crop_to_content

EDGES = {"edge_detection": True}


def test_the_earlier_browser_codes_request_is_answered(ws, base64_png):
    options = {"edge_detection": True, "color_separation": True, "grid_detection": True, "quality_check": True}
    reply = ws.ask(type="process_image", image=base64_png, options=options)
    assert (reply["type"], reply["success"], reply["error"]) == ("result", True, None)
    assert list(reply["steps"]) == list(options)
    assert reply["steps"]["edge_detection"]["edge_pixels"] > 0
    assert (reply["width"], reply["height"], reply["crop_box"]) == (400, 300, None)
    assert reply["worker_id"] in range(10)
    assert reply["timestamp"].endswith("+00:00")
    assert reply["seconds"] > 0
    assert "id" not in reply


def test_a_step_that_was_not_asked_for_is_not_computed(ws, base64_png):
    assert list(ws.ask(type="process_image", image=base64_png, options=EDGES)["steps"]) == ["edge_detection"]


def test_many_requests_are_in_flight_on_one_connection_and_ids_are_echoed(ws, base64_png):
    ids = [*range(10), *(f"name {n}" for n in range(10))]
    for id_ in ids:
        ws.send(type="process_image", id=id_, image=base64_png, options=EDGES)
    replies = [ws.next() for _ in ids]
    assert {reply["id"] for reply in replies} == set(ids)
    assert all(reply["success"] for reply in replies)


def test_a_quick_request_overtakes_a_slow_one(ws, base64_png):
    ws.send(type="run_method", id="slow", method="edges.nap", params={"seconds": 1.0}, image=base64_png)
    ws.send(type="list_methods", id="quick")
    assert [ws.next()["id"], ws.next()["id"]] == ["quick", "slow"]


def test_a_batch_tells_each_image_as_it_is_done_and_all_in_input_order(ws, base64_png):
    images = [base64_png, "bm90IGEgcGljdHVyZQ==", base64_png, base64_png[: len(base64_png) // 8 * 4]]
    ws.send(type="process_batch", id=1, images=images, options=EDGES)
    items, final = ws.until_final(1)
    assert sorted(item["index"] for item in items) == [0, 1, 2, 3]
    assert [item["done"] for item in items] == [1, 2, 3, 4]
    assert {item["count"] for item in items} == {4}
    assert (final["type"], final["success"], final["count"]) == ("batch_result", True, 4)
    assert [each["index"] for each in final["results"]] == [0, 1, 2, 3]
    assert [each["success"] for each in final["results"]] == [True, False, True, False]
    assert final["results"][1]["error"] == "The image is text, not a picture; get the picture again."
    assert "truncated" in final["results"][3]["error"]


def test_masks_come_back_in_the_frame_as_the_method_made_them(ws, page, png):
    ws.send_frame({"type": "process_image", "id": 7, "options": EDGES, "return": ["edges", "drawing"]}, png)
    reply = ws.next()
    edges, drawing = reply["pictures"]
    assert (edges["name"], edges["step"], edges["format"], edges["box"]) == ("edges", "edge_detection", "png", [0, 0, 400, 300])
    mask = cv2.imdecode(np.frombuffer(edges["data"], np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(mask > 0, canny(page).edges)
    assert drawing["format"] == "jpeg"
    assert cv2.imdecode(np.frombuffer(drawing["data"], np.uint8), cv2.IMREAD_COLOR).shape == page.shape


def test_pictures_of_a_crop_say_where_they_lie(ws, page, png):
    options = {"crop_to_content": True, "color_separation": True}
    ws.send_frame({"type": "process_image", "options": options, "return": ["trace", "trace_ink", "crop"]}, png)
    reply = ws.next()
    found = {picture["name"]: picture for picture in reply["pictures"]}
    assert set(found) == {"trace", "trace_ink", "crop"}
    x, y, width, height = reply["crop_box"]
    assert {tuple(picture["box"]) for picture in reply["pictures"]} == {(x, y, width, height)}
    crop = cv2.imdecode(np.frombuffer(found["crop"]["data"], np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(crop, crop_to_content(page))
    assert np.array_equal(crop, page[y : y + height, x : x + width])
    trace = cv2.imdecode(np.frombuffer(found["trace"]["data"], np.uint8), cv2.IMREAD_UNCHANGED) > 0
    assert np.array_equal(trace, lab(crop).trace)
    ink = cv2.imdecode(np.frombuffer(found["trace_ink"]["data"], np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(ink, np.where(trace[..., None], crop, 255))


def test_pictures_of_a_batch_come_once_with_their_items(ws, png):
    ws.send_frame({"type": "process_batch", "id": 1, "options": EDGES, "return": ["edges"]}, png, png, b"nothing")
    items, final = ws.until_final(1)
    assert {item["index"]: len(item.get("pictures", ())) for item in items} == {0: 1, 1: 1, 2: 0}
    assert not any("pictures" in each for each in final["results"])


def test_a_method_runs_with_its_params_on_one_picture_or_several(ws, page, base64_png):
    reply = ws.ask(type="run_method", method="edges.canny", params={"sigma": 0.1}, image=base64_png)
    step = reply["steps"]["edges.canny"]
    assert step["params"]["sigma"] == 0.1
    assert step["edge_pixels"] == canny(page, sigma=0.1).edge_pixels
    ws.send(type="run_method", id=2, method="edges.sobel", images=[base64_png, base64_png])
    items, final = ws.until_final(2)
    assert (len(items), final["type"], final["count"]) == (2, "batch_result", 2)


def test_compare_runs_every_method_of_a_task_and_a_crash_costs_its_own(ws, base64_png):
    ws.send(type="compare", id=1, task="edges", image=base64_png)
    items, final = ws.until_final(1)
    names = sorted(
        [
            "edges.canny",
            "edges.contour",
            "edges.die",
            "edges.laplacian",
            "edges.nap",
            "edges.sobel",
            "edges.where",
            "edges.where_apart",
        ]
    )
    assert len(items) == len(names)
    assert (final["type"], final["task"], final["count"]) == ("compare_result", "edges", len(names))
    done = [name for each in final["results"] for name in each["steps"]]
    assert done == [name for name in names if name != "edges.die"]
    assert final["results"][names.index("edges.die")]["error"] == "The worker was lost: ended with exit code 3."


def test_methods_are_listed_with_what_may_be_asked(ws):
    reply = ws.ask(type="list_methods", id=1, task="color")
    assert [each["name"] for each in reply["methods"]] == [
        "color.hsv",
        "color.lab",
        "color.opencv",
        "color.pillow",
        "color.skimage",
    ]
    assert reply["options"]["color_method"] == ["hsv", "lab", "opencv", "pillow", "skimage"]
    assert reply["options"]["crop_to_content"] == [True, False]
    assert reply["limits"]["max_batch"] == 10
    isolated = {each["name"]: each["isolated"] for each in ws.ask(type="list_methods")["methods"]}
    assert (isolated["edges.canny"], isolated["edges.die"]) == (False, True)


def test_methods_that_declare_it_run_in_a_process_of_their_own(ws, base64_png):
    def pid(method):
        return ws.ask(type="run_method", method=method, image=base64_png)["steps"][method]["bounding_box"][0]

    assert pid("edges.where") == os.getpid()
    assert pid("edges.where_apart") != os.getpid()


@pytest.mark.parametrize(
    ("request_", "code", "sentence"),
    [
        ({"type": "process_image", "image": "x", "options": {"edge_detect": True}}, "bad_option", "no option 'edge_detect'; did you mean"),
        ({"type": "process_image", "image": "x", "options": {"method": "prewitt"}}, "bad_option", "does not know 'prewitt'; known ones: canny"),
        ({"type": "process_image", "image": "x", "options": {"digitize": True}}, "bad_option", "no method of the task digitize"),
        ({"type": "run_method", "image": "x", "method": "edges.cany"}, "bad_option", "no method 'edges.cany'; known ones: edges.canny"),
        ({"type": "run_method", "image": "x", "method": "edges.canny", "params": {"sigma": 9}}, "bad_option", "out of bounds"),
        ({"type": "run_method", "image": "x", "method": "edges.canny", "params": {"s": 1}}, "bad_option", "no parameter 's'"),
        ({"type": "compare", "image": "x", "task": "edge"}, "bad_option", "no method of the task 'edge'; tasks: color, edges"),
        ({"type": "list_methods", "task": "x"}, "bad_option", "tasks: color"),
        ({"type": "process_batch", "images": ["x"] * 11}, "too_large", "A batch may have 10 images, this one has 11."),
        ({"type": "process_gcs_batch", "bucket_name": "b", "image_paths": ["p"]}, "unavailable", "reads no Google Cloud Storage"),
        ({"type": "nonsense"}, "bad_message", "no message type 'nonsense'"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_met_is_one_sentence(ws, request_, code, sentence):
    reply = ws.ask(id="mine", **request_)
    assert (reply["type"], reply["id"], reply["code"]) == ("error", "mine", code)
    assert sentence in reply["error"]
    assert reply["error"].endswith(".")


def test_a_connection_outlives_nonsense(ws, base64_png):
    for message in ("", "{", "[]", "null", b"", b"\x89PNG", '{"type": 1}'):
        ws.socket.send(message)
        assert ws.next()["code"] == "bad_message"
    assert ws.ask(type="process_image", image=base64_png, options=EDGES)["success"]


def test_an_id_that_is_in_flight_cannot_be_used_again(ws, base64_png):
    ws.send(type="run_method", id=1, method="edges.nap", image=base64_png)
    ws.send(type="list_methods", id=1)
    first, second = ws.next(), ws.next()
    assert (first["type"], first["code"]) == ("error", "bad_message")
    assert "in flight on this connection" in first["error"]
    assert second["type"] == "result"
    assert ws.ask(type="list_methods", id=1)["type"] == "methods"


@pytest.mark.parametrize(
    "image", ["/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:1/x.png", "gs://bucket/x.png", "synthetic?count=1"]
)
def test_a_path_or_an_address_is_never_opened(ws, image):
    assert "is not base64" in ws.ask(type="process_image", image=image)["error"]


def test_a_path_to_a_picture_in_a_frame_is_just_bytes(ws, png, tmp_path):
    path = tmp_path / "page.png"
    path.write_bytes(png)
    ws.send_frame({"type": "process_image"}, str(path).encode())
    assert ws.next()["error"] == "The image is text, not a picture; get the picture again."


def test_permessage_deflate_is_off_also_where_it_is_offered(served, dial):
    socket = dial(served, compression="deflate").socket
    assert "Sec-WebSocket-Extensions" not in socket.response.headers


def test_the_websocket_is_at_ws_too(served, base64_png):
    from websockets.sync.client import connect

    with connect(f"{served.ws}/ws") as socket:
        socket.send('{"type": "list_methods"}')
        assert socket.recv(30)
