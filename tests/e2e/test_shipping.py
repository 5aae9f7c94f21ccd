"""A file that ships, in a real browser: its package is downloaded and runs, and every stage's file predicts a sample."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.backend.data.making import csv
from tests.e2e.curve import open_signed_in
from tests.e2e.lathe import Lathe

TRAIN = {
    "kind": "train",
    "epochs": 3,
    "batch": {"kind": "fixed", "size": 64},
    "optimizer": {"kind": "adam", "lr": 3e-3},
}
SPEC = {
    "name": "Digits to ship",
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp", "hidden": [32]},
    "stages": [TRAIN, {"kind": "quantize", "method": {"kind": "dynamic_int8"}}],
    "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["onnx"]},
}


def test_a_package_is_downloaded_and_runs(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    (run_id,) = lathe.submit(SPEC)
    lathe.wait_for(run_id, "succeeded")
    open_signed_in(page, lathe, f"/runs/{run_id}?tab=files")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Package of onnx of stage 0").click()
    assert begun.value.suggested_filename == "digits-to-ship-seed0-stage0-onnx.zip"
    with zipfile.ZipFile(begun.value.path()) as archive:
        archive.extractall(tmp_path)
    golden = (tmp_path / "golden/outputs.jsonl").read_text().splitlines()
    program = [sys.executable, "-I", "predict.py", "golden"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["label"] for one in found] == [json.loads(line)["label"] for line in golden]


def test_every_stage_predicts_a_picture(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    (run_id,) = lathe.submit(SPEC)
    lathe.wait_for(run_id, "succeeded")
    Image.new("L", (64, 64), "white").save(tmp_path / "white.png")
    np.save(tmp_path / "wrong.npy", np.zeros((9, 9)))
    open_signed_in(page, lathe, f"/runs/{run_id}?tab=try")
    expect(page.get_by_text("uint8 [batch, 1, 8, 8], as it was sent")).to_be_visible()
    expect(page.get_by_text("0, 1, 2, 3, 4, 5, 6, 7, 8, 9", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"\(x − 4\.\d+\) / 6\.\d+, in the file"))).to_be_visible()

    page.get_by_label("Sample to predict").set_input_files(tmp_path / "white.png")
    rows = page.get_by_role("table", name="Predictions").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text(re.compile(r"train.*onnx.*\d .*%"))
    expect(rows.nth(2)).to_contain_text(re.compile(r"quantize.*onnx.*\d .*%"))

    page.get_by_label("Sample to predict").set_input_files(tmp_path / "wrong.npy")
    expect(rows.nth(1)).to_contain_text("The model takes samples of the shape (1, 8, 8)")
    (tmp_path / "model.exe").write_bytes(b"MZ")
    page.get_by_label("Sample to predict").set_input_files(tmp_path / "model.exe")
    expect(page.get_by_role("alert")).to_contain_text("“model.exe” is not taken here")


def test_a_row_is_typed_and_predicted(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_bytes(csv(300))
    open_signed_in(page, lathe, "/data")
    page.get_by_label("Files to send").set_input_files(tmp_path / "flowers.csv")
    expect(page.get_by_role("link", name="Use “flowers.csv” in an experiment")).to_be_visible()
    upload = lathe.get("/api/uploads")[0]
    dataset = {"kind": "upload", "id": upload["id"]}
    (run_id,) = lathe.submit({**SPEC, "name": "Flowers", "dataset": dataset, "stages": [TRAIN]})
    lathe.wait_for(run_id, "succeeded")
    page.goto(f"{lathe.url}/runs/{run_id}?tab=try")
    row = page.get_by_role("form", name="A row")
    for name in ("length", "width"):
        row.get_by_label(name).fill("3")
    row.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("table", name="Predictions").get_by_role("row").nth(1)).to_contain_text(
        re.compile(r"(low|high) .*%")
    )
    page.goto(f"{lathe.url}/data")
    page.get_by_role("button", name="Delete flowers.csv").click()
    expect(page.get_by_role("button", name="Delete flowers.csv")).to_have_count(0)
