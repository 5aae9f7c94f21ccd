"""Counts parameters, zeros and operations of a model; nothing here is timed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.backends import cudnn, mkldnn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from worker.contracts.subject import Subject, evaluating


def parameters(module: nn.Module) -> int:
    """Number of parameters, masked ones included."""
    return sum(parameter.numel() for parameter in module.parameters())


def nonzero(subject: Subject) -> int:
    """Number of parameters that are neither masked nor zero."""
    total = 0
    for name, parameter in subject.module.named_parameters():
        kept = parameter.detach() if name not in subject.masks else parameter.detach() * subject.masks[name]
        total += int(torch.count_nonzero(kept))
    return total


def two_of_four(subject: Subject) -> tuple[int, int]:
    """Layers that keep 2 of every 4 weights side by side along their inputs, and those of them whose shape sparse tensor
    cores take: linear, in half precision a multiple of 32 outputs and of 64 inputs (torch.sparse, CUTLASS)."""
    found = [weight for weight in subject.module.parameters() if _is_two_of_four(weight.detach())]
    return len(found), sum(weight.dim() == 2 and not (weight.shape[0] % 32 or weight.shape[1] % 64) for weight in found)


def _is_two_of_four(weight: torch.Tensor) -> bool:
    """Returns whether each group of 4 has exactly 2 zeros, but for those that have more by chance."""
    if weight.dim() < 2 or weight.shape[1] % 4 or not 0.5 <= float((weight == 0).double().mean()) <= 0.6:
        return False
    kept = (weight.movedim(1, -1).reshape(-1, 4) != 0).sum(dim=1)
    return bool((kept <= 2).all())


@torch.no_grad()
def flops(subject: Subject) -> int | None:
    """Theoretical floating point operations for one sample, a multiply-add as two; None where the counter sees none.

    Counts matrix products, also those of recurrent layers and attention, and convolutions. Masked weights count as if
    they were there: no dense kernel skips them.
    """
    with evaluating(subject.module), _unfused(), FlopCounterMode(display=False) as counter:
        subject.module(subject.sample(1))
    return counter.get_total_flops() or None


@contextmanager
def _unfused() -> Iterator[None]:
    """Recurrent layers and attention step by step: the counter does not see into their fused kernels."""
    enabled, *_ = _enable_mkldnn(False)
    try:
        with cudnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        _enable_mkldnn(enabled)


def _enable_mkldnn(enabled: bool) -> tuple[bool, ...]:
    """Set it, and answer with the flags as they were. `mkldnn.flags` would set more, which warns on most processors."""
    before: tuple[bool, ...] = mkldnn.set_flags(enabled, _fp32_precision=None)  # type: ignore[no-untyped-call]
    return before


def weights_sha256(module: nn.Module) -> str:
    """Hash of name, type, shape and bytes of every entry of the state_dict, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
