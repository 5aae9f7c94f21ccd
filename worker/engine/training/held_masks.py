"""Holds the zeros of a subject's masks while its weights train."""

import torch
from torch import Tensor

from worker.contracts.subject import Subject
from worker.engine.training.final_weights import FinalWeights


class HeldMasks:
    """Masks of `subject`, ready to be applied after each step; `final` holds them as well."""

    def __init__(self, subject: Subject, final: FinalWeights) -> None:
        self._subject, self._final = subject, final
        self._take()

    def follow(self) -> None:
        """Takes over the masks of the subject when they have changed."""
        if self._subject.masks is not self._followed:
            self._take()

    @torch.no_grad()
    def apply(self) -> None:
        """Sets masked weights to zero."""
        if self._weights:
            torch._foreach_mul_(self._weights, self._masks)

    def pairs(self) -> list[tuple[Tensor, Tensor]]:
        """Each masked weight with its mask, in the weight's type."""
        return list(zip(self._weights, self._masks, strict=True))

    def _take(self) -> None:
        self._followed = masks = self._subject.masks
        self._weights: list[Tensor] = [self._subject.module.get_parameter(name) for name in masks]
        self._masks = [mask.to(weight.dtype) for mask, weight in zip(masks.values(), self._weights, strict=True)]
        self.apply()
        self._final.hold(masks)
