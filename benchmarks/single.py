"""The augmentations of the benchmark for one image at a time, as one writes them by hand for a Dataset.

The same mathematics and the same strengths as the components' defaults: a shift by at most 2 pixels, a mirror image in half of the
cases, a turn by at most 15° with bilinear interpolation, and brightness, contrast, saturation and hue.
"""

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from worker.data.tensors import Array, Floats

YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
BACK = np.linalg.inv(YIQ)
PADDING, DEGREES = 2, 15.0


def torch_transform(kinds: Sequence[str]) -> Callable[[Array], Tensor]:
    """uint8 [channels, height, width] to the changed image as float32, in torch."""
    steps = [TORCH[kind] for kind in kinds]

    def change(pixels: Array) -> Tensor:
        image = torch.from_numpy(pixels).float() / 255
        for step in steps:
            image = step(image)
        return image * 255

    return change


def numpy_transform(kinds: Sequence[str]) -> Callable[[Array], Tensor]:
    """The same in NumPy."""
    steps = [NUMPY[kind] for kind in kinds]

    def change(pixels: Array) -> Tensor:
        image = pixels.astype(np.float32) / 255
        for step in steps:
            image = step(image)
        return torch.from_numpy(np.ascontiguousarray(image) * np.float32(255))

    return change


# ---- in torch


def crop(image: Tensor) -> Tensor:
    top, left = random.randint(0, 2 * PADDING), random.randint(0, 2 * PADDING)
    return functional.pad(image, [PADDING] * 4)[:, top : top + image.shape[1], left : left + image.shape[2]]


def flip(image: Tensor) -> Tensor:
    return image.flip(2) if random.random() < 0.5 else image


def rotate(image: Tensor) -> Tensor:
    angle = math.radians(random.uniform(-DEGREES, DEGREES))
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[[cosine, -sine, 0.0], [sine, cosine, 0.0]]])
    grid = functional.affine_grid(turn, [1, *image.shape], align_corners=False)
    return functional.grid_sample(image[None], grid, align_corners=False)[0]


def jitter(image: Tensor) -> Tensor:
    brightness, contrast, matrix = colours()
    mean = (torch.tensor(YIQ[0], dtype=torch.float32) @ image.mean((1, 2))) * brightness
    mapped = torch.from_numpy(contrast * brightness * matrix).float() @ image.flatten(1)
    return (mapped + (1 - contrast) * mean).clamp_(0, 1).view_as(image)


# ---- in NumPy


def crop_array(image: Floats) -> Floats:
    top, left = random.randint(0, 2 * PADDING), random.randint(0, 2 * PADDING)
    padded = np.pad(image, ((0, 0), (PADDING, PADDING), (PADDING, PADDING)))
    return padded[:, top : top + image.shape[1], left : left + image.shape[2]]


def flip_array(image: Floats) -> Floats:
    return image[:, :, ::-1] if random.random() < 0.5 else image


def rotate_array(image: Floats) -> Floats:
    """Bilinear, from an image with a black border of one pixel, so that every neighbour exists."""
    angle = math.radians(random.uniform(-DEGREES, DEGREES))
    height, width = image.shape[1:]
    below, right = np.arange(height)[:, None] - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    rows = math.cos(angle) * below + math.sin(angle) * right + (height - 1) / 2
    columns = math.cos(angle) * right - math.sin(angle) * below + (width - 1) / 2
    rows, columns = np.clip(rows, -1, height), np.clip(columns, -1, width)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, across = (rows - top).astype(np.float32), (columns - left).astype(np.float32)
    padded = np.pad(image, ((0, 0), (1, 2), (1, 2)))
    upper = padded[:, top + 1, left + 1] * (1 - across) + padded[:, top + 1, left + 2] * across
    lower = padded[:, top + 2, left + 1] * (1 - across) + padded[:, top + 2, left + 2] * across
    turned: Floats = upper * (1 - down) + lower * down
    return turned


def jitter_array(image: Floats) -> Floats:
    brightness, contrast, matrix = colours()
    mean = float(YIQ[0] @ image.mean((1, 2))) * brightness
    mapped = (contrast * brightness * matrix).astype(np.float32) @ image.reshape(3, -1)
    changed: Floats = np.clip(mapped + np.float32((1 - contrast) * mean), 0, 1).reshape(image.shape)
    return changed


def colours() -> tuple[float, float, Floats]:
    """Brightness and contrast, and the matrix that changes saturation and hue."""
    brightness, contrast, saturation = (random.uniform(0.8, 1.2) for _ in range(3))
    turn = 2 * math.pi * random.uniform(-0.05, 0.05)
    cosine, sine = saturation * math.cos(turn), saturation * math.sin(turn)
    return brightness, contrast, BACK @ np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]]) @ YIQ


TORCH = {"random_crop": crop, "horizontal_flip": flip, "rotation": rotate, "color_jitter": jitter}
NUMPY = {
    "random_crop": crop_array,
    "horizontal_flip": flip_array,
    "rotation": rotate_array,
    "color_jitter": jitter_array,
}
