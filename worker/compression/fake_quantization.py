"""Fake quantization: the model trains with the numbers that its artifact will have."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from worker.contracts.callback import Callback
from worker.contracts.context import Context
from worker.contracts.subject import Subject
from worker.nn.kinds import weighted

MOMENTUM = 0.01  # of the moving ranges, Krishnamoorthi (2018)
TOP = 255  # activations are whole numbers from 0 up to it

Ranges = dict[str, Tensor]
"""Lowest and highest value [2] of each layer's inputs."""
Rounded = Callable[[str, Tensor], Tensor]
"""The weight that a layer of this name will have instead of the one that is given, both [outputs, …]."""


class ActsQuantized(Callback):
    """Convolutions and linear layers take their weights as `rounded` gives them; gradients pass straight through.

    With `activations` their inputs are rounded too, to 8 bits over a range that follows the training batches' own
    (moving minimum and maximum); the ranges begin as, and become, the subject's. Validation changes no range.
    """

    def __init__(self, rounded: Rounded, activations: bool = False) -> None:
        self._rounded, self._activations = rounded, activations

    def start(self, subject: Subject, context: Context) -> None:
        self._subject = subject
        self.ranges: Ranges = dict(subject.ranges)
        self._seen: Ranges = {}  # within the forward pass that is on its way
        self._step: Ranges = {}  # within the step

    def state(self) -> dict[str, Any]:
        return {"ranges": dict(self.ranges)}

    def load(self, state: Mapping[str, Any]) -> None:
        device = next(self._subject.module.parameters()).device
        self.ranges = {name: limits.to(device) for name, limits in state["ranges"].items()}

    @contextmanager
    def attach(self, module: nn.Module) -> Iterator[None]:
        handles: list[RemovableHandle] = [module.register_forward_pre_hook(lambda *_: self._seen.clear())]
        for name, layer in weighted(module).items():
            handles.append(layer.register_forward_pre_hook(partial(self._enter, module, name)))
            handles.append(layer.register_forward_hook(_leave, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def objective(self, inputs: Tensor, outputs: Tensor, targets: Tensor, loss: Tensor) -> Tensor:
        # A look at the gradient's noise runs the module too, but asks for no objective: it leaves no trace in the ranges.
        for name, limits in self._seen.items():
            self._step[name] = _hull(self._step.get(name), limits)
        return loss

    def after_step(self, done: int, total: int) -> None:
        for name, limits in self._step.items():
            self.ranges[name] = self.ranges[name].lerp(limits, MOMENTUM) if name in self.ranges else limits
        self._step.clear()

    def finish(self) -> None:
        self._subject.ranges = dict(self.ranges)

    def _enter(self, root: nn.Module, name: str, layer: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        weight = layer._parameters["weight"]
        assert weight is not None
        # An attribute of the layer itself hides the parameter of that name for the length of the call.
        layer.__dict__["weight"] = _StraightThrough.apply(weight, self._rounded(name, weight))  # type: ignore[no-untyped-call]
        if not self._activations:
            return arguments
        values, *others = arguments
        if root.training:
            self._seen[name] = _hull(self._seen.get(name), _limits(values))
        if name not in self.ranges:
            return arguments
        return (fake_quantized(values, self.ranges[name]), *others)


def _leave(layer: nn.Module, *_: object) -> None:
    layer.__dict__.pop("weight", None)


class _StraightThrough(torch.autograd.Function):
    """The rounded weight, whose gradient is the weight's (Bengio et al. 2013, arXiv:1308.3432)."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, rounded: Tensor) -> Tensor:
        return rounded.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


@contextmanager
def wearing(layer: nn.Module, weight: Tensor) -> Iterator[None]:
    """Lets `layer` compute with `weight` within the block; its parameter stays unchanged."""
    layer.__dict__["weight"] = weight
    try:
        yield
    finally:
        _leave(layer)


def fake_quantized(values: Tensor, limits: Tensor) -> Tensor:
    """`values` rounded onto 256 numbers over `limits` [2] and zero; beyond them clipped, with no gradient."""
    scale, zero = grid(limits)
    return torch.fake_quantize_per_tensor_affine(values, scale, zero, 0, TOP)


def grid(limits: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and zero point of the asymmetric grid 0 … 255 over `limits` [2], widened so that zero lies on it."""
    low, high = limits[0].clamp(max=0.0), limits[1].clamp(min=0.0)
    scale = (high - low) / TOP
    scale = torch.where(scale > torch.finfo(scale.dtype).tiny, scale, 1.0)
    return scale, (-low / scale).round().clamp(0, TOP).to(torch.int32)


@torch.no_grad()
def measured_ranges(module: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> Ranges:
    """The lowest and highest input of every convolution and linear layer over `batches`, as `module` is."""
    seen: Ranges = {}

    def look(name: str, layer: nn.Module, arguments: tuple[Any, ...]) -> None:
        seen[name] = _hull(seen.get(name), _limits(arguments[0]))

    handles = [layer.register_forward_pre_hook(partial(look, name)) for name, layer in weighted(module).items()]
    try:
        for inputs, _ in batches:
            module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _limits(values: Tensor) -> Tensor:
    return torch.stack(values.detach().aminmax())


def _hull(one: Tensor | None, other: Tensor) -> Tensor:
    return other if one is None else torch.stack([torch.minimum(one[0], other[0]), torch.maximum(one[1], other[1])])
