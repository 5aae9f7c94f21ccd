"""Variants of a spec: changed where their paths lead, refused where they lead nowhere."""

from typing import Any

import pytest

from backend.domain.experiment.variants import Variant, vary
from backend.domain.problems import SpecInvalid

SPEC: dict[str, Any] = {"name": "A spec", "seed": 0, "stages": [{"kind": "train", "epochs": 3}, {"kind": "fold"}]}


def varied(**changes: Any) -> Any:
    return vary(SPEC, Variant(name="other", changes=changes))


def test_fields_are_changed_or_written_anew_and_the_spec_stays() -> None:
    before = str(SPEC)
    found = varied(**{"stages[0].epochs": 5, "stages[0].optimizer.kind": "sgd", "seed": 1, "stages[1]": "quantize"})
    assert found["stages"] == [{"kind": "train", "epochs": 5, "optimizer": {"kind": "sgd"}}, "quantize"]
    assert (found["name"], found["seed"], str(SPEC)) == ("A spec · other", 1, before)
    assert varied(name="My own")["name"] == "My own"


@pytest.mark.parametrize(
    "path", ["stages[2].epochs", "stages.epochs", "seed.more", "stages[0][1]", "name[0]", "stages[9]"]
)
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(SpecInvalid) as invalid:
        varied(**{path: 1})
    assert [problem.path for problem in invalid.value.problems] == [path]
    assert "does not exist in this spec" in invalid.value.problems[0].message


@pytest.mark.parametrize("path", ["", "stages[", "a b", "stages[-1]", "__import__('os')", "a" * 1000 + "!"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(SpecInvalid, match="not the path of a field"):
        varied(**{path: 1})
