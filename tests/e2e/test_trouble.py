"""Troubles of the server are shown on every page, and on the page of a run that they endanger, as long as they last."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from backend.store.session import Store
from tests.disks import full, small_disk
from tests.e2e.conftest import embedded
from tests.e2e.curve import open_signed_in, wait_for_step
from tests.e2e.lathe import Lathe
from tests.e2e.specs import long


@pytest.fixture(scope="module")
def cramped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lathe]:
    """An embedded server whose data folder is on a small disk, and its database on another one."""
    folder = tmp_path_factory.mktemp("cramped")
    with small_disk(folder / "disk") as disk:
        lathe = embedded(
            disk, fresh=False, LATHE_DATABASE=f"sqlite:///{folder / 'lathe.sqlite'}", LATHE_CHECKPOINT_SECONDS="0.5",
            LATHE_LEAST_FREE_BYTES="1000000",
        )  # fmt: skip
        yield lathe
        lathe.stop()


def places(page: Page) -> tuple[Locator, Locator]:
    """Places of the message: on every page, and on the page of a run."""
    status = page.get_by_role("status", name="What the server lacks")
    return status, page.get_by_role("alert", name="This run needs your attention")


def opened(page: Page, lathe: Lathe, name: str) -> str:
    """The page of a run that trains; nothing is wrong."""
    (run_id,) = lathe.submit(long(name))
    open_signed_in(page, lathe, f"/runs/{run_id}")
    wait_for_step(page, 20)
    everywhere, here = places(page)
    expect(everywhere).to_be_empty()
    expect(here).to_have_count(0)
    return run_id


def test_a_full_disk_is_said_while_it_is_full(page: Page, cramped: Lathe) -> None:
    run_id = opened(page, cramped, "cramped")
    everywhere, here = places(page)
    with full(cramped.data_dir.parent):
        expect(here).to_contain_text("No checkpoint could be written")
        expect(here).to_contain_text("No space left on device")
        expect(everywhere).to_contain_text("The disk of the data folder is nearly full")
        page.get_by_role("link", name="Catalog", exact=True).click()
        expect(everywhere).to_contain_text("nearly full")
        page.go_back()
    expect(here).to_have_count(0)
    expect(everywhere).to_be_empty()
    cramped.call("POST", f"/api/runs/{run_id}/commands", {"kind": "cancel"})


def test_a_locked_database_is_said_while_it_is_locked(page: Page, cramped: Lathe) -> None:
    run_id = opened(page, cramped, "locked")
    everywhere, here = places(page)
    holder = Store.open(cramped.env["LATHE_DATABASE"])
    with holder.begin() as session:
        session.connection()
        for place in (everywhere, here):
            expect(place).to_contain_text("The database is locked by another process")
    holder.close()
    expect(here).to_have_count(0)
    expect(everywhere).to_be_empty()
    cramped.call("POST", f"/api/runs/{run_id}/commands", {"kind": "cancel"})
