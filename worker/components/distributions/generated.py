"""Generated samples."""

from math import prod
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, one_hot

from worker.contracts.component import hyperparameter
from worker.contracts.drawing import Picture, bars
from worker.contracts.families.distributions import Distribution
from worker.data.scaling import moments
from worker.data.sources import Joined, Source
from worker.data.splits import generator
from worker.data.tensors import Array, Corpus, Samples, Scaling

BATCH, RATE, CHUNK = 128, 2e-3, 4096
SMALLEST = 1e-3  # deviation of a feature's residual, in units of the feature's own


class Generated(Distribution):
    """Adds samples that a small generative model G(z, y) makes up, after it has learnt from the training split.

    G is the decoder of a conditional variational autoencoder: one hidden layer on either side, trained on what was read
    of the training split, and on nothing else; validation, testing and preparation never see what it makes up.
    z is drawn from the normal distribution that the codes of its class have. Pixels get the decoder's mean, other
    features also the noise that its mean left unexplained.
    Training G takes a few seconds for small images, longer with more `steps` of 128 samples.
    """

    formula = "x = G(z, y), z ~ N(μ_y, Σ_y); G maximizes E_q[log p(x | z, y)] − KL(q(z | x, y) ‖ N(0, I))"
    reference = (
        "Kingma, Welling: Auto-Encoding Variational Bayes (2013), arXiv:1312.6114; conditional as in Sohn (2015)"
    )
    needs = ("classes", "real")

    samples: int = hyperparameter(1000, ge=1, le=100_000, unit="samples", description="Samples that are added.")
    classes: Literal["as_read", "equal"] = hyperparameter(
        "as_read", description="Classes of the added samples: as frequent as in the data, or all equally frequent."
    )
    steps: int = hyperparameter(
        1000, ge=10, le=50_000, unit="steps", description="Optimizer steps that G is trained for."
    )
    latent: int = hyperparameter(16, ge=1, le=256, unit="numbers", description="Length of z.")
    hidden: int = hyperparameter(
        128, ge=8, le=2048, unit="units", description="Width of the hidden layer on either side."
    )
    spread: float = hyperparameter(
        1.0, ge=0, le=2, description="Scale of z around its mean: less is typical, more is odd."
    )

    def drawing(self) -> Picture:  # a model would have to be trained for it
        read = 95
        return {"bars": bars({"read": read, "generated": read // 2})}

    def reshape(self, corpus: Corpus, seed: int) -> Samples:
        train, real = corpus.train, corpus.train.read()
        targets = self._labels(real.targets, corpus.outputs, generator(seed, "generated labels"))
        made = self._made(real, targets, corpus, seed)
        weights = train.weights
        if weights is not None:
            weights = np.concatenate([weights, np.full(self.samples, weights.mean())])
        inputs = Joined(train.source, made.astype(train.source.dtype))
        labels = np.concatenate([train.targets, targets.astype(train.targets.dtype)])
        return Samples(inputs, labels, weights, train.generated + self.samples)

    def _labels(self, targets: Array, classes: int, random: np.random.Generator) -> NDArray[np.int64]:
        """The class of each new sample: an even walk through the classes, or through what was read."""
        places = np.arange(self.samples)
        present = np.flatnonzero(np.bincount(targets, minlength=classes))
        if self.classes == "equal":
            return present[places % len(present)]
        lined_up = np.sort(targets.astype(np.int64))
        return random.permutation(lined_up[(2 * places + 1) * len(lined_up) // (2 * self.samples)])

    def _made(self, real: Samples, targets: NDArray[np.int64], corpus: Corpus, seed: int) -> Array:
        """The new samples' inputs [samples, …], in the units in which inputs were read."""
        shape, labels = real.shape, torch.from_numpy(real.targets.astype(np.int64))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(generator(seed, "generated").integers(2**62)))
            pixels = corpus.pixels if len(shape) == 3 else None
            model = Autoencoder(real.source, corpus.outputs, self.hidden, self.latent, pixels)
            model.fit(labels, self.steps)
            made = model.sample(model.codes(labels), torch.from_numpy(targets), self.spread)
        if real.source.dtype.kind in "iu":
            made = made.round()
        return made.numpy().reshape(-1, *shape)


Codes = dict[int, tuple[Tensor, Tensor]]  # class -> mean [latent] and covariance's root [latent, latent]


class Autoencoder(nn.Module):
    """Encoder q(z | x, y) and decoder p(x | z, y) of inputs `raw` [n, …] as they were read.

    Within, pixels go from 0 to 1, to which `pixels` scales them, and other features are standardized.
    """

    def __init__(self, raw: Source, classes: int, hidden: int, latent: int, pixels: Scaling | None) -> None:
        super().__init__()
        features = prod(raw.shape[1:])
        self.raw, self.classes, self.pixels = raw, classes, pixels is not None
        # in float64; the scale of a constant feature is infinite
        self.shift, self.scale = (part.flatten() for part in (pixels or moments(raw, axis=(0,))).on("cpu"))
        self.encoder = nn.Sequential(nn.Linear(features + classes, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent + classes, hidden), nn.ReLU(), nn.Linear(hidden, features))
        self.residual = nn.Parameter(torch.zeros(features))  # log deviation of features around the decoder's mean

    def fit(self, targets: Tensor, steps: int) -> None:
        optimizer = torch.optim.Adam(self.parameters(), RATE)
        for _ in range(steps):
            index = torch.randint(len(self.raw), (min(BATCH, len(self.raw)),))
            optimizer.zero_grad()
            self.loss(self._scaled(index), targets[index]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """The negative evidence bound, summed over features, mean over samples, in nats."""
        mean, spread = self.encode(inputs, targets)
        z = mean + torch.randn_like(mean) * spread.exp()
        divergence = (mean.square() + (2 * spread).exp() - 1).sum() / 2 - spread.sum()
        return (self._surprise(self.decode(z, targets), inputs) + divergence) / len(inputs)

    def encode(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log deviation [n, latent] of q(z | x, y)."""
        mean, spread = self.encoder(torch.cat([inputs, self._labels(targets)], 1)).chunk(2, 1)
        return mean, spread.clamp(-8, 8)

    def decode(self, z: Tensor, targets: Tensor) -> Tensor:
        decoded: Tensor = self.decoder(torch.cat([z, self._labels(targets)], 1))
        return decoded.sigmoid() if self.pixels else decoded

    @torch.no_grad()
    def codes(self, targets: Tensor) -> Codes:
        """Distribution of the codes of each class: their mean, and the root of their covariance."""
        found = {}
        for label in torch.unique(targets).tolist():
            rows = (targets == label).nonzero().flatten()
            parts = [self.encode(self._scaled(part), targets[part]) for part in torch.split(rows, CHUNK)]
            means, spreads = (torch.cat(part).double() for part in zip(*parts, strict=True))
            covariance = (means - means.mean(0)).T @ (means - means.mean(0)) / len(means)
            covariance += (2 * spreads).exp().mean(0).diag()
            found[label] = (means.mean(0).float(), torch.linalg.cholesky(covariance).float())
        return found

    @torch.no_grad()
    def sample(self, codes: Codes, targets: Tensor, spread: float) -> Tensor:
        """One sample [n, features], as if it had been read, of each of the classes `targets` [n]."""
        parts = []
        for part in torch.split(targets, CHUNK):
            labels = part.tolist()
            means, roots = (torch.stack([codes[label][of] for label in labels]) for of in (0, 1))
            z = means + spread * (roots @ torch.randn(len(labels), means.shape[1], 1)).squeeze(2)
            decoded = self.decode(z, part)
            parts.append(decoded if self.pixels else decoded + self._deviation() * torch.randn_like(decoded))
        return torch.where(self.scale.isfinite(), torch.cat(parts) * self.scale, 0) + self.shift

    def _scaled(self, index: Tensor) -> Tensor:
        """The inputs [batch, features] of the samples at `index`."""
        raw = torch.from_numpy(np.asarray(self.raw[index.numpy()])).flatten(1)
        return ((raw - self.shift) / self.scale).float()

    def _labels(self, targets: Tensor) -> Tensor:
        return one_hot(targets, self.classes).float()

    def _surprise(self, decoded: Tensor, inputs: Tensor) -> Tensor:
        """−log p(x | z, y): of pixels as if each were lit with that probability, of features as a normal density."""
        if self.pixels:
            return binary_cross_entropy(decoded, inputs.clamp(0, 1), reduction="sum")
        return ((inputs - decoded) / self._deviation()).square().sum() / 2 + len(inputs) * self._deviation().log().sum()

    def _deviation(self) -> Tensor:
        return self.residual.exp().clamp_min(SMALLEST)
