"""The way between page and server fails, loses what it carries, or the pages are rebuilt: the page says so and heals."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.client.proxy import Proxy
from tests.e2e.curve import drawn, open_signed_in, stored, wait_for_step
from tests.e2e.lathe import Lathe
from tests.e2e.specs import alone, long
from tests.processes.forking import ROOT

INDEX = ROOT / "backend" / "static" / "index.html"


@pytest.fixture
def proxy(lathe: Lathe) -> Iterator[Proxy]:
    with Proxy(int(lathe.url.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def behind(lathe: Lathe, proxy: Proxy) -> Lathe:
    """The server as it is reached through the proxy."""
    return replace(lathe, url=f"http://127.0.0.1:{proxy.port}")


def without_events(piece: bytes) -> bytes:
    """The stream's bytes, of which a browser hears the rows alone: it does not know this name."""
    return piece.replace(b"event: run\n", b"event: rum\n")


def test_charts_catch_up_with_a_stream_that_loses_events(page: Page, lathe: Lathe, proxy: Proxy, behind: Lathe) -> None:
    proxy.spoil = without_events
    (run_id,) = lathe.submit(long("loses events"))
    open_signed_in(page, behind, f"/runs/{run_id}")
    wait_for_step(page, 300)
    dot = page.locator("[data-status]", has_text="catching up")
    expect(dot).to_be_visible()
    lathe.call("POST", f"/api/runs/{run_id}/commands", {"kind": "stop"})
    last = int(lathe.wait_for(run_id, "stopped")["step"])
    wait_for_step(page, last)
    assert drawn(page, "Loss", run_id, "train/loss")[-1] == stored(lathe, run_id, "train/loss")[-1]
    expect(page.get_by_role("list", name="Events, newest first")).to_contain_text("Stopped")
    expect(page.get_by_role("region", name="Results by stage")).to_be_visible()


def test_the_dot_is_green_again_when_events_come_again(page: Page, lathe: Lathe, proxy: Proxy, behind: Lathe) -> None:
    proxy.spoil = without_events
    (run_id,) = lathe.submit(long("heals"))
    open_signed_in(page, behind, f"/runs/{run_id}")
    expect(page.locator('[data-status="events"]')).to_be_visible()
    proxy.spoil = lambda piece: piece
    proxy.cut()
    expect(page.locator('[data-status="live"]')).to_be_visible()
    lathe.call("POST", f"/api/runs/{run_id}/commands", {"kind": "cancel"})
    lathe.wait_for(run_id, "cancelled")


def test_nothing_is_said_to_be_missing_while_it_is_being_asked_for(page: Page, lathe: Lathe) -> None:
    (run_id,) = lathe.submit(alone("requested", "mlp", epochs=3))
    run = lathe.wait_for(run_id, "succeeded")
    open_signed_in(page, lathe, f"/runs/{run_id}")
    seen: list[str] = []
    page.expose_function("note", lambda words: seen.append(words))
    page.evaluate(
        """() => new MutationObserver(() => {
          const curves = document.querySelector('[aria-label="Curves"]')?.innerText ?? "";
          const shown = curves + (document.querySelector("main")?.innerText.includes("No events yet") ? "No events yet" : "");
          for (const words of ["No data yet", "No events yet", "ended without"]) if (shown.includes(words)) window.note(words);
        }).observe(document.body, {childList: true, subtree: true, characterData: true})"""
    )
    wait_for_step(page, run["step"])
    assert seen == []


def test_a_page_that_cannot_be_fetched_says_so_and_comes_when_the_server_is_back(
    page: Page, proxy: Proxy, behind: Lathe
) -> None:
    open_signed_in(page, behind)
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    proxy.closed = True
    proxy.cut()
    page.get_by_role("link", name="Catalog").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("[data-status=lost]")).to_be_visible()
    proxy.closed = False
    expect(page.get_by_role("heading", name="Catalog", level=1)).to_be_visible()


def test_a_part_that_failed_is_fetched_again_by_hand(page: Page, context: BrowserContext, lathe: Lathe) -> None:
    open_signed_in(page, lathe)
    context.route("**/assets/Catalog-*.js", lambda route: route.abort())
    page.get_by_role("link", name="Catalog").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    context.unroute("**/assets/Catalog-*.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Catalog", level=1)).to_be_visible()


def test_a_new_build_under_an_open_page_is_offered(page: Page, context: BrowserContext, lathe: Lathe) -> None:
    """The file that the open page would fetch is gone, as the server says of it, and the page names another script."""
    open_signed_in(page, lathe)
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    context.route("**/assets/Catalog-*.js", lambda route: route.continue_(url=f"{lathe.url}/assets/Catalog-gone.js"))
    rebuilt = INDEX.read_text().replace("/assets/index-", "/assets/index-new-")
    context.route(f"{lathe.url}/", lambda route: route.fulfill(body=rebuilt, content_type="text/html"))
    page.get_by_role("link", name="Catalog").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("could not be loaded")
    expect(page.get_by_text("A new version is here")).to_be_visible()
    context.unroute_all()
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="Catalog", level=1)).to_be_visible()
