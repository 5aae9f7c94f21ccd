"""Batch normalization into the layer before."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from worker.contracts.context import Context
from worker.contracts.families.fusions import Fusion
from worker.contracts.subject import Subject, evaluating
from worker.nn.chains import chains
from worker.nn.kinds import Convolution, Weighted

_BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d


class BatchNorm(Fusion):
    """Merges each batch normalization into the convolution or linear layer before it.

    After training its statistics are constants, so both layers together are one: the outputs stay the same up to
    rounding (1e-5). A normalization is merged when the layer before feeds nothing else. Zeros of pruned weights
    stay zeros.
    """

    formula = "W ← W · γ/√(σ²+ε), b ← (b − μ) · γ/√(σ²+ε) + β"
    reference = "Jacob et al.: Quantization and Training of Neural Networks (2018), section 3.2, arXiv:1712.05877"
    needs = ("batch_norm",)
    removes = ("batch_norm",)

    def fold(self, subject: Subject, context: Context) -> Subject:
        module = subject.module
        with evaluating(module):
            found = list(chains(module, _is_layer, lambda between: False, _foldable))
            if not found:
                raise ValueError(
                    "there is no batch normalization to fold: none directly follows a convolution or linear layer"
                )
            for chain in found:
                _merge(module, chain.first, chain.last)
        return subject


def _is_layer(layer: nn.Module) -> bool:
    return isinstance(layer, Weighted)


def _foldable(norm: nn.Module) -> bool:
    return isinstance(norm, _BatchNorm) and norm.running_mean is not None


def _merge(module: nn.Module, layer_path: str, norm_path: str) -> None:
    layer, norm = module.get_submodule(layer_path), module.get_submodule(norm_path)
    assert isinstance(norm, _BatchNorm)
    if isinstance(layer, nn.Linear):
        merged: nn.Module = fuse_linear_bn_eval(layer, norm)
    else:
        assert isinstance(layer, Convolution)
        merged = fuse_conv_bn_eval(layer, norm)
    module.set_submodule(layer_path, merged)
    module.set_submodule(norm_path, nn.Identity())
