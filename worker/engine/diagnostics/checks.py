"""Diagnostics of a training: say in plain words what is wrong and what would help, from recorded values alone.

Each diagnostic is a pure function of a phase's history and returns a diagnostic or None.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

WINDOW = 3  # looks, or epochs, that must agree
VANISHED = 1e-4  # of the last layer's gradient
EXPLODED = 1e3  # norm of the whole gradient
GROWN = 1e4  # times the last layer's gradient
DIVERGED = 4.0  # times the loss of guessing
STUCK = 1e-6  # update of a weight, relative to the weight
UNMOVED = 0.01  # of the loss
OVERFITTED = 1.25  # times the lowest validation loss
RISEN = 0.05  # of the loss of guessing: a smaller rise is not worth a word
DEAD = 0.9  # of a layer's units


@dataclass(frozen=True)
class Diagnostic:
    """`text` goes on in a sentence, `remedy` is one."""

    code: str
    text: str
    remedy: str


@dataclass(frozen=True)
class Epoch:
    training: float  # mean loss over the epoch's steps
    validation: float


@dataclass
class History:
    """History of a training phase so far; `guess` is the loss of a model that has learnt nothing."""

    guess: float
    probes: list[dict[str, float]] = field(default_factory=list)  # the last few: metric -> value
    epochs: list[Epoch] = field(default_factory=list)
    fastest: float = 0.0  # largest relative update of any layer at any look
    reported: list[str] = field(default_factory=list)  # codes

    def add_probe(self, metrics: dict[str, float]) -> Iterator[Diagnostic]:
        """Adds a probe; returns new diagnostics."""
        self.probes = [*self.probes[1 - WINDOW :], metrics]
        self.fastest = max(self.fastest, *by_layer(metrics, "update_ratio").values(), 0.0)
        yield from self._new(AT_PROBES)

    def add_epoch(self, epoch: Epoch) -> Iterator[Diagnostic]:
        """Adds an epoch; returns new diagnostics."""
        self.epochs.append(epoch)
        yield from self._new(AT_EPOCHS)

    def fail(self, diagnostic: Diagnostic) -> Iterator[Diagnostic]:
        """Adds the failure of the training; returns its diagnostic unless it was reported before."""
        yield from self._new((lambda _: diagnostic,))

    def _new(self, checks: "tuple[Check, ...]") -> Iterator[Diagnostic]:
        for check in checks:
            diagnostic = check(self)
            if diagnostic and diagnostic.code not in self.reported:
                self.reported.append(diagnostic.code)
                yield diagnostic

    def state(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        epochs = [[epoch.training, epoch.validation] for epoch in self.epochs]
        probes = [dict(statistics) for statistics in self.probes]
        return {"probes": probes, "epochs": epochs, "fastest": self.fastest, "reported": list(self.reported)}

    def load(self, state: Mapping[str, Any]) -> None:
        self.probes = [dict(statistics) for statistics in state["probes"]]
        self.epochs = [Epoch(*losses) for losses in state["epochs"]]
        self.fastest, self.reported = state["fastest"], list(state["reported"])


Check = Callable[[History], Diagnostic | None]


def by_layer(metrics: Mapping[str, float], metric: str) -> dict[str, float]:
    """The metric of each layer, in the model's order."""
    return {name.partition("/")[2]: value for name, value in metrics.items() if name.startswith(f"{metric}/")}


def vanishing_gradients(history: History) -> Diagnostic | None:
    """Nearly no gradient reaches a layer, at several probes in a row. Dead units have a diagnostic of their own."""
    if len(history.probes) < WINDOW or any(
        max(_dead(statistics).values(), default=0.0) >= DEAD for statistics in history.probes
    ):
        return None
    shares = [_shares(statistics) for statistics in history.probes]
    if not all(share and min(share.values()) < VANISHED for share in shares):
        return None
    layer, share = min(shares[-1].items(), key=lambda item: item[1])
    last = list(by_layer(history.probes[-1], "gradient_norm"))[-1]
    return Diagnostic(
        "vanishing_gradients",
        f"The gradient of layer {layer} is {share:.1g} of that of {last}",
        "Try batch normalization, ReLU in place of sigmoid or tanh, Kaiming initialization, or fewer layers.",
    )


