"""Accepts a document as the whole body, in YAML or JSON, without the field around it."""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from backend.domain.experiment.experiment import Experiment
from backend.domain.study.study import Study
from backend.errors import Invalid

YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
BARE_BODY: dict[str, Any] = {
    "requestBody": {
        "description": "The document itself, as JSON.",
        "content": {"application/yaml": {"schema": {"description": "The document itself, as YAML."}}},
    }
}
DOCUMENTS: Mapping[str, type[BaseModel]] = {"study": Study, "spec": Experiment}
"""Field of an endpoint's body -> the document that it holds."""


class BareRoute(APIRoute):
    """Takes the document itself as the body too, as `curl --data-binary @spec.yaml` or `--json @spec.json` sends it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = self.body_field.field_info.annotation.model_fields if self.body_field else {}  # type: ignore[union-attr]
        field = next((name for name in DOCUMENTS if name in known), None)

        async def with_bare(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if field is not None and kind in YAML_TYPES:
                request = _with_body(request, json.dumps({field: await _text(request)}).encode())
            elif field is not None and kind == "application/json" and _is_bare(await request.body(), field, known):
                request = _with_body(request, b'{"%s": %s}' % (field.encode(), await request.body()))
            return await handle(request)

        return with_bare


async def _text(request: Request) -> str:
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError:
        raise Invalid("The body is not UTF-8 text.") from None


def _is_bare(body: bytes, field: str, known: Mapping[str, Any]) -> bool:
    """Tells a document from a body that holds one in `field`. Raises Invalid for a mixture of both."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return False  # the endpoint tells what is wrong with it
    if not isinstance(content, dict) or field in content or not content.keys() & DOCUMENTS[field].model_fields.keys():
        return False
    if beside := [name for name in known if name in content]:
        raise Invalid(
            f'`{beside[0]}` must stand beside the {field}, not in it: send {{"{field}": …, "{beside[0]}": …}}.',
            path=field,
        )
    return True


def _with_body(request: Request, body: bytes) -> Request:
    """The same request with another body, in JSON."""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-type"]
    headers.append((b"content-type", b"application/json"))
    changed = Request({**request.scope, "headers": headers}, request.receive)
    changed._body = body
    return changed
