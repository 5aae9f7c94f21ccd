"""Settings of the API server, read from the environment (`LATHE_…`)."""

import ipaddress

from pydantic import Field, field_validator

from backend.domain import settings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Settings(settings.Settings):
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    token: str | None = Field(
        default=None,
        repr=False,
        description="Secret of every request. If unset, it is created once and kept in the data folder.",
    )
    hosts: str = Field(
        default="", description="Names, beside the loopback ones, under which browsers may reach it; comma-separated."
    )

    least_free_bytes: int = Field(
        default=256 << 20, ge=0, description="Free space on the data folder's disk below which it is not ready, bytes."
    )
    upload_bytes: int = Field(
        default=1 << 30, ge=1 << 20, le=1 << 40, description="Largest file of one's own data that is taken, bytes."
    )

    connections: int = Field(default=2000, ge=1, description="Most connections at once that have shown a token.")
    strangers: int = Field(
        default=200, ge=1, description="Most connections beside these; the oldest gives way to a new one."
    )
    head_seconds: float = Field(default=10.0, gt=0, description="Longest time to send a request's head, seconds.")
    portion_seconds: float = Field(
        default=30.0, gt=0, description="Longest time to send or read the next 16 KB of a body, seconds."
    )
    keep_alive_seconds: float = Field(default=5.0, gt=0, description="Longest time between two requests, seconds.")

    @field_validator("token")
    @classmethod
    def _long_enough(cls, token: str | None) -> str | None:
        if token is not None and len(token) < 32:
            raise ValueError("must have at least 32 characters; `openssl rand -hex 32` makes a good one")
        return token

    @property
    def public(self) -> bool:
        """Returns whether other machines can reach it."""
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host not in LOOPBACK_NAMES

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Host names that a request may name: anything else is a foreign page rebinding its DNS to this server."""
        named = {name.strip().lower() for name in [*self.hosts.split(","), self.host] if name.strip()}
        return LOOPBACK_NAMES | (named - {"0.0.0.0", "::"})
