"""An experiment's spec: its outline, its canonical form, and its check against the published catalog."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.domain import input_limits
from backend.domain.catalog import Catalog, Family
from backend.domain.experiment.alerts import Alert, odd_alerts
from backend.domain.experiment.compatibility import misfits
from backend.domain.experiment.metrics import list_metrics
from backend.domain.experiment.resolve import Fields, Resolver
from backend.domain.fields import fields
from backend.domain.measures import MAX_BATCH
from backend.domain.problems import Problem, SpecInvalid
from backend.domain.run.commands import PlannedCommand
from backend.domain.run.live_parameters import invalid_commands

MAX_STAGES = 32


def _component(family: str, description: str) -> Any:
    """A field that names a component; the catalog knows which there are."""
    return Field(description=description, json_schema_extra={"x-family": family})


def _default(family: str, kind: str, description: str) -> Any:
    """A component that need not be named: `kind`, the family's default, or what the dataset's traits call for."""
    return Field(default={"kind": kind}, description=description, json_schema_extra={"x-family": family})


class Measure(BaseModel):
    """Measurements after each stage, on the artifact that was written and loaded again."""

    model_config = ConfigDict(extra="forbid")

    batch_sizes: list[Annotated[int, Field(ge=1, le=MAX_BATCH)]] = Field(
        default=[1, 64],
        min_length=1,
        max_length=8,
        description="Batch sizes at which latency is measured.",
        json_schema_extra={"x-unit": "samples"},
    )
    formats: list[Annotated[dict[str, Any], _component("exporters", "One file format.")]] = Field(
        default=[{"kind": "onnx"}, {"kind": "safetensors"}, {"kind": "coded"}],
        min_length=1,
        max_length=8,
        description="Files that each stage leaves. Those that a runtime can load are measured; the first of them stands "
        "for the stage.",
    )
    devices: list[Literal["cpu", "cuda"]] = Field(
        default=["cpu"], min_length=1, max_length=2, description="Devices on which the artifact is run."
    )
    input: Literal["as_read", "prepared"] = Field(
        default="as_read",
        description="Samples that the files take: as they were sent, with the scaling in the file and probabilities or numbers "
        "in their own unit as its answers; or prepared, with the model's own outputs.",
    )
    repeats: int = Field(
        default=50,
        ge=5,
        le=1000,
        description="Timed calls for each batch size, after a warm-up.",
        json_schema_extra={"x-unit": "calls"},
    )


class Diagnosis(BaseModel):
    """Measurements inside the model while it trains."""

    model_config = ConfigDict(extra="forbid")

    every: int = Field(
        default=50,
        ge=0,
        le=1_000_000,
        description="Steps between two looks at gradients, updates and activations; 0 never looks.",
        json_schema_extra={"x-unit": "steps"},
    )
    histograms: int = Field(
        default=10,
        ge=0,
        le=10_000,
        description="Looks between two histograms of weights and gradients; 0 draws none.",
        json_schema_extra={"x-unit": "looks"},
    )
    landscape: bool = Field(
        default=False, description="Draw the loss around the solution after each stage, with its sharpness."
    )


class Experiment(BaseModel):
    """An experiment to execute: data, a model, a pipeline of stages, and what to measure."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="Name in tables and charts.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Random seed.")
    dataset: Annotated[dict[str, Any], _component("datasets", "The data.")]
    preparation: Annotated[dict[str, Any], _default("preparations", "standardize", "How inputs are scaled.")]
    distribution: list[Annotated[dict[str, Any], _component("distributions", "One change of the training split.")]] = (
        Field(
            default=[],
            max_length=4,
            description="Changes to the selection and frequency of training samples, in order.",
        )
    )
    storage: Literal["auto", "device", "memory", "disk"] = Field(
        default="auto",
        description="Place of the training split: on the device, in memory as it was read, or mapped from a file on "
        "disk; `auto` takes the fastest that fits.",
    )
    model: Annotated[dict[str, Any], _component("models", "The network.")]
    stages: list[Annotated[dict[str, Any], _component("stages", "One step of the pipeline.")]] = Field(
        min_length=1, max_length=MAX_STAGES, description="The pipeline: each stage takes a model and leaves a model."
    )
    commands: list[PlannedCommand] = Field(
        default=[],
        max_length=1000,
        description="Scheduled changes: set a live parameter, or end a training, at a given step. A steered run is "
        "replayed in this way.",
    )
    alerts: list[Alert] = Field(
        default=[], max_length=20, description="Notify, pause or stop when a metric meets a condition."
    )
    measure: Measure = Field(default=Measure(), description="Measurements after each stage.")
    diagnosis: Diagnosis = Field(default=Diagnosis(), description="Diagnostics during training.")


