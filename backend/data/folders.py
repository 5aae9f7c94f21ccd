"""Folders of files: the name of a file's folder is its class, and that of the folder around it may be its part of a split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from backend.data.faults import FileInvalid
from backend.data.own_split import TRAIN, part_of
from backend.domain.experiment.upload_plan import MOST_CLASSES
from backend.domain.input_limits import label

MOST_LABEL = 200  # characters of a class's name
SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
SYSTEM_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information"})

Place = tuple[str, ...]


class Placed(Protocol):
    """A file in folders."""

    @property
    def place(self) -> Place: ...


T = TypeVar("T", bound=Placed)


@dataclass(frozen=True)
class Folders(Generic[T]):
    """Files in the order of their names. `codes` are their places in `classes`, `parts` their parts of a split, if any."""

    files: Sequence[T]
    classes: list[str]
    codes: list[int]
    parts: list[int] | None


def is_dust(place: Place) -> bool:
    """Returns whether a system left the file there, beside those that a person put."""
    hidden = any(part.startswith(".") or part.lower() in SYSTEM_FOLDERS for part in place)
    return hidden or place[-1].lower() in SYSTEM_FILES


def sort(files: Sequence[T]) -> Folders[T]:
    """Class and part of each file. Raises FileInvalid in one sentence."""
    places = _without_common([file.place for file in files])
    parts = _parts(places)
    below = places if parts is None else [place[1:] for place in places]
    named = [_class_of(place, file) for place, file in zip(below, files, strict=True)]
    classes = sorted(set(named))
    if len(classes) > MOST_CLASSES:
        raise FileInvalid(f"There are {len(classes):,} folders of classes; at most {MOST_CLASSES:,} are accepted.")
    numbers = {name: number for number, name in enumerate(classes)}
    return Folders(files, classes, [numbers[name] for name in named], parts)


def _without_common(places: Sequence[Place]) -> list[Place]:
    """The places without the folders that are around all of them."""
    rest = list(places)
    while len({place[0] for place in rest}) == 1 and all(len(place) > 2 for place in rest):
        rest = [place[1:] for place in rest]
    return rest


def _parts(places: Sequence[Place]) -> list[int] | None:
    """Part of each file, where the outermost folders are those of a split. Raises FileInvalid where only some are."""
    found = {place[0]: part_of(place[0]) for place in places if len(place) > 1}
    said = {part for part in found.values() if part is not None}
    if TRAIN not in said or len(said) < 2:
        return None
    if others := [name for name, part in found.items() if part is None]:
        raise FileInvalid(f"The folder `{others[0][:80]}` lies beside `train`: move it into a part of the split.")
    return [found[place[0]] or 0 if len(place) > 1 else 0 for place in places]


def _class_of(place: Place, file: Placed) -> str:
    """Name of the file's class. Raises FileInvalid for a file in no folder."""
    name = label(place[0]) if len(place) > 1 else ""
    if not name:
        raise FileInvalid(
            f"`{'/'.join(file.place)[:200]}` lies in no folder: the name of its folder is the class of a picture, as in "
            "`cat/1.jpg`."
        )
    return name[:MOST_LABEL]
