"""A person's own data, in a real browser: sent, described, previewed, trained on, deleted."""

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from tests.backend.data.making import csv, images
from tests.e2e.curve import assert_exact, drawn, open_signed_in, stored, wait_for_step
from tests.e2e.lathe import Lathe
from tests.e2e.own import learnt


def test_a_table_is_sent_described_and_trained_on(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    file = tmp_path / "flowers.csv"
    file.write_bytes(csv(300, separator=";"))
    open_signed_in(page, lathe)
    page.get_by_role("link", name="Data", exact=True).click()
    page.get_by_label("Files to send").set_input_files(file)

    columns = page.get_by_role("table", name="Columns")
    expect(columns.get_by_role("row").nth(3)).to_contain_text("kind target")
    expect(columns.get_by_role("row").nth(3)).to_contain_text("2: low 150, high 150")
    expect(columns.get_by_role("row").nth(2)).to_contain_text("whole number")
    expect(page.get_by_role("table", name="First rows").get_by_role("row")).to_have_count(9)
    expect(page.get_by_text("300 rows; cells parted by semicolons; the first line names the columns.")).to_be_visible()

    page.get_by_role("link", name="Use “flowers.csv” in an experiment").click()
    expect(page.get_by_label("Name", exact=False).first).to_have_value("flowers.csv")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    run_id = page.url.rsplit("/", 1)[-1]
    wait_for_step(page, 1)
    run = lathe.wait_for(run_id, "succeeded")
    wait_for_step(page, run["step"])
    losses = stored(lathe, run_id, "train/loss")
    assert_exact(losses, 1, run["step"])
    assert drawn(page, "Loss", run_id, "train/loss") == losses
    assert losses[-1][1] < losses[0][1]

    upload = run["spec"]["dataset"]["id"]
    assert lathe.get(f"/api/uploads/{upload}")["name"] == "flowers.csv"
    page.goto(f"{lathe.url}/data")
    page.get_by_role("button", name="Delete flowers.csv").click()
    expect(page.get_by_role("button", name="Delete flowers.csv")).to_have_count(0)
    assert not (lathe.data_dir / "uploads" / upload).exists()


def test_pictures_are_shown_and_another_model_fits(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    bright = np.arange(120) % 2
    shades = (images(120, 12, 12, 3) // 3 + 120 * bright[:, None, None, None].astype(np.uint8)).astype(np.uint8)
    np.save(tmp_path / "images.npy", shades)
    np.save(tmp_path / "labels.npy", bright)
    open_signed_in(page, lathe, "/data")
    page.get_by_label("Files to send").set_input_files([tmp_path / "images.npy", tmp_path / "labels.npy"])
    expect(page.get_by_role("list", name="First images").get_by_role("img")).to_have_count(12)
    assert learnt(page, lathe, r".*\.npy")["spec"]["preparation"]["kind"] == "per_channel"


def test_what_is_wrong_with_a_file_is_said_where_it_was_sent(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    file = tmp_path / "holes.csv"
    file.write_bytes(csv(40).replace(b"0.3,3,high", b"0.3,,high"))
    before = lathe.get("/api/uploads")
    open_signed_in(page, lathe, "/data")
    page.get_by_label("Files to send").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("Line 5 has nothing in column `width`")
    assert lathe.get("/api/uploads") == before
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Leave out lines with missing values").check(force=True)
    page.get_by_label("Files to send").set_input_files(file)
    expect(page.get_by_text("39 rows")).to_be_visible()
    expect(page.get_by_text("1 line with missing values left out")).to_be_visible()


def test_a_dataset_of_the_catalog_is_used_with_one_click(page: Page, lathe: Lathe) -> None:
    open_signed_in(page, lathe, "/data")
    page.get_by_role("link", name="Use Wine in an experiment").click()
    expect(page.get_by_label("Name", exact=False).first).to_have_value("Wine")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
