"""Every optimizer with unlike state on every model with unlike state: what must come through a resume and a fork to the bit."""

from typing import Any

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd-momentum": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    "adamw": {"kind": "adamw", "lr": 3e-3},
    "muon": {"kind": "muon"},
    "lbfgs": {"kind": "lbfgs", "iterations": 2, "history": 3},
}
MODELS: dict[str, dict[str, Any]] = {
    "mlp-dropout": {"kind": "mlp", "hidden": [16], "dropout": 0.3},
    "cnn-batch-norm": {"kind": "cnn", "width": 4, "norm": "batch"},
    "transformer": {"kind": "vit", "depth": 1, "heads": 2, "head_width": 4, "dropout": 0.2},
}
CELLS = [(optimizer, model) for optimizer in OPTIMIZERS for model in MODELS]
WHOLE = ("lbfgs",)  # the whole split is one step, so these get more epochs


def spec(optimizer: str, model: str, epochs: int = 2) -> dict[str, Any]:
    """A run with all the state there is: momentum, schedule, plateau, mean of the weights, best epoch, dropout."""
    train = {
        "kind": "train",
        "epochs": 4 * epochs if optimizer in WHOLE else epochs,
        "batch": {"kind": "fixed", "size": 128},
        "optimizer": OPTIMIZERS[optimizer],
        "schedule": {"kind": "reduce_on_plateau", "warmup_steps": 5, "patience": 1, "min_delta": 0.5, "gamma": 0.5},
        "regularizers": [{"kind": "early_stopping", "patience": 50}],
        "augmentations": [{"kind": "random_crop", "padding": 1}],
        "average": {"kind": "ema", "decay": 0.9},
    }
    return {
        "name": f"{optimizer} on {model}",
        "dataset": {"kind": "digits"},
        "model": MODELS[model],
        "stages": [train],
        "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["safetensors"]},
        "diagnosis": {"every": 7, "histograms": 0},
    }
