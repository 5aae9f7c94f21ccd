"""Bits for each layer."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.compression.bit_allocation import (
    KeepsWidths,
    Widths,
    apply,
    at,
    average,
    downwards,
    output_noise,
    round_to,
    width_of,
)
from worker.compression.onnx.onnx_weights import Array, Packing, pack
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject, evaluating
from worker.nn.grids import Stored, analysis, levels
from worker.nn.kinds import is_weighted, weighted

SIZE = 128  # samples that pass through the model together
PICTURED = 4  # sets of widths that are evaluated for the picture of a search that needs none


class Mixed(Quantizer):
    """Each layer's weights get 2, 3, 4, 5, 6 or 8 bits: many where rounding hurts, few where it does not.

    Each layer is rounded alone to each width, and what that does to the outputs is measured. From 8 bits everywhere the
    step follows, again and again, that costs least noise for each bit it saves. With `bound: size` the first set of
    widths within `bits` is taken; with `bound: accuracy` the last one whose accuracy (R² where targets are numbers) on
    the validation split falls by no more than `drop`: that split has then been used to choose.
    Weights lie on symmetric grids, one scale an output channel, and are unpacked from 4 or 8 bits in each call
    (DequantizeLinear); `coded` files take as many bits as the grids need. `recover` trains on the grids.
    """

    formula = "min Σ_l D_l(b_l)  subject to  Σ_l n_l b_l ≤ b Σ_l n_l, b_l ∈ {2, 3, 4, 5, 6, 8}"
    reference = "Dong et al.: HAWQ-V2: Trace-weighted Quantization (2020), arXiv:1911.03852; Shoham, Gersho: Efficient Bit Allocation (1988)"  # fmt: skip
    needs = ("float",)
    removes = ("float",)
    floats = (nn.RNNBase, nn.Embedding)

    bound: Literal["size", "accuracy"] = hyperparameter(
        "size", description="Quantity with a bound; the other one is optimized."
    )
    bits: float = hyperparameter(
        4.0, ge=2, le=8, unit="bits", description="With `bound: size`: bits per weight, on average, at most."
    )
    drop: float = hyperparameter(
        0.01, ge=0, le=1, description="With `bound: accuracy`: the accuracy that may be lost. Also drawn otherwise."
    )
    samples: int = hyperparameter(
        512, ge=8, le=8192, unit="samples", description="Training samples that rounding is tried on."
    )

    def quantize(self, subject: Subject, context: Context) -> Subject:
        layers = weighted(subject.module)
        if not layers:
            raise ValueError(
                "mixed quantization found no linear or convolution layer in this model; leave the stage out"
            )
        with evaluating(subject.module):
            widths = self._widths(subject.module, context)
        bits = average(widths, {name: layer.weight.numel() for name, layer in layers.items()})
        context.log(f"The weights take {bits:.3g} bits on average: {', '.join(f'{n} {b}' for n, b in widths.items())}.")
        context.show("quantization", analysis(subject.module, lambda name, layer: _stored(layer, widths[name])))
        apply(subject.module, widths)
        return self.mark(subject, context)

    def _widths(self, module: nn.Module, context: Context) -> Widths:
        values = {name: layer.weight.numel() for name, layer in weighted(module).items()}
        batches = [inputs for inputs, _ in context.batches(-(-self.samples // SIZE), SIZE)]
        search = _Search(module, context, values, downwards(output_noise(module, batches), values), self.drop)
        place = search.within(self.bits) if self.bound == "size" else search.good_enough()
        context.show("search", search.body(place))
        return search.steps[place]

    def callback(self) -> KeepsWidths:
        return KeepsWidths()

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return _stored(layer, round(self.bits)) if is_weighted(layer) else None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        pack(source, target, Packing(_packed_bits, _magnitude), calibration[:1])

    def label(self) -> str:
        return f"mixed, {self.bits:g} bits" if self.bound == "size" else f"mixed, −{self.drop:.3g} at most"


@dataclass
class _Search:
    """Looks along the way down from most bits to fewest, each set of widths evaluated once."""

    module: nn.Module
    context: Context
    values: dict[str, int]
    steps: list[Widths]
    drop: float
    tried: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.floor = self.context.quality(self.module) - self.drop

    def within(self, bits: float) -> int:
        """The first place of at most `bits` per weight. Others are evaluated to show what more and fewer would do."""
        place = next(number for number, widths in enumerate(self.steps) if average(widths, self.values) <= bits)
        last = len(self.steps) - 1
        for other in {place, *(last * part // PICTURED for part in range(PICTURED + 1))}:
            self.quality(other)
        return place

    def good_enough(self) -> int:
        """The last place that is good enough, by halves: quality is taken to fall along the way."""
        good, bad = 0, len(self.steps)
        if self.quality(0) < self.floor:
            raise ValueError(
                f"even with 8 bits in every layer more than {self.drop:g} is lost; allow a larger `drop`, or use "
                "`bound: size` with `recover`"
            )
        while bad - good > 1:
            middle = (good + bad) // 2
            if self.quality(middle) >= self.floor:
                good = middle
            else:
                bad = middle
        return good

    def quality(self, place: int) -> float:
        if place not in self.tried:
            with at(self.module, self.steps[place]):
                self.tried[place] = self.context.quality(self.module)
        return self.tried[place]

    def body(self, place: int) -> dict[str, Any]:
        """The summary `search`."""
        validated = self.context.validate(self.module)
        return {
            "parameter": "bits per weight",
            "unit": "bits",
            "measured": "accuracy" if "accuracy" in validated else "R²",
            "bound": self.floor,
            "evaluations": [
                {"value": average(self.steps[place], self.values), "measured": found, "meets": found >= self.floor}
                for place, found in self.tried.items()
            ],
            "chosen": average(self.steps[place], self.values),
            "budget": len(self.tried),
        }


def _stored(layer: nn.Module, bits: int) -> Stored:
    assert is_weighted(layer)
    return round_to(layer.weight, bits), bits


def _width(weight: Array) -> int | None:
    return width_of(torch.from_numpy(weight.copy()))


def _packed_bits(weight: Array) -> int | None:
    bits = _width(weight)
    return None if bits is None else 4 if bits <= 4 else 8


def _magnitude(weight: Array) -> int:
    bits = _width(weight)
    assert bits is not None
    return levels(bits)
