"""Results written back to a bucket."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator
from pathlib import Path

from ecgbench.plugins.image_sets.gcs.service import check_installed, upload
from ecgbench.plugins.image_sets.gcs.stored import SCHEME, GcsError, read_address


def check_target(target: str) -> None:
    """Raise GcsError where nothing can be uploaded to "gs://bucket/prefix", as far as can be told without asking the service."""
    if not target.startswith(SCHEME):
        raise GcsError(f"{target[:200]!r} is no place to upload to; write gs://BUCKET/PREFIX.")
    read_address(target)
    check_installed()


def upload_files(files: Iterable[Path], target: str) -> Iterator[str]:
    """Write files below "gs://bucket/prefix", as a folder, under their own names; yield each address once it is written.

    What was there under that name is replaced. GcsError, one sentence, where one cannot be written; those before it stay.
    """
    check_target(target)
    bucket, prefix = read_address(target)
    folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    for file in files:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        yield upload(file.read_bytes(), bucket, folder + file.name, content_type=kind)
