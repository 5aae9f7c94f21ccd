"""An exhibit of each kind, as small as it gets, for the charts that draw them."""

from typing import Any

PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAAnRSTlMAAQGU/a4AAAAOSURBVHjaY+A8wcgAxAAGqAGlDraHEgAAAABJRU5ErkJggg=="

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAIAAACUgoPjAAAAEklEQVR42mNgYGCor6////8/AA11BHtOZxSnAAAAAElFTkSuQmCC"

BODIES: dict[str, dict[str, Any]] = {
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
