"""An exhibit of each kind, as small as it gets, for the charts that draw them."""

from typing import Any

PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAAnRSTlMAAQGU/a4AAAAOSURBVHjaY+A8wcgAxAAGqAGlDraHEgAAAABJRU5ErkJggg=="

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
}
