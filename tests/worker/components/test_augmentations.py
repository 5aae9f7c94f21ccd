"""Augmentations: what all of them promise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.worker.components.images import applied, batch, seeded
from tests.worker.components.registry import each
from worker.contracts.families.augmentations import Augmentation

SHAPES = [(16, 1, 8, 8), (6, 3, 32, 32), (5, 2, 9, 14), (1, 1, 28, 28)]
IDENTICAL: dict[str, dict[str, Any]] = {  # fields with which nothing changes
    "color_jitter": {"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0},
    "cutmix": {"p": 0},
    "cutout": {"p": 0},
    "elastic": {"strength": 0},
    "horizontal_flip": {"p": 0},
    "mixup": {"p": 0},
    "noise": {"deviation": 0},
    "random_crop": {"padding": 0},
    "random_resized_crop": {"p": 0},
    "rotation": {"p": 0},
    "vertical_flip": {"p": 0},
}


# ---- what all of them promise


@each("augmentations")
def test_the_same_seed_gives_the_same_pixels_and_another_others(component: type[Augmentation]) -> None:
    images, targets = batch(16, 3, 12, 12)
    torch.manual_seed(1)
    first = component().apply(images, targets, seeded(3))
    torch.manual_seed(2)
    again, other = component().apply(images, targets, seeded(3)), component().apply(images, targets, seeded(4))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


@each("augmentations")
@pytest.mark.parametrize("shape", SHAPES)
def test_shape_type_and_range_are_kept_and_arguments_left_alone(
    component: type[Augmentation], shape: tuple[int, ...]
) -> None:
    images, targets = batch(*shape)
    before = images.clone(), targets.clone()
    changed, goals = component().apply(images, targets, seeded())
    assert torch.equal(images, before[0]) and torch.equal(targets, before[1])
    assert changed.shape == images.shape and changed.dtype == torch.float32
    assert goals.shape == targets.shape and goals.dtype == torch.float32
    assert changed.min() >= 0 and changed.max() <= 1 + 1e-6
    if not component.mixes:
        assert goals is targets


@each("augmentations")
def test_every_bound_of_every_field_works(component: type[Augmentation]) -> None:
    images, targets = batch(4, 3, 8, 8)
    for name, node in component.model_json_schema()["properties"].items():
        lowest = node["minimum"] if "minimum" in node else node["exclusiveMinimum"] + 1e-6
        for value in (lowest, node["maximum"]):
            changed, goals = component.model_validate({name: value}).apply(images, targets, seeded())
            assert torch.isfinite(changed).all() and changed.min() >= 0 and changed.max() <= 1 + 1e-6, f"{name}={value}"
            assert torch.isfinite(goals).all(), f"{name}={value}"


@each("augmentations")
def test_without_strength_nothing_changes(component: type[Augmentation]) -> None:
    images, targets = batch(9, 3, 10, 12)
    changed, goals = component.model_validate(IDENTICAL[component.kind]).apply(images, targets, seeded())
    exact = component.kind != "color_jitter"  # which multiplies matrices
    assert torch.allclose(changed, images, rtol=0, atol=0 if exact else 1e-5)
    assert torch.equal(goals, targets)


@each("augmentations")
def test_what_can_be_steered_is_every_field(component: type[Augmentation]) -> None:
    assert all(node["x-live"] for node in component.model_json_schema()["properties"].values())


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("horizontal_flip", {}),
        ("vertical_flip", {}),
        ("random_resized_crop", {}),
        ("rotation", {"degrees": 40}),
        ("elastic", {"strength": 2}),
        ("noise", {"deviation": 0.1}),
        ("cutout", {"size": 0.5}),
        ("mixup", {"alpha": 1}),
        ("cutmix", {"alpha": 10}),
    ],
)
def test_p_is_the_share_of_images_that_change(kind: str, fields: dict[str, Any]) -> None:
    images, targets = batch(4000, 1, 8, 8)
    changed = applied(kind, images, targets, p=0.3, **fields)
    share = (changed != images).flatten(1).any(1).float().mean()
    assert share == pytest.approx(0.3, abs=5 * (0.3 * 0.7 / 4000) ** 0.5)


# ---- nothing waits for the device

WAITS = {"_local_scalar_dense", "item", "nonzero", "is_nonzero", "equal", "masked_select", "unique", "_unique2"}
FROM_THE_HOST = {"lift_fresh"}  # torch.tensor(…): a copy that on a GPU waits


class Watch(TorchDispatchMode):
    """Notes the operators that would make the host wait for a GPU. It cannot see a copy of memory that is pinned."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        indices = args[1] if name in ("index", "index_put", "index_put_") else ()
        by_mask = any(index is not None and index.dtype == torch.bool for index in indices)
        if name in WAITS | FROM_THE_HOST or by_mask:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


@contextmanager
def watched() -> Iterator[list[str]]:
    with Watch() as watch:
        yield watch.found


@each("augmentations")
@pytest.mark.parametrize("channels", [1, 3])
def test_no_number_is_read_back_from_the_device(component: type[Augmentation], channels: int) -> None:
    images, targets = batch(6, channels, 8, 8)
    component().apply(images, targets, seeded())  # constants are brought to the device once
    random = seeded()
    with watched() as found:
        component().apply(images, targets, random)
    assert found == []


@pytest.mark.parametrize(
    "waits",
    [
        lambda images: images.mean().item(),
        lambda images: float(images.sum()) > 0,
        lambda images: bool((images > 0).all()),
        lambda images: images[images > 0.5],
        lambda images: (images > 0.5).nonzero(),
        lambda images: images * torch.tensor([0.5]),
    ],
)
def test_the_watch_sees_what_would_wait(waits: Any) -> None:
    images, _ = batch(6, 1, 8, 8)
    with watched() as found:
        waits(images)
    assert found