def resolve(document: Any, catalog: Catalog, fields: Fields | None = None) -> Experiment:
    """The canonical experiment: every default filled in, every recipe inherited, every component known and fitting.

    `fields` takes each field as it is resolved, of a spec that is refused as well. Raises SpecInvalid with the problems
    found, each with the path of its field and what would be right.
    """
    canonical = fill(document, catalog, fields)
    if problems := misfits(canonical, catalog) or [
        *invalid_commands(canonical, catalog),
        *_odd_alerts(canonical, catalog),
    ]:
        raise SpecInvalid(problems)
    return Experiment.model_validate(canonical)


def _odd_alerts(canonical: Mapping[str, Any], catalog: Catalog) -> Iterator[Problem]:
    if canonical["alerts"]:
        metrics = list_metrics(canonical, list(fields(canonical, outline(), catalog)), catalog)
        yield from odd_alerts(canonical, metrics)


def fill(document: Any, catalog: Catalog, fields: Fields | None = None) -> dict[str, Any]:
    """As `resolve`, without the check that the parts fit together."""
    input_limits.check(document)
    resolver = Resolver(catalog, fields)
    canonical: dict[str, Any] = resolver.value(document, outline(), path="")
    if resolver.problems:
        raise SpecInvalid(resolver.problems)
    return canonical


def fingerprint(experiment: Experiment) -> str:
    """SHA-256 of the canonical JSON: equal specs have equal fingerprints, however they were written."""
    text = json.dumps(experiment.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def outline() -> dict[str, Any]:
    """The spec's JSON Schema with `x-family` where a component goes, without $refs."""
    return inline(Experiment.model_json_schema())


def inline(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema with each `$ref` to its own `$defs` replaced by what it points to."""
    definitions = schema.get("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            target = definitions[node["$ref"].removeprefix("#/$defs/")]
            return walk({**target, **{name: value for name, value in node.items() if name != "$ref"}})
        return {name: walk(value) for name, value in node.items() if name != "$defs"}

    return walk(schema)  # type: ignore[no-any-return]


def editor_schema(catalog: Catalog, whole: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) of the whole spec, with which an editor completes and checks spec files.

    `whole` is the outline of another document that components go into.
    """
    definitions: dict[str, Any] = {}
    for entry in catalog.entries:
        parameters = _with_refs(entry.parameters)
        parameters["properties"] = {"kind": {"const": entry.kind}, **parameters.get("properties", {})}
        parameters["required"] = ["kind", *parameters.get("required", [])]
        definitions[f"{entry.family}.{entry.kind}"] = {**parameters, "description": entry.summary}
    for family in catalog.families:
        definitions[family.name] = _family_schema(family, catalog)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_with_refs(outline() if whole is None else whole),
        "$defs": definitions,
    }


def _family_schema(family: Family, catalog: Catalog) -> dict[str, Any]:
    """A component of the family: a mapping with its fields, or only its kind when no field is required."""
    entries = [entry for entry in catalog.entries if entry.family == family.name]
    short = [entry.kind for entry in entries if not entry.parameters.get("required")]
    fields = [
        {
            "if": {"type": "object", "properties": {"kind": {"const": entry.kind}}, "required": ["kind"]},
            "then": {"$ref": f"#/$defs/{family.name}.{entry.kind}"},
        }
        for entry in entries
    ]
    return {
        "type": ["object", "string"],
        "description": family.summary,
        "required": ["kind"],
        "properties": {"kind": {"enum": [entry.kind for entry in entries]}},
        "allOf": [{"if": {"type": "string"}, "then": {"enum": short}}, *fields],
    }


def _with_refs(node: Any) -> Any:
    """The schema with each `x-family` node turned into a reference to that family's definition."""
    if isinstance(node, list):
        return [_with_refs(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "x-family" in node:
        kept = {name: node[name] for name in ("title", "description", "default") if name in node}
        return {"$ref": f"#/$defs/{node['x-family']}", **kept}
    return {name: _with_refs(value) for name, value in node.items()}
