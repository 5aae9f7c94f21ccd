"""The top eigenvalue of the loss's Hessian, from Hessian-vector products alone."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

ROUNDS = 60  # Hessian-vector products, at most
TOLERANCE = 1e-4  # relative change of the eigenvalue that ends the iteration
AGREEING = 3  # rounds in a row within the tolerance
TINY = 1e-6  # of the eigenvalues: nothing new is left to be spanned

Measure = Callable[[], Tensor]
Vector = list[Tensor]


def sharpness(
    measure: Measure, weights: Sequence[Tensor], random: torch.Generator, attend: Callable[[], None] = lambda: None
) -> float:
    """The largest eigenvalue of the Hessian of `measure` with respect to `weights`, by Lanczos' method.

    That is power iteration which remembers: the largest Ritz value of what H, applied again and again to a random start,
    has spanned so far. It takes a tenth of the products, and a negative eigenvalue of larger magnitude does not distract it.
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

        return largest(product, [torch.randn(weight.shape, generator=random).to(weight) for weight in weights])


def largest(product: Callable[[Vector], Vector], start: Vector) -> float:
    """The largest eigenvalue of a symmetric matrix: H V = V T with T tridiagonal, grown until its top stays where it is."""
    before, vector = _scaled(start, 0.0), _scaled(start, 1 / _norm(start))
    diagonal: list[float] = []
    beside: list[float] = []
    top, agreed = 0.0, 0
    for _ in range(ROUNDS):
        image = product(vector)
        diagonal.append(_dot(vector, image))
        last, top = top, _top(diagonal, beside)
        agreed = agreed + 1 if abs(top - last) <= TOLERANCE * abs(top) else 0
        image = _plus(image, vector, -diagonal[-1])
        image = _plus(image, before, -beside[-1]) if beside else image
        size = _norm(image)
        if agreed == AGREEING or not math.isfinite(top) or not size > TINY * max(map(abs, diagonal)):
            break
        beside.append(size)
        before, vector = vector, _scaled(image, 1 / size)
    return top


def _top(diagonal: Sequence[float], beside: Sequence[float]) -> float:
    matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    return float(np.linalg.eigvalsh(matrix)[-1]) if np.isfinite(matrix).all() else math.nan


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
