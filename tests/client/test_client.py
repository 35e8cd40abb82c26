"""The Python client: both kinds have the same calls, and every call ends, whatever becomes of the connection."""

import asyncio
import contextlib
import inspect
import socket
import threading
import time

import cv2
import numpy as np
import pytest
from websockets.sync.server import serve

from ecgbench.client import AsyncClient, Client, ConnectionLostError, RequestError, aio
from ecgbench.plugins.edges import canny
from tests.ws_server.conftest import draw_page, serving

EDGES = {"edge_detection": True}


@pytest.fixture(scope="module")
def served():
    with serving(max_message_bytes=2_000_000) as found:
        yield found


@pytest.fixture
def page():
    return draw_page()


@pytest.fixture
def client(served):
    with Client(served.ws, timeout=60) as found:
        yield found


def test_a_picture_is_a_path_bytes_or_an_array(client, page, tmp_path):
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), page)
    pixels = canny(page).edge_pixels
    for picture in (path, str(path), path.read_bytes(), page):
        assert client.process_image(picture, EDGES)["steps"]["edge_detection"]["edge_pixels"] == pixels
    with pytest.raises(TypeError, match="not a int"):
        client.process_image(5)
    with pytest.raises(FileNotFoundError):
        client.process_image("none.png")


def test_an_image_that_fails_is_told_of_and_raises_nothing(client):
    assert client.process_image(b"no picture")["error"] == "The image is text, not a picture; get the picture again."


def test_a_batch_comes_in_order_with_its_pictures_and_progress(client, page):
    seen = []
    reply = client.process_batch([page, b"no picture", page], EDGES, returns=["edges"], progress=seen.append)
    assert [each["success"] for each in reply["results"]] == [True, False, True]
    assert sorted(item["index"] for item in seen) == [0, 1, 2]
    (picture,) = reply["results"][2]["pictures"]
    mask = cv2.imdecode(np.frombuffer(picture["data"], np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(mask > 0, canny(page).edges)


def test_methods_are_run_compared_and_listed(client, page):
    assert client.run_method("edges.canny", page, sigma=0.1)["steps"]["edges.canny"]["params"]["sigma"] == 0.1
    for count in (1, 2):
        batch = client.run_method("edges.canny", [page] * count, sigma=0.1)
        assert (batch["type"], batch["count"]) == ("batch_result", count)
        assert all(each["steps"]["edges.canny"]["edge_pixels"] for each in batch["results"])
    seen = []
    reply = client.compare("grid", page, progress=seen.append)
    assert [list(each["steps"]) for each in reply["results"]] == [["grid.multiscale"]]
    assert len(seen) == 1
    assert {each["task"] for each in client.list_methods("edges")["methods"]} == {"edges"}


def test_what_the_server_does_not_meet_is_raised_with_its_sentence(client, page):
    with pytest.raises(RequestError, match="does not know 'prewitt'") as raised:
        client.process_image(page, {"method": "prewitt"})
    assert raised.value.code == "bad_option"
    with pytest.raises(RequestError, match="reads no Google Cloud Storage"):
        client.process_gcs_batch("bucket", ["a.png"])


def test_a_mistake_in_progress_ends_its_own_call_only(served, page):
    async def ask():
        async with AsyncClient(served.ws, timeout=60) as client:
            nap = asyncio.ensure_future(client.run_method("edges.nap", page, seconds=0.3))
            with pytest.raises(ZeroDivisionError):
                await client.process_batch([page] * 3, EDGES, progress=lambda item: 1 / 0)
            return await nap

    assert asyncio.run(ask())["success"]


def test_a_server_that_sends_no_message_ends_the_call_with_a_sentence():
    def babble(socket):
        socket.recv()
        socket.send("no JSON")

    with serve(babble, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            Client(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", timeout=60) as client,
            pytest.raises(ConnectionLostError) as lost,
        ):
            client.list_methods()
        server.shutdown()
    assert "of one version" in str(lost.value)


def test_both_clients_have_the_same_calls():
    def calls(kind):
        return {name: inspect.signature(call) for name, call in vars(kind).items() if not name.startswith("_")}

    assert calls(Client) == calls(AsyncClient)


def test_many_calls_are_in_flight_at_once(served, page):
    async def ask():
        async with AsyncClient(served.ws) as client:
            naps = [client.run_method("edges.nap", page, seconds=0.2) for _ in range(6)]
            return await asyncio.wait_for(asyncio.gather(*naps, client.list_methods()), 60)

    assert [reply["type"] for reply in asyncio.run(ask())] == ["result"] * 6 + ["methods"]


def test_a_call_that_takes_too_long_ends_and_is_given_up_by_the_server(served, page, eventually):
    with Client(served.ws) as client:
        with pytest.raises(TimeoutError):
            client.run_method("edges.nap", page, seconds=20, timeout=0.3)
        assert client.list_methods(timeout=60)["type"] == "methods"
    eventually(lambda: not served.server.desk.under_way)


@pytest.fixture
def eventually():
    def check(condition):
        until = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.01)

    return check


def test_what_a_busy_server_puts_off_is_asked_again(page):
    with serving(max_workers=1, max_queue=0) as served:

        async def ask():
            async with AsyncClient(served.ws, timeout=60) as client:
                return await asyncio.gather(*[client.run_method("edges.nap", page, seconds=0.1) for _ in range(4)])

        assert [reply["success"] for reply in asyncio.run(ask())] == [True] * 4


def test_a_message_that_is_too_large_is_its_own_calls_error(served, page):
    async def ask():
        async with AsyncClient(served.ws, timeout=60) as client:
            small = [client.run_method("edges.nap", page, seconds=0.2) for _ in range(3)]
            return await asyncio.gather(*small, client.process_image(bytes(3_000_000)), return_exceptions=True)

    *small, large = asyncio.run(ask())
    assert [reply["success"] for reply in small] == [True] * 3
    assert isinstance(large, RequestError)
    assert large.code == "too_large"


def test_the_token_is_sent_and_a_wrong_one_is_refused_at_once(page):
    with serving(token="open sesame") as served:
        with Client(served.ws, token="open sesame") as client:
            assert client.process_image(page, EDGES)["success"]
        with pytest.raises(RequestError, match="asks for its token") as refused:
            Client(served.ws, token="wrong").connect()
        assert refused.value.code == "unauthorized"


def test_a_server_that_is_not_there_is_said_after_some_tries(monkeypatch):
    monkeypatch.setattr(aio, "FIRST_PAUSE", 0.001)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectionLostError, match="cannot be reached"), Client(f"ws://127.0.0.1:{port}"):
        pass


class Cutter:
    """Passes bytes on to a server, and cuts all connections when it is told to."""

    def __init__(self, port):
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                far = socket.create_connection(("127.0.0.1", self._to))
                self._pairs.append((near, far))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one, other):
        with contextlib.suppress(OSError), one, other:
            while data := one.recv(1 << 16):
                other.sendall(data)
            for each in (one, other):
                each.shutdown(socket.SHUT_RDWR)

    def cut(self):
        while self._pairs:
            for each in self._pairs.pop():
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@pytest.fixture
def cutter(served):
    found = Cutter(served.server.port)
    yield found
    found.close()


