"""Claims frames, bodies and parts of a tebibyte."""

from __future__ import annotations

import struct
import time

from faults.servers import UPGRADE, serving
from faults.suite import Found, require

PROMISE = "What claims to be a tebibyte is refused by its head, at once, and takes no memory."
SHORT = True
TEBIBYTE = 2**40
AT_ONCE_S, MOST_MB = 5.0, 20.0
PARTS = b"ECG1" + struct.pack(">I", 60) + b'{"type": "process_image", "parts": [1099511627776]}'.ljust(60)
CLAIMS = {
    "a WebSocket frame": (UPGRADE + b"\r\n", b"\x82\xff" + struct.pack(">Q", TEBIBYTE) + bytes(4)),
    "a part of a frame": (UPGRADE + b"\r\n", b"\x82" + bytes([0x80 | len(PARTS)]) + bytes(4) + PARTS),
    "a header of a frame": (UPGRADE + b"\r\n", b"\x82\x8c" + bytes(4) + b"ECG1\xff\xff\xff\xff{}{}"),
    "a body": (b"", f"POST /process-batch HTTP/1.1\r\nHost: x\r\nContent-Length: {TEBIBYTE}\r\n\r\n{{".encode()),
}


def run(*, short: bool) -> Found:
    """Claim each, and time the answer."""
    slowest, told = 0.0, []
    with serving() as served:
        served.answers()
        before = served.resident_mb()
        for name, (opening, claim) in CLAIMS.items():
            with served.raw() as connection:
                if opening:
                    connection.sendall(opening)
                    require(connection.recv(1024).startswith(b"HTTP/1.1 101"), "the handshake was refused")
                start = time.monotonic()
                connection.sendall(claim)
                connection.settimeout(AT_ONCE_S)
                answer = connection.recv(4096)
                slowest = max(slowest, time.monotonic() - start)
                told.append(f"{name}: {_word(answer)}")
        grown = served.resident_mb() - before
        served.answers()
    require(grown < MOST_MB, f"memory grew by {grown:.0f} MB")
    return Found(len(CLAIMS), 0, None, f"{'; '.join(told)}; at most {slowest * 1000:.0f} ms, memory {grown:+.1f} MB")


def _word(answer: bytes) -> str:
    if answer.startswith(b"HTTP"):
        return answer.split(b" ")[1].decode()
    if answer[:1] == b"\x88":
        return f"closed with {struct.unpack('>H', answer[2:4])[0]}"
    require(b'"code":"bad_message"' in answer.replace(b": ", b":"), f"it was answered by {answer[:200]!r}")
    return "bad_message"
