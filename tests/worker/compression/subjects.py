"""Models of every shape that compression meets, with normalization statistics as training leaves them."""

import torch
from torch import nn

from worker.components.models.cnn import CNN
from worker.components.models.lenet5 import LeNet5
from worker.components.models.mlp import MLP
from worker.contracts.subject import Subject

MODELS = {
    "cnn": (CNN(width=8), (1, 12, 12)),
    "cnn without norm": (CNN(width=8, norm="none"), (3, 8, 8)),
    "lenet5": (LeNet5(), (1, 28, 28)),
    "lenet5 with norm": (LeNet5(norm="batch"), (1, 28, 28)),
    "mlp": (MLP(hidden=[32, 16]), (20,)),
    "mlp with norm": (MLP(hidden=[32, 16], norm="batch", dropout=0.1), (20,)),
}
CONVOLUTIONAL = ["cnn", "cnn without norm", "lenet5", "lenet5 with norm"]
NORMALIZED = ["cnn", "lenet5 with norm", "mlp with norm"]


def subject(name: str) -> Subject:
    model, shape = MODELS[name]
    torch.manual_seed(1)
    module = model.build(shape, 10)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            assert layer.running_mean is not None and layer.running_var is not None
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
    return Subject(module, shape)


@torch.no_grad()
def outputs(subject: Subject) -> torch.Tensor:
    """Logits in evaluation mode for sixteen fixed samples."""
    inputs = torch.randn(16, *subject.input_shape, generator=torch.Generator().manual_seed(2))
    return subject.module.eval()(inputs)
