"""What tests in several rooms need and is dear to make: misbehaving methods, a PostgreSQL server, and Google Cloud Storage with faults on demand."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecgbench.registry import Registry
from faults.buckets import BucketService, bucket_service
from tests import misbehaving_plugin
from tests.clusters import NOBODY, Cluster, binaries


@pytest.fixture
def registry() -> Registry:
    """What is built in, and methods that misbehave."""
    registry = Registry.load()
    registry.register(misbehaving_plugin, origin="misbehaving 1.0")
    return registry


@pytest.fixture(scope="session")
def _bucket_service() -> Iterator[BucketService]:
    pytest.importorskip("gcp_storage_emulator", reason="gcp-storage-emulator is not installed; pip install gcp-storage-emulator")
    pytest.importorskip(
        "google.cloud.storage", reason="google-cloud-storage is not installed; pip install 'ecg-image-bench[gcs]'"
    )
    with bucket_service() as service:
        yield service


@pytest.fixture
def gcs(_bucket_service: BucketService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketService]:
    """An empty Google Cloud Storage that child processes find too, and an empty cache in the test's folder."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", _bucket_service.url)
    monkeypatch.setenv("ECGBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("ECGBENCH_CACHE_SIZE", raising=False)
    _bucket_service.storage.wipe()
    _bucket_service.faults.clear()
    _bucket_service.asked.clear()
    yield _bucket_service
    _bucket_service.faults.clear()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server for this session; skips where its programs, its driver or a user that it takes are missing."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'ecg-image-bench[postgres]'")
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed; on Debian: apt-get install postgresql")
    if os.geteuid() == 0:
        try:
            pwd.getpwuid(NOBODY)
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user nobody to run it as")
    folder = Path(tempfile.mkdtemp(prefix="ecgbench-pg-"))  # short: the path of a socket has 107 letters at most
    try:
        cluster = Cluster(programs, folder)
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
