"""Settings come from a flag, else the environment, else a default."""

from pathlib import Path

import pytest

from backend.domain.settings import Settings
from lathe import environment
from lathe.environment import complete, data_folder
from tests.lathe.installing import ROOT


@pytest.mark.parametrize(
    ("flags", "surroundings", "port"),
    [
        ({"port": "1"}, {"LATHE_PORT": "2", "PORT": "3"}, "1"),
        ({}, {"LATHE_PORT": "2", "PORT": "3"}, "2"),
        ({}, {"PORT": "3"}, "3"),
        ({}, {}, None),
    ],
)
def test_a_flag_goes_before_the_environment_the_long_name_before_the_short_one(
    flags: dict[str, str], surroundings: dict[str, str], port: str | None
) -> None:
    assert complete(surroundings, flags).get("LATHE_PORT") == port


@pytest.mark.parametrize(
    ("surroundings", "folder"),
    [
        ({"LATHE_DATA_DIR": "/a", "DATA_DIR": "/b"}, Path("/a")),
        ({"DATA_DIR": "b"}, Path.cwd() / "b"),
        ({"DATA_DIR": "~/b"}, Path.home() / "b"),
        ({}, ROOT / "data"),
    ],
)
def test_the_data_folder_is_absolute_and_that_of_the_checkout_by_default(
    surroundings: dict[str, str], folder: Path
) -> None:
    assert data_folder(surroundings) == folder
    assert complete(surroundings, {})["LATHE_DATA_DIR"] == str(folder)


@pytest.mark.parametrize(
    ("surroundings", "folder"),
    [({}, Path.home() / ".local/share/lathe"), ({"XDG_DATA_HOME": "/srv/share"}, Path("/srv/share/lathe"))],
)
def test_without_a_checkout_it_is_a_folder_of_this_user(
    surroundings: dict[str, str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert data_folder(surroundings) == folder


def test_every_process_takes_the_same_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LATHE_DATA_DIR", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert Settings().data_dir == data_folder({})
    monkeypatch.setenv("DATA_DIR", "/elsewhere")
    assert Settings().data_dir == Path("/elsewhere")