def test_what_was_in_flight_when_the_connection_was_cut_is_asked_again(served, cutter, page, monkeypatch):
    monkeypatch.setattr(aio, "FIRST_PAUSE", 0.01)

    async def ask():
        async with AsyncClient(f"ws://127.0.0.1:{cutter.port}", timeout=60) as client:
            seen = []
            calls = [
                asyncio.ensure_future(client.process_batch([page] * 3, EDGES, returns=["edges"], progress=seen.append)),
                asyncio.ensure_future(client.run_method("edges.nap", page, seconds=0.5)),
            ]
            while not seen:
                await asyncio.sleep(0.01)
            cutter.cut()
            return await asyncio.gather(*calls)

    batch, nap = asyncio.run(ask())
    assert [each["success"] for each in batch["results"]] == [True] * 3
    assert all(each["pictures"] for each in batch["results"])
    assert nap["success"]
    assert cutter.connections == 2


def test_a_connection_that_is_cut_again_and_again_ends_the_call(cutter, page, monkeypatch):
    monkeypatch.setattr(aio, "FIRST_PAUSE", 0.001)

    async def ask():
        async with AsyncClient(f"ws://127.0.0.1:{cutter.port}", timeout=60) as client:
            call = asyncio.ensure_future(client.run_method("edges.nap", page, seconds=20))
            while not call.done():
                cutter.cut()
                await asyncio.sleep(0.02)
            await call

    with pytest.raises(ConnectionLostError):
        asyncio.run(ask())


def test_calls_in_flight_end_when_the_client_is_closed(served, page):
    async def ask():
        client = AsyncClient(served.ws, timeout=60)
        call = asyncio.ensure_future(client.run_method("edges.nap", page, seconds=20))
        await asyncio.sleep(0.3)
        await client.close()
        await call

    with pytest.raises(ConnectionLostError):
        asyncio.run(ask())


def test_a_closed_client_says_so(served):
    client = Client(served.ws)
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="was closed"):
        client.list_methods()
