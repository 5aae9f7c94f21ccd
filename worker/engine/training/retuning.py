"""Gives a live optimizer other hyper-parameters; it keeps what it has learnt."""

from torch.optim import Optimizer

PLAIN = (bool, int, float, str, tuple, type(None))


def follow(live: Optimizer, before: Optimizer, after: Optimizer) -> None:
    """Whatever differs between two freshly built optimizers over the same weights becomes so in `live`.

    That holds for options of parameter groups and for plain attributes; state (moments, counters) stays.
    """
    for group, old, new in zip(live.param_groups, before.param_groups, after.param_groups, strict=True):
        group.update({name: value for name, value in new.items() if name != "params" and value != old[name]})
    was = vars(before)
    for name, value in vars(after).items():
        if isinstance(value, PLAIN) and value != was.get(name):
            setattr(live, name, value)
        elif isinstance(value, Optimizer):
            follow(getattr(live, name), was[name], value)