def exploding_gradients(history: History) -> Diagnostic | None:
    """The gradient is far too large, or grows from layer to layer on its way back, at several probes in a row."""
    if len(history.probes) < WINDOW:
        return None
    remedy = "Try gradient clipping, a lower learning rate, normalization, or smaller initial weights."
    norms = [statistics["gradient_norm"] for statistics in history.probes]
    if all(not norm < EXPLODED for norm in norms):
        return Diagnostic("exploding_gradients", f"The gradient's norm is {norms[-1]:.2g}", remedy)
    shares = [_shares(statistics) for statistics in history.probes]
    if not all(share and max(share.values()) > GROWN for share in shares):
        return None
    layer, share = max(shares[-1].items(), key=lambda item: item[1])
    last = list(by_layer(history.probes[-1], "gradient_norm"))[-1]
    return Diagnostic(
        "exploding_gradients", f"The gradient of layer {layer} is {share:.1g} times that of {last}", remedy
    )


def dead_units(history: History) -> Diagnostic | None:
    """Nearly all units of a layer were 0 for whole batches, at several probes in a row: no signal passes."""
    if len(history.probes) < WINDOW:
        return None
    lowest = {
        name: min(_dead(statistics).get(name, 0.0) for statistics in history.probes)
        for name in _dead(history.probes[-1])
    }
    layer, share = max(lowest.items(), key=lambda item: item[1], default=("", 0.0))
    if share < DEAD:
        return None
    return Diagnostic(
        "dead_units",
        f"{share:.0%} of the units of layer {layer} are zero for every sample",
        "Try a lower learning rate or a warm-up, batch normalization, or an activation without a flat part, such as GELU.",
    )


def divergence(history: History) -> Diagnostic | None:
    """An epoch's mean loss lies far above that of guessing."""
    loss = history.epochs[-1].training
    if not math.isfinite(loss) or loss <= DIVERGED * history.guess:  # what is no number ends the run by itself
        return None
    return Diagnostic(
        "divergence",
        f"The training loss is {loss:.3g}, far above that of guessing, {history.guess:.3g}",
        "Try a lower learning rate, a warm-up, or gradient clipping.",
    )


def overfitting(history: History) -> Diagnostic | None:
    """Since the best epoch the training loss has fallen further, and the validation loss has risen for good."""
    best = min(history.epochs, key=lambda epoch: epoch.validation)
    last = history.epochs[-WINDOW:]
    risen = max(OVERFITTED * best.validation, best.validation + RISEN * history.guess)
    if best in last or any(epoch.validation < risen for epoch in last):
        return None
    if max(epoch.training for epoch in last) >= best.training:
        return None
    return Diagnostic(
        "overfitting",
        f"The validation loss rose from {best.validation:.3g} to {last[-1].validation:.3g} while the training loss fell "
        f"from {best.training:.3g} to {last[-1].training:.3g}: the model memorizes its samples",
        "Try early stopping, dropout, weight decay, augmentation, more samples, or a smaller model.",
    )


def rate_too_low(history: History) -> Diagnostic | None:
    """No probe saw the weights change, and the loss has not changed either."""
    if len(history.probes) < 2 or len(history.epochs) < 2 or history.fastest >= STUCK:
        return None
    first, last = history.epochs[0].training, history.epochs[-1].training
    if first - last > UNMOVED * abs(first):
        return None
    return Diagnostic(
        "rate_too_low",
        f"A step changes the weights by {history.fastest:.1g} of their size at most, and the loss hardly moves",
        "Try a learning rate that is a hundred times higher or more.",
    )


AT_PROBES: tuple[Check, ...] = (vanishing_gradients, exploding_gradients, dead_units)
AT_EPOCHS: tuple[Check, ...] = (divergence, overfitting, rate_too_low)


def _shares(statistics: Mapping[str, float]) -> dict[str, float]:
    """Each layer's gradient relative to that of the last one, which is left out; nothing when that has none."""
    norms = by_layer(statistics, "gradient_norm")
    *earlier, last = norms or [""]
    if not norms or not norms[last] > 0 or not all(map(math.isfinite, norms.values())):
        return {}
    return {name: norms[name] / norms[last] for name in earlier}


def _dead(statistics: Mapping[str, float]) -> dict[str, float]:
    return by_layer(statistics, "dead_units")
