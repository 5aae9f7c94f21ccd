"""The built front end. Any address that is not the API's gets its page: the browser knows the way from there."""

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from backend.errors import NotFound

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parents[1] / "static"
HASHED = "assets/"  # Vite puts a hash of the content into the names in there
MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Lathe</title>
<p>The API is running, but its pages have not been built: <code>make run</code> builds them in a checkout, <code>make wheel</code> puts them
into the package.</p></html>"""


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def page(request: Request, path: str) -> Response:
    """A built file, or the page itself."""
    if path.startswith("api/") or path == "api":
        raise NotFound(f"There is nothing at /{path[:200]}.")
    file = _inside(path)
    if file is not None:
        return _file(request, file, forever=path.startswith(HASHED))
    if path.startswith(HASHED):
        raise NotFound(f"There is no file /{path[:200]}; reload the page to get the current version.")
    index = FOLDER / "index.html"
    return _file(request, index, forever=False) if index.is_file() else HTMLResponse(MISSING, 503)


def _inside(path: str) -> Path | None:
    """The built file at `path`; None when there is none or when the path leads elsewhere."""
    file = (FOLDER / path).resolve()
    return file if file.is_relative_to(FOLDER) and file.is_file() and file.suffix != ".gz" else None


def _file(request: Request, file: Path, forever: bool) -> Response:
    headers = {"Cache-Control": "private, max-age=31536000, immutable" if forever else "no-cache"}
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    packed = file.with_name(file.name + ".gz")
    if packed.is_file():
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            return FileResponse(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=kind)
    return FileResponse(file, headers=headers, media_type=kind)
