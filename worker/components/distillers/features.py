"""Features."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.distillers import Distiller, Lesson
from worker.contracts.subject import Subject, evaluating
from worker.nn.layer_matching import LayerName

Shape = tuple[int, ...]


class Features(Distiller):
    """Lets layers inside the student imitate layers inside the teacher.

    With `hints` the student's layer computes, through a linear map (1 × 1 convolution of images) where the widths
    differ, what the teacher's does; the map trains along and is thrown away. With `attention` only where the two look
    has to agree: the sum of squares over the channels at each place, as a map of length one. Images of other sizes are
    averaged down to the smaller one. The default layer is the input of the model's last one; for `attention` it is the
    last convolution.
    """

    formula = "J = loss + β mean (r(h_S) − h_T)²; attention: β |a_S/|a_S| − a_T/|a_T||², a = Σ_c h_c²"
    reference = (
        "Romero et al.: FitNets (2015), arXiv:1412.6550; "
        "Zagoruyko, Komodakis: Paying More Attention to Attention (2017), arXiv:1612.03928"
    )

    match: Literal["hints", "attention"] = hyperparameter(
        "hints",
        description="Property to imitate: the values, or the places where they are large.",
    )
    student_layers: list[LayerName] = hyperparameter(
        [], max_length=8, description="Layers of the student whose outputs learn; when empty, one near its end."
    )
    teacher_layers: list[LayerName] = hyperparameter(
        [], max_length=8, description="Layers of the teacher that they imitate, in the same order."
    )
    weight: float = hyperparameter(
        1.0, ge=0, le=10_000, marks=Mark.LIVE, description="Weight β of the imitation beside the loss."
    )

    def taking_part(self, count: int) -> tuple[Sequence[int], Sequence[int]]:
        return [count - 2], [count - 2]

    def lesson(self, student: Subject, teacher: Subject) -> Lesson:
        ours = Watch("student", student.module, self.student_layers, self.match)
        theirs = Watch("teacher", teacher.module, self.teacher_layers, self.match)
        if len(ours.places) != len(theirs.places):
            raise ValueError(
                f"`features` has {len(ours.places)} layers of the student and {len(theirs.places)} of the teacher: "
                "name equally many of both, in matching order."
            )
        sample = student.sample()
        shapes = zip(ours.shapes(student.module, sample), theirs.shapes(teacher.module, sample), strict=True)
        maps = [_map(self.match, *pair) for pair in shapes]
        return Imitation(ours, theirs, maps).to(sample.device)

    def cost(self, lesson: Lesson, outputs: Tensor, teacher_outputs: Tensor) -> Tensor:
        assert isinstance(lesson, Imitation)
        compare = _apart if self.match == "hints" else _looking_apart
        costs = [compare(change(own), other) for change, own, other in lesson.read_pairs()]
        return self.weight * torch.stack(costs).mean()


class Watch:
    """Layers of one model, and what they computed last. `whose` is what the model is called in sentences."""

    def __init__(self, whose: str, module: nn.Module, names: Sequence[str], match: str) -> None:
        known = {name: child for name, child in module.named_modules() if name}
        for name in names:
            if name not in known:
                raise ValueError(f"The {whose} has no layer `{name}`; it has {', '.join(f'`{one}`' for one in known)}.")
        self.entering = not names and match == "hints"
        self.places = list(names) or [_default_layer(whose, module, match)]
        self.values: dict[str, Tensor] = {}

    @contextmanager
    def attach(self, module: nn.Module) -> Iterator[None]:
        handles = [self._hook(module.get_submodule(place), place) for place in self.places]
        try:
            yield
        finally:
            self.values.clear()
            for handle in handles:
                handle.remove()

    def _hook(self, layer: nn.Module, place: str) -> torch.utils.hooks.RemovableHandle:
        def entered(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            self.values[place] = inputs[0]

        def left(_: nn.Module, __: object, output: Tensor | tuple[Tensor, ...]) -> None:
            self.values[place] = output if isinstance(output, Tensor) else output[0]

        return layer.register_forward_pre_hook(entered) if self.entering else layer.register_forward_hook(left)

    def take(self) -> list[Tensor]:
        """Returns the values computed since the last call, and forgets them here."""
        values = [self.values[place] for place in self.places]
        self.values.clear()
        return values

    def shapes(self, module: nn.Module, sample: Tensor) -> list[Shape]:
        with self.attach(module), evaluating(module), torch.no_grad():
            module(sample)
            return [tuple(value.shape) for value in self.take()]


class Imitation(Lesson):
    """Pairs of layers, and the map from the student's width to the teacher's for each."""

    def __init__(self, student: Watch, teacher: Watch, maps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.student, self.teacher, self.maps = student, teacher, nn.ModuleList(maps)

    @contextmanager
    def attach(self, student: nn.Module, teacher: nn.Module) -> Iterator[None]:
        with self.student.attach(student), self.teacher.attach(teacher):
            yield

    def read_pairs(self) -> list[tuple[nn.Module, Tensor, Tensor]]:
        """Of each pair: the map, what the student computed, what the teacher did."""
        return list(zip(self.maps, self.student.take(), self.teacher.take(), strict=True))


def _default_layer(whose: str, module: nn.Module, match: str) -> str:
    """The last layer with weights, or the last convolution."""
    kinds = nn.Linear | nn.Conv2d if match == "hints" else nn.Conv2d
    found = [name for name, child in module.named_modules() if name and isinstance(child, kinds)]
    if not found:
        what = "linear layer or convolution" if match == "hints" else "convolution"
        raise ValueError(
            f"The {whose} has no {what} for `features` to imitate: name its layers, or leave `features` out."
        )
    return str(found[-1])


def _map(match: str, ours: Shape, theirs: Shape) -> nn.Module:
    """Makes the student's values [batch, …] comparable with the teacher's. Raises ValueError when no map can."""
    if len(ours) != len(theirs) or (len(ours) == 3 and ours[1] != theirs[1]):
        raise ValueError(
            f"`features` cannot compare the student's {list(ours[1:])} with the teacher's {list(theirs[1:])}: name "
            "layers that both give images, both sequences of one length, or both single rows."
        )
    if match == "attention":
        if len(ours) == 2:
            raise ValueError(
                "`features` finds no places to compare in single rows: name earlier layers, or use `match: hints`."
            )
        return nn.Identity()
    axis = 1 if len(ours) == 4 else -1
    width, wanted = ours[axis], theirs[axis]
    if width == wanted:
        return nn.Identity()
    return nn.Conv2d(width, wanted, 1) if len(ours) == 4 else nn.Linear(width, wanted)


def _apart(ours: Tensor, theirs: Tensor) -> Tensor:
    """Mean squared difference of all values."""
    return functional.mse_loss(*_of_one_size(ours, theirs))


def _looking_apart(ours: Tensor, theirs: Tensor) -> Tensor:
    """Mean over the batch of the squared distance between the two maps of length one."""
    maps = (value.square().sum(1 if value.ndim == 4 else -1, keepdim=True) for value in (ours, theirs))
    own, other = (functional.normalize(value.flatten(1), dim=1) for value in _of_one_size(*maps))
    return (own - other).square().sum(1).mean()


def _of_one_size(ours: Tensor, theirs: Tensor) -> tuple[Tensor, Tensor]:
    """Images [batch, channels, height, width], the larger averaged down to the smaller; all else as it is."""
    if ours.ndim != 4 or ours.shape[2:] == theirs.shape[2:]:
        return ours, theirs
    size = [min(pair) for pair in zip(ours.shape[2:], theirs.shape[2:], strict=True)]
    return _averaged(ours, size), _averaged(theirs, size)


def _averaged(images: Tensor, size: Sequence[int]) -> Tensor:
    """As adaptive average pooling, whose gradient is not deterministic on every device."""
    rows, columns = (_windows(before, after).to(images) for before, after in zip(images.shape[2:], size, strict=True))
    return rows @ images @ columns.T


def _windows(before: int, after: int) -> Tensor:
    """[after, before]: each row is the mean over its window."""
    windows = torch.zeros(after, before)
    for place in range(after):
        low, high = place * before // after, -((place + 1) * before // -after)
        windows[place, low:high] = 1 / (high - low)
    return windows
