"""Draws what distillers hand from a teacher to a student."""

from collections.abc import Callable
from typing import Any

import torch

from worker.contracts.families.distillers import Distiller
from worker.illustrations.shapes import Picture, bars

CLASSES = ("cat", "fox", "dog", "car", "sky")
LOGITS = torch.tensor([6.0, 4.0, 3.0, -2.0, -4.0])  # of a teacher that has seen a cat
DARK, BRIGHT = 0.25, 0.95
LAYERS = 6


def distiller(distiller: Distiller) -> Picture | None:
    draw = DISTILLERS.get(distiller.kind)
    return draw(distiller) if draw else None


def _probabilities(temperature: float) -> Picture:
    return {"bars": bars(dict(zip(CLASSES, torch.softmax(LOGITS / temperature, 0).tolist(), strict=True)))}


def _layers(*lit: int) -> list[list[float]]:
    return [[BRIGHT if layer in lit else DARK for layer in range(LAYERS)]]


DISTILLERS: dict[str, Callable[[Any], Picture]] = {
    "soft_targets": lambda distiller: _probabilities(distiller.temperature),
    "hard_targets": lambda _: _probabilities(1e-3),
    "features": lambda _: {"cells": [_layers(LAYERS - 2), _layers(LAYERS - 2)]},
    "parameters": lambda _: {"cells": [_layers(*range(LAYERS)), _layers(*range(LAYERS - 1))]},
}
