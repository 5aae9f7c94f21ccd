"""N:M pruning."""

import torch
from torch import Tensor, nn

from worker.components.pruners._masking import Masking, apply_masks
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.masks import REMOVED, below_all, prunable_weights
from worker.contracts.subject import Subject


class NM(Masking):
    """Keeps the N largest of every M weights that lie side by side along the inputs of a layer: 2 of 4.

    The pattern is one that hardware can read. Kernels that gain by it exist for 2:4 on CUDA devices alone (NVIDIA's sparse
    tensor cores); everywhere else the masks cost accuracy and save nothing but bytes after compression. Layers whose
    number of inputs is no multiple of M are left as they are, and named in the log. Where N is not less than M nothing goes.
    """

    formula = "mᵢ = 1 for the N largest |θᵢ| of each group of M inputs, else 0"
    reference = "Mishra et al.: Accelerating Sparse Deep Neural Networks (2021), arXiv:2104.08378"
    needs = ("float",)

    n: int = hyperparameter(2, ge=1, le=16, unit="weights", description="Weights of each group that stay.")
    m: int = hyperparameter(4, ge=2, le=32, unit="weights", description="Adjacent weights in a group.")

    def prune(self, subject: Subject, context: Context) -> Subject:
        fitting, left_out = self._fitting(subject.module)
        if left_out:
            context.log(
                f"Not pruned, since their number of inputs is not a multiple of {self.m}: {', '.join(left_out)}.",
                "warning",
            )
        scores = below_all({name: weight.abs() for name, weight in fitting.items()}, subject.masks)
        return apply_masks(subject, {name: self._keep(score) for name, score in scores.items()}, self._refusal)

    def validate_for(self, module: nn.Module) -> None:
        self._fitting(module)

    def _fitting(self, module: nn.Module) -> tuple[dict[str, Tensor], list[str]]:
        """The weights that fall into groups of m, and the names of the others. Raises ValueError when none does."""
        weights = prunable_weights(module)
        fitting = {name: weight for name, weight in weights.items() if weight.shape[1] % self.m == 0}
        left_out = [f"`{name}` ({weight.shape[1]})" for name, weight in weights.items() if name not in fitting]
        if not fitting:
            raise ValueError(
                f"{self.n}:{self.m} pruning needs a layer whose number of inputs is a multiple of {self.m}, and "
                f"this model has none ({', '.join(left_out[:8]) or 'no layer at all'}); lower m, or use `magnitude`"
            )
        return fitting, left_out

    def label(self) -> str:
        return f"{self.n}:{self.m}"

    def _keep(self, scores: Tensor) -> Tensor:
        """Mask of a weight [outputs, inputs, …]: True for the n highest of each m inputs, the later ones of equals."""
        along = scores.movedim(1, -1)
        groups = along.reshape(*along.shape[:-1], -1, self.m)
        lowest = groups.argsort(dim=-1, stable=True)[..., : max(self.m - self.n, 0)]
        mask = torch.ones_like(groups, dtype=torch.bool).scatter_(-1, lowest, False)
        return mask.flatten(-2).movedim(-1, 1) & (scores > REMOVED)

    def _refusal(self, name: str) -> str:
        return f"{self.n}:{self.m} pruning leaves no weight of `{name}`, most of which was masked before; raise n"
