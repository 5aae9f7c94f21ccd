"""The top eigenvalue of the loss's Hessian, by power iteration on Hessian-vector products."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

ROUNDS = 60  # Hessian-vector products, at most, of each of the two iterations
TOLERANCE = 1e-4  # relative change of the eigenvalue that ends an iteration
AGREEING = 3  # rounds in a row within the tolerance

Measure = Callable[[], Tensor]
Vector = list[Tensor]


def sharpness(
    measure: Measure, weights: Sequence[Tensor], random: torch.Generator, attend: Callable[[], None] = lambda: None
) -> float:
    """The largest eigenvalue of the Hessian of `measure` with respect to `weights`.

    Power iteration finds the eigenvalue of the largest magnitude. Where that is negative, the Hessian is shifted by it, so
    that its top becomes what is largest in magnitude.
    """
    with _differentiable_twice(), torch.enable_grad():
        gradient = torch.autograd.grad(measure(), weights, create_graph=True, materialize_grads=True, allow_unused=True)
        if not any(part.requires_grad for part in gradient):
            return 0.0  # the loss is linear in the weights

        def product(vector: Vector) -> Vector:
            attend()
            return list(
                torch.autograd.grad(
                    gradient, weights, vector, retain_graph=True, materialize_grads=True, allow_unused=True
                )
            )

        start = [torch.randn(weight.shape, generator=random).to(weight) for weight in weights]
        dominant = largest(product, start)
        if dominant >= 0:
            return dominant
        return dominant + largest(lambda vector: _plus(product(vector), vector, -dominant), start)


def largest(product: Callable[[Vector], Vector], start: Vector) -> float:
    """The eigenvalue of the largest magnitude: vᵀHv for v ← Hv/|Hv|, until it stays where it is."""
    vector, value, agreed = _scaled(start, 1 / _norm(start)), 0.0, 0
    for _ in range(ROUNDS):
        image = product(vector)
        before, value = value, _dot(vector, image)
        size = _norm(image)
        if not size > 0 or size == float("inf"):
            return value
        agreed = agreed + 1 if abs(value - before) <= TOLERANCE * abs(value) else 0
        if agreed == AGREEING:
            break
        vector = _scaled(image, 1 / size)
    return value


@contextmanager
def _differentiable_twice() -> Iterator[None]:
    """Kernels whose gradient can be derived again: cuDNN's for recurrent layers and fused attention's cannot."""
    with sdpa_kernel(SDPBackend.MATH), torch.backends.cudnn.flags(enabled=False):
        yield


def _dot(one: Vector, other: Vector) -> float:
    return float(torch.stack([(first * second).sum() for first, second in zip(one, other, strict=True)]).sum())


def _norm(vector: Vector) -> float:
    return float(torch.stack(torch._foreach_norm(vector)).norm())


def _scaled(vector: Vector, factor: float) -> Vector:
    return [part * factor for part in vector]


def _plus(one: Vector, other: Vector, factor: float) -> Vector:
    return [first + factor * second for first, second in zip(one, other, strict=True)]
