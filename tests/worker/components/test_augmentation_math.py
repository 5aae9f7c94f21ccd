"""Augmentations: each against its definition by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.worker.components.images import applied, batch, seeded
from tests.worker.components.registry import components, each, make
from worker.components.augmentations._geometry import resample
from worker.contracts.families.augmentations import Augmentation

# ---- geometry


def test_flips_equal_torch() -> None:
    images, _ = batch(5, 3, 6, 9)
    assert torch.equal(applied("horizontal_flip", images, p=1), torch.flip(images, [3]))
    assert torch.equal(applied("vertical_flip", images, p=1), torch.flip(images, [2]))


def test_crops_are_shifts_of_every_size_with_black_beyond() -> None:
    images, _ = batch(400, 2, 5, 7)
    padding, seen = 2, set()
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    for number, changed in enumerate(applied("random_crop", images, padding=padding).numpy()):
        places = [
            (top, left)
            for top in range(5)
            for left in range(5)
            if np.array_equal(padded[number, :, top : top + 5, left : left + 7], changed)
        ]
        assert len(places) == 1
        seen.add(places[0])
    assert len(seen) == 25


def cut_by_hand(image: np.ndarray, top: float, height: float, left: float, width: float) -> np.ndarray:
    """The box of an image [rows, columns] in the image's size, linear first along columns and then along rows."""
    down, right = (
        start * length + extent * (np.arange(length) + 0.5) - 0.5
        for start, extent, length in ((top, height, image.shape[0]), (left, width, image.shape[1]))
    )
    wide = np.stack([np.interp(right, np.arange(image.shape[1]), row) for row in image])
    return np.stack([np.interp(down, np.arange(image.shape[0]), column) for column in wide.T], axis=1)


def test_cut_and_resized_boxes_equal_those_by_hand() -> None:
    images, _ = batch(5, 2, 9, 13)
    top, height = torch.tensor([0.0, 0.1, 0.5, 0.0, 0.98]), torch.tensor([1.0, 0.6, 0.5, 0.3, 0.02])
    left, width = torch.tensor([0.0, 0.2, 0.0, 0.75, 0.0]), torch.tensor([1.0, 0.7, 0.4, 0.25, 0.01])
    cut = components("augmentations")["random_resized_crop"].cut(images, (top, height), (left, width))  # type: ignore[attr-defined]
    for number, image in enumerate(images.numpy()):
        box = [float(side[number]) for side in (top, height, left, width)]
        by_hand = np.stack([cut_by_hand(channel, *box) for channel in image])
        assert np.allclose(cut[number].numpy(), by_hand, atol=1e-5)


def test_boxes_have_the_areas_shapes_and_places_that_were_asked_for() -> None:
    """On a ramp along each side, the middle tells where a box lies, and the slope there how far it goes."""
    down, right = torch.meshgrid(torch.arange(64.0) / 63, torch.arange(64.0) / 63, indexing="ij")
    changed = applied("random_resized_crop", torch.stack([down, right]).expand(4000, 2, 64, 64).contiguous(), area=0.25)
    height, width = (
        63 * (changed[:, 0, 32, 32] - changed[:, 0, 31, 32]),
        63 * (changed[:, 1, 32, 32] - changed[:, 1, 32, 31]),
    )
    assert max(height.max(), width.max()) <= 1.001
    whole = torch.maximum(height, width) > 0.999  # a side was as long as the image's
    area, shape = (height * width)[~whole], (width / height).log()[~whole]
    assert area.min() > 0.249 and area.median() == pytest.approx(0.55, abs=0.05)
    assert shape.abs().max() <= np.log(4 / 3) + 0.01 and shape.mean().abs() < 0.02
    for middle, extent in ((changed[:, 0, 31:33, 32].mean(1), height), (changed[:, 1, 32, 31:33].mean(1), width)):
        start = ((middle * 63 + 0.5) / 64 - extent / 2)[extent < 0.9] / (1 - extent[extent < 0.9])
        assert start.min() > -0.01 and start.max() < 1.01 and start.mean() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("quarters", "shape"), [(1, (8, 8)), (2, (6, 9)), (3, (7, 7)), (4, (5, 8))])
