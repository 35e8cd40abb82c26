"""Who may ask: the token, and the origins of pages."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from ecgbench.wire import WireError
from ecgbench.ws_server.settings import Settings

OPEN_PATHS = frozenset(
    {"/health", "/ready", "/openapi.json", "/", "/{name}"}
)  # the last two are the gallery, which asks for the token
LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def check_origin(connection: HTTPConnection, settings: Settings) -> None:
    """Raise WireError `forbidden` where a page of an origin that may not asks; programs that send none are let in."""
    origin = connection.headers.get("origin")
    if origin is not None and not origin_allowed(origin, connection.headers.get("host", ""), settings):
        raise WireError(
            "forbidden", f"Pages of {origin[:200]} may not ask this server; start it with --allow-origin {origin[:200]}."
        )


def origin_allowed(origin: str, host: str, settings: Settings) -> bool:
    """Tell whether a page of `origin` may ask a server that it calls `host`.

    >>> origin_allowed("http://a.org", "b.org", Settings()), origin_allowed("http://localhost:5000", "localhost:8765", Settings())
    (False, True)
    """
    if "*" in settings.allow_origins or origin in settings.allow_origins:
        return True
    try:
        page = urlsplit(origin)
        name = page.hostname
    except ValueError:
        return False
    if page.scheme not in ("http", "https") or name is None:
        return False
    if page.netloc.lower() == host.lower():
        return not is_loopback(settings.host) or name in LOOPBACK_NAMES  # else a name made to point here has another's page ask
    return is_loopback(settings.host) and name in LOOPBACK_NAMES


def is_loopback(host: str) -> bool:
    """Tell whether a server that listens on `host` is reached from its own machine only."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_token(connection: HTTPConnection, settings: Settings) -> None:
    """Raise WireError `unauthorized` unless the request has the token, where there is one; the time it takes tells nothing of it."""
    if settings.token is None:
        return
    kind, _, given = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        given = connection.query_params.get("token", "")
    if not hmac.compare_digest(given.strip().encode(), settings.token.encode()):
        raise WireError("unauthorized", "This server asks for its token: Authorization: Bearer TOKEN, or ?token=TOKEN.")
