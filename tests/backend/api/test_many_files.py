"""Many pictures at once: as parts of a form or as a ZIP they are the same data, and their names lead nowhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.backend.api.conftest import Api
from tests.backend.api.test_errors import shape
from tests.backend.api.test_uploads import folders, kept, own
from tests.backend.data.photographs import Files, file, folder, packed, shades

pytestmark = pytest.mark.usefixtures("processes")


def send(api: Api, files: Files, key: str | None = None, **fields: str) -> Any:
    parts = [("files", (name, content)) for name, content in files.items()]
    headers = {"Idempotency-Key": key} if key else {}
    return api.client.post("/api/uploads", files=parts, data=fields, headers=headers)


def arrays(api: Api, detail: Any) -> dict[str, bytes]:
    place = api.settings.data_dir / "uploads" / detail["id"]
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def test_parts_and_a_zip_are_the_same_data(api: Api) -> None:
    files = folder(6, "train", "val", "test")
    shuffled = dict(sorted(files.items(), key=lambda item: item[0][::-1]))
    inside = {f"flowers/{name}": content for name, content in files.items()}
    details = [send(api, shuffled).json(), send(api, inside).json(), kept(api, packed(files), "flowers.zip")]
    contents = [arrays(api, detail) for detail in details]
    assert contents[0] == contents[1] == contents[2]
    assert sorted(contents[0]) == ["facts.json", "inputs.npy", "splits.npy", "targets.npy"]
    assert [detail["name"] for detail in details] == ["36 files", "flowers", "flowers.zip"]
    assert details[0]["rows"] == 36 and details[0]["bytes"] == sum(map(len, files.values()))


def test_a_spec_takes_the_pictures_and_their_split(api: Api) -> None:
    detail = send(api, folder(6, "train", "val", "test"), name="Cats and dogs").json()
    assert detail["name"] == "Cats and dogs" and "image" in detail["traits"]
    checked = api.client.post("/api/specs/check", json={"spec": {**own(detail["id"]), "model": {"kind": "cnn"}}}).json()
    assert checked["problems"] == []


def test_a_repeated_request_is_one_upload_and_another_order_or_name_is_another_request(api: Api) -> None:
    files = folder(6)
    first, again = send(api, files, "mine"), send(api, files, "mine")
    assert first.status_code == 201 and first.json() == again.json()
    renamed = {name.replace("cat", "cow"): content for name, content in files.items()}
    assert send(api, renamed, "mine").status_code == 409
    assert folders(api) == [first.json()["id"]]


NAMES = {
    "../../etc/passwd": "leads out of its folder",
    "/etc/passwd": "leads out of its folder",
    "cat/../../x.png": "leads out of its folder",
    "..\\..\\boot.png": "leads out of its folder",
    "a/" * 17 + "x.png": "is too long",
    "x.png": "lies in no folder",
    "cat/": "needs a file name",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_remains(api: Api, name: str, tmp_path: Path) -> None:
    answer = send(api, {**folder(6), name: file(shades(12, 10, 3))})
    assert answer.status_code == 422 and NAMES[name] in shape(answer).detail, answer.text
    assert folders(api) == [] and api.client.get("/api/uploads").json() == []
    assert not any(path.suffix == ".png" for path in tmp_path.rglob("*"))


def test_doubles_and_what_is_too_large_are_told_while_they_arrive(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.api.bodies.packing.MOST_FILE", 1 << 20)
    parts = [("files", ("cat/1.png", b"x")), ("files", ("cat/1.png", b"y"))]
    answer = api.client.post("/api/uploads", files=parts)
    assert shape(answer).detail == "There are two files called `cat/1.png`: rename one, or leave it out."
    answer = send(api, {"cat/1.png": bytes((1 << 20) + 1)})
    assert "`cat/1.png` has more than 1 MB" in shape(answer).detail
    answer = api.client.post("/api/uploads", files=[*parts[:1], ("file", ("x", b"x"))])
    assert "one part `file`" in shape(answer).detail
    assert folders(api) == []


def test_thousands_of_files_take_one_on_the_disk(api: Api) -> None:
    files = {f"{number % 3}/{number}.png": file(np.full((8, 8), number % 251, np.uint8)) for number in range(3000)}
    detail = send(api, files).json()
    assert detail["rows"] == 3000 and detail["shape"] == [1, 8, 8]
    assert len(arrays(api, detail)) == 3


def test_what_is_said_of_pictures_is_heeded(api: Api) -> None:
    files = folder(6, size=(60, 40))
    detail = send(
        api, {**files, "cat/notes.txt": b"x"}, side="16", fit="pad", unreadable="leave_out", white="200"
    ).json()
    facts = detail["facts"]
    assert (detail["shape"], facts["files"]["fit"], facts["left_out"]) == ([3, 16, 16], "pad", 1)
    assert (facts["inputs"]["black"], facts["inputs"]["white"]) == (0, 200)
    for fields, path in (({"side": "7"}, "side"), ({"fit": "zoom"}, "fit"), ({"black": "300"}, "white")):
        answer = send(api, files, **fields)
        assert (answer.status_code, shape(answer).path) == (422, path)
