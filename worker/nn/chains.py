"""Finds which layers of a module feed which, by following its graph without running it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import fx, nn


@dataclass(frozen=True)
class Chain:
    """Paths of a layer, of what its output passes through and nothing else sees, and of the layer that it ends in."""

    first: str
    between: tuple[str, ...]
    last: str


def chains(
    module: nn.Module,
    begins: Callable[[nn.Module], bool],
    passes: Callable[[nn.Module], bool],
    ends: Callable[[nn.Module], bool],
) -> Iterator[Chain]:
    """Every chain from a layer that `begins` one, through layers that it `passes`, to the first one that `ends` it.

    Each layer of a chain is called once and feeds the next one alone. Raises ValueError in one sentence when the
    module's graph cannot be followed.
    """
    graph = _graph(module)
    calls = Counter(node.target for node in graph.nodes if node.op == "call_module")

    def layer(node: fx.Node) -> nn.Module | None:
        once = node.op == "call_module" and calls[node.target] == 1
        return module.get_submodule(str(node.target)) if once else None

    for node in graph.nodes:
        first = layer(node)
        if first is None or not begins(first):
            continue
        between: list[str] = []
        current = node
        while len(current.users) == 1:
            (current,) = current.users
            reader = layer(current)
            if reader is None:
                break
            if ends(reader):
                yield Chain(str(node.target), tuple(between), str(current.target))
                break
            if not passes(reader):
                break
            between.append(str(current.target))


def _graph(module: nn.Module) -> fx.Graph:
    try:
        return fx.Tracer().trace(module)
    except Exception as error:  # tracing runs the model's own forward, which may raise anything
        raise ValueError(f"the model's graph cannot be followed, so nothing was folded: {error}") from error
