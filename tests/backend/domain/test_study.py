"""Studies are held against the catalog: what cannot be searched is refused with its place and the remedy."""

from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve as resolve_spec
from backend.domain.problems import SpecInvalid
from backend.domain.study.check import resolve
from backend.domain.study.space import size
from backend.domain.study.study import trial_spec
from backend.domain.study.suggested_space import around, variable

LR = "stages[0].optimizer.lr"
SPEC: dict[str, Any] = {
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp"},
    "stages": [{"kind": "train", "epochs": 2, "optimizer": {"kind": "sgd"}}],
}


def study(**changes: Any) -> dict[str, Any]:
    return {
        "name": "a study",
        "spec": SPEC,
        "space": [{"field": LR, "low": 1e-4, "high": 1.0, "log": True}],
        "objectives": [{"measure": "validation/accuracy"}],
        "budget": {"trials": 10},
        **changes,
    }


def test_a_study_is_canonical_and_stays_so(catalog: Catalog) -> None:
    made = resolve(study(), catalog)
    assert (made.sampler["kind"], made.pruner["kind"]) == ("tpe", "none")
    assert made.objectives[0].rising
    assert resolve(made.model_dump(mode="json"), catalog) == made


def test_whole_numbers_are_found_from_the_catalog(catalog: Catalog) -> None:
    space = [{"field": "stages[0].epochs", "low": 1, "high": 4}, {"field": LR, "low": 0.001, "high": 1}]
    made = resolve(study(space=space), catalog)
    assert [one.integer for one in made.space] == [True, False]
    assert made.space[0].levels() == [1, 2, 3, 4]


def test_a_component_in_short_is_varied_with_its_fields(catalog: Catalog) -> None:
    space = [
        {"field": "stages[0].optimizer", "choice": ["sgd", "adam"]},
        {"field": LR, "low": 0.01, "high": 0.1, "points": 3},
        {
            "field": "stages[0].optimizer.momentum",
            "choice": [0.0, 0.9],
            "when": {"field": "stages[0].optimizer", "among": ["sgd"]},
        },
    ]
    made = resolve(study(space=space, sampler="grid", budget={}), catalog)
    assert size(made.space) == 3 * 2 + 3
    values = {"stages[0].optimizer": "adam", LR: 0.02}
    optimizer = resolve_spec(trial_spec(made, values, 7), catalog).stages[0]["optimizer"]
    assert (optimizer["kind"], optimizer["lr"]) == ("adam", 0.02)
    assert trial_spec(made, values, 7)["name"] == "a study · trial 7"


