"""Forks and counterfactual runs in a browser: a live parameter turned where a fork begins, a run without a command, and what was proved."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.curve import open_signed_in
from tests.e2e.lathe import Lathe
from tests.patience import until

TRAIN = {
    "kind": "train", "epochs": 100, "batch": {"kind": "fixed", "size": 128},
    "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9}, "schedule": {"kind": "constant"},
}  # fmt: skip
SPEC = {
    "name": "steered", "dataset": {"kind": "digits"}, "model": {"kind": "mlp", "dropout": 0.2}, "stages": [TRAIN],
    "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["safetensors"]},
    "diagnosis": {"every": 0},
}  # fmt: skip


def ask(lathe: Lathe, run_id: str, kind: str, **body: Any) -> dict[str, Any]:
    """Ask something of the run; the event that tells what became of it."""
    status, requested = lathe.call("POST", f"/api/runs/{run_id}/commands", {"kind": kind, "body": body})
    assert status == 202, requested
    mark = until(lambda: answer(lathe, run_id, requested["id"]), 60, f"what became of `{kind}`")
    assert mark["body"]["state"] == "obeyed", mark
    return mark


def answer(lathe: Lathe, run_id: str, command: str) -> dict[str, Any] | None:
    marks = lathe.get(f"/api/runs/{run_id}/events")
    return next((mark for mark in marks if mark["body"].get("command") == command), None)


@pytest.fixture(scope="module")
def steered(lathe: Lathe) -> str:
    """A run that left a checkpoint on demand, and whose rate was lowered then; raised, some trainings diverge."""
    (run_id,) = lathe.submit(SPEC)
    until(lambda: lathe.run(run_id)["step"] >= 40, 60, "step 40")
    ask(lathe, run_id, "pause")
    ask(lathe, run_id, "checkpoint")
    ask(lathe, run_id, "set", path="optimizer.lr", value=0.02)
    ask(lathe, run_id, "resume")
    lathe.wait_for(run_id, "succeeded")
    return run_id


def test_a_counterfactual_shows_dotted_what_would_have_been(page: Page, lathe: Lathe, steered: str) -> None:
    open_signed_in(page, lathe)
    page.goto(f"{lathe.url}/runs/{steered}")
    page.get_by_role("button", name=re.compile("^Show the run without: optimizer.lr .* → 0.02")).click()
    row = page.get_by_role("region", name="Commands")
    expect(row.get_by_role("link", name="Counterfactual")).to_be_visible()
    (counterfactual,) = lathe.get(f"/api/runs?counterfactuals_of={steered}")["runs"]
    lathe.wait_for(counterfactual["id"], "succeeded")
    expect(row).to_contain_text(re.compile("validation loss .*, without it "))
    dotted = """unsteered => document.querySelector('[data-chart="Loss"]').data
        .filter(({line, meta}) => meta?.run === unsteered && line.dash === "dot" && meta.metric === "validation/loss")
        .map(({x}) => x.at(-1))"""
    page.wait_for_function(
        f"unsteered => ({dotted})(unsteered)[0] >= {lathe.run(steered)['step']}",
        arg=counterfactual["id"],
    )
    page.goto(lathe.url)
    expect(page.get_by_role("link", name="steered", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("without optimizer.lr"))).to_have_count(0)


def test_a_fork_in_the_midst_of_a_training_turns_its_live_parameter(page: Page, lathe: Lathe, steered: str) -> None:
    open_signed_in(page, lathe)
    page.goto(f"{lathe.url}/runs/{steered}?tab=files")
    page.get_by_role("link", name=re.compile("^Fork from step")).first.click()
    expect(page.get_by_text("and in stage 1 from there on: stages[0].batch.size")).to_be_visible()
    page.get_by_role("button", name=re.compile("train epochs 100")).click()
    page.get_by_role("textbox", name="Lr").first.fill("0.01")
    page.get_by_role("button", name="Run the fork").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    child = page.url.rsplit("/", 1)[-1]
    assert child != steered
    run = lathe.wait_for(child, "succeeded")
    (made,) = run["spec"]["commands"]
    assert made == {"kind": "set", "path": "optimizer.lr", "value": 0.01, "step": run["fork_step"]}
    badge = page.get_by_role("note")
    expect(badge).to_contain_text(f"Equal to its parent until step {run['fork_step']:,}")


def test_a_fork_without_a_change_wears_its_proof(page: Page, lathe: Lathe) -> None:
    (parent,) = lathe.submit({**SPEC, "name": "plain", "stages": [{**TRAIN, "epochs": 2}, {**TRAIN, "epochs": 2}]})
    lathe.wait_for(parent, "succeeded")
    _, made = lathe.call("POST", f"/api/runs/{parent}/fork", {"stage": 0})
    child = made["runs"][0]["id"]
    lathe.wait_for(child, "succeeded")
    open_signed_in(page, lathe)
    page.goto(f"{lathe.url}/runs/{child}")
    badge = page.get_by_role("note")
    expect(badge).to_contain_text(re.compile(r"Bit-equal to its parent over \d+ points"))
    badge.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Weights after stage 2: the same SHA-256.")
