"""Commands of ecgbench in the background: processes of their own, found again by name after a page was reloaded or the app started anew."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import make_url

from ecgbench.core.interpreter import python_command
from ecgbench.default_store import STORE_VARIABLE

STEM = 80  # characters of a job's name that its files bear, before what tells it from others
TAIL_BYTES = 16_384  # of what a job wrote on stderr: its last words are what a reader wants


class BackgroundError(Exception):
    """A command that cannot be started; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Job:
    """A command that goes on in the background, or did: `folder` keeps what it writes, in files that bear its name.

    Whether it goes on is told by a lock that its process holds: it goes with the process, however that ends, and no number that the system
    gives to another process later can be taken for it.
    """

    folder: Path
    name: str

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        try:
            with self._file("lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # there is no such job, or no such folder
            return False
        return False

    @property
    def begun(self) -> bool:
        """Whether it was ever started here."""
        return self._file("lock").is_file()

    @property
    def out(self) -> str:
        """What it wrote on stdout so far."""
        return _read(self._file("out"))

    @property
    def said(self) -> str:
        """The last lines that it wrote on stderr, without those that only tell of progress."""
        lines = _read(self._file("err"), TAIL_BYTES).splitlines()
        return "\n".join(line for line in lines if line.strip() and " cells: " not in line)

    def start(self, words: Sequence[str], *, store: str | None = None) -> None:
        """Start `ecgbench WORDS...` as this job; raise BackgroundError where it goes on already or nothing can be written.

        The store is told in its environment, since a database's address may hold a password, and everybody sees command lines.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._file("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BackgroundError(
                f"The folder {self.folder} cannot be written in ({error.strerror}); give it to yourself."
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
                process = subprocess.Popen(
                    [*python_command(), "-m", "ecgbench", *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                    pass_fds=[lock], start_new_session=True, env=os.environ | ({STORE_VARIABLE: store} if store else {}),
                )  # fmt: skip
        except BlockingIOError:
            raise BackgroundError(f"{self.name} goes on already; wait until it ends, or stop it.") from None
        finally:
            os.close(lock)  # the process holds it now
        threading.Thread(target=process.wait, name=f"ecgbench-{process.pid}", daemon=True).start()  # or it would stay as a zombie

    def _file(self, kind: str) -> Path:
        digest = hashlib.blake2b(self.name.encode(errors="surrogatepass"), digest_size=6).hexdigest()
        plain = quote(self.name, safe=" ", errors="replace")[:STEM]
        return self.folder / f"{plain}-{digest}.{kind}"


def job_folder(store: str) -> Path:
    """Return where jobs over a store keep what they write: beside the file, or in the current folder where it is a server's.

    >>> str(job_folder("scans/ecgbench.db")), str(job_folder("postgresql://bench@team/ecg"))
    ('scans/ecgbench.db.jobs', 'ecgbench.jobs')
    """
    return Path("ecgbench.jobs") if "://" in store else Path(f"{store}.jobs")


def told_location(store: str) -> str:
    """Return where a store is, for people: a database's address without its password.

    >>> told_location("postgresql://bench:secret@team/ecg")
    'postgresql://bench:***@team/ecg'
    """
    return make_url(store).render_as_string(hide_password=True) if "://" in store else store


def _read(path: Path, tail: int | None = None) -> str:
    try:
        with path.open("rb") as file:
            if tail is not None:
                file.seek(max(0, path.stat().st_size - tail))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
