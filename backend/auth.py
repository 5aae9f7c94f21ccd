"""Authentication: the token, where it is stored, and the session cookie that a browser gets for it."""

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from backend.config import Settings

SESSION_SECONDS = 30 * 24 * 3600


class Unsafe(RuntimeError):
    """A configuration that would leave the server open; the message says what to do."""


class Keys:
    """The server's secret and what is derived from it. Nothing here is ever logged."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._session = self._derive("session")
        # Cookies are shared by all ports of a host: the name tells two servers apart.
        self.cookie_name = f"lathe_{self._derive('name')[:8]}"

    def _derive(self, purpose: str) -> str:
        return hmac.digest(self._token.encode(), f"lathe {purpose} v1".encode(), hashlib.sha256).hex()

    def accepts_token(self, offered: str) -> bool:
        return hmac.compare_digest(offered.encode(), self._token.encode())

    def accepts_cookie(self, header: str) -> bool:
        """Finds this server's session in a `Cookie` header.

        Every program of the host writes there, and not all of them keep to the grammar: only the own name is looked
        for, and what stands beside it is neither read nor judged.
        """
        cookies = (part.strip(" \t").partition("=") for part in header.split(";"))
        return any(name == self.cookie_name and self._opens(value) for name, _, value in cookies)

    def _opens(self, session: str) -> bool:
        return hmac.compare_digest(session.encode(), self._session.encode())

    def set_cookie(self, secure: bool) -> str:
        """The `Set-Cookie` header that opens a session."""
        flags = "; Secure" if secure else ""
        return (
            f"{self.cookie_name}={self._session}; Path=/; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Strict{flags}"
        )

    def link(self, address: str) -> str:
        """Link that a person opens once to sign in."""
        return f"{address}/?token={self._token}"


def keys(settings: Settings) -> Keys:
    """The server's keys: from the setting, from the data folder, or made now and kept there.

    Raises Unsafe when others could reach the server and nobody has chosen or seen a token yet.
    """
    if settings.token:
        return Keys(settings.token)
    file = settings.data_dir / "token"
    if settings.public and not file.exists():
        raise Unsafe(
            f"{settings.host} can be reached from other machines: set LATHE_TOKEN (32 characters or more, "
            "such as `openssl rand -hex 32`), or listen on 127.0.0.1."
        )
    return Keys(_read(file) if file.exists() else _create(file))


def _read(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        raise Unsafe(f"{file} can be read by other users; run `chmod 600 {file}`.")
    token = file.read_text().strip()
    if len(token) < 32:
        raise Unsafe(f"{file} holds no token: delete it, and the next start creates a new one.")
    return token


def _create(file: Path) -> str:
    """Make a token; whoever reads the file sees all of it or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".token-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(32))
    with contextlib.suppress(FileExistsError):  # another process of this server was faster
        file.hardlink_to(draft)
    draft.unlink()
    return _read(file)
