"""The API's description as JSON: `python -m backend.api.openapi > frontend/openapi.json`."""

import json
import sys
from functools import cache
from typing import Any

from backend.app import routes


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. It depends on the code alone: no database and no settings are needed."""
    return routes().openapi()


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
