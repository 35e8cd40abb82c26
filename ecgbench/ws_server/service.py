"""What requests ask for, done: the same for WebSocket and HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from ecgbench.core.params import ParamError
from ecgbench.core.transformer import Transformer
from ecgbench.pipeline import STEPS, SWITCHES, OptionError, read_options
from ecgbench.registry import Registry, RegistryError
from ecgbench.wire import (
    BatchResult,
    Compare,
    GcsImages,
    Image,
    ImageReply,
    Item,
    ListGcsImages,
    ListMethods,
    Methods,
    ProcessBatch,
    ProcessGcsBatch,
    ProcessImage,
    Reply,
    Request,
    Result,
    RunMethod,
    WireError,
)
from ecgbench.wire.fields import RETURNS
from ecgbench.ws_server.desk import Desk, Ticket
from ecgbench.ws_server.settings import Settings
from ecgbench.ws_server.work import Job, MethodCall, Pipeline

Send = Callable[[Reply], Awaitable[None]]


class Service:
    """Answers requests with the methods of a registry, through a desk that says whose turn it is."""

    def __init__(self, registry: Registry, desk: Desk, settings: Settings) -> None:
        self.registry = registry
        self.desk = desk
        self._settings = settings

    async def answer(self, request: Request, client: Hashable, send: Send, *, keep_pictures: bool = False) -> None:
        """Send what a request asks for, items first, the final reply last; WireError where it cannot be met.

        Pictures of a batch go with its items, and stay in the final reply only with `keep_pictures`. Cancelling gives the request up.
        """
        start = time.perf_counter()
        if isinstance(request, ListMethods):
            # In a thread: the version of a method that does not say it is looked for among all that is installed.
            await send(Methods(await asyncio.to_thread(self.list_methods, request.task)))
            return
        if isinstance(request, ListGcsImages):
            await send(await self.list_gcs_images(request))
            return
        jobs = self.jobs(request)
        if len(jobs) > self._settings.max_batch and not isinstance(request, Compare):
            raise WireError("too_large", f"A batch may have {self._settings.max_batch} images, this one has {len(jobs)}.")
        tickets = self.desk.admit(client, jobs)
        try:
            if is_single(request):
                await send(Result(await tickets[0].reply))
                return
            replies = await _each(tickets, send, keep_pictures=keep_pictures)
            await send(_final(request, replies, time.perf_counter() - start))
        finally:
            self.desk.release(tickets)

    def jobs(self, request: Request) -> list[Job]:
        """Return what is to be done for a request, one job an image (or a method); WireError lists what there is."""
        with _known_names():
            if isinstance(request, (ProcessImage, ProcessBatch)):
                images: Sequence[Image] = (request.image,) if isinstance(request, ProcessImage) else request.images
                pipeline = Pipeline(read_options(request.options, self.registry))
                return [Job(image, pipeline, request.returns) for image in images]
            if isinstance(request, ProcessGcsBatch):
                stored = self.desk.buckets.images(request.bucket_name, request.image_paths)
                return [Job(image, Pipeline(read_options(request.options, self.registry)), request.returns) for image in stored]
            if isinstance(request, RunMethod):
                method = self.registry.method(request.method)
                call = MethodCall(method, method.make_params(request.params or {}))
                return [Job(image, call, request.returns) for image in _images(request)]
            if isinstance(request, Compare):
                methods = self.methods_of(request.task)
                return [Job(request.image, MethodCall(each, each.make_params({})), request.returns) for each in methods]
        raise WireError("bad_message", f"{type(request).__name__} is about no picture.")

    def methods_of(self, task: str | None) -> list[Transformer[Any]]:
        """Return the methods of a task by name, all where it is None; WireError lists the tasks."""
        methods = [each for _, each in sorted(self.registry.transformers.items()) if task in (None, each.task)]
        if not methods:
            raise WireError("bad_option", f"There is no method of the task {task!r}; tasks: {', '.join(self._tasks())}.")
        return methods

    async def list_gcs_images(self, request: ListGcsImages) -> GcsImages:
        """Return what pictures a bucket has below a prefix; WireError where they cannot be listed."""
        return await self.desk.buckets.list(request.bucket_name, request.prefix)

    def list_methods(self, task: str | None = None) -> dict[str, Any]:
        """Return what methods there are, and what may be asked."""
        settings = asdict(self._settings)
        limits = ("max_workers", "max_batch", "max_queue", "max_in_flight", "max_message_bytes", "max_pixels", "isolate")
        return {
            "methods": [self._described(each) for each in self.methods_of(task)],
            "tasks": self._tasks(),
            "options": self._options(),
            "returns": list(RETURNS),
            "gcs": bool(self._settings.gcs_buckets),
            "limits": {name: settings[name] for name in limits} | {"timeout": self._settings.timeout},
        }

    def _tasks(self) -> list[str]:
        return sorted({each.task for each in self.registry.transformers.values()})

    def _options(self) -> dict[str, Any]:
        """Return each option of the pipeline with what it may be."""
        found: dict[str, Any] = {name: [True, False] for name in SWITCHES}
        for step in STEPS:
            names = sorted(each.name for each in self.registry.transformers.values() if each.task == step.task)
            found[step.method_option] = [name.removeprefix(f"{step.task}.") for name in names]
        return found

    def _described(self, method: Transformer[Any]) -> dict[str, Any]:
        params = [
            {
                "name": spec.name, "type": spec.type.__name__, "default": spec.default, "low": spec.low, "high": spec.high,
                "choices": spec.choices, "doc": spec.doc,
            }
            for spec in method.params
        ]  # fmt: skip
        return {
            "name": method.name,
            "task": method.task,
            "takes": method.kind,
            "returns": method.result_type.__name__,
            "version": method.version,
            "origin": self.registry.origin_of(method.name),
            "purpose": method.documentation.purpose,
            "params": params,
            "isolated": self._settings.isolate or method.isolate is not None,
        }


def is_single(request: Request) -> bool:
    """Tell whether a request is about one image and is answered by a `result`."""
    return isinstance(request, ProcessImage) or (isinstance(request, RunMethod) and request.images is None)


def _images(request: RunMethod) -> Sequence[Image]:
    return (request.image,) if request.image is not None else request.images or ()


@contextmanager
def _known_names() -> Iterator[None]:
    """Tell of names that are not known as the sender's mistake."""
    try:
        yield
    except (OptionError, ParamError, RegistryError) as error:
        raise WireError("bad_option", str(error)) from None


async def _each(tickets: Sequence[Ticket], send: Send, *, keep_pictures: bool) -> tuple[ImageReply, ...]:
    """Send each image's item as it is done; return all replies in input order."""
    replies: dict[int, ImageReply] = {}
    for future in asyncio.as_completed([ticket.reply for ticket in tickets]):
        reply = await future
        replies[reply.index] = reply if keep_pictures else reply.without_pictures()
        await send(Item(reply, len(replies), len(tickets)))
    return tuple(replies[index] for index in range(len(tickets)))


def _final(request: Request, replies: tuple[ImageReply, ...], seconds: float) -> BatchResult:
    if isinstance(request, Compare):
        return BatchResult(replies, seconds, "compare_result", request.task)
    return BatchResult(replies, seconds, "gcs_batch_result" if isinstance(request, ProcessGcsBatch) else "batch_result")
