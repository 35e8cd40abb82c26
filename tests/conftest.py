"""What many tests need and is dear to make: a PostgreSQL server of their own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

NOBODY = 65_534  # PostgreSQL refuses to be run by root


class Cluster:
    """A private PostgreSQL server on a socket in a temporary folder."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._user = NOBODY if os.geteuid() == 0 else None
        self._schemas = count()
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self._call("initdb", "--auth=trust", "--username=ecgbench", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self) -> None:
        # No port is listened on, and no test outlives a power cut.
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c max_connections=40"
        self._call("pg_ctl", "--wait", f"--log={self._folder}/log", f"--options={options}", "start")

    def stop(self, mode: str = "immediate") -> None:
        self._call("pg_ctl", "--wait", f"--mode={mode}", "stop")

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(f"postgresql://ecgbench@/postgres?host={self._folder}", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_store(self) -> str:
        """Return the URL of an empty place for a store: a schema, which is made in a hundredth of a database's time."""
        schema = f"store_{next(self._schemas)}"
        self.sql(f"CREATE SCHEMA {schema}")
        return f"postgresql://ecgbench@/postgres?host={self._folder}&options=-csearch_path%3D{schema}"

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), f"--pgdata={self._folder}/data", *arguments]
        as_user = {"user": self._user, "group": self._user, "extra_groups": []} if self._user is not None else {}
        # Its output goes to a file: the server would inherit a pipe and keep it open.
        with (self._folder / "said").open("w") as said:
            done = subprocess.run(command, cwd=self._folder, stdout=said, stderr=said, check=False, timeout=60, **as_user)
        if done.returncode:
            raise RuntimeError(f"{program}: {(self._folder / 'said').read_text()}")


def _binaries() -> Path | None:
    found = shutil.which("pg_ctl")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server for this session; skips where its programs, its driver or a user that it takes are missing."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'ecg-image-bench[postgres]'")
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's programs are not installed; on Debian: apt-get install postgresql")
    if os.geteuid() == 0:
        try:
            pwd.getpwuid(NOBODY)
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user nobody to run it as")
    folder = Path(tempfile.mkdtemp(prefix="ecgbench-pg-"))  # short: the path of a socket has 107 letters at most
    try:
        cluster = Cluster(binaries, folder)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be made: in a file, and in a server."""
    if request.param == "sqlite":
        return str(tmp_path / "ecgbench.db")
    make: Callable[[], str] = request.getfixturevalue("postgresql").new_store
    return make()
