"""Tables fit their cards at the default widths; where one cannot, it scrolls and shows that it does."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.curve import open_signed_in
from tests.e2e.lathe import Lathe
from tests.e2e.specs import pipeline

# What sticks out of its card: of each box whose content is wider than itself, whether it can be scrolled and shows it.
STICKING_OUT = """() => [...document.querySelectorAll("main table")].flatMap((table) => {
  const card = table.closest(".mantine-Paper-root") ?? table.parentElement;
  const holder = table.closest(".mantine-TableScrollContainer-scrollContainer") ?? table.parentElement;
  const wide = holder.scrollWidth > holder.clientWidth;
  const hinted = getComputedStyle(holder).overflowX === "auto" && getComputedStyle(holder).backgroundImage.includes("gradient");
  const outside = holder.getBoundingClientRect().right > card.getBoundingClientRect().right + 0.5;
  const name = table.ariaLabel ?? table.caption?.innerText ?? table.tHead?.innerText.slice(0, 40);
  return outside || (wide && !hinted) ? [name] : [];
})"""


@pytest.fixture(scope="module")
def measured(lathe: Lathe) -> list[str]:
    """Runs that have all columns filled, one of them with a long name."""
    runs = lathe.submit(pipeline("A name that says at length what is tried " * 3, epochs=1), seeds=[0, 1])
    for run_id in runs:
        lathe.wait_for(run_id, "succeeded")
    return runs


@pytest.mark.parametrize("width", [390, 1280, 1440, 1920])
def test_no_table_sticks_out(page: Page, lathe: Lathe, measured: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_signed_in(page, lathe)
    compared = f"/compare?runs={','.join(measured)}"
    for path in [
        "/",
        f"/runs/{measured[0]}",
        f"/runs/{measured[0]}?tab=files",
        compared,
        "/tradeoffs",
        "/studies",
        "/data",
    ]:
        page.goto(lathe.url + path)
        expect(page.get_by_role("heading", level=1).first).to_be_attached()
        page.wait_for_load_state("networkidle") if path == "/data" else expect(
            page.locator("main")
        ).not_to_contain_text("Loading the")
        assert page.evaluate(STICKING_OUT) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            f"{path} is wider than the screen"
        )


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_the_menu_of_a_run_is_in_sight(page: Page, lathe: Lathe, measured: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_signed_in(page, lathe)
    menu = page.get_by_role("row").filter(has=page.get_by_role("link")).first.get_by_role("button", name="Actions for")
    box, card = (
        menu.bounding_box(),
        page.get_by_role("table").locator("xpath=ancestor::*[contains(@class,'Paper')][1]").bounding_box(),
    )
    assert box and card and box["x"] + box["width"] <= card["x"] + card["width"]
