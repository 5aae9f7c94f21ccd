"""Documents as YAML bodies."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from backend.errors import Invalid

YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
YAML_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {"application/yaml": {"schema": {"type": "string", "description": "The document itself, as YAML."}}}
    }
}


class YamlRoute(APIRoute):
    """A route that also takes the document itself as a YAML body, as `curl --data-binary @spec.yaml` sends it."""

    field: ClassVar[str] = "spec"
    """Where the endpoint's body holds the document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_yaml(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            return await handle(await _as_json(request, self.field) if kind in YAML_TYPES else request)

        return with_yaml


async def _as_json(request: Request, field: str) -> Request:
    """The same request with its YAML body as the JSON that the endpoint expects."""
    try:
        text = (await request.body()).decode()
    except UnicodeDecodeError:
        raise Invalid("The body is not UTF-8 text.") from None
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
    headers.append((b"content-type", b"application/json"))
    translated = Request({**request.scope, "headers": headers}, request.receive)
    translated._body = json.dumps({field: text}).encode()
    return translated
