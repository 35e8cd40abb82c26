"""Fuzzes what a server reads: frames, JSON, pictures and HTTP, over real connections, by Hypothesis."""

from __future__ import annotations

import json
import time
import warnings
from collections import Counter
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from ecgbench.wire import KINDS, read_reply
from ecgbench.wire.fields import RETURNS
from ecgbench.wire.frames import pack
from faults.mutants import originals
from faults.servers import Served, in_base64, page_png, serving
from faults.suite import Found, require

PROMISE = (
    "Whatever a message holds, it is answered by one final message of its id, and no mistake of the server's own comes of it."
)
SHORT = True
EXAMPLES, SHORT_EXAMPLES = 12_000, 80  # over all of them
AT_A_TIME, ANSWER_S = 6, 60.0
SHARES = {"JSON": 0.4, "frames": 0.25, "pictures": 0.25, "HTTP": 0.1}

SMALL = page_png(width=101, height=90)
LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12
)
IMAGES = st.sampled_from(
    [
        in_base64(SMALL),
        "data:image/png;base64," + in_base64(SMALL),
        "",
        "AAAA",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1/",
    ]
)
OPTIONS = ("edge_detection", "method", "crop_to_content", "color_method", "grid_detection", "x")
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "image": IMAGES,
    "images": st.lists(IMAGES, max_size=12),
    "options": st.dictionaries(
        st.sampled_from(OPTIONS), st.sampled_from([True, False, "canny", "lab", "../x", None, 7]), max_size=3
    ),
    "return": st.lists(st.sampled_from([*RETURNS, "x"]), max_size=3),
    "method": st.sampled_from(["edges.canny", "grid.multiscale", "os.system", "", "x" * 999]),
    "params": st.dictionaries(st.sampled_from(["sigma", "level", "__class__"]), LEAVES, max_size=2),
    "task": st.sampled_from(["edges", "", "x"]),
    "request": st.integers(0, 5) | st.text(max_size=5),
    "bucket_name": st.text(max_size=9),
    "image_paths": st.lists(st.text(max_size=9), max_size=3),
}


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """Return a request that is nearly right: some fields of its type, some of others, some of no kind."""
    kind = draw(st.sampled_from(list(KINDS)) | st.text(max_size=12))
    wanted = [field.name for field in KINDS[kind].fields] if kind in KINDS else []
    names = draw(st.lists(st.sampled_from([*wanted, *FIELDS]), max_size=5, unique=True))
    values = {name: draw(FIELDS.get(name, ANYTHING) if draw(st.integers(0, 9)) else ANYTHING) for name in names}
    return {"type": kind, **values}


@st.composite
def mutated(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return bytes with some of them changed, and some cut off or repeated."""
    damaged = bytearray(whole)
    for position, value in draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=8)):
        damaged[position] = value
    end = draw(st.just(len(whole)) | st.integers(0, len(whole)))
    return bytes(damaged[:end]) + draw(st.just(b"") | st.binary(max_size=30))


class Asker:
    """Asks over one connection, a few messages at a time; one that is closed with a code is opened anew."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._socket: ClientConnection | None = None
        self._waiting: list[str | bytes] = []
        self.asked = self.lost = self._fences = 0
        self.answers: Counter[str] = Counter()

    def ask(self, message: str | bytes) -> None:
        """Send a message, at the latest with the next few, and count how it was answered."""
        self.asked += 1
        self._waiting.append(message)
        if len(self._waiting) == AT_A_TIME:
            self.settle()

    def settle(self) -> None:
        """Have every message answered: those of a connection that was closed are asked again one by one, to know whose it was."""
        messages, self._waiting = self._waiting, []
        if not messages or self._settled(messages):
            return
        for message in messages:
            if not self._settled([message]):
                self.answers["closed"] += 1

    def _settled(self, messages: list[str | bytes]) -> bool:
        """Send messages, and behind them one whose answer must come; tell whether the connection stayed. Each has one final answer."""
        self._fences += 1
        mark = f"fence {self._fences}"
        finals: Counter[str] = Counter()
        try:
            socket = self._socket = self._socket or self._served.websocket()
            for message in messages:
                socket.send(message)
            socket.send(json.dumps({"type": "list_methods", "task": "grid", "id": mark}))
            fenced = False
            while not fenced or finals.total() < len(messages):
                reply = read_reply(socket.recv(ANSWER_S))
                if reply.get("id") == mark:
                    fenced = True
                elif reply["type"] != "item":
                    require(reply.get("code") != "internal", f"the server made a mistake at one of {str(messages)[:600]}")
                    finals[reply.get("code") or reply["type"]] += 1
        except ConnectionClosed as closed:
            require(closed.rcvd is not None, f"the server closed without a word at one of {str(messages)[:600]}")
            self._socket = None
            return False
        except TimeoutError:
            self.lost += len(messages) - finals.total()
            self._socket = None
        self.answers += finals
        return True


def run(*, short: bool) -> Found:
    """Fuzz one server by all of them; it must log nothing and still answer."""
    total = SHORT_EXAMPLES if short else EXAMPLES
    told = []
    with serving("--timeout", "20") as served, httpx.Client(base_url=served.url, timeout=ANSWER_S) as http:
        asker = Asker(served)
        pictures = [data for _, data in originals()]
        fuzzers = {
            "JSON": (lambda message: asker.ask(json.dumps(message)), messages()),
            "frames": (
                asker.ask,
                mutated(pack({"type": "process_image", "options": {"quality_check": True}}, [SMALL])) | st.binary(max_size=80),
            ),
            "pictures": (
                lambda data: asker.ask(pack({"type": "process_image", "options": {"edge_detection": True}}, [data])),
                st.sampled_from(pictures).flatmap(mutated),
            ),
            "HTTP": (lambda body: _post(http, asker, body), st.tuples(st.integers(0, 5), messages() | ANYTHING)),
        }
        for name, (send, strategy) in fuzzers.items():
            before, began = asker.asked, time.monotonic()
            count = round(total * SHARES[name])
            _fuzz(send, strategy, count)
            asker.settle()
            told.append(f"{asker.asked - before} {name} in {time.monotonic() - began:.0f} s")
        served.answers()
        log = served.end()
    require("Traceback" not in log, f"the server logged {log[-400:]!r}")
    answers = ", ".join(f"{word} {count}" for word, count in asker.answers.most_common())
    return Found(asker.asked, asker.lost, None, f"{', '.join(told)}; answers: {answers}")


def _fuzz(send: Any, strategy: st.SearchStrategy[Any], count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(value: Any) -> None:
        send(value)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the client's threads draw numbers for their masks
        each()


PATHS = ("/process-batch", "/detect-edges", "/isolate-colors", "/digitize", "/generate-kaggle-csv", "/../../etc/passwd")


def _post(http: httpx.Client, asker: Asker, asked: tuple[int, Any]) -> None:
    path, body = asked
    asker.asked += 1
    answer = http.post(PATHS[path], content=json.dumps(body), headers={"Content-Type": "application/json"})
    require(answer.status_code != 500, f"{PATHS[path]} made a mistake at {str(body)[:300]}")
    asker.answers[f"HTTP {answer.status_code}"] += 1
