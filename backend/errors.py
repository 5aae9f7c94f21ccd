"""All errors of requests: one base class, one handler, one JSON shape."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import HTTPExceptionHandler

from backend.api.schemas.runs import Error
from backend.domain.path import join
from backend.domain.problems import Problem, SpecInvalid
from backend.store.idempotency import KeyReused
from backend.store.trouble import Trouble, trouble

log = logging.getLogger(__name__)
E = TypeVar("E", bound=Exception)


class LatheError(Exception):
    """A failed request: a status, and a sentence that says what would be right."""

    status = 500
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str, *, path: str | None = None, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail, self.path, self.problems = detail, path, list(problems)


class NotFound(LatheError):
    status = 404


class RunNotFound(NotFound):
    def __init__(self, run_id: str) -> None:
        super().__init__(f"There is no run `{run_id[:80]}`.")


class ComponentNotFound(NotFound):
    def __init__(self, family: str, kind: str) -> None:
        super().__init__(f"There is no component `{kind[:80]}` of `{family[:80]}`.")


class TryoutNotFound(NotFound):
    def __init__(self, family: str) -> None:
        super().__init__(f"No experiment holds a component of `{family}`: it belongs to studies.")


class ArtifactNotFound(NotFound):
    def __init__(self, artifact_id: str, why: str = "") -> None:
        super().__init__(why or f"There is no artifact `{artifact_id[:80]}`.")


class UploadNotFound(NotFound):
    def __init__(self, upload_id: str) -> None:
        super().__init__(f"There is no upload `{upload_id[:80]}`.")


class StudyNotFound(NotFound):
    def __init__(self, study_id: str) -> None:
        super().__init__(f"There is no study `{study_id[:80]}`.")


class ChartNotFound(NotFound):
    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no chart `{name[:80]}`; known: {', '.join(known)}.")


class TokenMissing(LatheError):
    status = 401
    headers = {"WWW-Authenticate": "Bearer"}


class TokenWrong(LatheError):
    status = 401
    headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(LatheError):
    status = 403


class MethodNotAllowed(LatheError):
    status = 405


class Conflict(LatheError):
    status = 409


class ArtifactDamaged(Conflict):
    def __init__(self, artifact_id: str, why: str) -> None:
        super().__init__(
            f"The file of artifact `{artifact_id}` differs from the registered one: {why}. It was changed or damaged "
            "on the disk; restore it from a copy, or run the stage again."
        )


class BodyTooLarge(LatheError):
    status = 413


class UnsupportedBody(LatheError):
    status = 415


class RangeInvalid(LatheError):
    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes; the range starts after its end.")
        self.headers = {"Content-Range": f"bytes */{size}"}


class HostRefused(LatheError):
    status = 421


class Invalid(LatheError):
    """A request with wrong fields; `path` names the first one."""

    status = 422


class Refused(LatheError):
    """A request that the framework itself turned down."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class DiskFull(LatheError):
    status = 507

    def __init__(self) -> None:
        super().__init__(
            "The disk of the data folder is full, and nothing was stored: free some space, and send the request again."
        )


class Busy(LatheError):
    status = 503
    headers = {"Retry-After": "5"}


class StoreFull(LatheError):
    status = 507

    def __init__(self) -> None:
        super().__init__(f"The database {Trouble.FULL}, and nothing was changed: free some space, and try again.")


class StoreUnavailable(LatheError):
    status = 503

    def __init__(self, why: Trouble) -> None:
        super().__init__(f"The database {why} now, and nothing was changed: try again in a moment.")


class CatalogMissing(LatheError):
    status = 503

    def __init__(self) -> None:
        super().__init__("No worker has reported its components yet: start one, or wait until it is ready.")


def answer(error: LatheError) -> JSONResponse:
    body = Error(error=type(error).__name__, detail=error.detail, path=error.path, problems=error.problems)
    return JSONResponse(body.model_dump(), error.status, dict(error.headers))