def test_turns_by_quarters_equal_torch(quarters: int, shape: tuple[int, int]) -> None:
    images, _ = batch(3, 2, *shape)
    turned = components("augmentations")["rotation"].rotate(images, torch.full((3,), quarters * torch.pi / 2))  # type: ignore[attr-defined]
    assert torch.allclose(turned, torch.rot90(images, quarters, [2, 3]), atol=1e-4)


def test_a_turn_keeps_the_shape_of_an_oblong_image() -> None:
    """A disc in an image that is wider than high stays a disc: pixels are as wide as they are high."""
    rows, columns = torch.meshgrid(torch.arange(21.0) - 10, torch.arange(41.0) - 20, indexing="ij")
    disc = (8 - (rows**2 + columns**2).sqrt()).clamp(0, 1).view(1, 1, 21, 41)
    turned = components("augmentations")["rotation"].rotate(disc, torch.tensor([0.7]))  # type: ignore[attr-defined]
    assert torch.allclose(turned, disc, atol=0.25) and torch.allclose(turned.sum(), disc.sum(), rtol=0.01)


def test_angles_stay_within_their_bound_and_fill_it() -> None:
    """A dot above the centre shows the angle: its column moves by the radius times the sine."""
    images = torch.zeros(3000, 1, 41, 41)
    images[:, :, 2, 20] = 1
    changed = applied("rotation", images, degrees=30)
    columns = (changed.sum((1, 2)) * (torch.arange(41.0) - 20)).sum(1) / changed.sum((1, 2, 3))
    angles = torch.rad2deg(torch.asin(columns / 18))
    assert angles.abs().max() < 31 and angles.max() > 27 and angles.min() < -27
    assert angles.mean().abs() < 2 and angles.std() == pytest.approx(60 / 12**0.5, rel=0.05)


def test_sampling_between_pixels_by_hand() -> None:
    image = torch.tensor([[0.0, 0.4], [0.8, 0.2]]).view(1, 1, 2, 2)
    rows, columns = torch.tensor([[[0.5, 0.0], [1.0, -0.5]]]), torch.tensor([[[0.25, 1.0], [1.5, 0.0]]])
    zero = torch.zeros(1)
    found = resample(image, (rows - 0.5, zero), (columns - 0.5, zero))[0, 0]  # half the image is one pixel
    upper, lower = 0.75 * 0.0 + 0.25 * 0.4, 0.75 * 0.8 + 0.25 * 0.2
    assert found.flatten().tolist() == pytest.approx([(upper + lower) / 2, 0.4, 0.2 / 2, 0.0], abs=1e-6)


def test_elastic_moves_pixels_by_its_strength_and_neighbours_together() -> None:
    """On a ramp from left to right the value of a pixel says where it was taken from."""
    ramp = (torch.arange(64.0) / 63).expand(200, 1, 64, 64)
    changed = applied("elastic", ramp.contiguous(), strength=1.5, smoothness=3)
    inner = (changed - ramp)[:, 0, 10:-10, 10:-10] * 63
    assert inner.std() == pytest.approx(1.5, rel=0.05) and inner.mean().abs() < 0.05
    step = inner[:, :, 1:] - inner[:, :, :-1]
    variogram = (2 * (1 - np.exp(-1 / (4 * 3**2)))) ** 0.5 * 1.5  # of noise that a Gaussian of σ = 3 has blurred
    assert step.std() == pytest.approx(variogram, rel=0.1)


def test_a_weak_elastic_barely_moves() -> None:
    images, _ = batch(4, 3, 16, 16)
    assert torch.allclose(
        applied("elastic", images, strength=1e-4)[..., 2:-2, 2:-2], images[..., 2:-2, 2:-2], atol=2e-3
    )


# ---- values