QUANTIZED = {**SPEC, "stages": [*SPEC["stages"], {"kind": "quantize", "method": {"kind": "dynamic_int8"}}]}
CONDITION = {"field": "stages[0].optimizer", "among": ["sgd"]}
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "an empty space": ({"space": []}, "space", "at least 1"),
    "no such field": ({"space": [{"field": "stages[0].rate", "low": 1, "high": 2}]}, "space[0].field", "not a field"),
    "no such stage": (
        {"space": [{"field": "stages[4].epochs", "low": 1, "high": 2}]},
        "space[0].field",
        "does not exist in this spec",
    ),
    "beyond a bound": ({"space": [{"field": LR, "low": 1e-3, "high": 1e9}]}, "space[0].high", "at most"),
    "an unknown component": (
        {"space": [{"field": "stages[0].optimizer", "choice": ["sgd", "agd"]}]},
        "space[0].choice[1]",
        "did you mean",
    ),
    "upside down": ({"space": [{"field": LR, "low": 1, "high": 0.1}]}, "space[0].high", "more than `low`"),
    "logarithm of nothing": (
        {"space": [{"field": LR, "low": 0, "high": 1, "log": True}]},
        "space[0].low",
        "more than 0",
    ),
    "half a range": ({"space": [{"field": LR, "low": 1}]}, "space[0].high", "is missing"),
    "a choice and a range": (
        {"space": [{"field": LR, "choice": [1], "low": 1}]},
        "space[0].low",
        "cannot be combined with",
    ),
    "a range of text": (
        {"space": [{"field": "storage", "low": 0, "high": 1}]},
        "space[0].low",
        "must be one of",
    ),
    "twice the same": (
        {"space": [{"field": LR, "choice": [0.1]}, {"field": LR, "choice": [0.2]}]},
        "space[1].field",
        "twice",
    ),
    "a condition on nothing": (
        {"space": [{"field": LR, "choice": [0.1], "when": CONDITION}]},
        "space[0].when.field",
        "earlier field",
    ),
    "a condition that is never met": (
        {
            "space": [
                {"field": "stages[0].optimizer", "choice": ["adam"]},
                {"field": LR, "choice": [0.1], "when": CONDITION},
            ]
        },
        "space[1].when.among",
        "never be varied",
    ),
    "a grid of a continuum": ({"sampler": "grid"}, "space[0].points", "a number of values"),
    "an exploding grid": (
        {
            "sampler": "grid",
            "budget": {},
            "space": [
                {"field": LR, "low": 1e-4, "high": 1, "points": 1000},
                {"field": "stages[0].epochs", "low": 1, "high": 100},
            ],
        },
        "space",
        "100,000 points",
    ),
    "a grid beyond the budget": (
        {"sampler": "grid", "space": [{"field": LR, "low": 1e-4, "high": 1, "points": 11}]},
        "space",
        "11 points, more than 10",
    ),
    "no budget": ({"budget": {}}, "budget", "is missing"),
    "an objective that nobody measures": (
        {"objectives": [{"measure": "beauty"}]},
        "objectives[0].measure",
        "not a measure",
    ),
    "a pruner that would be blind": (
        {"objectives": [{"measure": "bytes"}], "pruner": "asha"},
        "pruner",
        "measured at its end",
    ),
    "a pruner of several objectives": (
        {"objectives": [{"measure": "validation/loss"}, {"measure": "bytes"}], "pruner": "median"},
        "pruner",
        "several",
    ),
    "a sampler of one objective": (
        {"objectives": [{"measure": "validation/loss"}, {"measure": "bytes"}], "sampler": "cma_es"},
        "sampler",
        "at most 1 objective",
    ),
    "a field that changes no model": (
        {"space": [{"field": LR, "choice": [0.1]}, {"field": "diagnosis.every", "choice": [0, 50]}]},
        "space[1].field",
        "not its model, so every trial comes to the same",
    ),
    "a way of measuring that no objective sees": (
        {"space": [{"field": "measure.repeats", "choice": [5, 50]}], "objectives": [{"measure": "bytes"}]},
        "space[0].field",
        "how a file is measured",
    ),
    "a quantizer that the best of the training cannot see": (
        {
            "spec": QUANTIZED,
            "space": [{"field": "stages[1].method", "choice": ["dynamic_int8", "static_int8"]}],
            "objectives": [{"measure": "validation/accuracy", "of": "best"}],
        },
        "space[0].field",
        "after its last training",
    ),
    "a field that is misspelt": (
        {"space": [{"field": "stages[0].optimizer.lrr", "low": 0.1, "high": 1}]},
        "space[0].field",
        "`stages[0].optimizer.lrr` is not a field here, did you mean `lr`?",
    ),
    "a field of a part that is misspelt": (
        {"space": [{"field": LR, "choice": [0.1]}, {"field": "stages[0].optimiser.lr", "choice": [0.1]}]},
        "space[1].field",
        "`stages[0].optimiser` is not a field here, did you mean `optimizer`?",
    ),
    "a list that is misspelt": (
        {"space": [{"field": "stage[0].optimizer.lr", "low": 0.1, "high": 1}]},
        "space[0].field",
        "did you mean `stages`?",
    ),
    "a stage that is not there": (
        {"space": [{"field": "stages[1].optimizer.lr", "low": 0.1, "high": 1}]},
        "space[0].field",
        "there is no `1`",
    ),
    "an index with two digits for one": (
        {"space": [{"field": "stages[00].optimizer.lr", "low": 0.1, "high": 1}]},
        "space[0].field",
        "is not the path of a field",
    ),
    "an index in digits of another script": (
        {"space": [{"field": "stages[\u0660].optimizer.lr", "low": 0.1, "high": 1}]},
        "space[0].field",
        "is not the path of a field",
    ),
    "no path at all": (
        {"space": [{"field": "stages[0]..lr", "low": 0.1, "high": 1}]},
        "space[0].field",
        "is not the path of a field",
    ),
    "a value that is too large": (
        {"space": [{"field": "stages[0].optimizer.momentum", "low": 0.1, "high": 2}]},
        "space[0].high",
        "must be less than 1",
    ),
    "a spec that is wrong elsewhere": (
        {"spec": {**SPEC, "model": {"kind": "mpl"}}},
        "spec.model.kind",
        "did you mean `mlp`?",
    ),
    "a choice written in two ways": (
        {"space": [{"field": "stages[0].optimizer", "choice": ["sgd", "adam", {"kind": "sgd"}]}]},
        "space[0].choice[2]",
        "is the same as `choice[0]`",
    ),
    "a broken step of a whole number": (
        {"space": [{"field": "stages[0].epochs", "low": 1, "high": 3, "step": 0.5}]},
        "space[0].step",
        "whole numbers",
    ),
    "a constraint that is none": ({"constraint": "bytes <<"}, "constraint", ""),
    "an unknown field": ({"trails": 3}, "trails", "not a field"),
}


