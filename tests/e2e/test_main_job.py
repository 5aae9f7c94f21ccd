"""The main job: submit, queue, train, compress, measure, and watch it live."""

import itertools
import json
import re
import subprocess
import urllib.request

from playwright.sync_api import Page, expect

from tests.e2e.curve import assert_exact, drawn, open_signed_in, stored, wait_for_step, wait_until_drawn, wait_until_fit
from tests.e2e.lathe import Lathe
from tests.e2e.specs import DIGITS, pipeline

LABELS = ["train: adam", "prune: magnitude", "fold: batch norm", "quantize: static int8"]


def test_a_template_is_filled_in_submitted_watched_and_measured(page: Page, lathe: Lathe) -> None:
    open_signed_in(page, lathe)
    page.get_by_role("link", name="New experiment").first.click()
    page.get_by_role("button", name="Customize: Digits in a minute").click()
    expect(page.get_by_label("Name", exact=False).first).to_have_value("Digits in a minute")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    run_id = page.url.rsplit("/", 1)[-1]

    seen = set()
    for step in (1, 100, 200, 300):
        wait_for_step(page, step)
        seen.add(page.locator('[data-chart="Loss"]').get_attribute("data-last-step"))
    assert len(seen) >= 3, f"the curve was not drawn while it grew: {seen}"
    wait_for_step(page, 1, chart="Accuracy")

    run = lathe.wait_for(run_id)
    assert run["state"] == "succeeded", run["error"]
    expect(page.get_by_role("banner").or_(page.locator("header")).get_by_text("succeeded").first).to_be_visible()
    expect(page.get_by_role("list", name="Stages").get_by_role("listitem")).to_have_count(4)
    rows = page.get_by_role("region", name="Results by stage").get_by_role("rowheader")
    expect(rows).to_have_count(5)
    for number, label in enumerate(["As it came in", *LABELS]):
        expect(rows.nth(number)).to_contain_text(label)

    wait_for_step(page, run["step"])
    stored_losses = stored(lathe, run_id, "train/loss")
    assert_exact(stored_losses, 1, run["step"])
    assert drawn(page, "Loss", run_id, "train/loss") == stored_losses

    page.get_by_role("heading", name="Accuracy against size").scroll_into_view_if_needed()
    page.wait_for_function(
        "chart => document.querySelector(`[data-chart='${chart}']`)?.data?.flatMap(one => one.customdata ?? []).length >= 4",
        arg="Accuracy against size",
    )


def test_what_is_shown_was_measured_on_the_file(lathe: Lathe) -> None:
    (run_id,) = lathe.submit(pipeline("measured"))
    run = lathe.wait_for(run_id, "succeeded")
    assert [result["kind"] for result in run["results"]] == ["train", "prune", "fold", "quantize"]
    for result in run["results"]:
        measure = next(measure for measure in result["measures"] if measure["exporter"] == "onnx")
        request = urllib.request.Request(
            f"{lathe.url}/api/artifacts/{measure['artifact']}", headers={"Authorization": f"Bearer {lathe.token}"}
        )
        with urllib.request.urlopen(request) as response:
            assert len(response.read()) == measure["bytes"]
        assert 0 <= measure["accuracy"] <= 1
        assert {entry["batch_size"] for entry in measure["latency"]} == {1, 64}
        assert all(0 < entry["p50_ms"] <= entry["p95_ms"] for entry in measure["latency"])
    train, prune, fold, quantize = run["results"]
    assert prune["nonzero"] < 0.55 * train["nonzero"]
    assert fold["parameters"] < prune["parameters"]
    assert onnx_bytes(quantize) < 0.4 * onnx_bytes(fold)


def onnx_bytes(result: dict[str, list[dict[str, int]]]) -> int:
    return next(measure["bytes"] for measure in result["measures"] if measure["exporter"] == "onnx")  # type: ignore[comparison-overlap]


def test_curl_does_the_same(lathe: Lathe) -> None:
    text = json.dumps({"spec": pipeline("by curl", epochs=1), "seeds": [3, 4]})
    command = ["curl", "-sS", "-w", "\n%{http_code}", f"{lathe.url}/api/experiments", "-d", text]
    command += ["-H", f"Authorization: Bearer {lathe.token}", "-H", "Content-Type: application/json"]
    answer, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    assert status == "201"
    for seed, created in zip((3, 4), json.loads(answer)["runs"], strict=True):
        run = lathe.wait_for(created["id"], "succeeded")
        assert (run["seed"], len(run["results"])) == (seed, 4)


def test_real_images_from_the_system_package(page: Page, lathe: Lathe) -> None:
    spec = pipeline("clothes", "fashion_mnist", "mlp", epochs=1, batch={"kind": "fixed", "size": 256})
    (run_id,) = lathe.submit(spec)
    open_signed_in(page, lathe, f"/runs/{run_id}")
    wait_for_step(page, 50)
    run = lathe.wait_for(run_id, "succeeded")
    accuracies = [result["measures"][0]["accuracy"] for result in run["results"] if result["measures"]]
    assert min(accuracies) > 0.8, accuracies
    assert run["total_steps"] == run["step"] == 2 * -(-55_000 // 256)


def test_no_page_is_wider_than_the_screen(page: Page, lathe: Lathe) -> None:
    (run_id,) = lathe.submit(pipeline("wide", epochs=1))
    lathe.wait_for(run_id, "succeeded")
    open_signed_in(page, lathe)
    for path in (
        "/",
        "/new",
        f"/new?template={DIGITS}",
        f"/runs/{run_id}",
        "/tradeoffs",
        "/data",
        "/catalog",
        f"/compare?runs={run_id}",
        "/studies",
    ):
        page.goto(lathe.url + path)
        wait_until_drawn(page)
        for width, theme in itertools.product((1440, 390), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=theme)
            wait_until_fit(page, f"{path} at {width} px in the {theme} theme")
