"""Data of one's own on the page Data: from there to a run that has learnt from them."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.lathe import Lathe


def learnt(page: Page, lathe: Lathe, name: str) -> dict[str, Any]:
    """The run that *Use in an experiment* and *Run* have made, at its end: its ONNX file is nearly always right."""
    page.get_by_role("link", name=re.compile(f"^Use “{name}” in an experiment")).click()
    expect(page.get_by_label("Name", exact=False).first).to_have_value(re.compile(f"^{name}$"))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    run: dict[str, Any] = lathe.wait_for(page.url.rsplit("/", 1)[-1], "succeeded")
    measured = next(one for one in run["results"][0]["measures"] if one["exporter"] == "onnx")
    assert measured["accuracy"] >= 0.9
    return run
