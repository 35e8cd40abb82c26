"""Pictures in Google Cloud Storage: `gs://bucket/prefix` as an image set, `gs://bucket/name.png` as a page, and results written back.

`stored.py` has objects as values, `service.py` is the only file that imports google.cloud, `cache.py` keeps downloads, `picture.py` fetches
and decodes, `beside.py` reads truth, `images.py` lists cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecgbench.core.image_set import ImageSetOpener
from ecgbench.core.page import Page
from ecgbench.core.transformer import hookimpl
from ecgbench.plugins.image_sets.gcs.cache import cache_of_environment
from ecgbench.plugins.image_sets.gcs.images import open_bucket
from ecgbench.plugins.image_sets.gcs.picture import GcsAddress
from ecgbench.plugins.image_sets.gcs.stored import SCHEME

GCS = ImageSetOpener(
    "gcs",
    "gs://bucket/prefix",
    "Pictures in Google Cloud Storage, below a prefix or one alone, with the truth beside them as in folders; kept in a cache.",
    open_bucket,
)


@hookimpl
def ecgbench_image_sets() -> Iterable[ImageSetOpener]:
    """Offer buckets."""
    return (GCS,)


@hookimpl
def ecgbench_open_page(source: Any) -> Page | None:
    """Open one picture in a bucket by its address."""
    if not isinstance(source, str) or not source.startswith(SCHEME):
        return None
    return GcsAddress(source, cache_of_environment()).make_page()
