"""Searches: near the best of a fine grid in few evaluations, and honest about what they did."""

import math

import pytest
import torch
from torch import nn

from tests.worker.compression.handmade import Judge, mask, two_layers
from worker.components.pruners.constrained import Constrained
from worker.components.pruners.stable import Stable
from worker.compression.bounded_search import FINE, Search
from worker.contracts.masks import removed_share
from worker.contracts.subject import Subject


@pytest.mark.parametrize("edge", [0.003, 0.2, 0.5, 0.77, 0.9, 0.985])
def test_a_rising_measure_is_met_at_its_edge(edge: float) -> None:
    search = Search(lambda value: value, bound=edge, budget=20)
    found = search.furthest(0.0, 1.0)
    assert found is not None and edge - FINE <= found <= edge
    assert len(search.tried) <= 20


@pytest.mark.parametrize("edge", [0.15, 0.4, 0.61, 0.83, 0.95])
def test_bumps_on_the_way_hide_nothing(edge: float) -> None:
    """A measure that leaves the bound at a quarter of the way for a while: halving alone would stay there."""

    def bumpy(value: float) -> float:
        return value + (edge if abs(value - edge / 4) < edge / 8 else 0) + 0.01 * math.sin(50 * value)

    grid = max(number / 100 for number in range(100) if bumpy(number / 100) <= edge)
    search = Search(bumpy, bound=edge, budget=20)
    found = search.furthest(0.0, 1.0)
    assert found is not None and bumpy(found) <= edge and found >= 0.95 * grid


def test_it_looks_into_wide_gaps_before_it_halves_narrow_ones() -> None:
    search = Search(lambda value: 0.0 if value < 0.05 or 0.41 < value < 0.44 else 1.0, bound=0.5, budget=24)
    assert search.furthest(0.0, 1.0) == pytest.approx(0.43, abs=0.02)


def test_it_goes_all_the_way_where_nothing_hinders() -> None:
    search = Search(lambda value: 0.0, bound=1.0, budget=20)
    assert search.furthest(1.0, 0.0) == 0.0 and len(search.tried) == 2


def test_it_knows_when_nothing_meets_the_bound_and_what_is_refused_costs_nothing() -> None:
    search = Search(lambda value: 2.0, bound=1.0, budget=20)
    assert search.furthest(0.0, 1.0) is None and len(search.tried) == 1
    search = Search(lambda value: None if value > 0.5 else 0.0, bound=1.0, budget=9)
    assert search.furthest(0.0, 1.0) == pytest.approx(0.5, abs=FINE) and len(search.tried) <= 9
    broken = Search(lambda value: math.nan if value else 0.0, bound=1.0, budget=5)
    assert broken.furthest(0.0, 1.0) is not None
    assert broken.tried[1] == {"value": 1.0, "measured": None, "meets": False}


# ---- on weights 1…6 and 0.1…0.4, where the loss is the share of the squared norm (of 100) that is missing


def base_loss() -> float:
    return Judge().judge(two_layers().module)  # 1 − (91 + 0.3) / 100


def test_the_sparsest_model_within_a_loss() -> None:
    """Without 1, 2 and all small ones but the largest: 1 − (9 + 16 + 25 + 36 + …) / 100 is just below 0.14."""
    run = Judge()
    pruned = Constrained(criterion="loss", bound=0.139, floor=0.1).prune(two_layers(), run)
    assert torch.equal(pruned.masks["0.weight"], mask([[0, 0, 1], [1, 1, 1]]))
    assert torch.equal(pruned.masks["2.weight"], mask([[1, 0], [0, 0]]))
    assert removed_share(pruned) == 0.5
    assert run.judge(pruned.module) <= 0.139


