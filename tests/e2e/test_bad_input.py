"""Bad input gets a sentence at its field; nothing is inserted, nothing of it is executed."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.curve import open_signed_in, stored, wait_for_step, wait_until_drawn
from tests.e2e.lathe import Lathe
from tests.e2e.specs import diverging, pipeline

# Over once a picture that is not there is known not to be: those that came before it are, too.
A_BROKEN_IMAGE = """() => new Promise((known) => Object.assign(new Image(), {src: "x", onerror: known}))"""


def mistakes() -> list[tuple[dict[str, Any], str, str]]:
    """A spec, the path of its mistake, a word of the remedy."""
    unknown = pipeline("x", optimizer={"kind": "adamm"})
    wrong_type = pipeline("x", optimizer={"kind": "adam", "lr": "fast"})
    bound = pipeline("x", optimizer={"kind": "adam", "lr": 1e9})
    misspelt = pipeline("x", optmizer={"kind": "adam"})
    misfit = {**pipeline("x"), "model": {"kind": "linear"}}
    misfit["stages"] = [{"kind": "train"}, {"kind": "prune", "method": {"kind": "channels"}}]
    return [
        (unknown, "stages[0].optimizer.kind", "adam"),
        (wrong_type, "stages[0].optimizer.lr", "number"),
        (bound, "stages[0].optimizer.lr", "at most 10"),
        (misspelt, "stages[0].optmizer", "optimizer"),
        (misfit, "stages[1].method", "cnn"),
    ]


@pytest.mark.parametrize(
    ("spec", "path", "remedy"), mistakes(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_mistake_is_refused_with_its_path_and_remedy(
    lathe: Lathe, spec: dict[str, Any], path: str, remedy: str
) -> None:
    before = lathe.get("/api/runs")["counts"]
    status, body = lathe.call("POST", "/api/experiments", {"spec": spec})
    assert (status, body["path"]) == (422, path), body
    assert remedy in body["detail"], body
    assert lathe.get("/api/runs")["counts"] == before


def test_the_form_shows_a_mistake_at_its_field(page: Page, lathe: Lathe) -> None:
    open_signed_in(page, lathe, "/new")
    page.get_by_role("button", name="Customize: Digits in a minute").click()
    name = page.get_by_label("Name", exact=False).first
    name.fill("")
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("mended")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Add to alerts").click()
    metric = page.get_by_role("group", name="Alert 1").get_by_label("Metric")
    expect(metric).to_have_attribute("aria-invalid", "true")
    metric.fill("train/loss")
    expect(metric).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("group", name="Alert 1").get_by_label("Above").fill("5")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_a_diverging_run_stores_the_nan_draws_it_and_says_what_to_do(page: Page, lathe: Lathe) -> None:
    (run_id,) = lathe.submit(diverging("diverges"))
    run = lathe.wait_for(run_id, "failed")
    assert "lower learning rate" in run["error"]
    *_, (last, value) = stored(lathe, run_id, "train/loss")
    assert value in ("NaN", "Infinity")
    assert last == run["step"]
    open_signed_in(page, lathe, f"/runs/{run_id}")
    wait_for_step(page, last - 1)
    expect(page.get_by_role("alert", name="The run failed")).to_contain_text("lower learning rate")


def test_a_name_is_text_wherever_it_is_drawn(page: Page, lathe: Lathe) -> None:
    """A dialog would mean that the payload ran; the page fixture fails on any breach of the content policy."""
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    payload = "<img src=x onerror=alert(1)><b>bold</b>"
    (run_id,) = lathe.submit(pipeline(payload, epochs=1))
    lathe.wait_for(run_id, "succeeded")
    open_signed_in(page, lathe)
    for path in ("/", f"/runs/{run_id}", f"/new?clone={run_id}", "/tradeoffs"):
        page.goto(lathe.url + path)
        wait_until_drawn(page)
        page.evaluate(A_BROKEN_IMAGE)
    page.goto(f"{lathe.url}/runs/{run_id}")
    expect(page.get_by_role("heading", name=payload)).to_be_visible()
    assert dialogs == []
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => alert('control'))")
    assert dialogs == ["control"]
