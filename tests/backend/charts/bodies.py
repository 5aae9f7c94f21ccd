"""An exhibit of each kind, as small as it gets, for the charts that draw them."""

from typing import Any

BODIES: dict[str, dict[str, Any]] = {}
