"""The outermost layer: authentication, allowed origins, and the security headers of every answer.

Nothing is open unless `OPEN` names it: a route that is added later is closed without another line.
"""

import html
import logging
import re
import time
from urllib.parse import SplitResult, parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.auth import Keys
from backend.domain.input_limits import UNWRITABLE
from backend.errors import Forbidden, HostRefused, LatheError, NotFound, TokenMissing, TokenWrong, answer, too_large

log = logging.getLogger(__name__)

OPEN = frozenset({"/healthz", "/readyz"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY = 256 * 1024
LONGEST_LENGTH = 20  # digits of a Content-Length: Python refuses to read a number of thousands of them
UPLOADS = ("POST", "/api/uploads")  # has a limit of its own, and counts by itself what arrives
PREDICTIONS = re.compile(r"/api/runs/[^/]+/predictions")  # take a picture or a table
MAX_SAMPLES = 16 << 20

# After a redirect the request would still count as one of the page with the link, and the browser would withhold the
# cookie that it has just been given.
PASSAGE = '<!doctype html><html lang="en"><meta http-equiv="refresh" content="0; url=/"><title>Lathe</title></html>'

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Gate:
    """Checks the host, the caller and the origin of each request before anything else sees it."""

    def __init__(self, app: ASGIApp, keys: Keys, hosts: frozenset[str], upload_bytes: int) -> None:
        self.app, self.keys, self.hosts, self.upload_bytes = app, keys, hosts, upload_bytes
        self.refusals = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await (self._judge(scope) or self.app)(scope, receive, _with_security_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _judge(self, scope: Scope) -> Response | None:
        """None lets the request through, a response answers it here."""
        try:
            return self._admit(scope)
        except LatheError as error:
            return self._turn_away(scope, error)

    def _admit(self, scope: Scope) -> Response | None:
        """As `_judge`, but raises the reason when it refuses the request."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            raise HostRefused(f"This server does not accept the host name `{host[:80]}`: add it to LATHE_HOSTS.")
        _refuse_large(headers, self.upload_bytes if is_upload(scope) else _most(scope))
        if scope["path"] in OPEN and scope["method"] in SAFE_METHODS:
            return None
        if scope["path"] == "/" and b"token=" in scope["query_string"]:
            return self._sign_in(scope)
        by_cookie = self._authenticate(headers)
        _refuse_foreign(scope, headers, host, by_cookie)
        if UNWRITABLE.search(scope["path"]):
            raise NotFound("The address holds a control character: nothing can be there.")
        state = scope.setdefault("state", {})
        state["by"] = "browser" if by_cookie else "api"
        if "admitted" in state:
            state["admitted"]()
        return None

    def _sign_in(self, scope: Scope) -> Response:
        """Exchange the token of the link for a session cookie; the token does not stay in the address."""
        offered = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not self.keys.accepts_token(offered):
            raise TokenWrong("The token of this link is wrong: open the link that the server printed when it started.")
        cookie = self.keys.set_cookie(secure=scope["scheme"] == "https")
        opened = {"Set-Cookie": cookie, "Cache-Control": "no-store"}
        if Headers(scope=scope).get("sec-fetch-site", "none") in ("same-origin", "none"):
            return RedirectResponse("/", 303, opened)
        return HTMLResponse(PASSAGE, 200, opened)

    def _authenticate(self, headers: Headers) -> bool:
        """Returns whether the cookie (True) or the token (False) let the caller in."""
        scheme, _, offered = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if self.keys.accepts_token(offered.strip()):
                return False
            raise TokenWrong("The token is wrong.")
        if self.keys.accepts_cookie(";".join(headers.getlist("cookie"))):
            return True
        raise TokenMissing("Sign in with the server's link, or send `Authorization: Bearer <token>`.")

    def _turn_away(self, scope: Scope, error: LatheError) -> Response:
        if isinstance(error, TokenWrong):
            self.refusals.count(scope)
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if error.status == 401 and wants_page and scope["method"] in ("GET", "HEAD"):
            return HTMLResponse(_door(scope["path"], error), 401, {"Cache-Control": "no-store"})
        return answer(error)


class BodyLimit:
    """Counts the bytes of every body but an upload's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.limited = {most: RequestBodyLimitMiddleware(app, most) for most in (MAX_BODY, MAX_SAMPLES)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        web = scope["type"] == "http"
        layer = self.app if web and is_upload(scope) else self.limited[_most(scope) if web else MAX_BODY]
        await layer(scope, receive, send)


class Refusals:
    """Logs wrong tokens, at most one line every ten seconds however many there are."""

    def __init__(self, every: float = 10.0) -> None:
        self.every, self.since, self.number = every, 0.0, 0

    def count(self, scope: Scope) -> None:
        self.number += 1
        now = time.monotonic()
        if now - self.since >= self.every or not self.since:
            client = (scope.get("client") or ("unknown",))[0]
            log.warning("%d wrong token(s) offered, the last from %s", self.number, client)
            self.since, self.number = now, 0


def _name(host: str) -> str:
    """Returns a `Host` header without its port; empty when it is not a host at all."""
    parts = _split(f"//{host}")
    clean = parts and not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    return (parts.hostname or "") if parts and clean else ""


def _split(address: str) -> SplitResult | None:
    """Takes an address from a header apart; None when it is none, such as `http://[` or one whose port is a word."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises when it is not a number
    except ValueError:
        return None
    return parts


def is_upload(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) == UPLOADS


def _most(scope: Scope) -> int:
    """Bytes that a body may have, unless it is an upload."""
    predicts = scope["method"] == "POST" and PREDICTIONS.fullmatch(scope["path"])
    return MAX_SAMPLES if predicts else MAX_BODY


def _refuse_large(headers: Headers, most: int) -> None:
    """Refuses a body that is too large before reading it; a body of unknown length is counted while it is read."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > LONGEST_LENGTH or int(length) > most:
        raise too_large(most)


def _refuse_foreign(scope: Scope, headers: Headers, host: str, by_cookie: bool) -> None:
    """Refuses requests of other sites, which may link to this server but neither read nor change anything."""
    site = headers.get("sec-fetch-site", "none")
    changes = scope["method"] not in SAFE_METHODS
    navigates = headers.get("sec-fetch-mode") == "navigate" and not changes
    if site not in ("same-origin", "none") and not navigates:
        raise Forbidden("Pages of other sites cannot use this server.")
    origin = headers.get("origin")
    if changes and origin is not None and not _is_own(origin, host):
        raise Forbidden("Pages of other sites cannot use this server.")
    if changes and by_cookie and headers.get("x-lathe") is None:
        raise Forbidden("A change that is signed in by a cookie needs the header `X-Lathe: 1`.")


def _is_own(origin: str, host: str) -> bool:
    parts = _split(origin)
    return parts is not None and parts.netloc.lower() == host.lower()


def _with_security_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return wrapped


def _door(path: str, error: LatheError) -> str:
    """The page that a browser without a session sees. A link from elsewhere arrives without the cookie, which
    browsers withhold then; the link on this page brings it along."""
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in · Lathe</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem }}
  code {{ padding: .1em .3em; border-radius: .3em; background: color-mix(in srgb, currentColor 12%, transparent) }}
</style>
<main>
<h1>Lathe</h1>
<p>{html.escape(error.detail)}</p>
<p>The server prints that link when it starts: <code>http://…/?token=…</code>. Its token is also in the file
<code>token</code> of the data folder. Open the link once, and this browser stays signed in.</p>
<p>Signed in already? <a href="{html.escape("/" + path.lstrip("/"), quote=True)}">Continue</a></p>
</main></html>"""
