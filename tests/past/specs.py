"""The runs of a past: small, and unlike each other in all that a checkpoint or a row can hold."""

from typing import Any

from tests.faults.farm import UNHURRIED

Spec = dict[str, Any]

ONNX = {"batch_sizes": [1], "repeats": 5, "formats": ["onnx"]}
EVERY_FORMAT = {**ONNX, "formats": ["onnx", "safetensors", "coded"]}
WEIGHTS = {**ONNX, "formats": ["safetensors"]}
MLP = {"kind": "mlp", "hidden": [8], "dropout": 0.3}
CNN = {"kind": "cnn", "width": 4, "norm": "batch"}
SLOW = {"kind": "slow", "milliseconds": UNHURRIED}
STOPS_EARLY = {"kind": "early_stopping", "patience": 50}
PLATEAU = {"kind": "reduce_on_plateau", "warmup_steps": 5, "patience": 1, "min_delta": 0.5, "gamma": 0.5}
PRUNE = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.6}}
QUANTIZE = {"kind": "quantize", "method": {"kind": "dynamic_int8"}}


def spec(name: str, model: Spec, *stages: Spec, **more: Any) -> Spec:
    """Digits come with scikit-learn: 12 steps an epoch."""
    parts = {"dataset": {"kind": "digits"}, "measure": WEIGHTS, "diagnosis": {"every": 0}, **more}
    return {"name": name, "model": model, "stages": list(stages), **parts}


def train(epochs: int, optimizer: str = "adam", *regularizers: Spec, **more: Any) -> Spec:
    kept = {"batch": {"kind": "fixed", "size": 128}, "regularizers": list(regularizers), **more}
    return {"kind": "train", "epochs": epochs, "optimizer": {"kind": optimizer}, **kept}


PIPELINE = spec(
    "a pipeline", CNN,
    train(2, schedule={"kind": "cosine", "warmup_steps": 5}),
    {**PRUNE, "recover": {"epochs": 1}}, {"kind": "fold", "method": {"kind": "batch_norm"}},
    {"kind": "quantize", "method": {"kind": "static_int8"}},
    measure=EVERY_FORMAT,
    diagnosis={"every": 5, "histograms": 2, "landscape": True},
    alerts=[{"metric": "validation/accuracy", "above": 0.05}],
)  # fmt: skip
STEERED = spec("steered", MLP, train(8, "sgd", SLOW), {**PRUNE, "recover": {"epochs": 1}}, QUANTIZE, measure=ONNX)
STOPPED = spec("stopped", MLP, train(100, "adam", SLOW), QUANTIZE)
CANCELLED = spec("cancelled", MLP, train(100, "adam", SLOW))
STOPPED_BY_ALERT = spec(
    "stopped by an alert",
    MLP,
    train(100, "adam", SLOW),
    alerts=[{"metric": "train/loss", "below": 2.2, "then": "stop"}],
)
REWOUND = spec("rewound", MLP, train(6, "adamw", SLOW))


def borrowing(name: str, model: Spec, source: str) -> Spec:
    """A run that begins with the model of another one, `run:stage`."""
    return spec(name, model, {"kind": "transfer", "method": {"kind": "parameters", "source": source}}, train(1))


STUDY = {
    "name": "a study",
    "spec": spec("tried", MLP, train(1, "sgd")),
    "space": [{"field": "stages[0].optimizer.lr", "low": 0.01, "high": 1.0, "log": True}],
    "objectives": [{"measure": "validation/accuracy"}],
    "budget": {"trials": 3},
    "parallel": 1,
}

PAUSED = "resumed: paused, AdamW, batch norm, mean of the weights"
RESUMABLE = [
    spec(
        "resumed: SGD with momentum, dropout, early stopping", MLP,
        train(5, "sgd", STOPS_EARLY, SLOW, schedule={"kind": "cosine", "warmup_steps": 5}),
        diagnosis={"every": 7, "histograms": 0},
    ),
    spec(PAUSED, CNN, train(5, "adamw", SLOW, schedule=PLATEAU, average={"kind": "ema", "decay": 0.9})),
    spec(
        "resumed: Muon, growing masks, teacher", MLP,
        train(1, "muon", SLOW),
        {**PRUNE, "schedule": {"kind": "gradual", "every": 3}, "recover": {"epochs": 4, "distillers": ["soft_targets"]}},
    ),
    spec(
        "resumed: schedule-free, rounding in training", CNN,
        train(1, "schedule_free", SLOW),
        {"kind": "quantize", "method": {"kind": "qat_int8"}, "recover": {"epochs": 4}},
        measure=ONNX,
    ),
]  # fmt: skip
RESUMABLE[0]["stages"][0]["optimizer"]["momentum"] = 0.9
LEAVE_AT = 30
"""Step from which a resumable run is left: within its last training, of 60 steps."""
