"""Serves the catalog of components, its JSON Schemas and the templates, and checks drafts against them."""

from contextlib import suppress
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any

from fastapi import APIRouter, Path

from backend.api.bodies import documents
from backend.api.bodies.bare import BARE_BODY, BareRoute
from backend.api.deps import CatalogDep, MonitorDep, Reading
from backend.api.estimate import estimate
from backend.api.schemas.runs import CatalogNow, SpecChecked, SpecDraft, Template, Tryout
from backend.api.uploads import UploadId
from backend.domain import text
from backend.domain.catalog import CatalogEntry
from backend.domain.experiment.experiment import editor_schema, resolve
from backend.domain.experiment.resolve import ResolvedField
from backend.domain.experiment.tryout import tried, tryout
from backend.domain.experiment.upload_dataset import naming
from backend.domain.problems import SpecInvalid
from backend.domain.study import study
from backend.errors import ComponentNotFound, TryoutNotFound, UploadNotFound
from backend.store import references, uploads, workers

router = APIRouter(tags=["specs"], route_class=BareRoute)

ComponentName = Annotated[str, Path(max_length=80)]


@router.get("/api/catalog")
def catalog(session: Reading, catalog: CatalogDep, monitor: MonitorDep) -> CatalogNow:
    """Every component that the workers have."""
    heard = {id for id, _, _ in workers.beats(session)} - monitor.report().silent
    return CatalogNow(stale=not heard, tried=tried(catalog), **dict(catalog))


@router.get("/api/catalog/{family}/{kind}/tryout")
def try_component(family: ComponentName, kind: ComponentName, catalog: CatalogDep) -> Tryout:
    """The least experiment that trains with this component in it."""
    if catalog.find(family, kind) is None:
        raise ComponentNotFound(family, kind)
    spec = tryout({"kind": kind}, family, catalog)
    if spec is None:
        raise TryoutNotFound(family)
    return Tryout(spec=spec)


@router.get("/api/uploads/{upload_id}/tryout")
def try_upload(upload_id: UploadId, session: Reading, catalog: CatalogDep) -> Tryout:
    """The least experiment that learns from this upload."""
    upload = uploads.get(session, upload_id)
    if upload is None:
        raise UploadNotFound(upload_id)
    dataset = naming(upload.id, catalog)
    spec = tryout(dataset, "datasets", references.fit_catalog(session, {"dataset": dataset}, catalog))
    return Tryout(spec={**(spec or {}), "name": upload.name})


@router.get("/api/datasets")
def datasets(catalog: CatalogDep) -> list[CatalogEntry]:
    """The data that a spec can name, with counts and shapes where they are published."""
    return [entry for entry in catalog.entries if entry.family == "datasets"]


@router.get("/api/schema/experiment")
def schema(catalog: CatalogDep) -> dict[str, Any]:
    """One JSON Schema of the whole spec, for an editor that completes and checks spec files."""
    return editor_schema(catalog)


@router.get("/api/schema/study")
def study_schema(catalog: CatalogDep) -> dict[str, Any]:
    """One JSON Schema of a whole study."""
    return editor_schema(catalog, study.outline())


@router.post("/api/specs/check", openapi_extra=BARE_BODY)
def check(draft: SpecDraft, session: Reading, catalog: CatalogDep) -> SpecChecked:
    """Checks a draft against the catalog, without creating anything."""
    document, shown = None, draft.spec if isinstance(draft.spec, str) else ""
    fields: dict[str, ResolvedField] = {}
    try:
        document = documents.read(draft.spec)
        shown = shown or text.to_yaml(document)
        catalog = references.fit_catalog(session, document, catalog)
        spec = resolve(document, catalog, fields)
        references.check(session, spec, catalog)
    except SpecInvalid as invalid:
        if not fields:  # its data are not there: the rest is resolved all the same
            with suppress(SpecInvalid):
                resolve(document, catalog, fields)
        return SpecChecked(experiment=None, document=document, yaml=shown, problems=invalid.problems, fields=fields)
    canonical, cost = text.to_yaml(spec.model_dump(mode="json")), estimate(session, spec, catalog)
    said = documents.notes(draft.spec)
    return SpecChecked(experiment=spec, document=document, yaml=canonical, fields=fields, estimate=cost, notes=said)


@router.get("/api/templates")
def templates() -> list[Template]:
    """Specs that run as they are."""
    return _templates()


@lru_cache(maxsize=1)
def _templates() -> list[Template]:
    folder = resources.files("backend") / "templates"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return [Template.model_validate({"id": file.name[3:-5], **text.parse(file.read_text())}) for file in files]
