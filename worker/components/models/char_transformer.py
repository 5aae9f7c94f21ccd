"""A transformer for texts."""

from torch import Tensor, nn

from worker.components.models._transformer import Transformer


class CharTransformer(Transformer):
    """Predicts each next token of a text from all tokens before it.

    Each token's vector and a learned vector of its place are added; a place attends to itself and to earlier ones, so
    what it answers never depends on what comes after. Texts have the length that the dataset cuts them to. Channel
    pruning removes neurons of the feed-forward layers, head pruning whole heads.
    """

    formula = "h ← h + attention(norm(h)); h ← h + W₂ GELU(W₁ norm(h)); z = W norm(h) + b at each place"
    reference = "Radford et al.: Language Models are Unsupervised Multitask Learners (2019)"
    needs = ("tokens",)
    provides = ("float", "channels", "neurons", "heads")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        module = Text(self, input_shape[0], outputs)
        nn.init.normal_(module.embedding.weight, std=0.5**0.5)  # with its place's, a stream of variance 1
        return self.begin(module, module.places, spread=0.5**0.5)


class Text(nn.Module):
    """Token ids [batch, length] -> logits [batch, length, tokens] of the next one."""

    keeps = ("embedding",)

    def __init__(self, model: CharTransformer, length: int, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, model.width)
        self.places = nn.Embedding(length, model.width)
        self.blocks = model.blocks(length, causal=True)
        self.output = nn.Linear(model.width, tokens)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(self.blocks(self.embedding(inputs) + self.places.weight))
        return outputs
