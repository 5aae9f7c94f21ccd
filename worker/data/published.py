"""Data files that somebody published: found in the data folder or a system package, otherwise downloaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.data.download import download


@dataclass(frozen=True)
class Published:
    """One file as it was published, gzipped. `bytes` and `sha256` are those of the gzipped file."""

    name: str  # without .gz
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Publication:
    """Files that belong together, and where they can come from."""

    urls: Sequence[str]  # folders that the gzipped files are published in, tried in this order
    files: Sequence[Published]
    system: Path | None = None  # folder that a Debian package installs
    package: str = ""

    def obtain(self, folder: Path) -> dict[str, Path]:
        """Path of each file, by its name; downloaded into `folder` when it is in neither folder.

        ValueError with every remedy when all downloads fail.
        """
        return {file.name: self._find(file, folder) or self._fetch(file, folder) for file in self.files}

    def _find(self, file: Published, folder: Path) -> Path | None:
        places = [folder, self.system] if self.system else [folder]
        candidates = (place / name for place in places for name in (file.name, f"{file.name}.gz"))
        return next((path for path in candidates if path.is_file()), None)

    def _fetch(self, file: Published, folder: Path) -> Path:
        target, reasons = folder / f"{file.name}.gz", []
        for url in self.urls:
            try:
                download(f"{url}{file.name}.gz", target, file.bytes, file.sha256)
            except (OSError, ValueError) as error:
                reasons.append(str(error).rstrip("."))
            else:
                return target
        package = f"install Debian's package `{self.package}`, or " if self.package else ""
        raise ValueError(
            f"{target.name} is missing and could not be downloaded ({'; '.join(reasons)}): {package}put the published "
            f"files into {folder}."
        )
