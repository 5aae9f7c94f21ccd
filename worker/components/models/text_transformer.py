"""A transformer that classifies texts."""

from torch import Tensor, nn

from worker.components.models._padding import mean_of_words, present, without_padding
from worker.components.models._transformer import Transformer
from worker.contracts.component import hyperparameter


class TextTransformer(Transformer):
    """Looks from each word of a text at all its words, and answers from their mean.

    Each word's vector and a learned vector of its place are added. Padding after a text's end is looked at by nobody and
    counts in no mean, so that it never changes the answer. Channel pruning removes neurons of the feed-forward layers,
    head pruning whole heads.
    """

    formula = "h ← h + attention(norm(h)); h ← h + W₂ GELU(W₁ norm(h)); z = W mean(norm(h)) + b over the words"
    reference = "Vaswani et al.: Attention Is All You Need (2017), arXiv:1706.03762"
    needs = ("text",)
    provides = ("float", "channels", "neurons", "heads")

    depth: int = hyperparameter(
        2, ge=1, le=24, unit="blocks", description="Blocks, each of attention and a feed-forward layer."
    )

    def build(self, input_shape: tuple[int, ...], outputs: int, tokens: int = 0) -> nn.Module:
        module = Text(self, input_shape[0], tokens, outputs)
        nn.init.normal_(module.embedding.weight, std=0.5**0.5)  # with its place's, a stream of variance 1
        return self.begin(module, module.places, spread=0.5**0.5)


class Text(nn.Module):
    """Token ids [batch, length] -> logits [batch, outputs]."""

    keeps = ("embedding",)

    def __init__(self, model: TextTransformer, length: int, tokens: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, model.width)
        self.places = nn.Embedding(length, model.width)
        self.blocks = model.blocks(length, causal=False)
        self.output = nn.Linear(model.width, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        there = present(inputs)
        mask, stream = without_padding(there), self.embedding(inputs) + self.places.weight
        *blocks, norm = self.blocks
        for block in blocks:
            stream = block(stream, mask)
        outputs: Tensor = self.output(mean_of_words(norm(stream), there))
        return outputs
