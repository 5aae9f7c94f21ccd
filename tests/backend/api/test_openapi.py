"""The API's description: current, complete, and true."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from backend.api.openapi import document
from backend.app import create_app
from backend.domain.catalog import Catalog
from backend.store.session import Store
from tests.backend.api.conftest import TOKEN, settings_for
from tests.backend.api.making import finished, queued

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Host": "localhost"}
FILE = Path(__file__).parents[3] / "frontend" / "openapi.json"
PROMISED = {
    ("post", "/api/experiments"),
    ("post", "/api/specs/check"),
    ("get", "/api/templates"),
    ("get", "/api/catalog"),
    ("get", "/api/catalog/{family}/{kind}/tryout"),
    ("get", "/api/datasets"),
    ("get", "/api/schema/experiment"),
    ("get", "/api/runs"),
    ("get", "/api/runs/{run_id}"),
    ("delete", "/api/runs/{run_id}"),
    ("get", "/api/runs/{run_id}/points"),
    ("get", "/api/runs/{run_id}/events"),
    ("post", "/api/runs/{run_id}/commands"),
    ("get", "/api/runs/{run_id}/live-parameters"),
    ("get", "/api/runs/{run_id}/replay"),
    ("get", "/api/runs/{run_id}/fork"),
    ("post", "/api/runs/{run_id}/fork"),
    ("post", "/api/runs/{run_id}/counterfactuals"),
    ("get", "/api/runs/{run_id}/proofs"),
    ("get", "/api/runs/{run_id}/report"),
    ("get", "/api/stream"),
    ("get", "/api/workers"),
    ("post", "/api/studies"),
    ("get", "/api/studies"),
    ("post", "/api/studies/check"),
    ("post", "/api/studies/fields"),
    ("get", "/api/studies/{study_id}"),
    ("get", "/api/studies/{study_id}/trials"),
    ("post", "/api/studies/{study_id}/commands"),
    ("get", "/api/studies/{study_id}/figures/{chart}"),
    ("get", "/api/runs/{run_id}/around"),
    ("get", "/api/tradeoffs"),
    ("get", "/api/charts"),
    ("get", "/api/figures/{chart}"),
    ("get", "/api/artifacts/{artifact_id}"),
    ("post", "/api/uploads"),
    ("get", "/api/uploads"),
    ("get", "/api/uploads/{upload_id}"),
    ("get", "/api/uploads/{upload_id}/tryout"),
    ("delete", "/api/uploads/{upload_id}"),
    ("get", "/api/schema/study"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}


def test_the_exported_file_is_current() -> None:
    """`python -m backend.api.openapi > frontend/openapi.json`"""
    assert json.loads(FILE.read_text()) == document()


def test_the_promised_surface_is_there() -> None:
    """More may come; nothing that was promised goes away."""
    assert {(method, path) for path, methods in document()["paths"].items() for method in methods} >= PROMISED


def test_every_operation_is_described() -> None:
    operations = [operation for methods in document()["paths"].values() for operation in methods.values()]
    assert all(operation["description"].endswith(".") for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all("Error" in json.dumps(operation["responses"]["default"]) for operation in operations)


def _takes_anything(method: str, path: str) -> bool:
    operation = document()["paths"][path][method]
    return bool(operation.get("parameters") or operation.get("requestBody"))


@pytest.fixture(scope="module")
def schema(published: Path, tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Any:
    """The description of an API with something in it."""
    folder = tmp_path_factory.mktemp("described")
    (folder / "lathe.sqlite").write_bytes(published.read_bytes())
    store = Store.open(f"sqlite:///{folder / 'lathe.sqlite'}")
    finished(store, catalog)
    queued(store, catalog)
    store.close()
    app = create_app(settings_for(f"sqlite:///{folder / 'lathe.sqlite'}", folder))
    return schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=HEADERS)


# The stream does not end by itself; tests of its own cut it.
REQUESTED = sorted(PROMISED - {("get", "/api/stream")})


@pytest.mark.parametrize(("method", "path"), REQUESTED)
def test_right_requests_are_answered_as_described(schema: Any, method: str, path: str) -> None:
    """Made up from the description: no crash, no undocumented answer. Whether a spec or a constraint makes sense no
    JSON Schema can say, so a 422 is an answer too."""
    beyond_schemas = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]
    _try(schema[path][method], GenerationMode.POSITIVE, excluded_checks=beyond_schemas)


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path in REQUESTED if _takes_anything(method, path)]
)
def test_wrong_requests_are_refused(schema: Any, method: str, path: str) -> None:
    """Made up against the description: nothing is accepted that should not be."""
    _try(schema[path][method], GenerationMode.NEGATIVE)


def _try(operation: Any, mode: GenerationMode, **checks: Any) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def check(case: Any) -> None:
        case.call_and_validate(headers=HEADERS, **checks)

    check()
