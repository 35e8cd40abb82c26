"""The dashboard in a real browser: a point is picked, a line wiped, an address shared, a run watched, and nobody outside is asked."""

import time

import cv2
import numpy as np
import pytest

from ecgbench.core.outcome import Environment
from ecgbench.store import Store

from .conftest import SOON, outcomes_over

BLUE = np.array([178, 114, 0])  # BGR of theme.BETTER


def a_point_on_the_front(chart) -> dict[str, float]:
    """Find a point of the Pareto front, the only thing in its blue, in a drawn chart."""
    until = time.monotonic() + SOON / 1000
    while time.monotonic() < until:
        pixels = cv2.imdecode(np.frombuffer(chart.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        y, x = np.nonzero(np.abs(pixels.astype(int) - BLUE).max(axis=2) < 40)
        if y.size:
            return {"x": float(x[y.size // 2]), "y": float(y[y.size // 2])}
        time.sleep(0.2)
    raise AssertionError("no point of the front was drawn")


def test_a_picked_point_filters_the_table_and_stands_in_the_address(page, address):
    page.goto(f"{address}/?run=before")
    chart = page.locator("[data-testid=stVegaLiteChart]").nth(1)
    chart.wait_for()
    chart.click(position=a_point_on_the_front(chart))
    page.wait_for_url("**pick=*")
    picked = page.locator("[data-testid=stMultiSelect] [data-baseweb=tag]")
    assert picked.count() == 1
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    picked.first.wait_for()
    assert picked.count() == 1 and "run=before" in page.url


def test_a_line_is_wiped_between_two_methods_by_keyboard_and_pointer(page, address):
    page.goto(f"{address}/compare?run=before&view=Wipe")
    frame = page.frame_locator("iframe[srcdoc]")
    slide = frame.locator("input[type=range]")
    slide.wait_for()
    slide.focus()
    for _ in range(4):
        slide.press("ArrowRight")
    assert frame.locator(".wipe").get_attribute("style") == "--at: 52%;"
    width = frame.locator(".wipe").bounding_box()["width"]
    frame.locator(".wipe").click(position={"x": 0.25 * width, "y": 20})
    assert frame.locator(".wipe").evaluate("each => parseFloat(each.style.getPropertyValue('--at'))") == pytest.approx(25, abs=1)
    assert page.locator("text=On 2 pictures of 2 records").count() == 1


def test_a_run_of_another_process_is_seen_while_it_goes_on(page, address, filled, pages):
    page.goto(f"{address}/")
    page.locator("[data-testid=stDataFrame]").first.wait_for()
    with Store(filled) as store:
        run = store.begin_run("elsewhere", plan={}, environment=Environment({}))
        store.add(run.id, outcomes_over(pages, 0.0))
        page.goto(f"{address}/?run=elsewhere")
        page.locator("text=This run goes on").wait_for()
        store.finish_run(run.id)
        page.locator("text=This run goes on").wait_for(state="detached")
