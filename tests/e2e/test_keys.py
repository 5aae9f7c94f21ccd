"""By keyboard alone: the palette that finds and does things, the sheet of shortcuts, and the search field."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.curve import open_signed_in
from tests.e2e.lathe import Lathe
from tests.e2e.specs import alone


def test_everything_is_found_and_done_by_keyboard(page: Page, lathe: Lathe) -> None:
    (run_id,) = lathe.submit(alone("Needle in the hay", "mlp", epochs=1))
    lathe.wait_for(run_id)
    open_signed_in(page, lathe)
    search = page.get_by_role("searchbox", name="Search runs by name")
    expect(search).to_be_visible()
    palette = page.get_by_role("dialog", name="Find or do anything")
    field = palette.get_by_role("combobox")
    first = palette.get_by_role("option").first

    # The search field takes "/" and gives the focus back; a run is found by scattered letters from within the field.
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("/?")
    expect(search).to_have_value("/?")
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("ndlhay")
    expect(first).to_contain_text("Needle in the hay")
    expect(field).to_have_attribute("aria-activedescendant", first.get_attribute("id") or "")
    page.keyboard.press("Escape")
    expect(palette).to_have_count(0)
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).not_to_be_focused()

    # A page, by the arrow keys.
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("stud")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{lathe.url}/studies")
    expect(page.get_by_role("heading", name="Studies", exact=True)).to_be_visible()

    # The sheet tells what works here: there is nothing to search on this page.
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Show these shortcuts")
    expect(sheet).not_to_contain_text("Search on this page")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)

    # The run by how its id begins, and what its page lets one do.
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type(run_id[:13])
    expect(first).to_contain_text("Needle in the hay")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{lathe.url}/runs/{run_id}")
    expect(page.get_by_role("link", name="Tune this run")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    expect(first).to_contain_text("Clone")
    page.keyboard.type("report")
    expect(first).to_contain_text("Download the report")
    with page.expect_download() as kept:
        page.keyboard.press("Enter")
    assert kept.value.suggested_filename == "Needle in the hay.html"
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("tune this")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/studies/new\?run={run_id}"))

    # A technique, at its place in the catalog.
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("optimizers adamw")
    expect(first).to_contain_text("adamw")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="optimizers adamw")).to_be_focused()
