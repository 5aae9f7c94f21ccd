"""Downloads: the registered file, whole or in part, and nothing else."""

import os
from pathlib import Path

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.store import run_listing, runs
from tests.backend.api.conftest import Api
from tests.backend.api.making import claimed, queued, register

CONTENT = bytes(range(256)) * 3000


def stored(api: Api, catalog: Catalog, name: str = "A run") -> str:
    """An artifact whose file is there."""
    queued(api.store, catalog, name)
    lease = claimed(api.store)
    path = f"runs/{lease.run_id}/artifacts/model.onnx"
    file = api.settings.data_dir / path
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    return register(api.store, lease, 2, file, path)


def test_the_file_comes_whole_with_its_hash_and_name(api: Api, catalog: Catalog) -> None:
    artifact = stored(api, catalog, 'LeNet-5: "ünïcode"/../x\r\nSet-Cookie: a=b')
    answer = api.client.get(f"/api/artifacts/{artifact}")
    assert answer.status_code == 200 and answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-disposition"] == (
        'attachment; filename="lenet-5-n-code-x-set-cookie-a-b-seed0-stage2.onnx"'
    )
    assert len(answer.headers["etag"]) == 66 and answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("requested", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-999", 0, 999),
        ("bytes=500000-600000", 500_000, 600_000),
        ("bytes=767000-", 767_000, 767_999),
        ("bytes=-10", 767_990, 767_999),
        ("bytes=-9999999", 0, 767_999),
        ("bytes=100-9999999", 100, 767_999),
    ],
)
def test_a_range_is_that_part(api: Api, catalog: Catalog, requested: str, first: int, last: int) -> None:
    answer = api.client.get(f"/api/artifacts/{stored(api, catalog)}", headers={"Range": requested})
    assert answer.status_code == 206 and answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"


@pytest.mark.parametrize(
    "requested", ["bytes=0-1,5-6", "bytes=", "bytes=-", "bytes=5-2", "lines=1-2", "bytes=a-b", "x" * 500]
)
def test_what_is_no_single_range_gets_everything(api: Api, catalog: Catalog, requested: str) -> None:
    answer = api.client.get(f"/api/artifacts/{stored(api, catalog)}", headers={"Range": requested})
    assert answer.status_code == 200 and len(answer.content) == len(CONTENT)


@pytest.mark.parametrize("requested", ["bytes=768000-", "bytes=9999999-99999999", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(api: Api, catalog: Catalog, requested: str) -> None:
    answer = api.client.get(f"/api/artifacts/{stored(api, catalog)}", headers={"Range": requested})
    assert (answer.status_code, answer.json()["error"]) == (416, "RangeInvalid")
    assert answer.headers["content-range"] == "bytes */768000"


def test_what_the_caller_has_is_not_sent_again(api: Api, catalog: Catalog) -> None:
    artifact = stored(api, catalog)
    etag = api.client.get(f"/api/artifacts/{artifact}").headers["etag"]
    assert api.client.get(f"/api/artifacts/{artifact}", headers={"If-None-Match": etag}).status_code == 304
    part = {"Range": "bytes=0-9", "If-Range": etag}
    assert api.client.get(f"/api/artifacts/{artifact}", headers=part).status_code == 206
    other = {"Range": "bytes=0-9", "If-Range": '"something else"'}
    assert api.client.get(f"/api/artifacts/{artifact}", headers=other).status_code == 200


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret", "runs/../../secret", "runs", "", "link"])
def test_nothing_outside_the_data_folder_is_sent(api: Api, catalog: Catalog, path: str, tmp_path: Path) -> None:
    """Not even when the database says so."""
    (tmp_path.parent / "secret").write_text("secret")
    (api.settings.data_dir / "link").symlink_to("/etc/passwd")
    queued(api.store, catalog)
    lease = claimed(api.store)
    (api.settings.data_dir / "runs").mkdir(exist_ok=True)
    answer = api.client.get(f"/api/artifacts/{register(api.store, lease, 0, path=path or '.')}")
    assert (answer.status_code, answer.json()["error"]) == (404, "ArtifactNotFound")


def test_a_file_that_is_gone_is_said(api: Api, catalog: Catalog) -> None:
    queued(api.store, catalog)
    answer = api.client.get(f"/api/artifacts/{register(api.store, claimed(api.store), 0)}")
    assert answer.status_code == 404 and "no longer exists" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%00", "x" * 65, "' OR '1'='1"])
def test_an_id_is_no_path(api: Api, name: str) -> None:
    assert api.client.get(f"/api/artifacts/{name}").status_code in (404, 422)


@pytest.mark.parametrize(
    ("content", "why"),
    [(CONTENT[:-1], "767,999 bytes, not 768,000"), (b"X" + CONTENT[1:], "its SHA-256 differs")],
)
def test_a_file_that_was_changed_on_the_disk_is_refused(api: Api, catalog: Catalog, content: bytes, why: str) -> None:
    artifact = stored(api, catalog)
    assert api.client.get(f"/api/artifacts/{artifact}").status_code == 200
    (file,) = api.settings.data_dir.rglob("model.onnx")
    times = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # who changes a file may set its time back
    for headers in ({}, {"Range": "bytes=0-0"}):
        answer = api.client.get(f"/api/artifacts/{artifact}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (409, "ArtifactDamaged")
        assert why in answer.json()["detail"] and "run the stage again" in answer.json()["detail"]
    file.write_bytes(CONTENT)
    assert api.client.get(f"/api/artifacts/{artifact}").content == CONTENT


def test_what_a_failed_run_left_can_be_fetched(api: Api, catalog: Catalog) -> None:
    artifact = stored(api, catalog)
    with api.store.begin() as session:
        (run,) = run_listing.page(session)[0]
        runs.finish(session, runs.Lease.of(run), RunState.FAILED, "Stage 3 of 4, prune: it would leave nothing.")
    assert api.client.get(f"/api/artifacts/{artifact}").content == CONTENT
