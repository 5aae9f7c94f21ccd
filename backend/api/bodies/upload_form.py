"""The form of an upload, as the description of the API has it."""

from typing import Any, get_args

from backend.domain.experiment.upload_facts import Task


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _choice(description: str, *words: str) -> dict[str, Any]:
    return {"enum": list(words), "description": description}


def _number(description: str, type: str = "number") -> dict[str, Any]:
    return {"type": type, "description": description}


def _file(description: str) -> dict[str, Any]:
    return {"type": "string", "format": "binary", "description": description}


FIELDS: dict[str, Any] = {
    "name": _text("Name of the data; by default the name of the file or folder."),
    "target": _text("Target column; by default the last one."),
    "task": _choice(
        "Type of the target; with `text classification` the inputs are words; `language` predicts the next character of a "
        "text file.",
        *get_args(Task),
    ),
    "text": _text("Column of texts whose words are the inputs; the others are then left out."),
    "header": _choice("True when the first line names the columns.", "auto", "yes", "no"),
    "missing": _choice("Treatment of lines with a missing value.", "refuse", "leave_out"),
    "ignore": _text(
        "Columns of a table that are left out, so that their empty cells cost no rows: names with commas between, or a "
        "JSON list."
    ),
    "split": _text("Column of a table that says `train`, `validation` or `test`: the split is kept, not drawn."),
    "side": _number(
        "Width and height of picture files as samples; by default 32, 64, 96, 128 or 224, by their median.", "integer"
    ),
    "fit": _choice(
        "Treatment of a picture of another shape: its middle, all of it with black beside it, or all of it out of "
        "proportion.",
        "crop",
        "pad",
        "stretch",
    ),
    "unreadable": _choice("Treatment of files that cannot be read as pictures.", "refuse", "leave_out"),
    "black": _number("The number that is black in images; by default as their type and values say."),
    "white": _number("The number that is white in images."),
    "file": _file("A CSV, Parquet, Arrow, JSON, NPY or NPZ file, or a ZIP of pictures in a folder for each class."),
    "files": {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "description": "Instead: many pictures, each with its folders in its file name, as `train/cat/1.jpg`.",
    },
    "inputs": _file("Instead: an NPY file of inputs,"),
    "targets": _file("and one of their targets."),
}

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": {"type": "object", "properties": FIELDS}}},
    }
}
