"""A vision transformer."""

from torch import Tensor, nn

from worker.components.models._transformer import Transformer
from worker.contracts.component import hyperparameter


class ViT(Transformer):
    """An image cut into patches, each of which attends to all others; must learn what a convolution has built in.

    Each patch becomes a vector by one linear map, a learned vector of its place is added, and the mean over all places
    goes into the output (not a class token's, as in the paper). An image that is no multiple of the patch is
    filled up with zeros at its right and lower edge. Channel pruning removes neurons of the
    feed-forward layers, head pruning whole heads.
    """

    formula = "h ← h + attention(norm(h)); h ← h + W₂ GELU(W₁ norm(h)); z = W mean(norm(h)) + b"
    reference = "Dosovitskiy et al.: An Image is Worth 16x16 Words (2021), arXiv:2010.11929"
    needs = ("image",)
    provides = ("float", "channels", "neurons", "heads")

    patch: int = hyperparameter(4, ge=1, le=32, unit="pixels", description="Side of a patch.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        module = Patches(self, input_shape, outputs)
        return self.begin(module, module.places, spread=0.02)


class Patches(nn.Module):
    """[batch, channels, height, width] -> [batch, outputs]."""

    keeps = ("patches",)

    def __init__(self, model: ViT, input_shape: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        channels, *sides = input_shape
        rows, columns = (-(-side // model.patch) for side in sides)
        right, bottom = columns * model.patch - sides[1], rows * model.patch - sides[0]
        self.fill = nn.ZeroPad2d((0, right, 0, bottom))
        self.patches = nn.Conv2d(channels, model.width, model.patch, stride=model.patch)
        self.places = nn.Embedding(rows * columns, model.width)
        self.blocks = model.blocks(rows * columns, causal=False)
        self.output = nn.Linear(model.width, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        stream = self.patches(self.fill(inputs)).flatten(2).transpose(1, 2)  # [batch, places, width]
        outputs: Tensor = self.output(self.blocks(stream + self.places.weight).mean(1))
        return outputs
