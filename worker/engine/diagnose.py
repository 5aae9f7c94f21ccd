"""What is looked at inside the model while it trains."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from backend.spec.experiment import Diagnosis as Plan
from worker.engine.reporter import Reporter


class Diagnosis:
    """Looks at every so many steps; in between it costs one comparison a step."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @classmethod
    def off(cls) -> "Diagnosis":
        return cls(Plan(every=0))

    def due(self, step: int) -> bool:
        """Whether `step` of the run is looked at."""
        return self._plan.every > 0 and step % self._plan.every == 0

    @contextmanager
    def watching(self, module: nn.Module, optimizer: torch.optim.Optimizer, reporter: Reporter) -> Iterator[None]:
        """Look at the one step that the block takes; what is seen goes to `reporter`."""
        norms: dict[str, float] = {}

        def look(*_: object) -> None:
            gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
            norms["gradient_norm"] = float(torch.stack(torch._foreach_norm(gradients)).norm())

        handle = optimizer.register_step_post_hook(look)
        try:
            yield
        finally:
            handle.remove()
        reporter.observed(norms)
