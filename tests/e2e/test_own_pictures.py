"""A person's own pictures, in a real browser: a folder dropped or a ZIP chosen, previewed, sent again, trained on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.backend.data.photographs import Files, folder, packed
from tests.e2e.curve import open_signed_in
from tests.e2e.lathe import Lathe
from tests.e2e.own import learnt


@pytest.fixture(autouse=True)
def _nothing_left(lathe: Lathe) -> Iterator[None]:
    """The next test finds the page as this one did."""
    yield
    for upload in lathe.get("/api/uploads"):
        assert lathe.call("DELETE", f"/api/uploads/{upload['id']}")[0] == 204


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder of photographs, with a split of its own."""
    return spread(tmp_path / "pets", folder(40, "train", "val", "test", size=(60, 40), format="JPEG"))


def spread(root: Path, files: Files) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def drop(page: Page, target: Locator, path: Path) -> None:
    """Drop a file or folder as a person does it: only the browser itself can make a folder of one."""
    box = target.bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "data": data}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **place})


def test_a_dropped_folder_is_shown_sent_and_trained_on(page: Page, lathe: Lathe, pets: Path) -> None:
    open_signed_in(page, lathe, "/data")
    drop(page, page.get_by_text("or drop it here"), pets)
    staged = page.get_by_role("region", name="Folder to send")
    expect(staged.get_by_text("pets (240 files)")).to_be_visible()
    expect(staged.get_by_role("list", name="Folders").get_by_role("listitem")).to_have_count(6)
    expect(staged.get_by_text("train/cat 40")).to_be_visible()
    staged.get_by_label("Side of a picture").fill("16")
    staged.get_by_label("A picture of another shape").select_option("pad")
    edge = "() => { const c = document.querySelector('canvas'); return c.width === 16 && c.getContext('2d').getImageData(8, 0, 1, 1).data[0] === 0; }"
    page.wait_for_function(edge)  # black above a wide picture
    staged.get_by_role("button", name="Send 240 files").click()
    expect(page.get_by_text("its own split: 80 for training, 80 for validation, 80 for the test")).to_be_visible()
    expect(page.get_by_text("240 JPEG; 240 RGB; 60 × 40; other shapes padded with black")).to_be_visible()
    expect(page.get_by_role("list", name="First images").get_by_role("img")).to_have_count(12)
    learnt(page, lathe, "pets")


def test_a_zip_is_sent_at_once_and_a_fault_is_told_with_the_file(page: Page, lathe: Lathe, tmp_path: Path) -> None:
    sound, faulty = tmp_path / "pets.zip", tmp_path / "faulty.zip"
    sound.write_bytes(packed(folder(6)))
    faulty.write_bytes(packed({**folder(6), "cat/notes.txt": b"x", "dog/cut.png": folder(1)["cat/0.png"][:60]}))
    open_signed_in(page, lathe, "/data")
    page.get_by_label("Files to send").set_input_files(faulty)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("`cat/notes.txt` is no JPEG, PNG, WebP, BMP or TIFF picture")
    expect(alert).to_contain_text("1 more of 14 files")
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Files that cannot be read").select_option("leave_out")
    alert.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("2 files that cannot be read left out")).to_be_visible()
    page.get_by_label("Files to send").set_input_files(sound)
    expect(page.get_by_role("region", name="Description of pets.zip")).to_be_visible()


LOSE_THE_FIRST_ANSWER = """
const send = XMLHttpRequest.prototype.send;
let lost = 0;
XMLHttpRequest.prototype.send = function (body) {
  const fail = this.onerror;
  if (lost++ === 0) this.onload = () => fail.call(this);
  return send.call(this, body);
};
"""


def test_what_was_taken_without_an_answer_is_sent_again_and_kept_once(page: Page, lathe: Lathe, pets: Path) -> None:
    before = len(lathe.get("/api/uploads"))
    page.add_init_script(LOSE_THE_FIRST_ANSWER)
    open_signed_in(page, lathe, "/data")
    page.get_by_label("Folder of pictures").set_input_files(pets)
    page.get_by_role("button", name="Send 240 files").click()
    expect(page.get_by_role("alert")).to_contain_text("did not arrive")
    assert len(lathe.get("/api/uploads")) == before + 1
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("button", name="Choose a folder")).to_be_visible()
    assert len(lathe.get("/api/uploads")) == before + 1
