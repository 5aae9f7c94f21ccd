"""The range coder gives back what it was given, for about what it is worth."""

import math
import random

import pytest

from worker.codec.arithmetic import Bits, Decoder, Encoder
from worker.codec.numbers import read_varint, varint

Decisions = list[tuple[int, int]]  # context, bit


def written(decisions: Decisions, contexts: int) -> bytes:
    encoder, bits = Encoder(), Bits(contexts)
    for context, bit in decisions:
        encoder.bit(bits, context, bit)
    return encoder.finish()


def read(data: bytes, decisions: Decisions, contexts: int) -> list[int]:
    decoder, bits = Decoder(data), Bits(contexts)
    return [decoder.bit(bits, context) for context, _ in decisions]


def drawn(number: int, shares: list[float]) -> Decisions:
    draw = random.Random(3)
    places = [draw.randrange(len(shares)) for _ in range(number)]
    return [(place, int(draw.random() < shares[place])) for place in places]


@pytest.mark.parametrize("number", [0, 1, 2, 7, 500])
@pytest.mark.parametrize("shares", [[0.0], [1.0], [0.5], [0.01, 0.99, 0.3]], ids=str)
def test_what_was_written_is_read(number: int, shares: list[float]) -> None:
    decisions = drawn(number, shares)
    assert read(written(decisions, 3), decisions, 3) == [bit for _, bit in decisions]


def test_carries_run_through() -> None:
    """Long runs of the bit that moves the lower bound, in many phases, push carries through bytes of 255."""
    for phase in range(60):
        decisions = [(0, 1)] * phase + [(0, 0)] * 1000 + [(0, 1)] * 5
        assert read(written(decisions, 1), decisions, 1) == [bit for _, bit in decisions]


def test_the_code_is_as_long_as_the_entropy() -> None:
    shares = [0.02, 0.3]
    decisions = drawn(40_000, shares)
    entropy = sum(20_000 * -(p * math.log2(p) + (1 - p) * math.log2(1 - p)) for p in shares) / 8
    assert len(written(decisions, 2)) == pytest.approx(entropy, rel=0.02)


def test_contexts_are_what_saves() -> None:
    """The control: one context for both costs more."""
    decisions = drawn(40_000, [0.02, 0.3])
    alike = [(0, bit) for _, bit in decisions]
    assert len(written(alike, 1)) > 1.1 * len(written(decisions, 2))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**32, 2**63])
def test_whole_numbers_come_back(number: int) -> None:
    packed = varint(number)
    assert read_varint(b"x" + packed + b"y", 1) == (number, 1 + len(packed))


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x80" * 11])
def test_a_number_without_an_end_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="begins no whole number"):
        read_varint(content, 0)
