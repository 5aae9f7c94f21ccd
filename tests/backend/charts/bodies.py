"""A summary of each kind, as small as it gets, for the charts that draw them."""

from typing import Any

PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAAnRSTlMAAQGU/a4AAAAOSURBVHjaY+A8wcgAxAAGqAGlDraHEgAAAABJRU5ErkJggg=="

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAIAAACUgoPjAAAAEklEQVR42mNgYGCor6////8/AA11BHtOZxSnAAAAAElFTkSuQmCC"

AROUND = {
    "loss": 0.5,
    "sharpness": 12.0,
    "samples": 64,
    "slice": {"at": [-1.0, 0.0, 1.0], "losses": [[2.0, 1.0, 2.0], [1.0, 0.5, 1.0], [2.0, 1.0, None]]},
}

BODIES: dict[str, dict[str, Any]] = {
    "plan": {"steps": [1, 50, 100], "rates": [0.0, 0.1, 0.0]},
    "augmentations": {
        "width": 2,
        "height": 2,
        "columns": 1,
        "rows": [
            {"title": "before", "png": PIXELS, "captions": [[[1.0, "shoe"]]]},
            {"title": "noise, draw 1", "png": PIXELS, "captions": None},
        ],
    },
    "classes": {
        "names": ["cat", "dog"],
        "read": [90, 10],
        "drawn": [60, 60],
        "generated": [0, 20],
        "validation": [9, 1],
        "test": [9, 1],
    },
    "generated": {"picture": DOT, "names": ["cat"], "real": 1, "made": 1, "shape": [1, 1, 1]},
    "histograms": {
        "layers": [
            {
                "name": "linear1",
                "weights": {"low": -1.0, "high": 1.0, "counts": [1, 2, 1]},
                "gradients": {"low": -12, "high": 2, "counts": [0, 3, 0], "zeros": 1},
            }
        ]
    },
    "landscape": AROUND,
    "landscape_before": {**AROUND, "loss": None, "sharpness": None},
    "quality": {  # of every task at once
        "task": "classification",
        "samples": 10,
        "accuracy": 0.9,
        "top": {"1": 0.9},
        "calibration": {
            "error": 0.05,
            "bins": [{"low": 0.8, "high": 0.9, "samples": 10, "confidence": 0.85, "accuracy": 0.9}],
        },
        "macro": {"precision": 0.9, "recall": 0.9, "f1": 0.9},
        "classes": [
            {"name": "cat", "precision": 0.8, "recall": 1.0, "f1": 0.89, "support": 4},
            {"name": "dog", "precision": 1.0, "recall": 0.83, "f1": 0.91, "support": 6},
        ],
        "confusion": [[4, 0], [1, 5]],
        "outputs": [{"r2": 0.9, "mae": 0.1, "rmse": 0.2}],
        "points": {"true": [[0.0, 1.0]], "predicted": [[0.1, 0.9]]},
    },
    "sparsity": {"layers": [{"name": "conv1", "kept": 60, "total": 100}, {"name": "output", "kept": 20, "total": 300}]},
    "similar": {
        "measured": "accuracy",
        "chosen": 0.25,
        "layers": [{"name": "conv1", "before": 8, "after": 6, "largest": 2}],
        "tried": [
            {"ratio": 0.0, "parameters": 100, "accuracy": 0.9},
            {"ratio": 0.25, "parameters": 80, "accuracy": 0.85},
        ],
    },
    "quantization": {
        "layers": [
            {
                "name": "conv1",
                "values": 144,
                "bits": 8,
                "mse": 1e-5,
                "sqnr_db": 41.1,
                "levels_used": 9,
                "proposed_bits": 4,
            },
            {
                "name": "output",
                "values": 640,
                "bits": 32,
                "mse": 0.0,
                "sqnr_db": None,
                "levels_used": 640,
                "proposed_bits": 5,
            },
        ]
    },
    "search": {
        "parameter": "sparsity",
        "unit": "",
        "measured": "validation loss",
        "bound": 0.35,
        "evaluations": [
            {"value": 0.5, "measured": 0.31, "meets": True},
            {"value": 0.99, "measured": None, "meets": False},
            {"value": 0.95, "measured": 0.4, "meets": False},
            {"value": 0.93, "measured": 0.34, "meets": True},
        ],
        "chosen": 0.93,
        "budget": 20,
    },
    "storage": {
        "chosen": "device",
        "device": "cpu",
        "samples": 100,
        "tiers": [
            {"tier": "device", "samples_a_second": 2e6, "bytes": 400},
            {"tier": "memory", "samples_a_second": 1e6, "bytes": 100},
            {"tier": "disk", "samples_a_second": 5e5, "bytes": 100},
        ],
    },
}