def test_noise_has_its_variance_and_is_cut_off() -> None:
    grey = torch.full((50, 1, 40, 40), 0.5)
    added = applied("noise", grey, deviation=0.08) - grey
    assert added.mean().abs() < 5 * 0.08 / added.numel() ** 0.5
    assert added.var() == pytest.approx(0.08**2, rel=5 * (2 / added.numel()) ** 0.5)
    dark = applied("noise", torch.zeros(50, 1, 40, 40), deviation=0.08)
    assert (dark == 0).float().mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("shape", "size", "side"), [((8, 8), 0.5, 4), ((28, 32), 0.25, 7), ((9, 9), 0.01, 1), ((6, 9), 1.0, 6)]
)
def test_a_hole_hides_exactly_its_square(shape: tuple[int, int], size: float, side: int) -> None:
    hidden = applied("cutout", torch.ones(300, 3, *shape), size=size) == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1]) and torch.equal(hidden[:, 0], hidden[:, 2])
    assert (hidden[:, 0].sum((1, 2)) == side * side).all()
    assert (hidden[:, 0].any(1).sum(1) == side).all() and (hidden[:, 0].any(2).sum(1) == side).all()
    where = hidden[:, 0].any(0)
    assert where[0].any() and where[-1].any() and where[:, 0].any() and where[:, -1].any()


def test_there_are_as_many_holes_as_asked() -> None:
    """Holes that do not overlap hide `holes` times the pixels of one; they never hide more."""
    hidden = (applied("cutout", torch.ones(200, 1, 100, 100), size=0.04, holes=3) == 0).sum((1, 2, 3))
    assert hidden.max() == 3 * 16 and (hidden == 3 * 16).float().mean() > 0.9


def grey(images: Tensor) -> Tensor:
    return (images * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1)


def adjusted(
    images: Tensor, brightness: float = 1, contrast: float = 1, saturation: float = 1, hue: float = 0
) -> Tensor:
    values = (torch.full((len(images), 1, 1), float(value)) for value in (brightness, contrast, saturation, hue))
    result: Tensor = components("augmentations")["color_jitter"].adjust(images, *values)  # type: ignore[attr-defined]
    return result


def soft(channels: int) -> Tensor:
    """Images so far from black and white that nothing is cut off."""
    return 0.4 + 0.2 * batch(4, channels, 8, 8)[0]


def test_brightness_and_contrast_by_hand() -> None:
    images = soft(3)
    mean = grey(images).mean((1, 2))[:, None, None, None]
    assert torch.allclose(adjusted(images, brightness=1.2), 1.2 * images, atol=1e-5)
    assert torch.allclose(adjusted(images, contrast=0.5), 0.5 * images + 0.5 * mean, atol=1e-5)
    both = adjusted(images, brightness=0.9, contrast=1.3, saturation=0.6, hue=1.0)
    assert torch.allclose(grey(both).mean((1, 2)), 0.9 * mean.flatten(), atol=1e-5)  # brightness alone moves it


def test_saturation_and_hue_keep_the_luma() -> None:
    images = soft(3)
    faded = 0.3 * images + 0.7 * grey(images)[:, None]
    assert torch.allclose(adjusted(images, saturation=0.3), faded, atol=1e-5)
    assert torch.allclose(adjusted(images, saturation=0), grey(images)[:, None].expand_as(images), atol=1e-5)
    turned = adjusted(images, hue=2.0)
    assert torch.allclose(grey(turned), grey(images), atol=1e-5)
    assert (turned - images).abs().max() > 0.01


def test_a_full_turn_of_the_hues_is_none_and_half_turns_add_up() -> None:
    images = soft(3)
    assert torch.allclose(adjusted(images, hue=2 * torch.pi), images, atol=1e-5)
    assert torch.allclose(adjusted(adjusted(images, hue=1.0), hue=2.0), adjusted(images, hue=3.0), atol=1e-4)


