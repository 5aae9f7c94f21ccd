"""Wrong specs are refused with every problem named; right ones are resolved to their canonical form."""

import time
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment, fingerprint, resolve
from backend.domain.problems import SpecInvalid

DRAFT: dict[str, Any] = {
    "name": "A draft",
    "dataset": {"kind": "digits"},
    "model": {"kind": "cnn", "norm": "batch"},
    "stages": [{"kind": "train", "epochs": 3, "optimizer": {"kind": "sgd", "lr": 1}}, {"kind": "thin"}],
}


def problems(catalog: Catalog, document: Any) -> list[tuple[str, str]]:
    with pytest.raises(SpecInvalid) as invalid:
        resolve(document, catalog)
    return [(problem.path, problem.message) for problem in invalid.value.problems]


def with_train(**fields: Any) -> dict[str, Any]:
    return {**DRAFT, "stages": [{"kind": "train", **fields}]}


def test_defaults_are_filled_in_and_recipes_inherited(small: Catalog) -> None:
    draft = {**DRAFT, "stages": [*DRAFT["stages"], {"kind": "thin", "recover": {}}, {"kind": "train"}]}
    stages = resolve(draft, small).stages
    sgd = {"kind": "sgd", "lr": 1.0}
    assert stages == [
        {"kind": "train", "epochs": 3, "optimizer": sgd, "regularizers": []},
        {"kind": "thin", "share": 0.5, "recover": None},
        {"kind": "thin", "share": 0.5, "recover": {"epochs": 1, "optimizer": sgd}},
        {"kind": "train", "epochs": 1, "optimizer": sgd, "regularizers": []},
    ]
    assert isinstance(stages[0]["optimizer"]["lr"], float)


def test_equal_specs_are_equal_however_they_are_written(small: Catalog) -> None:
    explicit = resolve(DRAFT, small).model_dump(mode="json")
    shuffled = {name: explicit[name] for name in sorted(explicit, reverse=True)}
    other = {**DRAFT, "seed": 0.0, "stages": [{**DRAFT["stages"][0], "epochs": 3.0}, DRAFT["stages"][1]]}
    short = {**DRAFT, "dataset": "digits", "stages": [DRAFT["stages"][0], "thin"]}
    prints = {fingerprint(resolve(document, small)) for document in (DRAFT, explicit, shuffled, other, short)}
    assert len(prints) == 1
    assert fingerprint(resolve({**DRAFT, "seed": 1}, small)) not in prints


KINDS = "Known optimizers: adam, sgd."
TRAIN_FIELDS = "Known fields: epochs, optimizer, regularizers."


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"optimizer": {"kind": "adamm"}}, ".optimizer.kind", f"`adamm` is not known, did you mean `adam`? {KINDS}"),
        ({"optimizer": {"kind": "zzz"}}, ".optimizer.kind", f"`zzz` is not known. {KINDS}"),
        ({"optimizer": {"kind": ["adam"]}}, ".optimizer.kind", f"must be text, not a list. {KINDS}"),
        ({"optimizer": {"lr": 1}}, ".optimizer.kind", f"is missing. {KINDS}"),
        ({"optimizer": "adamm"}, ".optimizer.kind", f"`adamm` is not known, did you mean `adam`? {KINDS}"),
        ({"optimizer": 3}, ".optimizer", f"must be a mapping with a `kind`. {KINDS}"),
        ({"optimzer": 1}, ".optimzer", f"is not a field here, did you mean `optimizer`? {TRAIN_FIELDS}"),
        ({"zzz": 1}, ".zzz", f"is not a field here. {TRAIN_FIELDS}"),
        ({"epochs": 0}, ".epochs", "is 0; it must be at least 1."),
        ({"epochs": 10**12}, ".epochs", "is 1000000000000; it must be at most 100."),
        ({"epochs": 2.5}, ".epochs", "must be a whole number, not 2.5."),
        ({"epochs": "3"}, ".epochs", "must be a whole number, not text."),
        ({"epochs": True}, ".epochs", "must be a whole number, not true or false."),
        ({"epochs": None}, ".epochs", "must be a whole number, not null."),
        ({"epochs": 10**400}, ".epochs", "is a whole number that does not fit into 64 bits."),
        ({"optimizer": {"kind": "adam", "lr": 10**400}}, ".optimizer.lr", "is a whole number that does not fit into 64 bits."),
        ({"optimizer": {"kind": "adam", "lr": 1e309}}, ".optimizer.lr", "must be a finite number, not inf."),
        ({"optimizer": {"kind": "adam", "lr": float("nan")}}, ".optimizer.lr", "must be a finite number, not nan."),
        ({"optimizer": {"kind": "adam", "lr": 0}}, ".optimizer.lr", "is 0; it must be more than 0."),
        ({"optimizer": {"kind": "adam", "lr": True}}, ".optimizer.lr", "must be a number, not true or false."),
        ({"optimizer": {"kind": "adam", "amsgrad": 1}}, ".optimizer.amsgrad", "must be true or false, not 1."),
        ({"regularizers": {"kind": "l2"}}, ".regularizers", "must be a list, not a mapping."),
        ({"regularizers": [{"kind": "l2"}] * 3}, ".regularizers", "must have at most 2 entries."),
        ({"regularizers": [{"kind": "l2", "strength": -1}]}, ".regularizers[0].strength", "is -1; it must be at least 0."),
    ],
)  # fmt: skip
def test_a_mistake_in_a_stage(small: Catalog, fields: dict[str, Any], path: str, message: str) -> None:
    assert problems(small, with_train(**fields)) == [(f"stages[0]{path}", message)]


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"model": {"kind": "mlp"}}, "model.hidden", "is missing."),
        ({"model": {"kind": "mlp", "hidden": 1e300}}, "model.hidden", "does not fit into 64 bits."),
        ({"model": {"kind": "cnn", "norm": "bathc"}}, "model.norm", "is 'bathc'; it must be one of none, batch."),
        ({"model": {"kind": "huge"}}, "model", "`huge` cannot run on any worker now: needs CUDA."),
        ({"name": ""}, "name", "must have at least 1 characters."),
        ({"name": "a\0b"}, "name", "has a control character or half of a surrogate pair in its text."),
        ({"name": "\ud800"}, "name", "has a control character or half of a surrogate pair in its text."),
        ({"name": b"bytes"}, "name", "must be plain data, not bytes."),
        ({1: 2}, "", "The spec has the field 1: a field's name must be text."),
        ({"seed": -1}, "seed", "is -1; it must be at least 0."),
        ({"stages": []}, "stages", "must have at least 1 entries."),
        ({"stages": [{"kind": "train"}] * 33}, "stages", "must have at most 32 entries."),
        ({"measure": {"repeats": 1}}, "measure.repeats", "is 1; it must be at least 5."),
        ({"measure": {"batch_sizes": [1, 0]}}, "measure.batch_sizes[1]", "is 0; it must be at least 1."),
        ({"dataset": {"kind": "digits", "size": 1}}, "dataset.size", "is not a field here. Known fields: none."),
    ],
)  # fmt: skip
def test_a_mistake_elsewhere(small: Catalog, fields: dict[Any, Any], path: str, message: str) -> None:
    assert problems(small, {**DRAFT, **fields}) == [(path, message)]