@pytest.mark.parametrize(("changes", "path", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_searched_is_refused(changes: dict[str, Any], path: str, words: str, catalog: Catalog) -> None:
    with pytest.raises(SpecInvalid) as caught:
        resolve(study(**changes), catalog)
    assert caught.value.problems[0].path == path
    assert words in caught.value.problems[0].message


def test_everything_that_can_be_varied_is_proposed_within_its_bounds(catalog: Catalog) -> None:
    """Each proposal by itself is a study that is taken."""
    spec = resolve_spec({"name": "x", **SPEC}, catalog).model_dump(mode="json")
    proposals = [dimension for _, dimension in variable(spec, catalog)]
    assert {LR, "stages[0].epochs", "model", "stages[0].schedule"} <= {one.field for one in proposals}
    for one in proposals:
        if one.choice is None:
            dimension = one.model_dump(mode="json", exclude={"integer"})
            assert resolve(study(space=[dimension], spec=spec), catalog).space[0].integer == one.integer, one.field


def test_around_a_run_live_parameters_are_turned(catalog: Catalog) -> None:
    spec = resolve_spec({"name": "x", **SPEC}, catalog).model_dump(mode="json")
    found = {one.field: one for one in around(spec, catalog)}
    assert LR in found
    value = spec["stages"][0]["optimizer"]["lr"]
    assert found[LR].bottom < value < found[LR].top


def test_the_space_may_reach_into_what_the_experiment_leaves_to_its_defaults(catalog: Catalog) -> None:
    """The proposal for a spec is a valid study of it, even when the spec has few fields."""
    short = {"dataset": "digits", "model": "mlp", "stages": [{"kind": "train"}, {"kind": "train", "batch": "fixed"}]}
    named = resolve_spec({"name": "short", **short}, catalog)
    proposed = {dimension.field: dimension for _, dimension in variable(named.model_dump(mode="json"), catalog)}
    fields = ["stages[0].batch.size", "stages[1].batch.size", "stages[0].optimizer.lr", "model.hidden[0]"]
    space = [proposed[field].model_dump(mode="json", exclude_defaults=True) for field in fields]
    made = resolve(study(spec=short, space=space), catalog)
    assert resolve(made.model_dump(mode="json"), catalog) == made
    assert resolve_spec({"name": "short", **made.spec}, catalog) == named
    trial = resolve_spec(trial_spec(made, {"stages[0].batch.size": 32, "model.hidden[0]": 9}, 0), catalog)
    assert (trial.stages[0]["batch"], trial.model["hidden"]) == ({"kind": "fixed", "size": 32}, [9, 128])
    assert "schedule" not in made.spec["stages"][0], "what is not varied stays as it was written"


def test_a_grid_counts_the_points_that_differ(catalog: Catalog) -> None:
    space = [{"field": "stages[0].epochs", "low": 1, "high": 3, "points": 10}]
    made = resolve(study(space=space, sampler="grid", budget={"trials": 3}), catalog)
    assert size(made.space) == len(made.space[0].levels()) == 3


def test_nothing_can_be_one_of_the_choices(catalog: Catalog) -> None:
    space = [{"field": "stages[0].average", "choice": [None, "ema"]}]
    assert size(resolve(study(space=space), catalog).space) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"objectives": [{"measure": "validation/accuracy", "of": "last"}]},
        {"objectives": [{"measure": "validation/accuracy", "of": "best"}, {"measure": "bytes"}]},
        {"objectives": [{"measure": "validation/loss", "of": "best"}], "space": [{"field": LR, "choice": [0.1, 0.2]}]},
        {"objectives": [{"measure": "p95"}], "space": [{"field": "measure.repeats", "choice": [5, 50]}]},
        {
            "objectives": [{"measure": "bytes"}],
            "space": [{"field": "measure.input", "choice": ["as_read", "prepared"]}],
        },
        {
            "objectives": [{"measure": "validation/loss", "of": "best"}],
            "space": [{"field": "stages[1].recover.epochs", "choice": [1, 2]}],
            "spec": {**QUANTIZED, "stages": [SPEC["stages"][0], {**QUANTIZED["stages"][1], "recover": {"epochs": 1}}]},
        },
    ],
    ids=["of the file", "one of two", "the training", "the time", "the form", "what a stage trains by"],
)
def test_a_field_that_an_objective_sees_may_be_varied(catalog: Catalog, changes: dict[str, Any]) -> None:
    space = [{"field": "stages[1].method", "choice": ["dynamic_int8", "static_int8"]}]
    assert resolve(study(**{"spec": QUANTIZED, "space": space, **changes}), catalog).space
