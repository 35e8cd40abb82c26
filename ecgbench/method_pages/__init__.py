"""The documentation page of each method, written from its code, its docstring and measured runs."""

from ecgbench.method_pages.files import read_measured, read_swept, related, stale_pages, write_method_pages
from ecgbench.method_pages.measured import Measured, MeasuredByType, MeasuredPicture, MeasuredRow
from ecgbench.method_pages.page import SECTIONS, method_page
from ecgbench.method_pages.swept import Swept, SweptParameter, SweptScore, SweptValue

__all__ = [
    "SECTIONS", "Measured", "MeasuredByType", "MeasuredPicture", "MeasuredRow", "Swept", "SweptParameter", "SweptScore", "SweptValue",
    "method_page", "read_measured", "read_swept", "related", "stale_pages", "write_method_pages",
]  # fmt: skip
