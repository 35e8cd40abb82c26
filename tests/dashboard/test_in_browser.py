"""The dashboard in a real browser: a point is picked, a line wiped, an address shared, a run watched, and nobody outside is asked."""

import pytest

from ecgbench.core.outcome import Environment
from ecgbench.store import Store

from .conftest import outcomes_over
from .pages import until


def picked_a_point(page):
    """Click a point, and return whether the address says so soon: a chart that was just drawn does not listen yet."""
    page.locator("svg .mark-symbol path[aria-label*='method: hsv']").first.click()
    page.wait_for_timeout(2_000)
    return "pick=" in page.url


def test_a_picked_point_filters_the_table_and_stands_in_the_address(page, address):
    page.goto(f"{address}/?run=before")
    page.locator("svg .mark-symbol path[aria-label*='method: hsv']").first.wait_for()
    until(lambda: picked_a_point(page))
    picked = page.locator("[data-testid=stMultiSelect]", has_text="hsv").filter(has_not_text="lab")
    picked.wait_for()
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    picked.wait_for()
    assert "run=before" in page.url and "pick=hsv" in page.url


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


def test_the_sentence_of_a_comparison_is_copied_by_a_button(page, address):
    page.context.grant_permissions(["clipboard-read"])
    page.goto(f"{address}/compare?run=before")
    page.get_by_role("button", name="Copy", exact=True).press("Enter")
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("On 2 pictures of 2 records color.lab has trace_f1_1px 0.750")


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
