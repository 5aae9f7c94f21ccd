"""The program `predict.py` of a package, for one kind of samples and one file format."""

from pathlib import Path

from worker.data.interface import Interface

PARTS = Path(__file__).parent / "predict"
ALSO = {
    "table": ", .csv",
    "text": ", .txt",
    "pictures": " and pictures, where Pillow is installed",
    "arrays": "",
}
"""Files that each way of reading takes beside .npy."""


def write(interface: Interface, opening: str) -> str:
    """The program; `opening` are the lines that open the model file and define `run`."""
    way = _way(interface)
    parts = {"also": ALSO[way], "reading": _part(way), "opening": opening.strip()}
    text = _part("base")
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return text + "\n"


def _way(interface: Interface) -> str:
    if interface.form == "prepared":
        return "arrays"
    if interface.layout.tokens:
        return "text"
    return {3: "pictures", 1: "table"}.get(len(interface.inner), "arrays")


def _part(name: str) -> str:
    return (PARTS / f"{name}.txt").read_text().strip()