def test_a_grey_image_has_no_colours_to_change() -> None:
    alike = soft(1).expand(-1, 3, -1, -1)
    assert torch.allclose(adjusted(alike, saturation=1.9, hue=1.0), alike, atol=1e-5)
    images = soft(1)
    assert torch.equal(adjusted(images, 1.1, 0.8), adjusted(images, 1.1, 0.8, saturation=0.2, hue=2.0))
    mean = images.mean((1, 2, 3), keepdim=True)
    assert torch.allclose(adjusted(images, 1.1, 0.8), 1.1 * (0.8 * images + 0.2 * mean), atol=1e-6)


def test_each_image_gets_its_own_factors_within_the_strength() -> None:
    changed = applied("color_jitter", torch.full((500, 1, 4, 4), 0.5), brightness=0.3, contrast=0)
    factors = changed.mean((1, 2, 3)) / 0.5
    assert factors.min() > 0.7 and factors.max() < 1.3 and factors.std() == pytest.approx(0.6 / 12**0.5, rel=0.1)


# ---- mixing


@each("augmentations")
@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 10.0])
def test_mixed_targets_still_add_up_to_one(component: type[Augmentation], alpha: float) -> None:
    images, targets = batch(512, 1, 8, 8)
    fields = {"alpha": alpha} if component.mixes else {}
    _, goals = component.model_validate(fields).apply(images, targets, seeded())
    assert torch.allclose(goals.sum(1), torch.ones(512), atol=1e-6) and goals.min() >= 0
    assert component.mixes == (not torch.equal(goals, targets))


def constant(count: int, side: int = 16) -> tuple[Tensor, Tensor]:
    """Image k is k / count all over, its target k: what a sample was mixed of can be read from it."""
    numbers = torch.arange(count) / count
    return numbers.view(-1, 1, 1, 1).expand(-1, 1, side, side).contiguous(), torch.eye(count)


def test_mixup_by_hand() -> None:
    images, targets = constant(10)
    changed, goals = make("augmentations", "mixup", alpha=1).apply(images, targets, seeded())
    for number in range(10):
        share, partner = goals[number, number].item(), (number - 1) % 10
        expected = share * images[number] + (1 - share) * images[partner]
        assert torch.allclose(changed[number], expected, atol=1e-6)
        assert goals[number, partner].item() == pytest.approx(1 - share, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_follow_the_beta_distribution(alpha: float) -> None:
    images, targets = torch.zeros(20_000, 1, 1, 1), torch.eye(2)[torch.arange(20_000) % 2]
    _, goals = make("augmentations", "mixup", alpha=alpha).apply(images, targets, seeded())
    share = goals.gather(1, targets.argmax(1, keepdim=True))
    assert share.mean() == pytest.approx(0.5, abs=0.02)
    assert share.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.05)


def test_cutmix_shares_are_the_pixels_that_came_from_each() -> None:
    images, targets = constant(200)
    changed, goals = make("augmentations", "cutmix").apply(images, targets, seeded())
    own = changed.eq(images).float().mean((1, 2, 3))
    others = changed.eq(images.roll(1, 0)).float().mean((1, 2, 3))
    assert torch.equal(own + others, torch.ones(200))
    assert torch.allclose(goals.diagonal(), own, atol=1e-7)
    assert torch.allclose(goals[torch.arange(200), torch.arange(200) - 1], others, atol=1e-6)
    assert own.std() > 0.1


def test_cutmix_pastes_one_rectangle() -> None:
    images, targets = constant(200)
    changed, _ = make("augmentations", "cutmix").apply(images, targets, seeded())
    pasted = changed.ne(images)[:, 0]
    height, width = pasted.any(2).sum(1), pasted.any(1).sum(1)
    assert torch.equal(pasted.sum((1, 2)), height * width)


def test_numbers_are_mixed_as_classes_are() -> None:
    images, numbers = constant(6)[0], torch.arange(6.0)[:, None]
    changed, goals = make("augmentations", "mixup", alpha=1).apply(images, numbers, seeded())
    assert torch.allclose(changed[:, 0, 0, 0] * 6, goals[:, 0], atol=1e-5)
