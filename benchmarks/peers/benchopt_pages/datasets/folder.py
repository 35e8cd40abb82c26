"""benchopt's data sets: one a page. A path travels, so that no page is decoded in benchopt's own process, which asks for the data of each too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchopt import BaseDataset
from job import Job

PAGES = Job.from_environment().pages


class Dataset(BaseDataset):
    """A page of the job's folder."""

    name = "folder"
    parameters = {"page": [path.name for path in Job.from_environment().paths()]}  # noqa: RUF012 - benchopt's own way

    page: str

    def get_data(self) -> dict[str, Any]:
        return {"path": Path(PAGES, self.page)}
