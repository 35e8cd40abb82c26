"""A folder of downloaded objects that keeps below a size, for any number of processes at once."""

# Paths stay text: a cache may hold 100,000 files, and each look at one is a call.
# ruff: noqa: PTH105, PTH108, PTH118, PTH123

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecgbench.plugins.image_sets.gcs.service import crc32c
from ecgbench.plugins.image_sets.gcs.stored import GcsError, StoredObject

DIRECTORY_VARIABLE, SIZE_VARIABLE = "ECGBENCH_CACHE_DIR", "ECGBENCH_CACHE_SIZE"
DEFAULT_SIZE = "10GB"  # 8,000 scans of 1.2 MB
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
# A process looks at all that is there once it has added a 64th, and then clears down to 7/8: eight processes keep below the size.
ADDED_SHARE, KEPT_SHARE = 1 / 64, 7 / 8
LOCKS = 256  # files that downloads wait at; two objects that share one only wait for each other
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")

log = logging.getLogger("ecgbench.gcs")
_added: dict[str, float] = {}  # bytes that this process put into each folder since it last looked at all of it


@dataclass(frozen=True)
class Cache:
    """Keeps objects in `directory`, by bucket, name and generation, at most `max_bytes` of them; those not used for longest go first."""

    directory: str
    max_bytes: int

    def path(self, stored: StoredObject) -> str:
        """Return where an object is kept, whether it is or not."""
        key = hashlib.sha256(f"{stored}#{stored.generation}".encode("utf-8", "surrogateescape")).hexdigest()[:40]
        suffix = os.path.splitext(stored.file_name)[1]  # noqa: PTH122
        return os.path.join(self.directory, key[:2], key + (suffix if _SUFFIX.fullmatch(suffix) else ""))

    def read(self, stored: StoredObject) -> bytes | None:
        """Return the bytes of an object, None where they are not kept, or are not what they were: such a file is taken away."""
        path = self.path(stored)
        try:
            with open(path, "rb") as file:
                data = file.read()
            if len(data) != stored.size or crc32c(data) != stored.crc32c:
                os.unlink(path)
                return None
            os.utime(path)  # used just now
        except OSError:
            return None
        return data

    def keep(self, stored: StoredObject, data: bytes) -> None:
        """Put an object in place whole, and clear away what has become too much; where the disk does not take it, that is logged."""
        if len(data) > self.max_bytes * KEPT_SHARE:
            return
        path = self.path(stored)
        part = os.path.join(self.directory, f".{os.path.basename(path)}.{os.getpid()}.part")  # noqa: PTH119
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
            with open(part, "wb") as file:
                file.write(data)
            os.replace(part, path)
            self._bound(len(data))
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(part)
            log.warning(
                "The cache %s does not take %s (%s); pictures are downloaded each time.", self.directory, stored, error.strerror
            )

    @contextlib.contextmanager
    def alone(self, stored: StoredObject) -> Iterator[None]:
        """Let one process or thread at a time bring an object; who waited for another one that failed fails with its sentence."""
        path = self.path(stored)
        key = os.path.basename(path)  # noqa: PTH119
        try:
            os.makedirs(os.path.join(self.directory, "locks"), exist_ok=True)  # noqa: PTH103
            lock = os.open(
                os.path.join(self.directory, "locks", f"{int(key[:4], 16) % LOCKS:02x}"), os.O_RDWR | os.O_CREAT, 0o666
            )
        except OSError as error:
            raise GcsError(
                f"The cache folder {self.directory} cannot be used ({error.strerror}); name another one with --cache-dir "
                f"or {DIRECTORY_VARIABLE}."
            ) from None
        try:
            if _waited(lock):
                failed, _, sentence = os.pread(lock, 4096, 0).decode("utf-8", "replace").partition("\n")
                if failed == key:
                    raise GcsError(sentence)
            os.ftruncate(lock, 0)
            try:
                yield
            except GcsError as error:
                os.pwrite(lock, f"{key}\n{error}".encode("utf-8", "replace")[:4096], 0)
                raise
        finally:
            os.close(lock)  # and with it the lock

    def _bound(self, size: int) -> None:
        added = _added.get(self.directory, self.max_bytes) + size  # the first time, look
        _added[self.directory] = added
        if added > self.max_bytes * ADDED_SHARE:
            _added[self.directory] = 0.0
            self.clear_to(int(self.max_bytes * KEPT_SHARE))

    def clear_to(self, size: int) -> None:
        """Take away files, those not used for longest first, until no more than `size` bytes are left."""
        found = sorted(self._files(), reverse=True)
        kept = 0
        for _used, length, path in found:
            kept += length
            if kept > size:
                with contextlib.suppress(OSError):  # another process was faster
                    os.unlink(path)

    def _files(self) -> Iterator[tuple[int, int, str]]:
        """Yield when each file was last used, its size and its path; what a killed process left half-written among them."""
        for folder in (self.directory, *(os.path.join(self.directory, f"{number:02x}") for number in range(256))):
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.is_file():
                            stat = entry.stat()
                            yield stat.st_mtime_ns, stat.st_size, entry.path
            except OSError:
                continue


def _waited(lock: int) -> bool:
    """Take a lock; tell whether another had it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return True
    return False


def cache_of_environment() -> Cache | None:
    """Return the cache that the environment names, by default below the user's cache folder; None where its size is 0.

    An opener is given a spec and nothing else: so the doors' options come here by the environment, as they do in their child processes.
    """
    size = read_size(os.environ.get(SIZE_VARIABLE) or DEFAULT_SIZE)
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if not directory:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        directory = os.path.join(base, "ecgbench", "gcs")
    return Cache(str(Path(directory).expanduser().absolute()), size) if size else None


def read_size(text: str) -> int:
    """Return bytes of "10GB", "500MB" or "0"; GcsError for anything else.

    >>> read_size("1.5GB"), read_size("0")
    (1500000000, 0)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(KB|MB|GB|TB)?\s*", text, re.IGNORECASE)
    if found is None or (found[2] is None and float(found[1])):
        raise GcsError(f"A size of the cache is written 10GB, 500MB or 0 for none, got {text[:40]!r}.")
    return int(float(found[1]) * UNITS[(found[2] or "KB").upper()])
