"""The catalog's pictures: one for every component whose family has them, small, finite, and true to the component."""

import json
import math
from typing import Any

import pytest
import torch

import tests.worker.components.registry  # noqa: F401  (finds the components)
from worker.contracts.component import Component, components, find
from worker.illustrations import DRAWN, picture

WITHOUT = {"exporters", "samplers", "trial_pruners"}  # a file has no shape, a search none before it is made
KINDS = [(base.family, kind) for base in DRAWN for kind in components(base.family)]


def numbers(node: Any) -> list[float]:
    if isinstance(node, dict):
        return [number for item in node.values() for number in numbers(item)]
    if isinstance(node, list):
        return [number for item in node for number in numbers(item)]
    return [node] if isinstance(node, float) else []


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_a_picture_is_small_finite_and_always_the_same(family: str, kind: str) -> None:
    component: type[Component] = find(family, kind)
    before = torch.get_rng_state()
    shown = picture(component)
    if shown is None:
        assert component.family in ("datasets", "stages", "transfers")
        assert not {"train", "validation", "test"} & set(component.facts)  # only data of a size that nobody can know
        return
    assert set(shown) <= {"lines", "bars", "cells"} and any(shown.values())
    assert numbers(shown) and all(map(math.isfinite, numbers(shown)))
    assert len(json.dumps(shown)) < 16_000
    assert torch.equal(before, torch.get_rng_state())
    assert picture(component) == shown


def test_every_family_has_pictures_or_is_named() -> None:
    from worker.contracts.component import families

    assert {base.family for base in DRAWN} | WITHOUT == set(families())


def test_a_schedule_is_drawn_as_it_is() -> None:
    (line,) = (picture(find("schedules", "linear")) or {})["lines"]
    assert line["y"][0] == 1.0 and line["y"][50] == pytest.approx(0.5) and line["y"][-1] == 0.0


def test_an_optimizer_ends_near_the_bottom() -> None:
    for kind in ("sgd", "adam", "lbfgs"):
        path = (picture(find("optimizers", kind)) or {})["lines"][-1]
        assert abs(path["x"][-1]) < 0.3 and abs(path["y"][-1]) < 0.3
