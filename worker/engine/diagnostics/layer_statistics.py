"""Layer statistics of one step: gradients, updates and activations, fetched from the device together."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn

MOST_LAYERS = 64  # more are thinned out evenly; the first and the last stay
RELUS = (nn.ReLU, nn.ReLU6)
ACTIVATIONS = (
    *RELUS, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid, nn.Tanh,
    nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Softplus, nn.Softsign,
)  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """A module with weights of its own. Those of normalizations are not counted as one: they only scale."""

    name: str
    module: nn.Module
    weights: tuple[nn.Parameter, ...]  # of two dimensions or more
    parameters: tuple[nn.Parameter, ...]  # weights and biases


def layers(module: nn.Module) -> list[Layer]:
    """The trained layers, in the order in which the model registers them."""
    found = []
    for path, child in module.named_modules():
        own = [(name, weight) for name, weight in child.named_parameters(recurse=False) if weight.requires_grad]
        weights = tuple(weight for _, weight in own if weight.ndim >= 2)
        if weights:
            found.append(Layer(path or own[0][0], child, weights, tuple(weight for _, weight in own)))
    return found if len(found) <= MOST_LAYERS else [found[place] for place in evenly(len(found), MOST_LAYERS)]


def evenly(count: int, most: int) -> list[int]:
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]


class LayerProbe:
    """Records statistics of single steps of one module while its structure does not change."""

    def __init__(self, module: nn.Module) -> None:
        self.layers = layers(module)
        self._trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self._weights = [weight for layer in self.layers for weight in layer.weights]
        self._names = {layer.module: layer.name for layer in self.layers}
        self._activations = [child for child in module.modules() if isinstance(child, ACTIVATIONS)]

    @contextmanager
    def watching(self, optimizer: torch.optim.Optimizer) -> Iterator["LayerStatistics"]:
        """Records the one step that the block takes. The hooks are removed after it."""
        statistics = LayerStatistics(self, optimizer)
        handles = [layer.module.register_forward_hook(statistics.layer_ran) for layer in self.layers]
        handles += [child.register_forward_hook(statistics.activation_ran) for child in self._activations]
        handles.append(optimizer.register_step_post_hook(statistics.step_taken))
        try:
            yield statistics
        finally:
            for handle in handles:
                handle.remove()


class LayerStatistics:
    """Statistics of one step. Everything stays on the device until `metrics` fetches it at once."""

    def __init__(self, probe: LayerProbe, optimizer: torch.optim.Optimizer) -> None:
        self._probe = probe
        self._before = [weight.detach().clone() for weight in probe._weights]
        self._outputs: dict[str, Tensor] = {}
        self._rectified: set[str] = set()
        self._current: str | None = None  # the layer whose activation may follow
        self.gradients: dict[nn.Parameter, Tensor] = {}

    def layer_ran(self, module: nn.Module, _: object, output: Tensor | tuple[Tensor, ...]) -> None:
        """Records a layer's own output; of a batch in several parts only that of the first part."""
        name = self._probe._names[module]
        self._current = None if name in self._outputs else name
        if self._current:
            self._outputs[name] = _tensor(output)

    def activation_ran(self, module: nn.Module, _: object, output: Tensor) -> None:
        """Replaces the output of the previous layer by its activation; normalizations between them are skipped."""
        if self._current:
            self._outputs[self._current] = output.detach()
            if isinstance(module, RELUS):
                self._rectified.add(self._current)
            self._current = None

    def step_taken(self, *_: object) -> None:
        """Records the gradients of the step before the loop drops them."""
        self.gradients = {parameter: parameter.grad for parameter in self._probe._trained if parameter.grad is not None}

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Every metric by name; waits for the device once."""
        weights = self._probe._weights
        changes = torch._foreach_sub([weight.detach() for weight in weights], self._before)
        parts = [
            torch._foreach_norm(list(self.gradients.values())) if self.gradients else [],
            torch._foreach_norm(changes) if changes else [],
            torch._foreach_norm(self._before) if changes else [],
            [value for output in self._outputs.values() for value in torch.std_mean(_wide(output))],
            [_dead(output) for name, output in self._outputs.items() if name in self._rectified],
        ]
        numbers = _fetched([value for part in parts for value in part])
        ends = list(accumulate(len(part) for part in parts))
        norms, moved, sizes, moments, dead = (
            numbers[end - len(part) : end] for end, part in zip(ends, parts, strict=True)
        )
        found = self._gradient_norms(norms) | self._update_ratios(moved, sizes)
        return found | self._spreads(moments) | self._dead_units(dead)

    def _gradient_norms(self, norms: Sequence[float]) -> dict[str, float]:
        norm = dict(zip(self.gradients, norms, strict=True))
        found = {"gradient_norm": _length(norms)}
        for layer in self._probe.layers:
            found[f"gradient_norm/{layer.name}"] = _length([norm.get(weight, 0.0) for weight in layer.parameters])
        return found

    def _update_ratios(self, moved: Sequence[float], sizes: Sequence[float]) -> dict[str, float]:
        found = {"update_ratio": _share(_length(moved), _length(sizes))}
        place = 0
        for layer in self._probe.layers:
            here = slice(place, place + len(layer.weights))
            found[f"update_ratio/{layer.name}"] = _share(_length(moved[here]), _length(sizes[here]))
            place = here.stop
        return found

    def _spreads(self, moments: Sequence[float]) -> dict[str, float]:
        """Standard deviation and mean of each layer's activations; for the model their mean over the layers."""
        found = {}
        for metric, values in (("activation_std", moments[::2]), ("activation_mean", moments[1::2])):
            if values:
                found[metric] = sum(values) / len(values)
            found |= {f"{metric}/{name}": value for name, value in zip(self._outputs, values, strict=True)}
        return found

    def _dead_units(self, dead: Sequence[float]) -> dict[str, float]:
        """Share of each layer's units that were 0 for the whole batch; for the model the mean over the layers."""
        names = [name for name in self._outputs if name in self._rectified]
        whole = {"dead_units": sum(dead) / len(dead)} if dead else {}
        return whole | {f"dead_units/{name}": share for name, share in zip(names, dead, strict=True)}


def _tensor(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """The output itself, or the first of several, as of recurrent layers."""
    return (output[0] if isinstance(output, tuple) else output).detach()


def _wide(output: Tensor) -> Tensor:
    return output.float() if output.dtype in (torch.float16, torch.bfloat16) else output


def _dead(output: Tensor) -> Tensor:
    """Units are channels [batch, unit, height, width], or what lies last [batch, …, unit]."""
    others = (0, 2, 3) if output.ndim == 4 else tuple(range(output.ndim - 1))
    return output.amax(others).le(0).float().mean()


def _fetched(values: Sequence[Tensor]) -> list[float]:
    if not values:
        return []
    numbers: list[float] = torch.stack([value.to(torch.float32) for value in values]).tolist()
    return numbers


def _length(parts: Sequence[float]) -> float:
    """Norm of a vector from the norms of its parts."""
    return math.hypot(*parts)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
