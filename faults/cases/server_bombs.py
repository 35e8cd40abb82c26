"""Sends what is small and unfolds to be huge: PNG, JPEG, TIFF, WebP, GIF, profiles and texts within them, and packed bodies."""

from __future__ import annotations

import gzip
import io
import json
import struct
import time
import zlib
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from ecgbench.wire import read_reply
from ecgbench.wire.frames import pack
from faults.servers import page_png, serving
from faults.suite import Found, require

PROMISE = (
    "A picture that would unfold beyond the limit is refused by its header, and what is packed beside pixels is never unfolded."
)
SHORT = True
SIDE = 20_000
AT_ONCE_S, MOST_MB = 5.0, 150.0
BEYOND, SHORT_BEYOND = 1_000_000_000, 60_000_000  # bytes that a profile would unfold to


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def zeros(count: int) -> bytes:
    """Return so many zero bytes, deflated."""
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(min(1 << 20, count - at))) for at in range(0, count, 1 << 20)) + packer.flush()


def bombs(beyond: int) -> dict[str, bytes]:
    """Return the pictures, by name; the last two, whose notes unfold to `beyond` bytes, must open without them, the others be refused."""
    png, notes = page_png(width=120, height=100), zeros(beyond)
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
    jpeg = io.BytesIO()
    Image.new("L", (64, 64)).save(jpeg, "JPEG")
    frame = jpeg.getvalue().index(b"\xff\xc0") + 5
    one_bit, gif, webp = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.fromarray(np.zeros((SIDE, SIDE), bool)).save(one_bit, "TIFF", compression="group4")
    Image.new("L", (SIDE // 2, SIDE // 2)).save(gif, "GIF")
    Image.new("L", (8_000, 8_000)).save(webp, "WEBP", quality=1, method=0)
    return {
        "PNG": head + chunk(b"IDAT", zeros(20_000_000)) + chunk(b"IEND", b""),
        "JPEG": jpeg.getvalue()[:frame] + struct.pack(">HH", SIDE, SIDE) + jpeg.getvalue()[frame + 4 :],
        "TIFF": one_bit.getvalue(),
        "GIF": gif.getvalue(),
        "WebP": webp.getvalue(),
        "PNG with a profile": png[:33] + chunk(b"iCCP", b"x\0\0" + notes) + png[33:],
        "PNG with a text": png[:33] + chunk(b"zTXt", b"x\0\0" + notes) + png[33:],
    }


def run(*, short: bool) -> Found:
    """Send each, see what is said, how long it took, and the memory."""
    made = bombs(SHORT_BEYOND if short else BEYOND)
    told, slowest = [], 0.0
    with serving() as served:
        served.answers()
        before = _peak_mb(served.process.pid)
        with served.websocket() as socket:
            for name, data in made.items():
                start = time.monotonic()
                socket.send(pack({"type": "process_image", "options": {"edge_detection": True}}, [data]))
                reply = read_reply(socket.recv(60))
                slowest = max(slowest, time.monotonic() - start)
                refused = not reply["success"]
                require(refused or "with" in name, f"{name} was taken")
                require(not refused or "limit" in reply["error"] or "more pixels" in reply["error"], f"{name}: {reply['error']}")
                told.append(f"{name} of {len(data) / 1e3:.0f} kB {'refused' if refused else 'opened without it'}")
        packed = gzip.compress(json.dumps({"images": ["A" * (10_000_000 if short else 500_000_000)]}).encode())
        answer = httpx.post(
            f"{served.url}/process-batch",
            content=packed,
            headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
            timeout=60,
        )
        require(answer.status_code == 400, f"a packed body was answered by {answer.status_code}")
        grown = _peak_mb(served.process.pid) - before
        served.answers()
    require(slowest < AT_ONCE_S, f"one took {slowest:.1f} s")
    require(grown < MOST_MB, f"memory grew by {grown:.0f} MB")
    return Found(
        len(made) + 1, 0, None, f"{', '.join(told)}, a gzip body not unpacked; at most {slowest:.2f} s, peak {grown:+.0f} MB"
    )


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))
