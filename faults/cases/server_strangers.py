"""Asks with a wrong token, from wrong origins, and for files that are nobody's business; then reads what was logged."""

from __future__ import annotations

import httpx
from websockets.exceptions import InvalidStatus

from faults.servers import serving
from faults.suite import Found, require

PROMISE = "Without the token, from another origin, or by a path that leads out, nobody gets anything; no log holds a token."
SHORT = True
TOKEN = "correct-horse-battery"
WRONG = ("", "wrong", TOKEN[:-1], TOKEN + "x", "é" * 9, "x" * 50_000)
ORIGINS = ("https://evil.example", "null", "http://localhost.evil.example", "http://[", "file://")
PATHS = (
    "/../settings.py",
    "/..%2f..%2fpyproject.toml",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/websocket_client.js/../../cli/serve.py",
    "//etc/passwd",
    "/gallery.html%00.js",
)
SECRET_PATHS = ("/methods", "/metrics", "/isolation-methods")


def run(*, short: bool) -> Found:
    """Try each at every door."""
    asked = 0
    with serving("--token", TOKEN) as served, httpx.Client(base_url=served.url, timeout=60) as http:
        for wrong in WRONG:
            for answer in (
                http.get("/methods", params={"token": wrong}),
                *(http.get(path, headers=_bearer(wrong)) for path in SECRET_PATHS),
            ):
                require(answer.status_code in (401, 400, 431), f"a wrong token was answered by {answer.status_code}")
                asked += 1
        asked += _handshakes(served, WRONG[:4])
        for origin in ORIGINS:
            answer = http.get("/methods", headers={b"Origin": origin.encode(), **_bearer(TOKEN)})
            require(answer.status_code == 403 and "access-control-allow-origin" not in answer.headers, f"{origin} was let in")
            asked += 1
        for path in PATHS:
            with served.raw() as raw:  # a client would tidy the path up
                raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                head = raw.recv(65536).split(b"\r\n")[0]
            require(head.split()[1] in (b"404", b"400", b"401"), f"{path} was answered by {head!r}")
            asked += 1
        require(http.get("/methods", headers=_bearer(TOKEN)).status_code == 200, "the right token was refused")
        with served.raw() as raw:
            raw.sendall(f"GET /?token={TOKEN} HTTP/9.9\r\n\x00\r\n\r\n".encode())  # a mistake, of which a log may tell
            raw.recv(4096)
        log = served.end()
    require(TOKEN not in log, "the log holds the token")
    return Found(
        asked,
        0,
        None,
        f"{len(WRONG)} tokens, {len(ORIGINS)} origins, {len(PATHS)} paths refused; the log has {len(log)} letters and no token",
    )


def _bearer(token: str) -> dict[bytes, bytes]:
    return {b"Authorization": f"Bearer {token}".strip().encode()}


def _handshakes(served, tokens) -> int:  # type: ignore[no-untyped-def]
    for token in tokens:
        try:
            served.websocket(additional_headers={"Authorization": f"Bearer {token}"}).close()
        except InvalidStatus as refused:
            require(refused.response.status_code == 401, f"a handshake was answered by {refused.response.status_code}")
        else:
            require(False, "a wrong token was let in")
    return len(tokens)
