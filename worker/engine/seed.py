"""Randomness as a pure function of (seed, stream, place): nothing that ran before can change it."""

import hashlib

import torch


def derive(seed: int, stream: str, *place: int) -> int:
    """A seed in [0, 2⁶³) for `stream` at `place` (stage, phase, epoch, …); independent for different arguments."""
    text = ":".join(map(str, (seed, stream, *place)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, stream: str, *place: int) -> torch.Generator:
    """A generator of its own on the CPU, so that every device draws the same numbers."""
    return torch.Generator().manual_seed(derive(seed, stream, *place))


def plant(seed: int, stream: str, *place: int) -> None:
    """Seed torch's default generators, which initial weights and dropout draw from."""
    torch.manual_seed(derive(seed, stream, *place))


def capture() -> dict[str, torch.Tensor]:
    """State of torch's default generators, to be kept in a checkpoint."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def restore(state: dict[str, torch.Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
