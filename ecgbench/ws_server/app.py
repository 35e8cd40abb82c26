"""The ASGI application: HTTP endpoints, the WebSocket, and the gallery, over one service."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ecgbench import __version__
from ecgbench.wire import WireError, json
from ecgbench.wire.fields import read_fields
from ecgbench.ws_server.access import LOOPBACK_ORIGIN, OPEN_PATHS, check_origin, check_token, is_loopback
from ecgbench.ws_server.bodies import read_body
from ecgbench.ws_server.endpoints import DIGITIZE, ENDPOINTS, NO_DIGITIZER, OUTPUT_TYPES, Endpoint
from ecgbench.ws_server.metrics import Metrics
from ecgbench.ws_server.openapi import openapi
from ecgbench.ws_server.service import Service
from ecgbench.ws_server.settings import Settings
from ecgbench.ws_server.websocket import MISTAKE, Session

log = logging.getLogger("ecgbench.server")
WEB = Path(__file__).parent.parent / "web"
WEB_KINDS = frozenset({".html", ".js", ".mjs", ".css", ".svg", ".png", ".ico", ".webmanifest"})
WEB_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may hold the token
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
        "connect-src 'self' blob: data: ws: wss: http://localhost:* http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'"
    ),
}
CLOSING = frozenset({"too_large", "timeout"})  # what is left of such a body is not read

Answer = Callable[[Request], Awaitable[Response]]


def make_app(service: Service, settings: Settings, metrics: Metrics) -> Starlette:
    """Return the application; its service's desk is opened and closed by whoever serves it."""
    guard = partial(_guarded, settings=settings, metrics=metrics)
    digitizes = any(each.task == DIGITIZE.task for each in service.registry.transformers.values())
    routes: list[BaseRoute] = []
    for endpoint in ENDPOINTS:
        known = digitizes or endpoint.path != "/digitize"
        answer: Answer = partial(_post, endpoint, service, settings) if known else _no_digitizer
        routes.append(Route(endpoint.path, guard(endpoint.path, answer), methods=["POST"]))
    for path, get in _gets(service, settings, metrics).items():
        routes.append(Route(path, guard(path, get), methods=["GET"]))
    socket = partial(_websocket, service=service, settings=settings, metrics=metrics)
    routes += [WebSocketRoute(path, socket) for path in ("/", "/ws")]
    routes.append(Route("/", guard("/", _web), methods=["GET"]))
    routes.append(Route("/{name}", guard("/{name}", _web), methods=["GET"]))
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.allow_origins,
        allow_origin_regex=LOOPBACK_ORIGIN if is_loopback(settings.host) else None,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
    )
    return Starlette(routes=routes, middleware=[cors], exception_handlers={HTTPException: _unknown})


def _guarded(
    path: str, answer: Answer, *, settings: Settings, metrics: Metrics
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Return the handler of a path: it lets in who may ask, counts, and tells errors as one sentence."""

    async def handle(request: Request) -> Response:
        code = "ok"
        try:
            check_origin(request, settings)
            if path not in OPEN_PATHS:
                check_token(request, settings)
            return await answer(request)
        except WireError as error:
            code = error.code
            return failure(error)
        except Exception:
            code = "internal"
            log.exception("A request for %s failed.", path)
            return failure(WireError("internal", MISTAKE))
        finally:
            metrics.requests.labels("http", path, code).inc()

    return handle


def failure(error: WireError) -> Response:
    """Return an error as JSON."""
    headers = {"Connection": "close"} if error.code in CLOSING else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if error.code == "unauthorized":
        headers["WWW-Authenticate"] = "Bearer"
    return as_json({"success": False, "code": error.code, "error": str(error)}, status=error.status, headers=headers)


def as_json(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a value as a JSON response."""
    return Response(json.to_bytes(value), status, headers, "application/json")


async def _post(endpoint: Endpoint, service: Service, settings: Settings, request: Request) -> Response:
    values = await read_body(request, endpoint.fields, settings)
    read = read_fields(values, endpoint.fields, owner=endpoint.path)
    client = request.client.host if request.client else "unknown"
    told = await _unless_gone(request, endpoint.handle(service, client, read))
    if isinstance(told, str):
        return Response(told, media_type=endpoint.media)
    return as_json(told)


async def _unless_gone(request: Request, asked: Awaitable[Any]) -> Any:
    """Return what was asked for, and give it up where its sender closes the connection meanwhile."""
    work = asyncio.ensure_future(asked)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise WireError("cancelled", "The connection was closed.")
    finally:
        work.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _no_digitizer(_request: Request) -> Response:
    raise WireError("not_found", NO_DIGITIZER)


def _gets(service: Service, settings: Settings, metrics: Metrics) -> dict[str, Answer]:
    """Return what is answered without a picture."""

    async def methods(request: Request) -> Response:
        return as_json(await asyncio.to_thread(service.list_methods, request.query_params.get("task")))

    async def isolation_methods(_request: Request) -> Response:
        found = [
            {"name": each.name.removeprefix("color."), "purpose": each.documentation.purpose}
            for each in service.methods_of("color")
        ]
        return as_json({"methods": found, "output_types": list(OUTPUT_TYPES)})

    async def health(_request: Request) -> Response:
        return as_json({"status": "ok", "version": __version__})

    async def ready(_request: Request) -> Response:
        desk = service.desk
        if desk.draining:
            raise desk.shutting_down()
        return as_json({"status": "ready", "waiting": desk.waiting, "under_way": desk.under_way})

    async def told(_request: Request) -> Response:
        return Response(metrics.text(), media_type=metrics.content_type)

    async def document(_request: Request) -> Response:
        return as_json(openapi(token=settings.token is not None))

    return {
        "/methods": methods,
        "/isolation-methods": isolation_methods,
        "/health": health,
        "/ready": ready,
        "/metrics": told,
        "/openapi.json": document,
    }


async def _web(request: Request) -> Response:
    """Return a file of the gallery, one of those that are there: no path is made of what was asked for."""
    name = request.path_params.get("name", "gallery.html")
    known = {path.name: path for path in WEB.iterdir() if path.suffix in WEB_KINDS} if WEB.is_dir() else {}
    if name not in known:
        raise WireError("not_found", f"There is nothing at {request.url.path[:100]}; /openapi.json tells what there is.")
    return FileResponse(known[name], headers=WEB_HEADERS)


async def _websocket(socket: WebSocket, *, service: Service, settings: Settings, metrics: Metrics) -> None:
    try:
        check_origin(socket, settings)
        check_token(socket, settings)
        if service.desk.draining:
            raise service.desk.shutting_down()
    except WireError as error:
        metrics.requests.labels("websocket", "connect", error.code).inc()
        await socket.send_denial_response(failure(error))
        return
    await Session(socket, service, settings, metrics).run()


async def _unknown(request: Request, error: Exception) -> Response:
    """Tell of a path or a verb that there is none of."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    sentence = f"{request.method} {request.url.path[:100]} is nothing that this server knows; /openapi.json tells what there is."
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return as_json({"success": False, "code": "not_found", "error": sentence}, status=status, headers=headers)
