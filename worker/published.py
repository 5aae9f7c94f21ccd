"""Data files that somebody published: found in the data folder or a system package, otherwise downloaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.download import download


@dataclass(frozen=True)
class Published:
    """One file as it was published, gzipped. `bytes` and `sha256` are those of the gzipped file."""

    name: str  # without .gz
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Publication:
    """Files that belong together, and where they can come from."""

    url: str  # folder that the gzipped files are published in
    files: Sequence[Published]
    system: Path  # folder that the Debian package installs
    package: str

    def obtain(self, folder: Path) -> dict[str, Path]:
        """Where each file is, by its name; downloaded into `folder` when it is in neither folder.

        ValueError with both remedies when the download fails.
        """
        return {file.name: self._find(file, folder) or self._fetch(file, folder) for file in self.files}

    def _find(self, file: Published, folder: Path) -> Path | None:
        names = (file.name, f"{file.name}.gz")
        candidates = (place / name for place in (folder, self.system) for name in names)
        return next((path for path in candidates if path.is_file()), None)

    def _fetch(self, file: Published, folder: Path) -> Path:
        target = folder / f"{file.name}.gz"
        try:
            download(f"{self.url}{file.name}.gz", target, file.bytes, file.sha256)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"{file.name}.gz is missing and could not be downloaded ({error}); install Debian's package "
                f"`{self.package}`, or put the published files into {folder}."
            ) from error
        return target
