"""The command that serves: WebSocket, HTTP and the gallery."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ecgbench.ws_server import Settings, WebSocketProcessingServer

MIB = 2**20


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", help="0 takes a free one.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, help="Images in work at a time, over as many compute workers as cores.")] = 10,
    isolate: Annotated[bool, typer.Option("--isolate", help="Do images in processes: a crash costs one image.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that an image may take in a process.")] = 30.0,
    token: Annotated[str | None, typer.Option(envvar="ECGBENCH_TOKEN", help="What requests must know.", show_envvar=True)] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Origin of pages that may ask, * for any; may be given several times.")
    ] = None,
    max_batch: Annotated[int, typer.Option(min=1, help="Images in a batch.")] = 10,
    max_queue: Annotated[int, typer.Option(min=0, help="Images that wait; beyond, requests get `busy`.")] = 256,
    max_in_flight: Annotated[int, typer.Option(min=1, help="Images in flight of one client.")] = 32,
    gcs_bucket: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Bucket of Google Cloud Storage that requests may read; may be given several times."),
    ] = None,
    gcs_timeout: Annotated[float, typer.Option(help="Seconds that such a picture may take to come.")] = 10.0,
    max_message_mb: Annotated[float, typer.Option(help="MiB of a message or a body.")] = 64.0,
    max_megapixels: Annotated[float, typer.Option(help="Million pixels of a picture.")] = 50.0,
) -> None:
    """Serve WebSocket, HTTP and the gallery on one port (docs/server.md)."""
    from ecgbench.ws_server import Settings

    settings = Settings(
        max_workers=workers,
        port=port,
        host=host,
        token=token,
        allow_origins=tuple(allow_origin or ()),
        isolate=isolate,
        timeout=timeout,
        max_batch=max_batch,
        max_queue=max_queue,
        max_in_flight=max_in_flight,
        gcs_buckets=tuple(gcs_bucket or ()),
        gcs_seconds=gcs_timeout,
        max_message_bytes=round(max_message_mb * MIB),
        max_pixels=round(max_megapixels * 1e6),
    )
    end(run_server(settings))


def run_server(settings: Settings) -> WebSocketProcessingServer:
    """Serve until SIGTERM or Ctrl-C; return the server that was."""
    import asyncio

    from ecgbench.ws_server import WebSocketProcessingServer

    server = WebSocketProcessingServer(settings=settings)
    asyncio.run(_serve(server))
    return server


async def _serve(server: WebSocketProcessingServer) -> None:
    import asyncio

    serving = asyncio.create_task(server.start())
    telling = asyncio.create_task(_tell(server))
    await asyncio.wait((serving, telling), return_when=asyncio.FIRST_COMPLETED)
    telling.cancel()
    await serving


async def _tell(server: WebSocketProcessingServer) -> None:
    await server.started()
    address = server.url.removeprefix("http://")
    typer.echo(f"ecgbench serves at {server.url} and ws://{address}; Ctrl-C ends it.")


def end(server: WebSocketProcessingServer) -> None:
    """End the process; at once where a method still hangs in a thread, which nothing else can end."""
    sys.stdout.flush()
    if not server.ended_cleanly:
        os._exit(0)
