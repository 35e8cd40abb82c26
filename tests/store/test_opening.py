import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.schema import CreateTable

from ecgbench.core.outcome import Environment, Outcome
from ecgbench.store import Run, Store, StoreError
from ecgbench.store.schema import VERSION, metadata

NOBODY = 65_534


def refused(location: str | Path, **options: bool) -> str:
    with pytest.raises(StoreError) as caught:
        Store(location, **options)  # type: ignore[arg-type]
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "does not exist; make it" in refused(tmp_path / "nowhere" / "s.db")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)


def test_a_store_that_is_only_read_is_not_made(tmp_path: Path) -> None:
    assert "There is no store at" in refused(tmp_path / "s.db", create=False)
    assert list(tmp_path.iterdir()) == []
    Store(tmp_path / "s.db").close()
    Store(tmp_path / "s.db", create=False).close()


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    picture.write_bytes(b"\x89PNG" + bytes(5000))
    before = picture.read_bytes()
    assert "is not a store of ecgbench, but some other file" in refused(picture)
    assert picture.read_bytes() == before


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE runs (id)")
        other.commit()
    before = path.read_bytes()
    assert "holds something else than a store of ecgbench" in refused(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("version", "way_out"), [(VERSION + 1, "upgrade ecgbench"), (VERSION - 1, "older ecgbench")])
def test_a_store_of_another_version_is_refused(tmp_path: Path, version: int, way_out: str) -> None:
    path = tmp_path / "s.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE ecgbench_store SET version = ?", [version])
        raw.commit()
    said = refused(path)
    assert f"has version {version} and this ecgbench reads version {VERSION}" in said
    assert way_out in said


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "s.db").touch()
    with Store(tmp_path / "s.db") as store:
        assert store.runs() == []


def test_a_file_cut_short_is_an_error_and_not_a_crash(tmp_path: Path, make_outcome: Callable[..., Outcome]) -> None:
    path = tmp_path / "s.db"
    with Store(path) as store:
        run = store.begin_run("r", plan={}, environment=Environment({}))
        store.add(run.id, [make_outcome(case=f"{index}.png") for index in range(2_000)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoreError, match="damaged|could not be used"), Store(path) as store:
        list(store.outcomes(run.id))


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that a user without rights may get at, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="ecgbench-store-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def plain_user() -> Iterator[None]:
    """Be a user whom file permissions bind: nobody, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_a_read_only_file_says_what_to_do(public_folder: Path) -> None:
    path = public_folder / "s.db"
    Store(path).close()
    public_folder.chmod(0o777)
    path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    with plain_user():
        assert "is read-only; copy it to a folder that you may write in" in refused(path)


def test_a_read_only_folder_says_what_to_do(public_folder: Path) -> None:
    path = public_folder / "s.db"
    Store(path).close()
    path.chmod(0o666)
    public_folder.chmod(0o555)
    with plain_user():
        assert "is read-only; copy it to a folder that you may write in" in refused(path)


def test_a_store_opens_by_path_and_by_url(tmp_path: Path) -> None:
    path = tmp_path / "a b?c=d#e.db"
    for location in (path, str(path), f"sqlite:///{tmp_path}/plain.db"):
        with Store(location) as store:
            assert store.runs() == []
    assert path.exists()
    assert (tmp_path / "plain.db").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://", "postgres|could not be used"),
        ("://x", "is not a database URL"),
        ("nonsense://host/db", "is not a kind of database that is known"),
    ],
)
def test_a_url_that_cannot_be_opened_is_one_sentence(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        Store(url)


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Store("postgresql://me:secret@127.0.0.1:1/db")
    assert "secret" not in str(caught.value)


def test_the_schema_is_what_was_measured(tmp_path: Path) -> None:
    Store(tmp_path / "ecgbench.db").close()
    with closing(sqlite3.connect(tmp_path / "ecgbench.db")) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        made = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        columns = (
            "SELECT group_concat(column.name) FROM pragma_index_list('cases') AS each, pragma_index_info(each.name) AS column"
        )
        indexes = raw.execute(f"{columns} GROUP BY each.name").fetchall()
    assert "PRIMARY KEY (column_id, case_id)\n)\n WITHOUT ROWID" in made["scores"].replace("\t", "")
    assert "WITHOUT ROWID" in made["outcomes"]
    assert indexes == [("name,identity",)]  # none that begins with a hash: each new case would write a page of its own


def test_every_table_can_be_made_in_postgresql() -> None:
    from sqlalchemy.dialects import postgresql

    made = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in metadata.sorted_tables]
    assert len(made) == 12
    assert not any("ROWID" in table for table in made)


def test_a_store_is_closed_when_left(tmp_path: Path, make_outcome: Callable[..., Outcome]) -> None:
    with Store(tmp_path / "s.db") as store:
        run: Run = store.begin_run("r", plan={}, environment=Environment({}))
        store.add(run.id, [make_outcome()])
        assert (tmp_path / "s.db-wal").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["s.db"]
    engine = create_engine(f"sqlite:///{tmp_path}/s.db")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()
