"""What /metrics tells: requests, images, seconds, and what is in hand, in Prometheus' text format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ecgbench.wire import ImageReply

if TYPE_CHECKING:
    from ecgbench.ws_server.desk import Desk

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds: a JPEG with one method to the slowest page


class Metrics:
    """The counts of one server."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "ecgbench_requests",
            "Requests by door, type and code of the answer.",
            ["door", "type", "code"],
            registry=self._registry,
        )
        self.images = Counter("ecgbench_images", "Images done, by success.", ["success"], registry=self._registry)
        self.seconds = Histogram(
            "ecgbench_image_seconds", "Seconds of an image's work.", buckets=BUCKETS, registry=self._registry
        )
        self.waited = Histogram(
            "ecgbench_image_waited_seconds", "Seconds that an image waited.", buckets=BUCKETS, registry=self._registry
        )
        self.connections = Gauge("ecgbench_websockets", "WebSocket connections that are open.", registry=self._registry)

    def watch(self, desk: Desk) -> None:
        """Tell of a desk's queue and slots whenever somebody asks."""
        waiting = Gauge("ecgbench_images_waiting", "Images that wait for a job slot.", registry=self._registry)
        waiting.set_function(lambda: desk.waiting)
        under_way = Gauge("ecgbench_images_under_way", "Images that hold a job slot.", registry=self._registry)
        under_way.set_function(lambda: desk.under_way)

    def image_done(self, reply: ImageReply) -> None:
        """Count an image."""
        self.images.labels(str(reply.success).lower()).inc()
        self.seconds.observe(reply.seconds)
        self.waited.observe(reply.waited_seconds)

    def text(self) -> bytes:
        """Return all counts."""
        return generate_latest(self._registry)
