"""Who is let in and whose turn it is: job slots, a bounded queue that takes clients in turn, and the workers under them.

Pictures of buckets are fetched before they queue, so that a slow line holds up none but its own.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ecgbench.plugins.image_sets.gcs.stored import GcsError
from ecgbench.wire import ImageReply, WireError
from ecgbench.workers import JobPool, Lost, PoolError, ProcessJobs, Raised, ThreadJobs, one_line
from ecgbench.ws_server.buckets import BucketImage, Buckets
from ecgbench.ws_server.settings import Settings
from ecgbench.ws_server.work import Found, Job, PictureWork

FIRST_GUESS_SECONDS = 0.1  # of an image's work, until some have been done
MEMORY_OF_SECONDS = 0.1  # weight of the newest image in the mean: about the last ten count
SOONEST_RETRY, LATEST_RETRY = 0.05, 30.0  # seconds that a busy server asks to wait
FAREWELL_SECONDS = 0.5  # for those who are told so to hear it, before connections are closed
BACK_IN_SECONDS = 3.0  # a restart takes about so long
TRIES = 2  # of an image whose worker was lost: it may have been another's fault, or the machine's


@dataclass(eq=False)
class Ticket:
    """An image that was let in: its job, whose it is, its place in its batch, and the future of its reply."""

    job: Job
    client: Hashable
    index: int
    reply: asyncio.Future[ImageReply]
    since: float = field(default_factory=time.perf_counter)
    fetch: asyncio.Task[bytes] | None = None
    work: asyncio.Task[None] | None = None


class Desk:
    """Lets images in, or says at once that it is busy, and has them done by threads or processes.

    `finished` is told of each image that was done. All of it runs in one event loop.
    """

    def __init__(self, settings: Settings, *, finished: Callable[[ImageReply], None] = lambda _reply: None) -> None:
        self._settings = settings
        self._finished = finished
        self._tickets: set[Ticket] = set()
        self._queues: dict[Hashable, deque[Ticket]] = {}
        self._slots = list(range(settings.max_workers))
        self._in_flight: Counter[Hashable] = Counter()
        self._bytes = 0
        self._mean_seconds = FIRST_GUESS_SECONDS
        self._pools: dict[bool, JobPool] = {}
        self._opening = asyncio.Lock()
        self.buckets = Buckets(settings, self._has_room)
        self.draining = False
        self.waiting = 0

    @property
    def under_way(self) -> int:
        """Images that hold a slot."""
        return self._settings.max_workers - len(self._slots)

    async def open(self) -> None:
        """Start the workers that every image needs."""
        await self._pool(self._settings.isolate)

    async def drain(self, seconds: float) -> bool:
        """Let nobody in any more; return whether what was let in is done within so many seconds. Others are told that it will not be."""
        self.draining = True
        await self._until_delivered(seconds)
        late = [ticket for ticket in self._tickets if not ticket.reply.done()]
        for ticket in late:
            ticket.reply.set_exception(self.shutting_down())
        await self._until_delivered(FAREWELL_SECONDS)
        return not late

    async def _until_delivered(self, seconds: float) -> None:
        """Wait until every reply was sent, at most so long."""
        until = time.monotonic() + seconds
        while self._tickets and time.monotonic() < until:
            await asyncio.sleep(0.02)

    async def close(self, patience: float = 0.0) -> bool:
        """End the workers; return whether nothing goes on."""
        self.draining = True
        closed = [await asyncio.to_thread(pool.close, patience) for pool in self._pools.values()]
        return all([*closed, self.buckets.close()])

    def admit(self, client: Hashable, jobs: Sequence[Job]) -> list[Ticket]:
        """Let images in, all of them or none: WireError `busy` with a time to retry, at once, or `unavailable`."""
        if self.draining:
            raise self.shutting_down()
        self._check_room(client, jobs)
        loop = asyncio.get_running_loop()
        tickets = [Ticket(job, client, index, loop.create_future()) for index, job in enumerate(jobs)]
        self._tickets.update(tickets)
        self._in_flight[client] += len(tickets)
        self._bytes += sum(len(job.image) for job in jobs)
        self.waiting += len(tickets)
        for ticket in tickets:
            if isinstance(ticket.job.image, BucketImage):
                ticket.fetch = loop.create_task(self.buckets.fetch(ticket.job.image))
                ticket.fetch.add_done_callback(partial(self._fetched, ticket))
            else:
                self._queues.setdefault(client, deque()).append(ticket)
        self._hand_out()
        return tickets

    def _fetched(self, ticket: Ticket, fetch: asyncio.Task[bytes]) -> None:
        """Queue a picture that was fetched; one that could not be is its own error, and one that was given up is forgotten."""
        ticket.fetch = None
        self.waiting -= 1
        if fetch.cancelled() or ticket not in self._tickets:
            return
        error = fetch.exception()
        if error is not None:
            said = str(error) if isinstance(error, GcsError) else one_line(error)
            self._tell(ticket, Found(False, said), None, time.perf_counter() - ticket.since)
            return
        ticket.job = replace(ticket.job, image=fetch.result())
        self._bytes += len(ticket.job.image)
        self.waiting += 1
        self._queues.setdefault(ticket.client, deque()).append(ticket)
        self._hand_out()

    def _has_room(self, size: int) -> bool:
        """Tell whether so many bytes of pictures more may be held."""
        return not self._bytes or self._bytes + size <= self._settings.max_queue_bytes

    def shutting_down(self) -> WireError:
        """Return the error of whoever asks now."""
        return WireError("unavailable", "The server is shutting down; ask again when it is back.", retry_after=BACK_IN_SECONDS)

    def release(self, tickets: Sequence[Ticket]) -> None:
        """Forget images whose replies were delivered, or which nobody waits for any more; what is not done is given up."""
        for ticket in tickets:
            self._give_up(ticket)
            self._tickets.discard(ticket)
            self._in_flight[ticket.client] -= 1
            self._bytes -= len(ticket.job.image)
            if not self._in_flight[ticket.client]:
                del self._in_flight[ticket.client]
        self._hand_out()

    def _check_room(self, client: Hashable, jobs: Sequence[Job]) -> None:
        settings = self._settings
        mine = self._in_flight[client]
        if mine + len(jobs) > settings.max_in_flight:
            raise self._busy(f"{mine} of your images are in flight, and {settings.max_in_flight} may be")
        if self.waiting + len(jobs) > settings.max_queue + len(self._slots):
            raise self._busy(f"{self.waiting} images are waiting, and {settings.max_queue} may")
        new = sum(len(job.image) for job in jobs)
        if not self._has_room(new):
            raise self._busy(f"the pictures in hand take {self._bytes / 1e6:.0f} MB")

    def _busy(self, why: str) -> WireError:
        ahead = (self.waiting + self.under_way + 1) / self._settings.compute_workers
        seconds = min(LATEST_RETRY, max(SOONEST_RETRY, ahead * self._mean_seconds))
        return WireError("busy", f"The server is busy: {why}; ask again in {seconds:.2g} s.", retry_after=round(seconds, 3))

    def _give_up(self, ticket: Ticket) -> None:
        queue = self._queues.get(ticket.client)
        if ticket.work is not None:
            ticket.work.cancel()
        elif ticket.fetch is not None:
            ticket.fetch.cancel()
        elif queue is not None and ticket in queue:
            queue.remove(ticket)
            self.waiting -= 1
            if not queue:
                del self._queues[ticket.client]
        if not ticket.reply.cancel() and not ticket.reply.cancelled():
            ticket.reply.exception()  # of a batch, only the first is told; asyncio would complain of the others

    def _hand_out(self) -> None:
        """Give free slots to waiting images, a client's in its order, clients in turn."""
        while self._slots and self._queues:
            client = next(iter(self._queues))
            queue = self._queues.pop(client)
            ticket = queue.popleft()
            if queue:
                self._queues[client] = queue  # at the end of the row
            self.waiting -= 1
            slot = heapq.heappop(self._slots)
            ticket.work = asyncio.get_running_loop().create_task(self._do(ticket, slot))
            ticket.work.add_done_callback(partial(self._free, slot))

    def _free(self, slot: int, _task: asyncio.Task[None]) -> None:
        heapq.heappush(self._slots, slot)
        self._hand_out()

    async def _do(self, ticket: Ticket, slot: int) -> None:
        start = time.perf_counter()
        try:
            found = await self._found(ticket.job)
        except asyncio.CancelledError:  # given up, and then nobody waits; or the pool was closed over it
            found = Found(False, "The server was shut down before the image was done.")
        spent = time.perf_counter() - start
        self._mean_seconds += MEMORY_OF_SECONDS * (found.seconds - self._mean_seconds)
        self._tell(ticket, found, slot, max(0.0, start - ticket.since + spent - found.seconds))

    def _tell(self, ticket: Ticket, found: Found, slot: int | None, waited_seconds: float) -> None:
        """Answer whoever waits for an image."""
        box = None if found.crop_box is None else (*found.crop_box,)
        reply = ImageReply(
            ticket.index,
            found.success,
            found.error,
            found.steps,
            box,
            found.width,
            found.height,
            slot,
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            found.seconds,
            waited_seconds,
            found.pictures,
        )
        self._finished(reply)
        if not ticket.reply.done():
            ticket.reply.set_result(reply)

    async def _found(self, job: Job) -> Found:
        """Have the job done; a worker that is lost is its error, after a second try where it did not overrun."""
        isolated = self._settings.isolate or job.isolated
        value: Any = None
        for _ in range(TRIES):
            try:
                value = await asyncio.wrap_future((await self._pool(isolated)).submit(job))
            except PoolError as error:
                self._pools.pop(isolated, None)  # the next image opens another
                return Found(False, str(error))
            if not isinstance(value, Lost) or value.timed_out:
                break
        if isinstance(value, Lost):
            return Found(False, f"The worker was lost: {value.reason}.")
        if isinstance(value, Raised):
            return Found(False, value.error)
        found: Found = value
        return found

    async def _pool(self, isolated: bool) -> JobPool:
        if isolated not in self._pools:
            async with self._opening:
                if isolated not in self._pools:
                    self._pools[isolated] = await asyncio.to_thread(self._open_pool, isolated)
        return self._pools[isolated]

    def _open_pool(self, isolated: bool) -> JobPool:
        work, workers = PictureWork(self._settings.max_pixels), self._settings.compute_workers
        if isolated:
            return ProcessJobs(work, workers=workers, timeout=self._settings.timeout)
        return ThreadJobs(work, workers=workers)
