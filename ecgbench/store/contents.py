"""Content ids of files that were read before, so that an unchanged file need not be read again to be known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Dialect, select

from ecgbench.store.bulk import driver_sql, upsert
from ecgbench.store.ids import chunks
from ecgbench.store.records import FileState
from ecgbench.store.schema import contents
from ecgbench.store.text import to_text


def content_ids(connection: Connection, files: Sequence[FileState]) -> list[str | None]:
    """Return the content id of each file, None where it is not known or size or time have changed since."""
    found: dict[tuple[str, int, int], str] = {}
    for chunk in chunks(files):
        paths = [to_text(path) for path, _, _ in chunk]
        for row in connection.execute(select(contents).where(contents.c.path.in_(paths))):
            found[row.path, row.size, row.mtime_ns] = row.content_id
    return [found.get((to_text(path) or "", size, mtime_ns)) for path, size, mtime_ns in files]


def remember(connection: Connection, dialect: Dialect, files: Iterable[tuple[FileState, str]]) -> None:
    """Keep the content id of each file as it is now."""
    rows = [(to_text(path) or "", size, mtime_ns, content_id) for (path, size, mtime_ns), content_id in files]
    rows.sort()  # two who write the same files in orders of their own would wait for each other
    if rows:
        statement = upsert(contents, dialect, keys=["path"], replace=["size", "mtime_ns", "content_id"])
        connection.exec_driver_sql(driver_sql(statement, dialect), rows)
