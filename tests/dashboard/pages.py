"""Draws one page of the dashboard without a browser."""

import re
import time
from html import unescape

from streamlit.testing.v1 import AppTest


def _page(module, location):
    import importlib

    from ecgbench.dashboard.bench import open_bench
    from ecgbench.dashboard.boundary import told_in_a_sentence

    with told_in_a_sentence():
        importlib.import_module(f"ecgbench.dashboard.pages.{module}").render(open_bench(location))


def draw(module, location, address=None):
    """Draw a page over the store at `location`, its controls as `address` says, and return it."""
    page = AppTest.from_function(_page, args=(module, str(location)), default_timeout=60)
    for name, value in (address or {}).items():
        page.query_params[name] = value
    return page.run()


def copyables(page):
    """Return the texts of a page that a button copies."""
    found = (re.search("<pre>(.*)</pre>", each.proto.body, re.DOTALL) for each in page.get("html"))
    return [unescape(each[1]) for each in found if each]


def until(condition, seconds=90):
    """Wait until something holds, which takes a while on a busy machine."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
