"""What commands share about Google Cloud Storage: where downloads are kept, and writing results back."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ecgbench.store import Run, Store

CacheDir = Annotated[
    Path | None,
    typer.Option(
        "--cache-dir", envvar="ECGBENCH_CACHE_DIR", help="Where pictures of gs:// are kept; default: ~/.cache/ecgbench/gcs."
    ),
]
CacheSize = Annotated[
    str | None,
    typer.Option("--cache-size", envvar="ECGBENCH_CACHE_SIZE", help="What they may take there: 10GB, or 0 for nothing."),
]
Upload = Annotated[str | None, typer.Option("--upload", metavar="gs://BUCKET/PREFIX", help="Write the results there too.")]
UPLOADED = ("csv", "json", "html")  # of a run


class UploadError(RuntimeError):
    """Results that could not be written back; the message says where they are kept, and how to try again."""


def use_cache(directory: Path | None, size: str | None) -> None:
    """Have what opens pictures keep them there, in this process and in those that it starts."""
    if directory is not None:
        os.environ["ECGBENCH_CACHE_DIR"] = str(directory.expanduser().absolute())
    if size is not None:
        from ecgbench.plugins.image_sets.gcs.cache import read_size

        read_size(size)
        os.environ["ECGBENCH_CACHE_SIZE"] = size


def check_upload(target: str | None) -> None:
    """Raise GcsError before hours of work, where nothing can be uploaded there."""
    if target is not None:
        from ecgbench.plugins.image_sets.gcs.results import check_target

        check_target(target)


def upload_run(store: Store, run: Run, target: str, location: str) -> None:
    """Write a run's table, JSON and report to a bucket. UploadError where that fails: the run stays in the store at `location`."""
    from ecgbench.report import export

    with TemporaryDirectory(prefix="ecgbench-upload-") as folder:
        files = [Path(folder) / f"{run.name}.{format_}" for format_ in UPLOADED]
        for file in files:
            export(store, run, file.suffix.lstrip("."), file)
        kept = f"The run {run.name} is kept in {location}"
        upload_files(files, target, kept, f"ecgbench export {shlex.quote(run.name)} --format html --upload {shlex.quote(target)}")


def upload_files(files: Iterable[Path], target: str, kept: str, again: str) -> None:
    """Write files to a bucket and tell where they are; UploadError says what is `kept`, and with which command to try `again`."""
    from ecgbench.plugins.image_sets.gcs import results
    from ecgbench.plugins.image_sets.gcs.stored import GcsError

    try:
        for address in results.upload_files(files, target):
            typer.echo(f"uploaded: {address}", err=True)
    except GcsError as error:
        raise UploadError(f"{error} {kept}; upload it again with `{again}`.") from None
