"""Headers are written by others: whatever they hold, it lets nobody in or out by mistake, and breaks nothing."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from backend.auth import Keys
from tests.backend.api.conftest import TOKEN, Api

KEYS = Keys(TOKEN)
OURS = KEYS.set_cookie(secure=False).partition(";")[0]
SESSION = OURS.partition("=")[2]
AUTHORISED = {"authorization": f"Bearer {TOKEN}"}

characters = st.characters(max_codepoint=255, exclude_characters="\0\r\n\x0b\x0c")  # what the server lets through
garbage = st.text(characters, max_size=60)
foreign = st.one_of(
    garbage,
    st.sampled_from(['prefs={"a":1}', "bad[name]=1", "a=b c", 'a="', "$Version=1", "=", ",", "é=ü", "lathe=1", '"']),
).map(lambda text: text.replace(";", ""))


@given(
    before=st.lists(foreign, max_size=4), after=st.lists(foreign, max_size=4), gap=st.sampled_from(["; ", ";", ";\t "])
)
def test_no_cookie_of_others_locks_out(before: list[str], after: list[str], gap: str) -> None:
    assert KEYS.accepts_cookie(gap.join([*before, OURS, *after]))


def near_misses() -> list[str]:
    """Cookies that resemble the session's."""
    name = KEYS.cookie_name
    return [
        f"{name}={SESSION[:-1]}",
        f"{name}={SESSION}0",
        f"{name}={SESSION.upper()}",
        f'{name}="{SESSION}"',
        f"{name} ={SESSION}",
        f"{name}= {SESSION}",
        f"x{OURS}",
        f"x={OURS}",
        f"{name}",
        f"{name}=",
        SESSION,
        name.upper() + f"={SESSION}",
    ]


@given(
    st.lists(st.one_of(foreign, st.sampled_from(near_misses())), max_size=6), st.sampled_from(["; ", ";", ", ", "\xa0"])
)
def test_no_cookie_of_others_lets_in(cookies: list[str], gap: str) -> None:
    assert not KEYS.accepts_cookie(gap.join(cookies))


@pytest.mark.parametrize("other", ['prefs={"a":1}', "bad[name]=1", "a=b c", f"{KEYS.cookie_name}=stale"])
def test_a_session_holds_beside_what_other_programs_of_the_host_set(api: Api, other: str) -> None:
    api.client.cookies.clear()
    for cookies in (f"{other}; {OURS}", f"{OURS}; {other}"):
        assert api.client.get("/api/runs", headers={"Cookie": cookies}).status_code == 200
    assert api.client.get("/api/runs", headers={"Cookie": other}).status_code == 401


ADDRESSES = [
    "http://[",
    "http://[::1",
    "http://localhost:x",
    "http://]",
    "http://\xbd",
    "null",
    "//",
    "http://a@localhost",
]
NUMBERS = ["9" * 5000, "-1", "1e3", "\xb2", " 5", "0x10", "", "5, 5"]
TYPES = [
    "multipart/form-data; boundary*=utf-8''%ff",
    "multipart/form-data; boundary=\xe9",
    "application/json; charset=x",
    ";",
]
NASTY = {
    "host": ["[", "localhost:x", "[::1", "localhost:99999999", "\xbd", "localhost\t"],
    "origin": ADDRESSES,
    "referer": ADDRESSES,
    "sec-fetch-site": ["same-origin", "none", "\xff", "cross-site"],
    "sec-fetch-mode": ["navigate", "\xff"],
    "content-length": NUMBERS,
    "content-type": [*TYPES, "multipart/form-data; boundary*0*=a; boundary*1=b", "application/yaml", "\xff/\xff"],
    "cookie": ['a="', f"{OURS}\xff", "\xff=\xff"],
    "authorization": ["Bearer", "Bearer \xff", "Basic x", f"bearer  {TOKEN}", "\xff"],
    "idempotency-key": ["\x7f", "\x01", "x" * 300, "\xff", " "],
    "last-event-id": ["a:b", "a:-1", ":" * 100, "a:\xb2", "\xff:1", "a:" + "9" * 400],
    "accept": ["text/html", "\xff"],
    "accept-encoding": ["gzip;q=x", "\xff"],
    "range": ["bytes=9-1", "bytes=-", "bytes=\xb2-", "bytes=0-0,1-1", "\xff"],
    "if-none-match": ['"', "*", "\xff"],
    "if-range": ['"', "Tue, 99 Foo", "\xff"],
    "x-lathe": ["", "\xff"],
    "x-forwarded-for": ["[", "\xff"],
    "x-forwarded-proto": ["\xff", "wss"],
    "transfer-encoding": ["chunked", "\xff"],
    "expect": ["100-continue", "\xff"],
}  # fmt: skip
ROUTES = [
    ("GET", "/"),
    ("GET", "/assets/index.js"),
    ("GET", "/healthz"),
    ("GET", "/api/runs"),
    ("GET", "/api/stream"),
    ("GET", "/api/artifacts/nothing"),
    ("POST", "/api/uploads"),
    ("POST", "/api/experiments"),
    ("POST", "/api/specs/check"),
    ("DELETE", "/api/runs/nothing"),
]


@st.composite
def some_headers(draw: st.DrawFn) -> list[tuple[str, str]]:
    """A request's headers of which some are bad, some twice, some missing."""
    sound = {"host": "localhost", "x-lathe": "1", **AUTHORISED}
    names = draw(st.lists(st.sampled_from(sorted(NASTY)), max_size=5))
    bad = [(name, draw(st.one_of(st.sampled_from(NASTY[name]), garbage))) for name in names]
    kept = [(name, value) for name, value in sound.items() if name not in names or draw(st.booleans())]
    return draw(st.permutations([*kept, *bad]))


def status(api: Api, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"{}") -> int:
    """The answer's status from the application itself, which is given what a client library would refuse to send."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    messages: list[Message] = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": body, "more_body": False},
    ]
    answers: list[Message] = []

    async def receive() -> Message:
        return messages.pop() if len(messages) > 1 else messages[0]

    async def send(message: Message) -> None:
        answers.append(message)

    assert api.client.portal is not None
    api.client.portal.call(api.client.app, scope, receive, send)
    return int(answers[0]["status"]) if answers else 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(route=st.sampled_from(ROUTES), headers=some_headers())
def test_no_header_makes_a_server_error(api: Api, route: tuple[str, str], headers: list[tuple[str, str]]) -> None:
    assert status(api, *route, headers) < 500


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in NASTY.items() for value in values])
def test_each_malformed_header_is_answered(api: Api, name: str, value: str) -> None:
    headers = {"host": "localhost", "x-lathe": "1", **AUTHORISED, name: value}
    assert all(0 < status(api, *route, list(headers.items())) < 500 for route in ROUTES)


@pytest.mark.parametrize("path", ["[", "\u2100", "*", "http://[/", "//[", "", "?"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_path_makes_a_server_error(api: Api, method: str, path: str) -> None:
    headers = {"host": "localhost", "x-lathe": "1", **AUTHORISED}
    assert status(api, method, path, list(headers.items())) in (200, 404, 405, 503)


def test_the_property_would_see_a_header_that_is_parsed_unguarded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def unguarded(address: str) -> None:
        raise ValueError(address)

    monkeypatch.setattr("backend.api.middleware.gate._split", unguarded)
    with pytest.raises(ValueError, match="localhost"):
        status(api, "GET", "/api/runs", [("host", "localhost")])
