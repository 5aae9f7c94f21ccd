"""Times files in alternating rounds of one process, until their figures are known well enough or the budget ends."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from worker.engine.measurement.neighbours import Neighbours
from worker.engine.measurement.timing import Calls, Figures, Machine, Ratio, compare, figures, take
from worker.runtimes import Call

PER_ROUND = 5  # part of the requested calls that one round takes
MOST = 20  # times the requested calls, at most
ROUND_SECONDS = 0.002  # at least, of one file at one batch size
FEWEST_ROUNDS = 15  # that the interval of a ratio needs
LOOK = 5  # rounds between two looks at the figures
WARM_UP_SECONDS = 0.1  # at the start
TURN_SECONDS = 0.002  # before each turn where two thread pools meet: the other one's threads still spin for half of it

Calling = Mapping[int, Call]
"""Calls of one file, by batch size."""


@dataclass(frozen=True)
class Budget:
    """Limits of the timed calls of one file at one batch size."""

    requested: int  # calls that are enough on a machine that does nothing else
    seconds: float

    @property
    def round_calls(self) -> int:
        return max(1, self.requested // PER_ROUND)

    def take(self, call: Call) -> Calls:
        """The calls of one round."""
        return take(call, self.round_calls, ROUND_SECONDS, self.seconds / FEWEST_ROUNDS)

    def is_spent(self, taken: Sequence[list[Calls]]) -> bool:
        """Returns whether the calls of these files took all their time."""
        nanoseconds = sum(int(calls[:, 0].sum()) for rounds in taken for calls in rounds)
        return nanoseconds / 1e9 >= self.seconds * len(taken)

    @property
    def rounds(self) -> int:
        return max(FEWEST_ROUNDS, MOST * self.requested // self.round_calls)


@dataclass(frozen=True)
class Contest:
    """Calls at one batch size by file and round; the first file is the one that is measured."""

    taken: Sequence[list[Calls]]
    machine: Machine

    @cached_property
    def figures(self) -> Figures:
        return figures(self.taken[0], self.machine)

    @cached_property
    def ratios(self) -> list[Ratio | None]:
        """Time of the first file over that of each other one."""
        return [compare(self.taken[0], others, self.machine) for others in self.taken[1:]]

    @cached_property
    def settled(self) -> bool:
        return self.figures.settled and all(ratio is not None and ratio.settled for ratio in self.ratios)


def hold(files: Sequence[Calling], budget: Budget, threads: int | None) -> dict[int, Contest]:
    """Time `files` in rounds of alternating order, A B B A; returns a contest for each batch size.

    The files meet the same drift of the machine. A batch size is done when it is settled, or its budget is spent.
    """
    taken = {size: tuple(list[Calls]() for _ in files) for size in files[0]}
    neighbours, spare = Neighbours(), (os.cpu_count() or 1) - (threads or 0)

    def contest(size: int) -> Contest:
        return Contest(taken[size], Machine(threads, neighbours.processors() or 0.0, spare))

    running = set(taken)
    for calling in files:
        _warm_up(calling, running, WARM_UP_SECONDS)
    for number in range(1, budget.rounds + 1):
        for place in range(len(files))[:: -1 if number % 2 else 1]:
            if len(files) > 1 and threads != 1:
                _warm_up(files[place], running, TURN_SECONDS)
            for size in running:
                files[place][size]()  # the caches hold another file's numbers
                taken[size][place].append(budget.take(files[place][size]))
        running -= {size for size in running if budget.is_spent(taken[size])}
        if number >= FEWEST_ROUNDS and number % LOOK == 0:
            running -= {size for size in running if contest(size).settled}
        if not running:
            break
    return {size: contest(size) for size in taken}


def _warm_up(calling: Calling, sizes: set[int], seconds: float) -> None:
    """Call at each of `sizes` in turn until `seconds` are over."""
    end = time.perf_counter() + seconds
    while True:
        for size in sizes:
            calling[size]()
        if time.perf_counter() >= end:
            return
