"""Sends requests to the server. Every failure is a LatheError; a request is repeated where that is harmless."""

import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
from pydantic import ValidationError

from client.errors import CUT, UNREACHABLE, LatheError
from client.wire.access import is_local
from client.wire.form import Form
from client.wire.models import Error

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between the tries of a request that may be repeated
SECONDS = 60.0  # until a server that says nothing is given up
CHECKING = 4000.0  # until a server that checks what it was sent is given up
QUIET = 35.0  # seconds until a live stream without a sign of life, which comes each 10 s, counts as cut

Query = Mapping[str, Any]


class Wire:
    """A connection to one server."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        # The header is what the server asks of every change that a browser makes.
        headers = {"Authorization": f"Bearer {token}", "X-Lathe": "1"}
        # A proxy for the world does not lead to this machine.
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=SECONDS, trust_env=not is_local(url))
        weakref.finalize(self, self._http.close)  # a notebook closes nothing

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, query: Query | None = None) -> Any:
        """The JSON of the answer."""
        return self._json(self._send(self._http.build_request("GET", path, params=_given(query)), again=True))

    def text(self, path: str) -> str:
        return self._send(self._http.build_request("GET", path), again=True).text

    def post(self, path: str, body: Any, key: str | None = None) -> Any:
        """The JSON of the answer. With an Idempotency-Key the request is sent again when the connection is cut: the server
        acts only once for each key."""
        headers = {"Idempotency-Key": key} if key else {}
        request = self._http.build_request("POST", path, json=body, headers=headers)
        return self._json(self._send(request, again=key is not None))

    def post_form(self, path: str, form: Form, key: str) -> Any:
        """The JSON of the answer to a form, which is sent from its start again when the connection is cut."""
        headers = {**form.headers, "Idempotency-Key": key}
        timeout = httpx2.Timeout(SECONDS, read=CHECKING)
        request = self._http.build_request("POST", path, content=form, headers=headers, timeout=timeout)
        return self._json(self._send(request, again=True))

    def delete(self, path: str) -> None:
        self._send(self._http.build_request("DELETE", path), again=False)

    @contextmanager
    def download(self, path: str) -> Iterator[httpx2.Response]:
        """An answer whose body is read in pieces. Raises LatheError, also when the connection is cut meanwhile."""
        with self._translate_errors(), self._http.stream("GET", path) as response:
            self._refuse(response)
            yield response

    @contextmanager
    def events(self, path: str, query: Query, last: str | None) -> Iterator[Iterator[httpx2.ServerSentEvent]]:
        """Server-sent events after the one with the id `last`. Raises LatheError; its name is `CUT` when the connection was cut."""
        headers = {"Last-Event-ID": last} if last else {}
        timeout = httpx2.Timeout(SECONDS, read=QUIET)
        stream = self._http.sse(path, params=_given(query), headers=headers, timeout=timeout, max_event_size=None)
        with self._translate_errors(), stream as source:
            self._refuse(source.response)
            yield iter(source)

    def _send(self, request: httpx2.Request, again: bool) -> httpx2.Response:
        """The answer. With `again` the request may be sent several times, until there is an answer."""
        began = False
        for pause in (*PAUSES, None):
            try:
                with self._translate_errors():
                    response = self._http.send(request)
                    self._refuse(response)
                    return response
            except LatheError as error:
                began = began or error.error != UNREACHABLE
                if not (again and began and pause and passing(error)):
                    raise
                time.sleep(pause)
        raise AssertionError("the last try has no pause")

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turns transport errors into sentences."""
        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            remedy = "start it with `lathe up`" if is_local(self.url) else "check the address and the network"
            detail = f"No server answers at {self.url}: {remedy}, or set LATHE_URL to its address."
            raise LatheError(UNREACHABLE, detail) from error
        except httpx2.TransportError as error:
            detail = (
                f"The connection to {self.url} was cut before the answer was complete ({error or 'no reason given'})."
            )
            raise LatheError(CUT, detail) from error

    def _refuse(self, response: httpx2.Response) -> None:
        """Raises the server's error when the answer is one."""
        if response.is_success:
            return
        response.read()
        try:
            said = Error.model_validate_json(response.content)
        except ValidationError:
            raise self._stranger(response) from None
        raise LatheError(said.error, said.detail, said.path, status=response.status_code, problems=said.problems)

    def _json(self, response: httpx2.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise self._stranger(response) from None

    def _stranger(self, response: httpx2.Response) -> LatheError:
        detail = f"The server at {self.url} is not Lathe: it answered {response.status_code} to {response.url.path}."
        return LatheError("NotLathe", detail, status=response.status_code)


def passing(error: LatheError) -> bool:
    """True when the same request may soon succeed: the connection was cut, or the server is restarting."""
    return error.error in (UNREACHABLE, CUT, "StoreUnavailable") or error.status in (502, 504)


def _given(query: Query | None) -> dict[str, Any]:
    return {name: value for name, value in (query or {}).items() if value is not None}
