"""A small catalog, written out, for what is said about specs; the real one is the fixture `catalog`."""

from typing import Any

import pytest

from backend.domain.catalog import Catalog, CatalogEntry, Family, Provision


def number(default: Any, **more: Any) -> dict[str, Any]:
    return {"type": "number", "default": default, **more}


def part(family: str, **more: Any) -> dict[str, Any]:
    return {"x-family": family, **more}


def entry(family: str, kind: str, fields: dict[str, Any] | None = None, **more: Any) -> CatalogEntry:
    fields = fields or {}
    required = [name for name, field in fields.items() if "default" not in field]
    schema = {"type": "object", "properties": fields, "required": required, "additionalProperties": False}
    return CatalogEntry(family=family, kind=kind, summary=kind, description=kind, parameters=schema, **more)


@pytest.fixture(scope="session")
def small() -> Catalog:
    epochs = {"type": "integer", "minimum": 1, "maximum": 100, "default": 1}
    optimizer = part("optimizers", default={"kind": "adam"}, **{"x-inherit": True})
    rate = number(0.1, exclusiveMinimum=0, maximum=10)
    penalties = {"type": "array", "items": part("regularizers"), "maxItems": 2, "default": [], "x-inherit": True}
    recover = {
        "anyOf": [{"type": "object", "properties": {"epochs": epochs, "optimizer": optimizer}}, {"type": "null"}]
    }
    return Catalog(
        families=[
            Family(name=name, summary=name, default=default)
            for name, default in [
                ("datasets", ""), ("preparations", "standardize"), ("distributions", ""), ("models", ""), ("stages", ""),
                ("optimizers", "adam"), ("regularizers", ""), ("exporters", ""),
            ]
        ],
        traits={"channels": "a model with channels", "float": "a model of floats"},
        entries=[
            entry("datasets", "digits"),
            *(entry("exporters", kind) for kind in ("coded", "onnx", "safetensors")),
            entry("preparations", "standardize"),
            entry("models", "mlp", {"hidden": {"type": "integer", "minimum": 1}}, provides=[Provision(trait="float")]),
            entry(
                "models", "cnn", {"norm": {"enum": ["none", "batch"], "default": "none"}},
                provides=[Provision(trait="float"), Provision(trait="channels", when={"norm": "batch"})],
            ),
            entry("models", "huge", unavailable="needs CUDA"),
            entry("optimizers", "adam", {"lr": rate, "amsgrad": {"type": "boolean", "default": False}}),
            entry("optimizers", "sgd", {"lr": rate}),
            entry("regularizers", "l2", {"strength": number(0.0, minimum=0)}),
            entry("stages", "train", {"epochs": epochs, "optimizer": optimizer, "regularizers": penalties}, needs=["float"]),
            entry("stages", "thin", {"share": number(0.5), "recover": {**recover, "default": None}}, needs=["channels"]),
            entry("stages", "quantize", removes=["float"]),
        ],
    )  # fmt: skip
