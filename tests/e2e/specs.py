"""Specs that the browser tests run: small, and still every stage."""

from typing import Any

DIGITS = "digits-in-a-minute"


def pipeline(name: str, dataset: str = "digits", model: str = "cnn", epochs: int = 3, **train: Any) -> dict[str, Any]:
    """Train, prune, fold and quantize."""
    return {
        "name": name,
        "dataset": {"kind": dataset},
        "model": {"kind": model, "norm": "batch"},
        "stages": [
            {"kind": "train", "epochs": epochs, **train},
            {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 1}},
            {"kind": "fold", "method": {"kind": "batch_norm"}},
            {"kind": "quantize", "method": {"kind": "static_int8"}},
        ],
        "measure": {"repeats": 5},
    }


def alone(name: str, model: str, epochs: int, **optimizer: Any) -> dict[str, Any]:
    """Train, and nothing after it."""
    return {
        "name": name,
        "dataset": {"kind": "digits"},
        "model": {"kind": model},
        "stages": [{"kind": "train", "epochs": epochs, "optimizer": {"kind": "sgd", **optimizer}}],
        "measure": {"repeats": 5, "batch_sizes": [1], "formats": ["onnx"]},
    }


def long(name: str) -> dict[str, Any]:
    """A run that trains, some hundred steps a second, until it is told to end."""
    return alone(name, "cnn", epochs=10_000)


def diverging(name: str) -> dict[str, Any]:
    """The decay overshoots: each step multiplies the weights by 1 − 10 · 1 = −9, so the loss soon is not finite."""
    return alone(name, "mlp", epochs=20, lr=10.0, momentum=0.0, weight_decay=1.0)