def invalid(problems: Sequence[Problem], what: str = "") -> Invalid:
    """One error for all problems; its sentence is that of the first one."""
    first = problems[0]
    detail = f"`{first.path}` {first.message}" if first.path else first.message[:1].upper() + first.message[1:]
    return Invalid(what + detail, path=first.path or None, problems=problems)


def install(app: FastAPI) -> None:
    """Give every failure of `app` the one shape."""
    handlers: dict[type[Exception], HTTPExceptionHandler] = {
        LatheError: lambda request, error: answer(_as(LatheError, error)),
        SpecInvalid: lambda request, error: answer(invalid(_as(SpecInvalid, error).problems)),
        KeyReused: lambda request, error: answer(Conflict(str(error))),
        RequestValidationError: lambda request, error: answer(_mistyped(_as(RequestValidationError, error))),
        HTTPException: lambda request, error: answer(_refused(request, _as(HTTPException, error))),
        ClientDisconnect: _left,
        OperationalError: _store_lost,
        InterfaceError: _store_lost,
        TimeoutError: _store_lost,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _as(kind: type[E], error: Exception) -> E:
    assert isinstance(error, kind)
    return error


def _store_lost(request: Request, error: Exception) -> JSONResponse:
    why = trouble(error)
    log.error("the database %s: %s", why, str(error).splitlines()[0])
    return answer(StoreFull() if why is Trouble.FULL else StoreUnavailable(why))


def _left(request: Request, error: Exception) -> JSONResponse:
    log.info("a client left while it sent the body of %s %s", request.method, request.scope["path"][:200])
    return answer(Refused(400, "The body ended too early: send the request again."))  # which nobody will read


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # The traceback is logged by the server: the handler of `Exception` runs outside every other layer.
    return answer(LatheError("Something went wrong on the server; its log has the details."))


def _refused(request: Request, error: HTTPException) -> LatheError:
    if error.status_code == 404:
        return NotFound(f"There is nothing at {request.url.path[:200]}.")
    if error.status_code == 405:
        return MethodNotAllowed(f"{request.method} is not allowed at {request.url.path[:200]}.")
    if error.status_code == 413:
        return too_large()
    if error.status_code == 400:
        return Invalid("The body cannot be read as JSON.")
    return Refused(error.status_code, str(error.detail))


def too_large(most: int = 256 * 1024) -> BodyTooLarge:
    size = f"{most >> 10:,} KB" if most < 1 << 20 else f"{most >> 20:,} MB"
    return BodyTooLarge(f"The body is too large: at most {size} are accepted.")


def _mistyped(error: RequestValidationError) -> Invalid:
    problems = [_problem(item) for item in error.errors()]
    return invalid(problems[:20])


def mistyped(error: ValidationError) -> Invalid:
    """Error for a command whose body does not fit its kind."""
    first = error.errors()[0]
    path = join("body", *first["loc"])
    return Invalid(f"`{path}`: {first['msg']}.", path=path)


def _problem(item: Mapping[str, Any]) -> Problem:
    """One of pydantic's complaints, as a path and a sentence."""
    if item["type"] == "json_invalid":
        return Problem(path="", message=f"The body is not valid JSON: {item['ctx']['error']}.")
    source, *parts = item["loc"]
    path = join("", *filter(_names_a_field, parts))
    message = _SENTENCES.get(item["type"], item["msg"][:1].lower() + item["msg"][1:])
    if source == "body" and not parts:
        return Problem(path="", message=f"The body must be a JSON object ({message}).")
    return Problem(path=path[:200], message=message.rstrip(".") + ".")


_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a field here",
}


def _names_a_field(part: int | str) -> bool:
    """Pydantic also puts the branch of a union into the path (`dict[str,any]`, `str`)."""
    return isinstance(part, int) or not (part in _BRANCHES or "[" in part)


_BRANCHES = {"str", "int", "float", "bool", "list", "dict"}
