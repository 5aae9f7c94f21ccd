"""Parquet, JSONL and text files, in a real browser: sent, described, trained on."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Page, expect

from tests.e2e.curve import open_signed_in
from tests.e2e.lathe import Lathe
from tests.e2e.own import learnt

ROWS = 200


def send(page: Page, lathe: Lathe, file: Path, task: str = "") -> None:
    open_signed_in(page, lathe, "/data")
    if task:
        page.get_by_text("Options", exact=True).click()
        page.get_by_label("The target is").select_option(task)
    page.get_by_label("Files to send").set_input_files(file)


def test_a_parquet_file_is_described_with_its_times(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    times = pa.array([10**9 + 3600 * row for row in range(ROWS)], pa.timestamp("s"))
    table = pa.table({"at": times, "size": [row / 7 for row in range(ROWS)], "kind": ["low", "high"] * (ROWS // 2)})
    pq.write_table(table, tmp_path / "sizes.parquet")
    send(page, lathe, tmp_path / "sizes.parquet")
    columns = page.get_by_role("table", name="Columns")
    expect(columns.get_by_role("row").nth(1)).to_contain_text("seconds since 1970-01-01")
    expect(columns.get_by_role("row").nth(3)).to_contain_text("2: low 100, high 100")
    expect(page.get_by_text("200 rows.")).to_be_visible()


def test_reviews_of_a_jsonl_file_are_learnt_from(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    words = ("lovely", "awful")
    lines = [{"text": f"Number {row} was {words[row % 2]}.", "label": ("good", "bad")[row % 2]} for row in range(ROWS)]
    (tmp_path / "reviews.jsonl").write_text("\n".join(map(json.dumps, lines)))
    send(page, lathe, tmp_path / "reviews.jsonl", "text classification")
    expect(page.get_by_role("table", name="Columns").get_by_role("row").nth(1)).to_contain_text(
        "text of 5 words (median, 5 at most)"
    )
    assert learnt(page, lathe, r"reviews\.jsonl")["spec"]["preparation"]["kind"] == "none"


def test_a_nested_record_is_told_with_its_path(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    (tmp_path / "nested.jsonl").write_text('{"user": {"name": "x"}, "y": 1}\n' * 20)
    send(page, lathe, tmp_path / "nested.jsonl")
    expect(page.get_by_role("alert")).to_contain_text("Line 1 holds an object in `user` (`user.name`)")


def test_a_text_file_is_learnt_character_by_character(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("All happy families are alike. " * 400)
    send(page, lathe, tmp_path / "story.txt", "language")
    expect(page.get_by_text("12,000 characters; 15 different ones.")).to_be_visible()
    expect(page.get_by_role("link", name="Use “story.txt” in an experiment")).to_be_visible()
