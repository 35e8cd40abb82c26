"""Pages of the dashboard to break, drawn without a browser."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from faults.runs import PATIENCE_S
from faults.suite import NotTried, require

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

SCRIPT = """
from ecgbench.dashboard.app import draw
from ecgbench.dashboard.pages import PAGES
draw(next(entry for entry in PAGES if entry.module == {module!r}), {store!r})
"""


def open_pages(store: Path) -> dict[str, AppTest]:
    """Open every page over a store, by the name of its module; each is drawn when it is asked for by `told`."""
    if find_spec("streamlit") is None:
        raise NotTried("streamlit is not installed: pip install 'ecg-image-bench[dashboard]'.")
    from streamlit.testing.v1 import AppTest

    from ecgbench.dashboard.pages import PAGES

    sources = {entry.module: SCRIPT.format(module=entry.module, store=str(store)) for entry in PAGES}
    return {module: AppTest.from_string(source, default_timeout=PATIENCE_S) for module, source in sources.items()}


def said(page: AppTest) -> str:
    """Return every sentence on a page that was drawn, in one text."""
    kinds = (
        page.title,
        page.header,
        page.subheader,
        page.markdown,
        page.caption,
        page.info,
        page.warning,
        page.error,
        page.success,
    )
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def told(page: AppTest) -> str:
    """Draw a page, again where it was drawn before, and return what it says; a traceback, and what is said to be our fault, breaks the case."""
    text = said(page.run())
    require(not page.exception and "could not be drawn" not in text, f"a page broke: {page.exception or text[-300:]}")
    return text


def all_told(pages: dict[str, AppTest], expected: Callable[[str, str], bool], what: str) -> None:
    """Draw every page, and require what is expected of a page's name and of what it says."""
    for module, page in pages.items():
        text = told(page)
        require(expected(module, text), f"the page {module} does not say {what}: {text[-300:]}")