def test_the_search_is_shown_in_order_and_told_in_one_sentence() -> None:
    run = Judge()
    Constrained(criterion="loss", bound=0.139, floor=0.1, budget=12).prune(two_layers(), run)
    body = run.shown["search"]
    assert {name: body[name] for name in ("parameter", "unit", "measured", "bound", "budget")} == {
        "parameter": "sparsity", "unit": "", "measured": "validation loss", "bound": 0.139, "budget": 12,
    }  # fmt: skip
    assert [one["measured"] for one in body["evaluations"]] == pytest.approx(run.requested)
    assert len(run.requested) <= 12
    assert body["chosen"] in [one["value"] for one in body["evaluations"] if one["meets"]]
    assert all(one["meets"] == (one["measured"] <= 0.139) for one in body["evaluations"])
    (sentence,) = run.reported
    assert sentence.endswith(f"found in {len(run.requested)} evaluations.") and "\n" not in sentence


def test_a_drop_is_measured_from_the_model_as_it_came() -> None:
    pruned = Constrained(criterion="drop", bound=0.052, floor=0.1).prune(two_layers(), Judge())
    assert Judge().judge(pruned.module) - base_loss() <= 0.052
    assert removed_share(pruned) == 0.5  # without 1, 2: 5 of 100, and little else


def test_a_bound_that_nothing_meets_leaves_the_model_as_it_was() -> None:
    subject, run = two_layers(), Judge()
    before = [weight.clone() for weight in subject.module.parameters()]
    with pytest.raises(ValueError, match=r"Even the incoming model has a validation loss of 0\.087, more than"):
        Constrained(criterion="loss", bound=0.05).prune(subject, run)
    assert all(torch.equal(one, other) for one, other in zip(before, subject.module.parameters(), strict=True))
    assert run.shown["search"]["chosen"] is None and subject.masks == {}


class Output(Judge):
    """Judges by the output layer alone: what it lost of its squared norm."""

    @torch.no_grad()
    def judge(self, module: nn.Module) -> float:
        return 1 - float((module[2].weight ** 2).sum()) / 0.3  # type: ignore[index]


def test_stable_takes_the_lowest_floor_that_meets_the_bound() -> None:
    """Half of ten go. Free competition takes all small ones and is refused; a floor of one keeps 0.4 and 0.3."""
    run = Output()
    pruned = Stable(sparsity=0.5, criterion="loss", bound=0.5).prune(two_layers(), run)  # 0.4 alone is missing 0.47
    assert torch.equal(pruned.masks["2.weight"], mask([[1, 0], [0, 0]]))
    assert torch.equal(pruned.masks["0.weight"], mask([[0, 0, 1], [1, 1, 1]]))
    floors = {one["value"]: one["meets"] for one in run.shown["search"]["evaluations"]}
    assert run.shown["search"]["parameter"] == "floor" and floors[1.0]
    stricter = Stable(sparsity=0.5, criterion="loss", bound=0.2).prune(two_layers(), Output())
    assert torch.equal(stricter.masks["2.weight"], mask([[1, 1], [0, 0]]))
    assert removed_share(pruned) == removed_share(stricter) == 0.5


def test_stable_is_global_where_that_is_good_enough() -> None:
    run = Judge()
    pruned = Stable(sparsity=0.3, criterion="loss", bound=1.0).prune(two_layers(), run)
    assert torch.equal(pruned.masks["2.weight"], mask([[1, 0], [0, 0]]))
    assert run.shown["search"]["chosen"] == 0.0 and len(run.requested) == 2
    assert "100.00% of the norm" in run.reported[0]


def test_stable_says_what_to_do_when_even_equal_shares_are_too_bad() -> None:
    with pytest.raises(ValueError, match=r"even equal shares of all layers .* lower the sparsity or raise the bound"):
        Stable(sparsity=0.5, criterion="loss", bound=0.0).prune(two_layers(), Output())
    tiny = Subject(nn.Sequential(nn.Linear(1, 1)), (1,))
    with pytest.raises(ValueError, match="no weight of the smallest layer is left"):
        Stable(sparsity=0.9).prune(tiny, Judge())
