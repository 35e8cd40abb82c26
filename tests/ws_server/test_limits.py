"""Limits: who asks too much, too large, too slow or without the right to is told so at once, and the others go on."""

import socket as sockets
import struct
import time
import zlib

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ecgbench.ws_server import Settings, SettingsError
from tests.ws_server.conftest import serving

NAP = {"type": "run_method", "method": "edges.nap"}
EDGES = {"edge_detection": True}
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def bomb(width, height):
    """A PNG of some hundred bytes that declares so many pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_beyond_the_queue_a_request_is_busy_at_once(start, dial, base64_png):
    served = start(max_workers=1, max_queue=1)
    first, second = dial(served), dial(served)
    for id_ in (1, 2):
        first.send(**NAP, id=id_, params={"seconds": 1.0}, image=base64_png)
    first.send(**NAP, id=3, image=base64_png)
    refused = first.next()
    assert (refused["id"], refused["code"], refused["status"]) == (3, "busy", 429)
    assert 0 < refused["retry_after"] <= 30
    assert "1 images are waiting, and 1 may" in refused["error"]
    assert second.ask(**NAP, image=base64_png)["code"] == "busy"
    assert {first.next()["id"], first.next()["id"]} == {1, 2}
    assert second.ask(**NAP, image=base64_png)["success"]


def test_a_batch_is_taken_whole_or_not_at_all(start, dial, base64_png):
    served = start(max_workers=1, max_queue=2)
    asker = dial(served)
    assert asker.ask(type="process_batch", images=[base64_png] * 4, options=EDGES)["code"] == "busy"
    asker.send(type="process_batch", images=[base64_png] * 3, options=EDGES)
    assert asker.until_final()[1]["count"] == 3


def test_the_bytes_that_wait_are_bounded_too(start, dial, base64_png):
    asker = dial(start(max_workers=1, max_queue_bytes=len(base64_png) * 2))
    for id_ in range(3):
        asker.send(**NAP, id=id_, image=base64_png)
    assert asker.next()["code"] == "busy"


def test_a_client_has_a_share_of_its_own(start, dial, base64_png):
    served = start(max_in_flight=2)
    greedy, modest = dial(served), dial(served)
    for id_ in (1, 2, 3):
        greedy.send(**NAP, id=id_, params={"seconds": 0.5}, image=base64_png)
    refused = greedy.next()
    assert (refused["id"], refused["code"]) == (3, "busy")
    assert modest.ask(**NAP, params={"seconds": 0}, image=base64_png)["success"]
    assert {greedy.next()["id"], greedy.next()["id"]} == {1, 2}


def test_clients_are_served_in_turn(start, dial, base64_png):
    served = start(max_workers=1)
    many, one = dial(served), dial(served)
    for id_ in range(6):
        many.send(**NAP, id=id_, params={"seconds": 0.3}, image=base64_png)
    many.send(type="list_methods")
    assert many.next()["type"] == "methods"  # all are in the queue now
    mine = one.ask(**NAP, params={"seconds": 0}, image=base64_png)
    theirs = [many.next() for _ in range(6)]
    assert [reply["id"] for reply in theirs] == list(range(6))
    assert mine["timestamp"] < theirs[4]["timestamp"]


@pytest.mark.parametrize("position", ["running", "waiting"])
def test_a_cancelled_request_ends_and_frees_its_place(start, dial, base64_png, position):
    asker = dial(start(max_workers=1, max_queue=1))
    asker.send(**NAP, id="running", params={"seconds": 0.5}, image=base64_png)
    asker.send(**NAP, id="waiting", params={"seconds": 0.5}, image=base64_png)
    asker.send(type="cancel", id="c", request=position)
    told = [asker.next(), asker.next()]
    assert (told[0]["id"], told[0]["code"]) == (position, "cancelled")
    assert told[1] == {"type": "cancelled", "id": "c", "request": position, "found": True}
    asker.send(**NAP, id="next", params={"seconds": 0.0}, image=base64_png)
    other = "waiting" if position == "running" else "running"
    assert [asker.next()["id"], asker.next()["id"]] == [other, "next"]


def test_a_cancelled_batch_sends_no_further_items(start, dial, base64_png):
    asker = dial(start(max_workers=1))
    asker.send(**NAP, id=1, params={"seconds": 0.3}, images=[base64_png] * 8)
    assert asker.next()["type"] == "item"
    asker.send(type="cancel", request=1)
    rest = [asker.next()]
    while rest[-1]["type"] != "cancelled":
        rest.append(asker.next())
    assert [reply["type"] for reply in rest[-2:]] == ["error", "cancelled"]
    assert asker.ask(type="cancel", request=1) == {"type": "cancelled", "request": 1, "found": False}


def test_what_a_lost_connection_asked_for_is_given_up(start, dial, base64_png, eventually):
    served = start(max_workers=1)
    with served.connect() as socket:
        for _ in range(5):
            socket.send(f'{{"type": "run_method", "method": "edges.nap", "image": "{base64_png}"}}')
        eventually(lambda: served.server.desk.waiting == 4)
    eventually(lambda: not served.server.desk.waiting and not served.server.desk.under_way)


def test_a_message_that_is_too_large_closes_its_connection_with_1009(start, dial):
    served = start(max_message_bytes=10_000)
    asker, other = dial(served), dial(served)
    asker.socket.send("x" * 10_001)
    with pytest.raises(ConnectionClosed) as closed:
        asker.next()
    assert closed.value.rcvd.code == 1009
    assert other.ask(type="list_methods")["type"] == "methods"


def test_why_a_connection_is_closed_is_heard_by_who_still_sends(start):
    """A socket that is closed over unread bytes resets the connection: a browser, which reads while it sends, would hear of no reason."""
    served = start(max_message_bytes=10_000)
    with sockets.create_connection(("127.0.0.1", served.server.port), 30) as raw:
        raw.sendall(UPGRADE)
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        raw.sendall(b"\x82\xff" + struct.pack(">Q", 3_000_000) + bytes(4))
        for _ in range(30):
            raw.sendall(bytes(100_000))
            time.sleep(0.01)
        received = raw.recv(4096)
        assert (received[:1], struct.unpack(">H", received[2:4])) == (b"\x88", (1009,))
        assert raw.recv(4096) == b""


def test_a_frame_that_claims_a_tebibyte_is_refused_by_its_head(served):
    with sockets.create_connection(("127.0.0.1", served.server.port), 30) as raw:
        raw.sendall(UPGRADE)
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        raw.sendall(b"\x82\xff" + struct.pack(">Q", 2**40) + bytes(4))
        received = raw.recv(4096)
        assert received[:1] == b"\x88"
        assert struct.unpack(">H", received[2:4]) == (1009,)


def test_a_picture_that_declares_too_many_pixels_is_refused_before_it_is_decoded(ws):
    ws.send_frame({"type": "process_image"}, bomb(20_000, 20_000))
    reply = ws.next()
    assert "declares 20000 x 20000 = 400 megapixels, above the limit of 50; scale the picture down." in reply["error"]
    assert reply["seconds"] < 1


def test_the_cap_on_pixels_can_be_set(start, dial, base64_png):
    reply = dial(start(max_pixels=100_000)).ask(type="process_image", image=base64_png)
    assert "above the limit of 0.1" in reply["error"]


def test_without_the_token_nobody_gets_in(start, dial, base64_png):
    served = start(token="open sesame")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic open sesame"}, {"Authorization": "Bearer"}):
        with pytest.raises(InvalidStatus) as refused:
            dial(served, additional_headers=headers)
        assert refused.value.response.status_code == 401
        answer = served.http.get("/methods", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in ("/health", "/ready", "/openapi.json"):
        assert served.http.get(path).status_code == 200
    for path in ("/", "/websocket_client.js"):
        assert served.http.get(path).status_code in (200, 404)  # there or not, for everybody
    assert served.http.get("/metrics").status_code == 401


def test_the_token_comes_in_a_header_or_in_the_address(start, dial):
    served = start(token="open sesame")
    header = {"Authorization": "Bearer open sesame"}
    assert dial(served, additional_headers=header).ask(type="list_methods")["type"] == "methods"
    assert served.http.get("/methods", headers=header).status_code == 200
    assert served.http.get("/methods", params={"token": "open sesame"}).status_code == 200
    from websockets.sync.client import connect

    with connect(f"{served.ws}/?token=open%20sesame") as socket:
        socket.send('{"type": "list_methods"}')
        assert socket.recv(30)


@pytest.fixture(scope="module")
def mine():
    """A server that pages of one other origin may ask."""
    with serving(allow_origins=("https://mine.example",)) as found:
        yield found


@pytest.fixture(scope="module")
def hasty():
    """A server that waits half a second for what should come."""
    with serving(head_seconds=0.5) as found:
        yield found


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:5000", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:80", True),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("null", False),
        ("http://[", False),
        ("https://mine.example", True),
    ],
)
def test_pages_of_other_origins_may_not_ask(mine, dial, origin, allowed):
    served = mine
    answer = served.http.get("/methods", headers={"Origin": origin})
    assert answer.status_code == (200 if allowed else 403)
    if allowed:
        assert dial(served, origin=origin).ask(type="list_methods")["type"] == "methods"
        assert answer.headers["access-control-allow-origin"] == origin
    else:
        assert answer.json()["code"] == "forbidden"
        assert "access-control-allow-origin" not in answer.headers
        with pytest.raises(InvalidStatus) as refused:
            dial(served, origin=origin)
        assert refused.value.response.status_code == 403


def test_a_name_that_was_made_to_point_here_does_not_make_its_page_ours(mine):
    rebound = {"Origin": "http://evil.example", "Host": "evil.example"}
    assert mine.http.get("/methods", headers=rebound).status_code == 403


def test_browsers_may_ask_beforehand(mine):
    asking = {
        "Origin": "https://mine.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = mine.http.options("/process-batch", headers=asking)
    assert answer.status_code == 200
    assert "POST" in answer.headers["access-control-allow-methods"]


def closed_after(raw):
    start = time.monotonic()
    raw.settimeout(30)
    try:
        received = raw.recv(4096)
    except ConnectionError:
        received = b""
    return received, time.monotonic() - start


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_does_not_come_closes_the_connection(hasty, sent):
    with sockets.create_connection(("127.0.0.1", hasty.server.port)) as raw:
        raw.sendall(sent)
        received, seconds = closed_after(raw)
    assert received == b""
    assert 0.3 < seconds < 20


def test_a_second_head_that_does_not_come_closes_the_connection_too(hasty):
    with sockets.create_connection(("127.0.0.1", hasty.server.port)) as raw:
        raw.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while not received.endswith(b"}"):
            received += raw.recv(4096)
        assert b"200" in received
        raw.sendall(b"GET /hea")
        assert closed_after(raw)[0] == b""


def test_a_body_that_stops_is_answered_and_closed(hasty):
    with sockets.create_connection(("127.0.0.1", hasty.server.port)) as raw:
        raw.sendall(b"POST /process-batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
        received, _ = closed_after(raw)
        assert received.startswith(b"HTTP/1.1 408")
        assert b"did not come in time" in received + closed_after(raw)[0]
        assert closed_after(raw)[0] == b""


def test_a_websocket_may_be_idle_for_longer_than_a_head_may_take(hasty, dial):
    asker = dial(hasty)
    time.sleep(1.0)
    assert asker.ask(type="list_methods")["type"] == "methods"


def test_a_slow_request_may_take_longer_than_a_head_may(hasty, dial, base64_png):
    assert dial(hasty).ask(**NAP, params={"seconds": 1.0}, image=base64_png)["success"]
    answer = hasty.http.post("/process-batch", json={"images": [base64_png] * 5})
    assert answer.json()["count"] == 5


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"max_workers": 0}, "max_workers must be at least 1, got 0"),
        ({"timeout": 0}, "timeout must be more than 0 seconds"),
        ({"port": 70000}, "A port lies in 0..65535"),
        ({"token": ""}, "The token is empty"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Settings(**settings)
