"""Servers on loopback with ephemeral ports, small pages, and methods that nap, crash or say where they run."""

import asyncio
import contextlib
import json
import os
import threading
import time
from dataclasses import dataclass

import cv2
import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from ecgbench import Box, EdgeMap, Gray, Signals, param, transformer
from ecgbench.registry import Registry
from ecgbench.wire import read_reply
from ecgbench.wire.frames import pack
from ecgbench.ws_server import WebSocketProcessingServer

PATIENCE = 60  # seconds that a busy machine gets


def make_methods():
    """Methods defined inside a function travel to workers by value, as those of a notebook do."""

    @dataclass(frozen=True)
    class Nap:
        seconds: float = param(0.2, 0.0, 60.0, "how long to sleep")

    def nap(gray: Gray, p: Nap) -> EdgeMap:
        time.sleep(p.seconds)
        return EdgeMap(gray < 128, None)

    def die(gray: Gray) -> EdgeMap:
        os._exit(3)

    def where(gray: Gray) -> EdgeMap:
        return EdgeMap(gray < 128, Box(os.getpid(), 0, 1, 1))

    for function in (nap, die, where):
        function.__doc__ = (
            "Do a thing.\n\nHow it works: so.\nWhat works: this.\nWhat didn't work: that.\nChanges: 0.1 first version.\n"
        )
    return [
        transformer("edges.nap", version="1")(nap),
        transformer("edges.die", version="1", isolate="untrusted")(die),
        transformer("edges.where", version="1")(where),
        transformer("edges.where_apart", version="1", isolate="gil-bound")(where),
    ]


def make_digitizer():
    def classical(gray: Gray) -> Signals:
        """Read a line.

        How it works: so.
        What works: this.
        What didn't work: that.
        Changes: 0.1 first version.
        """
        return Signals(100.0, {"II": np.array([0.1, np.nan, 0.3], np.float32)}, "strip")

    return transformer("digitize.classical", version="1")(classical)


def registry(*, digitizer=False):
    """The built-ins and the methods above."""
    found = Registry()
    for name in ("pages", "edges", "color", "grid", "quality"):
        found.register(__import__(f"ecgbench.plugins.{name}", fromlist=["x"]))
    for method in [*make_methods(), *([make_digitizer()] if digitizer else [])]:
        assert not found.register(method)
    return found


@dataclass
class Served:
    """A server that runs in a thread, and ways to ask it."""

    server: WebSocketProcessingServer
    http: httpx.Client

    @property
    def ws(self):
        return self.server.url.replace("http", "ws")

    def connect(self, **terms):
        return connect(self.ws, **{"max_size": None, "open_timeout": PATIENCE, **terms})


class Answers:
    """What comes over a WebSocket, as dictionaries."""

    def __init__(self, socket):
        self.socket = socket

    def send(self, **request):
        self.socket.send(json.dumps(request))

    def send_frame(self, header, *parts):
        self.socket.send(pack(header, parts))

    def next(self):
        return read_reply(self.socket.recv(PATIENCE))

    def ask(self, **request):
        self.send(**request)
        return self.next()

    def until_final(self, id_=None):
        """The items that come, and the final reply to `id_`."""
        items = []
        while True:
            reply = self.next()
            if reply.get("id") == id_ and reply["type"] != "item":
                return items, reply
            items.append(reply)


@contextlib.contextmanager
def serving(*, digitizer=False, **settings):
    """Serve in a thread while the block runs."""
    server = WebSocketProcessingServer(**{"port": 0, **settings}, registry=registry(digitizer=digitizer))
    started = threading.Event()

    async def serve():
        async with server.running():
            started.set()
            while not server._server.should_exit:
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(PATIENCE)
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
            yield Served(server, http)
    finally:
        server.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def served():
    """A server with the defaults, shared by the tests of a module."""
    with serving(timeout=5.0) as found:
        yield found


@pytest.fixture
def ws(served):
    with served.connect() as socket:
        yield Answers(socket)


@pytest.fixture
def start():
    """Starts a server with settings of its own: `start(max_queue=0)`."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(serving(**settings))


@pytest.fixture
def dial():
    """Connects to a server: `dial(served)`."""
    with contextlib.ExitStack() as stack:
        yield lambda served, **terms: Answers(stack.enter_context(served.connect(**terms)))


@pytest.fixture
def eventually():
    def check(condition):
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.01)

    return check


def draw_page(width=400, height=300):
    """A page with a red grid, white margins and a trace."""
    page = np.full((height, width, 3), 255, np.uint8)
    page[40:260:8, 40:361] = page[40:260, 40:361:8] = (150, 150, 245)
    x = np.arange(50, 350)
    wave = np.column_stack([x, 150 + 40 * np.sin(x / 9)]).astype(np.int32)
    cv2.polylines(page, [wave], False, (20, 20, 20), 2)
    return page


@pytest.fixture(scope="session")
def page():
    return draw_page()


@pytest.fixture(scope="session")
def png(page):
    return cv2.imencode(".png", page)[1].tobytes()


@pytest.fixture(scope="session")
def base64_png(png):
    import base64

    return base64.b64encode(png).decode()