@pytest.mark.parametrize("document", [None, 3, "text", [], [DRAFT]])
def test_a_spec_is_a_mapping(small: Catalog, document: Any) -> None:
    ((path, message),) = problems(small, document)
    assert path == ""
    assert message.startswith("The spec must be a mapping of fields, not ")


def test_all_problems_come_together(small: Catalog) -> None:
    draft = {"dataset": {"kind": "digit"}, "model": {"kind": "mlp", "hidden": 0}, "stages": [{"kind": "trian"}]}
    assert [path for path, _ in problems(small, draft)] == ["name", "dataset.kind", "model.hidden", "stages[0].kind"]


def test_a_part_that_does_not_fit_is_told_what_would_help(small: Catalog) -> None:
    draft = {**DRAFT, "model": {"kind": "cnn"}}
    remedy = "which nothing before it provides; `cnn` (with norm: batch) would provide it."
    assert problems(small, draft) == [("stages[1]", f"`thin` needs a model with channels, {remedy}")]
    late = {**DRAFT, "stages": [{"kind": "quantize"}, {"kind": "train"}]}
    ((path, message),) = problems(small, late)
    assert (path, message.split(",")[0]) == ("stages[1]", "`train` needs a model of floats")


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"deeper": value}
    return value


def circle() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


def bomb() -> Any:
    value: list[Any] = [1] * 10
    for _ in range(15):
        value = [value] * 10
    return value


HOSTILE = {
    "deep": lambda: nested(10_000),
    "circular": circle,
    "10^15 values": bomb,
    "wide": lambda: [1] * 1_000_000,
    "long": lambda: "x" * 10_000_000,
    "many unknown fields": lambda: {f"optimize{index}": 1 for index in range(9_000)},
    "10^9 layers": lambda: {"kind": "mlp", "hidden": [10**9] * 9_000},
    "long kind": lambda: {"kind": "x" * 9_999},
    "many long kinds": lambda: [{"kind": "x" * 9_999}] * 1_000,
}


def timed(small: Catalog, draft: dict[str, Any]) -> tuple[float, list[tuple[str, str]]]:
    """Seconds of CPU that the check of a draft takes, and what it finds."""
    began = time.process_time()
    found = problems(small, draft)
    return time.process_time() - began, found


@pytest.mark.parametrize("place", ["model", "stages", "unknown"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_quickly(small: Catalog, name: str, place: str) -> None:
    draft = {**DRAFT, place: HOSTILE[name]()}
    resolve(DRAFT, small)  # what is computed once is not counted
    took, found = zip(*(timed(small, draft) for _ in range(3)), strict=True)
    assert min(took) < 0.25  # the best of three: a collection of the whole suite's garbage is not the resolver's
    assert found[0] == found[1] == found[2]
    assert 1 <= len(found[0]) <= 50
    assert all(len(message) < 1_000 and len(path) < 1_000 for path, message in found[0])


def test_an_experiment_is_json(small: Catalog) -> None:
    experiment = resolve(DRAFT, small)
    assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment
