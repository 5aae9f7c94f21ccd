"""Sends data of one's own: a file, a folder of pictures, or several files."""

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from client.errors import LatheError
from client.wire.connection import Wire
from client.wire.form import File, Form, Progress
from client.wire.models import UploadDetail, UploadRow

Data = Path | str | Iterable[Path | str] | Mapping[str, Path | str]
"""A file or folder; several files; or the name of each part of the form and its file, as `inputs` and `targets`."""


def upload(
    wire: Wire, data: Data, options: Mapping[str, str], key: str | None, progress: Progress | None
) -> UploadDetail:
    """Sends the data and returns the server's description. Raises LatheError."""
    try:
        form = Form(options, _files(data), progress)
        return UploadDetail.model_validate(wire.post_form("/api/uploads", form, key or str(uuid.uuid4())))
    except OSError as error:
        detail = f"The file {error.filename} cannot be read: {error.strerror}."
        raise LatheError("FileUnreadable", detail, "file") from error


def listed(wire: Wire) -> list[UploadRow]:
    return [UploadRow.model_validate(row) for row in wire.get("/api/uploads")]


def found(wire: Wire, named: str) -> UploadDetail:
    """The upload with this id or name, or the only one whose id starts so. Raises LatheError."""
    rows = listed(wire)
    fitting = [row for row in rows if named in (row.id, row.name)] or [row for row in rows if row.id.startswith(named)]
    if len(fitting) != 1:
        many = f"{len(fitting)} uploads are called" if fitting else "There is no upload"
        raise LatheError("UploadNotFound", f"{many} `{named}`: choose an id that `lathe data` lists.", "upload")
    return UploadDetail.model_validate(wire.get(f"/api/uploads/{fitting[0].id}"))


def delete(wire: Wire, named: str) -> UploadDetail:
    """Deletes the upload and returns what it was. Raises LatheError while a run learns from it."""
    upload = found(wire, named)
    wire.delete(f"/api/uploads/{upload.id}")
    return upload


def _files(data: Data) -> list[File]:
    """The parts of the form. Raises LatheError when there is nothing to send."""
    if isinstance(data, Mapping):
        return [File(part, Path(path), Path(path).name) for part, path in data.items()]
    if isinstance(data, Path | str):
        path = Path(data)
        return (
            _together(sorted(_below(path)), path.absolute().parent)
            if path.is_dir()
            else [File("file", path, path.name)]
        )
    paths = [Path(path).absolute() for path in data]
    if not paths:
        raise LatheError("NothingToSend", "There is no file to send.", "files")
    return _together(paths, Path(os.path.commonpath([path.parent for path in paths])))


def _below(folder: Path) -> list[Path]:
    """All files below a folder."""
    found = [Path(place, name).absolute() for place, _, names in os.walk(folder) for name in names]
    if not found:
        raise LatheError("NothingToSend", f"The folder {folder} holds no file.", "files")
    return found


def _together(paths: Sequence[Path], root: Path) -> list[File]:
    """Many files, called by their paths below `root`."""
    return [File("files", path, path.relative_to(root).as_posix()) for path in paths]
