"""A person at the wheel of a live run, in a real browser: every turn is obeyed, told and undone."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.curve import open_signed_in, wait_for_step
from tests.e2e.lathe import Lathe
from tests.e2e.specs import long


def test_a_live_run_is_steered(page: Page, lathe: Lathe) -> None:
    alerts = [{"metric": "train/loss", "below": 1e6}]
    (run,) = lathe.submit({**long("Steered"), "alerts": alerts})
    open_signed_in(page, lathe, f"/runs/{run}")
    wait_for_step(page, 20)
    expect(page.get_by_text(re.compile("train/loss is .* below")).first).to_be_visible()

    wheel = page.get_by_role("region", name="Steering")
    wheel.get_by_role("button", name="Pause").click()
    expect(wheel.get_by_role("button", name="Resume")).to_be_visible()
    lathe.wait_for(run, "paused")

    before = wheel.get_by_label("Value").input_value()
    wheel.get_by_label("Value").fill("0.001")
    wheel.get_by_label("Why (optional)").fill("the loss has flattened")
    wheel.get_by_role("button", name="Apply", exact=True).click()
    undo = wheel.get_by_role("button", name=re.compile("^Undo optimizer.lr"))
    expect(undo).to_contain_text("0.001")
    wheel.get_by_role("button", name="Resume").click()
    lathe.wait_for(run, "running")
    table = page.get_by_role("region", name="Commands")
    expect(table).to_contain_text("the loss has flattened")
    undo.click()
    expect(wheel.get_by_label("Value")).to_have_value(before)
    expect(wheel.get_by_label("Why (optional)")).to_have_value("")
    table.get_by_role("button", name=re.compile("^Undo optimizer.lr")).click()
    expect(wheel.get_by_label("Value")).to_have_value("0.001")

    wheel.get_by_role("button", name="Finish this stage now").click()
    expect(table).to_contain_text("ended train")
    ended = lathe.wait_for(run, "succeeded")
    turned = [event["body"] for event in lathe.get(f"/api/runs/{run}/events") if event["kind"] == "command"]
    assert [body["kind"] for body in turned] == ["pause", "set", "resume", "set", "set", "next"]
    assert {body["state"] for body in turned} == {"obeyed"}
    assert [turned[place]["new"] for place in (3, 4)] == [turned[1]["old"], turned[1]["new"]]
    assert [body.get("why") for body in turned] == [None, "the loss has flattened", *[None] * 4]
    assert len(ended["results"]) == 1
