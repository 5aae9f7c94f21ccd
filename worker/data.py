"""What a dataset hands to the engine."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Split:
    """Samples of one purpose. `inputs` [n, …] float32, already prepared; `targets` [n] int64 class indices."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def to(self, device: str) -> "Split":
        return Split(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class Data:
    """Three disjoint splits; preparation was fitted on the training split alone."""

    train: Split
    validation: Split
    test: Split
    classes: int

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample: [channels, height, width] or [features]."""
        return tuple(self.train.inputs.shape[1:])

    def to(self, device: str) -> "Data":
        return Data(self.train.to(device), self.validation.to(device), self.test.to(device), self.classes)
