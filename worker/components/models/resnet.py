"""A residual network for small images."""

from typing import Literal

import torch
from torch import Tensor, nn

from backend.domain.catalog import Provision
from worker.components.models._layers import convolution, initialize
from worker.contracts.component import choice, hyperparameter
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model
from worker.contracts.families.normalizations import Normalization

STAGES = 3


class ResNet(Model):
    """Residual blocks in three stages of width, 2 · width and 4 · width channels; made for small images.

    A block is two 3 × 3 convolutions with normalization, added to what came in. At depth 20 with the paper's width and
    parameter-free shortcuts there are 269,722 parameters for CIFAR-10. Images may have any size from 8 × 8 up: each of
    the last two stages halves it, then the mean over the remaining pixels goes into one linear layer. Each branch's
    last convolution begins smaller by the root of the number of blocks, so that a deep sum begins in range without
    normalization too. Channel pruning thins the blocks inside; with projections also what they are added to.
    """

    formula = "h ← ReLU(h + norm(K₂ ∗ ReLU(norm(K₁ ∗ h)))) for each block; z = W mean(h) + b"
    reference = (
        "He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition (2016), section 4.2, arXiv:1512.03385"
    )
    needs = ("image",)
    provides = ("float", "channels", Provision(trait="batch_norm", when={"norm": "batch"}))

    depth: Literal[8, 14, 20] = hyperparameter(
        20, description="Layers with weights, 6 n + 2 for n blocks in each stage."
    )
    width: int = hyperparameter(
        16, ge=4, le=256, unit="channels", description="Channels of the first stage; each further one doubles them."
    )
    shortcut: Literal["padding", "projection"] = hyperparameter(
        "padding",
        description="New channels of the shortcut: zeros (the paper's option A), or a 1 × 1 convolution (option B).",
    )
    norm: Normalization = choice(Normalization, description="Normalization after each convolution.")
    initialization: Initialization = choice(Initialization, description="Initial weights.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        module = Residual(self, input_shape[0], outputs, blocks=(self.depth - 2) // 6)
        initialize(module, self.initialization)
        blocks = [block for block in module.modules() if isinstance(block, Block)]
        with torch.no_grad():
            for block in blocks:
                block.branch.get_parameter("conv2.weight").div_(len(blocks) ** 0.5)
        return module


class Residual(nn.Sequential):
    """[batch, channels, height, width] -> [batch, outputs]."""

    def __init__(self, model: ResNet, inputs: int, outputs: int, blocks: int) -> None:
        layers = convolution(1, inputs, model.width, 3, model.norm, padding=1)
        layers["activation1"] = nn.ReLU()
        inputs = model.width
        for stage in range(STAGES):
            for block in range(blocks):
                width, stride = model.width * 2**stage, 2 if stage and not block else 1
                layers[f"block{stage + 1}_{block + 1}"] = Block(model, inputs, width, stride)
                inputs = width
        layers |= {"mean": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "output": nn.Linear(inputs, outputs)}
        super().__init__(layers)
        self.keeps = ("conv1",) if model.shortcut == "padding" else ()


class Block(nn.Module):
    """Two convolutions, added to the input or to its shortcut."""

    def __init__(self, model: ResNet, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        layers = convolution(1, inputs, outputs, 3, model.norm, padding=1, stride=stride)
        layers["activation1"] = nn.ReLU()
        layers |= convolution(2, outputs, outputs, 3, model.norm, padding=1)
        self.branch = nn.Sequential(layers)
        self.shortcut = _shortcut(model, inputs, outputs, stride)
        self.activation2 = nn.ReLU()
        self.keeps = ("branch.conv2",) if model.shortcut == "padding" else ()

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.activation2(self.branch(inputs) + self.shortcut(inputs))
        return outputs


def _shortcut(model: ResNet, inputs: int, outputs: int, stride: int) -> nn.Module:
    if stride == 1:
        return nn.Identity()
    if model.shortcut == "padding":
        return Padding(outputs - inputs)
    return nn.Sequential(convolution(3, inputs, outputs, 1, model.norm, stride=stride))


class Padding(nn.Module):
    """Every second pixel, and `channels` more channels of zeros, half of them before the others."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, inputs: Tensor) -> Tensor:
        before = self.channels // 2
        return nn.functional.pad(inputs[:, :, ::2, ::2], (0, 0, 0, 0, before, self.channels - before))
