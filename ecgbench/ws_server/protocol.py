"""uvicorn's protocols with the deadlines that they lack: for a request's head, and for a WebSocket that reads nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

MOST_FRAGMENTS = 10_000  # of a message; a browser sends one, and empty ones would cost memory without end
SILENCE_SECONDS = 0.5  # after which whoever was told why a connection ends has no more of a message to send
LINGER_SECONDS = 10.0  # that this may take: a phone photo by way of a slow line


def http_protocol(head_seconds: float) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol with a deadline for the head of each request, the first one after connecting among them."""

    class Deadlined(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None
        _upgraded = False

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._expect_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._upgraded:
                return
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_waiting()  # the head is there; its body has a deadline of its own
            elif self._deadline is None and not self.transport.is_closing():
                self._expect_head()

        def handle_websocket_upgrade(self, event: Any) -> None:
            self._upgraded = True
            self._stop_waiting()
            super().handle_websocket_upgrade(event)

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _expect_head(self) -> None:
            self._deadline = self.loop.call_later(head_seconds, self.transport.abort)

        def _stop_waiting(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return Deadlined


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which closes connections so that the other side hears why.

    A connection that answers no pings is cut, not flushed, since who does not read never will. One that broke the rules, by a message that is
    too large for instance, is read on for a while: a socket that is closed over unread bytes resets the connection, and the reason is lost.
    """

    _fragments = 0
    _lingers_until: float | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes in; let them pass where the connection is about to be closed."""
        if self._lingers_until is None:
            super().data_received(data)
        else:
            self._linger()

    def keepalive_timeout(self) -> None:
        """Close the connection; cut it where what was written is not taken."""
        super().keepalive_timeout()
        self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Take a further fragment of a message, up to a number of them."""
        self._fragments = 0 if event.fin else self._fragments + 1
        if self._fragments > MOST_FRAGMENTS:
            self.conn.fail(1009, "too many fragments")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    def handle_parser_exception(self) -> None:
        """Say why the connection ends, and end it when nothing comes any more."""
        close = self.conn.close_sent
        assert close is not None
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._lingers_until = self.loop.time() + LINGER_SECONDS
        self._linger()

    def _linger(self) -> None:
        """Close the connection after a silence, or when it has lasted for long enough."""
        if self.close_timer is not None:
            self.close_timer.cancel()
        left = (self._lingers_until or 0.0) - self.loop.time()
        self.close_timer = self.loop.call_later(max(0.0, min(SILENCE_SECONDS, left)), self.transport.close)
