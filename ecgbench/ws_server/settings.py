"""What a server may be told, with the limits that hold from the first day."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecgbench.workers import usable_cores

MIB = 2**20


class SettingsError(ValueError):
    """A setting that makes no sense; the message says which."""


@dataclass(frozen=True)
class Settings:
    """The settings of a server; docs/server.md tells what each limit is for."""

    max_workers: int = 10  # job slots; the compute workers under them are as many as cores
    port: int = 8765
    host: str = "127.0.0.1"
    token: str | None = field(default=None, repr=False)  # so that no log shows it
    allow_origins: tuple[str, ...] = ()
    isolate: bool = False
    timeout: float = 30.0  # of an image's work in a worker process; the slowest methods take 3 s on the largest pages
    max_batch: int = 10
    max_queue: int = 256
    max_queue_bytes: int = 256 * MIB  # encoded pictures in memory; with pages of 1 MB the number of images is the tighter bound
    max_in_flight: int = 32
    max_message_bytes: int = 64 * MIB  # ten phone photos of 4.5 MB in base64
    max_pixels: int = 50_000_000  # A4 at 600 dpi is 35 million; 50 take 150 MB as BGR
    gcs_buckets: tuple[str, ...] = ()  # that requests may read, with this server's credentials; none unless somebody says so
    gcs_seconds: float = 10.0  # from a picture's admission until it was fetched
    head_seconds: float = 10.0  # to send a request's head, and of silence within its body
    drain_seconds: float = (
        4.0  # for what was accepted, after SIGTERM; all of the end takes up to 3 more, and hosted platforms kill after 10
    )

    def __post_init__(self) -> None:
        for name in ("max_workers", "max_batch", "max_in_flight", "max_message_bytes", "max_pixels"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("timeout", "head_seconds", "gcs_seconds"):
            if getattr(self, name) <= 0:
                raise SettingsError(f"{name} must be more than 0 seconds, got {getattr(self, name)}.")
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"A port lies in 0..65535, got {self.port}.")
        if self.token is not None and not self.token:
            raise SettingsError("The token is empty; leave it out to let everybody in.")

    @property
    def compute_workers(self) -> int:
        """Threads or processes that compute: more than cores would only wait for each other."""
        return min(self.max_workers, usable_cores())
