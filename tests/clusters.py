"""A PostgreSQL server of the tests' own, in a temporary folder."""

import os
import shutil
import subprocess
from itertools import count
from pathlib import Path

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


def binaries() -> Path | None:
    found = shutil.which("pg_ctl")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)
