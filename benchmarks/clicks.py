"""Pages and clicks in a browser, and when what they ask for is drawn: told by what page and server say to each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

SOON = 60_000  # milliseconds
REST_MS = 500  # between two clicks of a person who looks at what the first one did


@dataclass(frozen=True)
class Later:
    """What comes by itself on a page that is drawn: what it is, and what tells that it is there."""

    name: str
    sign: str

    def wait(self, page: Any) -> None:
        """Wait until it is there."""
        page.locator(self.sign).first.wait_for()


@dataclass(frozen=True)
class Click:
    """A click: what it is called, what a person does before it, which gives what is then timed, and what comes by itself after it."""

    name: str
    aim: Callable[[Any], Callable[[], object]]
    later: Later | None = None


@dataclass(frozen=True)
class Visit:
    """A page: its name, where it is, what must be there when it is drawn, clicks on it, and what comes by itself."""

    name: str
    where: str
    sign: str
    clicks: tuple[Click, ...] = ()
    later: Later | None = None


class Wire:
    """What a page and the server say to each other: whether the script that a person's click asks for has ended."""

    def __init__(self, page: Any) -> None:
        self.expect()
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def expect(self) -> None:
        """Forget what was before."""
        self._asked: str | None = None  # the fragment that is to be drawn, "" for the whole page
        self._ended = False

    def wait(self, page: Any) -> None:
        """Wait until what was asked for since has ended."""
        until = time.monotonic() + SOON / 1e3
        while not self._ended:
            if time.monotonic() > until:
                raise SystemExit("A click asked nothing of the server, or was never answered.")
            page.wait_for_timeout(5)

    def _sent(self, frame: bytes) -> None:
        said = BackMsg.FromString(frame)
        if said.WhichOneof("type") == "rerun_script" and not said.rerun_script.is_auto_rerun:
            self._asked = said.rerun_script.fragment_id

    def _received(self, frame: bytes) -> None:
        said = ForwardMsg.FromString(frame)
        if self._asked is None or said.WhichOneof("type") != "script_finished":
            return
        drawn = said.metadata.run.fragment_ids  # none of a page that is drawn whole
        # How it ended is told of whole pages alone: a fragment's end is written over when another one begins before it is sent.
        ended = self._asked in drawn if drawn else said.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        self._ended = self._ended or ended


def press(name: str, option: str) -> Click:
    """Press one of the options that are all in sight; playwright's own looks at whether it can be pressed are no part of that."""

    def aim(page: Any) -> Callable[[], object]:
        target = page.get_by_test_id("stButtonGroup").get_by_text(option, exact=True)
        target.hover()
        box = target.bounding_box()
        return lambda: page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    return Click(name, aim)


def choose(name: str, label: str, option: str, later: Later | None = None) -> Click:
    """Take an option of a list."""

    def aim(page: Any) -> Callable[[], object]:
        lists = page.get_by_test_id("stMultiSelect").or_(page.get_by_test_id("stSelectbox"))
        field = lists.filter(has_text=label).locator("input")
        field.click()
        field.fill(option)
        page.get_by_role("option", name=option, exact=True).wait_for()
        page.wait_for_timeout(REST_MS)
        return lambda: page.keyboard.press("Enter")

    return Click(name, aim, later)


def draw(page: Any, address: str, visit: Visit) -> None:
    """Open a page, and wait until it is drawn."""
    page.goto(f"{address}/{visit.where}")
    page.locator(visit.sign).first.wait_for()
    settle(page)


def click_through(page: Any, wire: Wire, press_it: Callable[[], object]) -> None:
    """Click, and wait until what it changes is drawn."""
    wire.expect()
    press_it()
    wire.wait(page)
    settle(page)


def settle(page: Any) -> None:
    """Wait until the script that draws has ended and nothing is left of what was there before it."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function(
        "document.querySelector('[data-test-script-state=notRunning]') && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')",
        polling=20,
    )
