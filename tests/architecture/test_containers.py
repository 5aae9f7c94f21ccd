"""No container engine runs here: what can be proved without one is."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from lathe.doors import DOORS
from tests.lathe.installing import wheel

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parents[2]
SECRETS = {"POSTGRES_PASSWORD": "a", "REDIS_PASSWORD": "b", "LATHE_TOKEN": "c" * 32}


def compose(folder: Path, *files: str, secrets: dict[str, str] = SECRETS) -> subprocess.CompletedProcess[str]:
    """The real Compose's own check of `files`. This build of it always exits 0: a refusal shows on stderr alone."""
    command = [str(Path(sys.executable).with_name("docker-compose"))]
    for file in files:
        command += ["-f", file]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **secrets}
    return subprocess.run([*command, "config"], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("files", [("docker-compose.yml",), ("docker-compose.yml", "docker-compose.gpu.yml")])
def test_the_compose_files_are_valid(files: tuple[str, ...]) -> None:
    checked = compose(ROOT, *files)
    assert not checked.stderr
    services = yaml.safe_load(checked.stdout)["services"]
    assert set(services) == {"postgres", "redis", "migrate", "backend", "worker"}
    assert [name for name, service in services.items() if "ports" in service] == ["backend"]


def test_every_service_is_hardened() -> None:
    services = yaml.safe_load(compose(ROOT, "docker-compose.yml").stdout)["services"]
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_whatever_ends_is_started_again_and_asked_whether_it_lives(tmp_path: Path) -> None:
    services = yaml.safe_load(compose(ROOT, "docker-compose.yml").stdout)["services"]
    assert {name for name, service in services.items() if service["restart"] != "unless-stopped"} == {"migrate"}
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate"}
    check = services["worker"]["healthcheck"]["test"]
    env = {**os.environ, "LATHE_DATA_DIR": str(tmp_path)}
    requested = subprocess.run(
        [sys.executable, *check[2:]], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert "No worker runs on this machine." in requested.stderr


def test_a_missing_secret_is_named() -> None:
    refused = compose(ROOT, "docker-compose.yml", secrets={})
    assert not refused.stdout
    assert "set it in .env" in refused.stderr


def test_the_check_sees_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("services: {web: {imagee: nginx}}")
    assert "imagee" in compose(tmp_path, "broken.yml").stderr


def test_the_images_copy_only_what_exists() -> None:
    text = (ROOT / "Dockerfile").read_text()
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    sources = [source for line in copies for source in line.split()]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_images_build_the_whole_wheel(tmp_path: Path) -> None:
    """Their wheel is made of what they copy, which holds no file of Git's."""
    stage = (ROOT / "Dockerfile").read_text().partition("AS wheel\n")[2].partition("\nFROM ")[0]
    for source in " ".join(re.findall(r"^COPY (.+) \S+$", stage, re.MULTILINE)).split():
        if not source.startswith(("frontend", "requirements")):
            _copy(ROOT / source, tmp_path / "app" / source)
    assert _files(wheel(tmp_path / "app", tmp_path)) == _files(wheel(ROOT, tmp_path / "whole"))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _files(built: Path) -> set[str]:
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_images_start_what_the_tree_has() -> None:
    commands = re.findall(r"^CMD (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    started = [*map(json.loads, commands), services["migrate"]["command"]]
    assert started == [["lathe", "serve"], ["lathe", "worker"], ["lathe", "migrate"]]
    assert {door for _, door in started} <= set(DOORS)
