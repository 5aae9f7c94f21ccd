"""The wheel, and empty virtual environments into which it is installed.

Nothing is downloaded: the packages that the wheel asks for are links to those of the environment that runs the tests,
these and no others. What the wheel forgets to ask for is not there.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.patience import granted

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Installed:
    """A virtual environment, and an empty folder to type commands in."""

    venv: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def lathe(self) -> Path:
        return self.venv / "bin" / "lathe"

    @property
    def packages(self) -> Path:
        return next(self.venv.glob("lib/python*/site-packages"))

    @property
    def environment(self) -> dict[str, str]:
        """That of somebody who has just signed in."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
        return {**kept, "HOME": str(self.folder.parent / "home"), "OMP_NUM_THREADS": "1"}

    def run(self, *command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            list(map(str, command)), cwd=self.folder, env={**self.environment, **environment}, capture_output=True,
            text=True, timeout=granted(120), check=False,
        )  # fmt: skip

    def knows(self, module: str, **environment: str) -> str:
        """File that `import module` would load; empty when there is none."""
        code = (
            f"from importlib.util import find_spec; found = find_spec({module!r}); print(found and found.origin or '')"
        )
        return self.run(self.python, "-c", code, **environment).stdout.strip()


def wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of the checkout `root` with the build tools that are installed here."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", folder, root], check=True, timeout=granted(120))
    (built,) = folder.glob("*.whl")
    return built


def install(built: Path, extra: str, folder: Path) -> Installed:
    """An environment below `folder` with the wheel and all that it asks for with this extra, and nothing else."""
    made = Installed(folder / "venv", folder / "elsewhere")
    made.folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made.venv], check=True, timeout=granted(120))
    pip = [sys.executable, "-m", "pip", "--python", str(made.python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, built], check=True, timeout=granted(120))
    (lathe,) = made.packages.glob("lathe-*.dist-info")
    for found in wanted(PathDistribution(lathe), {"extra": extra}):
        _link(found, made.packages)
    return made


def wanted(of: Distribution, marker: Mapping[str, str]) -> list[Distribution]:
    """The distributions that `of` needs, and those that these need."""
    found: dict[str, Distribution] = {}
    waiting = list(_requirements(of, marker))
    while waiting:
        requirement = waiting.pop()
        if (name := requirement.name.lower()) not in found:
            found[name] = distribution(name)
            waiting += _requirements(found[name], {"extra": ""})
        for extra in requirement.extras:
            waiting += [one for one in _requirements(found[name], {"extra": extra}) if one.name.lower() not in found]
    return list(found.values())


def _requirements(of: Distribution, marker: Mapping[str, str]) -> Iterator[Requirement]:
    for text in of.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(dict(marker)):
            yield requirement


def _link(found: Distribution, packages: Path) -> None:
    """Link what the distribution has installed, folder by folder."""
    tops = {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}
    for top in tops:
        if not (packages / top).exists():
            (packages / top).symlink_to(Path(str(found.locate_file(top))).resolve())
