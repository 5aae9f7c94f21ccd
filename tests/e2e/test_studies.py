"""Studies, as somebody uses them in the browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.lathe import Lathe

SPEC: dict[str, Any] = {
    "name": "Small",
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp", "hidden": [16]},
    "stages": [{"kind": "train", "epochs": 2, "optimizer": {"kind": "sgd"}}],
    "measure": {"batch_sizes": [1], "repeats": 5, "formats": [{"kind": "onnx"}]},
    "diagnosis": {"every": 0},
}
LR = "stages[0].optimizer.lr"


@pytest.fixture(scope="module")
def run(lathe: Lathe) -> str:
    """A run that is over."""
    (run_id,) = lathe.submit(SPEC)
    lathe.wait_for(run_id, "succeeded")
    return run_id


def chart(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def add(page: Page, path: str) -> None:
    """Add a field to the space."""
    page.get_by_role("combobox", name="Add a field").fill(path)
    page.get_by_role("option", name=re.compile(rf"^{re.escape(path)} ")).click()


def lagging(page: Page) -> None:
    """Repeats the first answer to a request for the history chart until the page knows that its study is over, as if each
    request had come just before the end of the last trial."""
    known: dict[str, Any] = {"over": False, "answer": None}

    def study(route: Route) -> None:
        answer = route.fetch()
        known["over"] = answer.json()["state"] == "finished"
        route.fulfill(response=answer)

    def history(route: Route) -> None:
        if known["over"] or not known["answer"]:
            known["answer"] = route.fetch()
        route.fulfill(response=known["answer"])

    page.route(re.compile(r"/api/studies/[0-9a-f-]{36}$"), study)
    page.route("**/figures/history?*", history)


def click_point(page: Page, point: Locator) -> None:
    """Clicks a point through the layer above it, which takes the pointer to zoom the chart."""
    box = point.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 1, y)
    page.mouse.move(x, y)
    expect(page.locator(".hoverlayer .hovertext")).to_have_count(1)
    page.mouse.click(x, y)


def until_over(lathe: Lathe, page: Page, state: str) -> dict[str, Any]:
    """Wait for the page to say so; the study as the API tells it."""
    expect(page.locator("header").get_by_text(state, exact=True)).to_be_visible()
    study: dict[str, Any] = lathe.get(f"/api/studies/{page.url.rpartition('/')[2]}")
    assert study["state"] == state
    return study


def test_search_around_a_run_then_extend_and_stop(lathe: Lathe, page: Page, run: str) -> None:
    page.goto(lathe.link)
    page.goto(f"{lathe.url}/runs/{run}")
    page.get_by_role("link", name="Tune this run").click()

    expect(page.get_by_label("Name")).to_have_value("Around Small")
    rate = page.get_by_role("group", name=f"Vary {LR}", exact=True)
    expect(rate.get_by_label("Low")).to_have_value("0.01")
    before = page.get_by_role("checkbox", name="Begin with what the run did")
    expect(before).to_be_checked()

    rate.get_by_label("High").fill("0.001")
    expect(rate.get_by_text("it must be more than")).to_be_visible()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    rate.get_by_label("High").fill("0.5")
    page.get_by_label("Trials").fill("3")
    expect(page.get_by_text("Ready to run")).to_be_visible()
    lagging(page)
    page.get_by_role("button", name="Start", exact=True).click()

    expect(page).to_have_url(re.compile(r"/studies/[0-9a-f-]{36}$"))
    study = until_over(lathe, page, "finished")
    trials = lathe.get(f"/api/studies/{study['id']}/trials?descending=false")["trials"]
    assert len(trials) == 3 and trials[0]["by"] and trials[0]["assignment"][LR] == 0.1

    for title in ("History", "Parallel coordinates", "Timeline"):
        chart(page, title).scroll_into_view_if_needed()
        expect(chart(page, title).locator(".main-svg").first).to_be_visible()
    expect(chart(page, "History").locator(".point")).to_have_count(3)
    page.unroute_all()
    expect(page.get_by_role("table", name="Trials").get_by_role("row")).to_have_count(4)

    page.get_by_role("button", name="Extend").click()
    page.get_by_label("More trials").fill("200")
    page.get_by_role("dialog").get_by_role("button", name="Extend").click()
    expect(page.get_by_text("of 203 trials")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("menuitem", name="Cancel the trials that run").click()
    until_over(lathe, page, "stopped")

    chart(page, "History").scroll_into_view_if_needed()
    click_point(page, chart(page, "History").locator(".point").first)
    expect(page).to_have_url(re.compile(r"/runs/"))
    expect(page.get_by_text("Trial 0 of study")).to_be_visible()
    page.get_by_role("link", name="Around Small").click()
    expect(page).to_have_url(re.compile(study["id"]))


def test_a_study_is_written_from_an_experiment(lathe: Lathe, page: Page) -> None:
    page.goto(lathe.link)
    page.goto(f"{lathe.url}/studies/new")
    page.get_by_role("link", name="Tune this experiment").first.click()
    space = page.get_by_role("group", name="Space", exact=True)
    expect(page.get_by_role("list", name="Problems")).to_contain_text("space")

    add(page, "stages[0].optimizer")
    kinds = space.get_by_role("group", name="Vary stages[0].optimizer", exact=True)
    expect(kinds.get_by_role("checkbox", name="adadelta", exact=True)).to_be_checked()
    for name in [label.inner_text() for label in kinds.locator("label").all()]:
        if name not in ("sgd", "adam"):
            kinds.get_by_role("checkbox", name=name, exact=True).uncheck()
    add(page, "stages[0].optimizer.momentum")
    momentum = space.get_by_role("group", name="Vary stages[0].optimizer.momentum", exact=True)
    expect(momentum.get_by_role("combobox", name="Vary it")).to_have_value("only with stages[0].optimizer")
    expect(page.get_by_text("Ready to run")).to_be_visible()

    page.get_by_role("button", name="Edit the experiment").click()
    page.get_by_role("form", name="Experiment").get_by_label("Name").fill("Under another name")
    page.get_by_role("link", name="Back to the study").click()
    expect(space.get_by_role("group", name="Vary stages[0].optimizer.momentum")).to_be_visible()
    expect(page.get_by_role("textbox", name="Study as YAML")).to_contain_text("name: Under another name")


def test_trials_can_be_left_out_of_the_runs(lathe: Lathe, page: Page, run: str) -> None:
    study = {
        "name": "Two rates",
        "spec": SPEC,
        "space": [{"field": LR, "choice": [0.05, 0.1]}],
        "objectives": [{"measure": "validation/accuracy"}],
        "sampler": "grid",
    }
    status, made = lathe.call("POST", "/api/studies", {"study": study}, **{"X-Lathe": "1"})
    assert status == 201, made
    page.goto(lathe.link)
    page.goto(f"{lathe.url}/studies")
    expect(page.get_by_role("link", name="Two rates")).to_be_visible()
    page.get_by_role("link", name="Two rates").click()
    page.get_by_role("link", name="its runs").click()
    expect(page.get_by_role("link", name=re.compile("^Two rates · trial"))).to_have_count(2)
    page.get_by_label("Runs of studies").select_option("Without trials")
    expect(page.get_by_role("link", name=re.compile("· trial"))).to_have_count(0)
    expect(page.get_by_role("link", name="Small", exact=True)).to_be_visible()
