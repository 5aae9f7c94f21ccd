"""The last events of a run, as ready-made bytes, for viewers who are nearly up to date."""

from collections import deque
from dataclasses import dataclass, field

TAIL = 64  # events that are kept

Numbered = tuple[int, bytes]


@dataclass
class Tail:
    """The last events of a run: all of those after `start`, up to `head`."""

    start: int
    head: int
    frames: deque[Numbered] = field(default_factory=deque)

    def append(self, seq: int, frame: bytes) -> None:
        assert seq == self.head + 1, "the sequence has a gap"
        self.frames.append((seq, frame))
        self.head = seq
        while len(self.frames) > TAIL:
            self.start = self.frames.popleft()[0]

    def after(self, seq: int) -> list[Numbered] | None:
        """The events after `seq`; None when some of them are no longer here."""
        return [item for item in self.frames if item[0] > seq] if seq >= self.start else None
