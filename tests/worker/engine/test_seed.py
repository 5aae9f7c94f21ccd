"""Randomness is a pure function of seed, stream and place."""

import torch

from worker.engine import seed


def test_derived_seeds_depend_on_every_argument() -> None:
    places = [
        (seed_, stream, *place)
        for seed_ in (0, 1)
        for stream in ("shuffle", "step")
        for place in ((), (0,), (0, 1), (1, 0), (10,), (1, 0, 0))
    ]
    derived = {seed.derive(*place) for place in places}
    assert len(derived) == len(places)
    assert all(0 <= number < 2**63 for number in derived)


def test_derived_seeds_never_change() -> None:
    """A change here would make every stored run impossible to replay."""
    assert seed.derive(0, "model") == 6600231181884817129
    assert seed.derive(7, "shuffle", 1, 0, 3) == 6290896365665324372


def test_planting_and_restoring_replay_the_same_numbers() -> None:
    seed.plant(3, "step", 0)
    torch.rand(5)
    state = seed.capture()
    expected = torch.rand(5)
    seed.plant(4, "step", 0)
    seed.restore(state)
    assert torch.equal(torch.rand(5), expected)


def test_a_generator_leaves_the_default_one_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    torch.randperm(10, generator=seed.generator(1, "shuffle", 0))
    assert torch.equal(torch.rand(3), expected)
