"""Draws the effect of stages and transfers on a model, schematically, since only a run could compute it; and draws how
pruning is spread over the steps."""

from worker.contracts.families.pruning_schedules import PruningSchedule
from worker.contracts.families.stages import Stage
from worker.contracts.families.transfers import Transfer
from worker.illustrations.shapes import Picture, bars, line

LAYERS = 6
# Shades of a model's layers, from the input to the output.
OWN, TAKEN, FROZEN = 0.35, 0.8, 1.0
FALLING = [2.3 * 0.72**step + 0.1 for step in range(20)]

TRANSFERS: dict[str, list[float]] = {
    "parameters": [TAKEN] * LAYERS,
    "features": [FROZEN] * (LAYERS - 1) + [OWN],
    "task": [TAKEN] * (LAYERS - 2) + [OWN] * 2,
}
STAGES: dict[str, Picture] = {
    "train": {"lines": [line(range(20), FALLING)]},
    "distill": {"lines": [line(range(20), FALLING, True), line(range(20), [0.8 * y - 0.05 for y in FALLING])]},
    "prune": {"cells": [[[0.9] * 12] * 6, [[0.9 * ((x * 5 + y * 3) % 7 < 2) for x in range(12)] for y in range(6)]]},
    "fold": {"bars": bars({"before 1": 1.0, "before 2": 0.4, " ": 0.0, "after": 1.0})},
    "quantize": {
        "lines": [line(range(33), range(33), faint=True), line(range(33), [x // 4 * 4 + 2 for x in range(33)])]
    },
    "transfer": {"cells": [[[TAKEN] * LAYERS], [[TAKEN] * (LAYERS - 1) + [OWN]]]},
    "unfreeze": {"cells": [[[FROZEN] * LAYERS], [[OWN] * LAYERS]]},
    "soup": {"lines": [line(range(20), [y + shift for y in FALLING], True) for shift in (0.0, 0.35, 0.7)]},
}


def transfer(transfer: Transfer) -> Picture | None:
    """The layers that are taken over bright, those that are new dark."""
    shades = TRANSFERS.get(transfer.kind)
    return {"cells": [[shades]]} if shades else None


def stage(stage: Stage) -> Picture | None:
    return STAGES.get(stage.kind)


def pruning_schedule(schedule: PruningSchedule, share: float = 0.9, steps: int = 400) -> Picture:
    """The share of the weights that is gone, over a training of 400 steps or over rounds."""
    if schedule.grows:
        now, gone = 0.0, [0.0]
        for step in range(1, steps + 1):
            after = schedule.grown(0.0, share, step, steps)
            now = now if after is None else after
            gone.append(now)
        return {"lines": [line(range(0, steps + 1, 4), gone[::4])]}
    shares = [0.0, *schedule.shares(share)]
    corners = [(x, y) for number, y in enumerate(shares) for x in (number, number + 1)]
    x, y = zip(*corners, strict=True)
    return {"lines": [line(x, y)]}
