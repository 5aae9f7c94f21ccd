"""Form in which samples are sent, where it is another than the model's own."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Fit = Literal["crop", "pad", "stretch"]


@dataclass(frozen=True)
class TableColumn:
    """A column of a table, in the order of the inputs."""

    name: str
    texts: tuple[str, ...] = ()  # each of them is an input of its own


@dataclass(frozen=True)
class Tokens:
    """The way from a text to the ids of its tokens."""

    texts: tuple[str, ...]  # of each id
    pattern: str = "(?s)."  # regular expression of one token in a text: a character
    lower: bool = False  # whether the text is taken in lower case
    unknown: int = 0  # id of what is no token
    padding: int | None = None
    """Id of the places after a text's end, whose first tokens count; None where its last tokens must fill a sample."""


@dataclass(frozen=True)
class Layout:
    """Order of a sent sample's axes, the columns of a table, or the tokens of texts."""

    shape: tuple[int, ...] = ()
    """Shape of one sample as it is sent; empty: as the model takes it."""
    axes: tuple[int, ...] = ()
    """The axes of the sent samples [n, …] in the model's order; empty: the same."""
    fit: Fit = "crop"
    """Treatment of a picture file of another shape: its middle, all of it with black beside it, or out of proportion."""
    columns: tuple[TableColumn, ...] = ()
    """Columns of a table; empty: inputs have no names."""
    tokens: Tokens | None = None
    """The tokens of texts; None: inputs are none."""

    def send(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Samples [n, …] in the model's layout as they are sent."""
        back = inputs.transpose(np.argsort(self.axes)) if self.axes else inputs
        return back.reshape(len(inputs), *self.shape) if self.shape else back
