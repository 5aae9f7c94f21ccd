"""The browser that `lathe up` opens, and one that follows the link from elsewhere, are signed in at once."""

from pathlib import Path

from playwright.sync_api import Page, expect

from backend.browser import write
from tests.e2e.lathe import Lathe


def test_the_file_that_leads_to_the_page_signs_in(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    page.goto(write(lathe.link, tmp_path).as_uri())
    expect(page).to_have_url(f"{lathe.url}/")
    expect(page.get_by_role("link", name="New experiment").first).to_be_visible()
