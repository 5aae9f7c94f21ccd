"""Distillers keep their promises: losses checked by hand, maps and copies checked on small models."""

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import each, make
from tests.worker.compression.alone import Alone
from tests.worker.sorts import SORTS
from worker.components.distillers.features import _averaged
from worker.compression.distillation import Distillation, with_teacher
from worker.contracts.component import Component, components
from worker.contracts.families.distillers import Distiller
from worker.contracts.families.models import Model
from worker.contracts.subject import Subject

STUDENT, TEACHER, LABEL = [1.0, 0.5, -1.0], [3.0, 2.0, -2.0], 1


def distiller(kind: str, **parameters: Any) -> Distiller:
    made = make("distillers", kind, **parameters)
    assert isinstance(made, Distiller)
    return made


def softmax(logits: list[float], temperature: float = 1.0) -> Any:
    powers = np.exp(np.array(logits) / temperature)
    return powers / powers.sum()


class Fixed(nn.Module):
    """Gives its own logits for every sample."""

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.logits.expand(len(inputs), -1)


def begun(student: Subject, teacher: Subject, *distillers: Distiller) -> tuple[Distillation, Subject]:
    """A training's callback just before the first step."""
    subject = with_teacher(student, teacher, distillers, Alone())
    callback = Distillation(distillers)
    callback.start(subject, Alone())
    return callback, subject


def objective(*distillers: Distiller, samples: int = 4) -> tuple[float, Any]:
    """Of a student with three classes, and its gradient for the logits."""
    student, teacher = Subject(Fixed(STUDENT), (2,)), Subject(Fixed(TEACHER), (2,))
    callback, _ = begun(student, teacher, *distillers)
    inputs, targets = torch.zeros(samples, 2), torch.full((samples,), LABEL)
    outputs = student.module(inputs)
    loss = nn.functional.cross_entropy(outputs, targets)
    total = callback.objective(inputs, outputs, targets, loss)
    total.backward()  # type: ignore[no-untyped-call]
    assert isinstance(student.module, Fixed) and student.module.logits.grad is not None
    assert teacher.module.logits.grad is None
    return total.item(), student.module.logits.grad.numpy()


@pytest.mark.parametrize(("temperature", "alpha"), [(1.0, 0.0), (2.0, 0.3), (5.0, 0.9), (3.0, 1.0)])
def test_soft_targets_by_hand(temperature: float, alpha: float) -> None:
    q, p = softmax(STUDENT, temperature), softmax(TEACHER, temperature)
    entropy = -math.log(softmax(STUDENT)[LABEL])
    expected = alpha * entropy + (1 - alpha) * temperature**2 * (p * np.log(p / q)).sum()
    slope = alpha * (softmax(STUDENT) - np.eye(3)[LABEL]) + (1 - alpha) * temperature * (q - p)
    found, gradient = objective(distiller("soft_targets", temperature=temperature, alpha=alpha))
    assert found == pytest.approx(expected, rel=1e-5)
    assert gradient == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_the_factor_keeps_the_gradient_as_the_temperature_rises() -> None:
    """For large T it becomes (z_S − z_T) / K, both centred (Hinton et al., equation 4); without T² it would vanish."""
    _, gradient = objective(distiller("soft_targets", temperature=100.0, alpha=0.0))
    student, teacher = np.array(STUDENT), np.array(TEACHER)
    assert gradient == pytest.approx(((student - student.mean()) - (teacher - teacher.mean())) / 3, rel=0.03)


def test_hard_targets_by_hand() -> None:
    found, gradient = objective(distiller("hard_targets", alpha=0.25))
    q = softmax(STUDENT)
    assert found == pytest.approx(-0.25 * math.log(q[LABEL]) - 0.75 * math.log(q[0]), rel=1e-5)
    assert gradient == pytest.approx(q - 0.25 * np.eye(3)[LABEL] - 0.75 * np.eye(3)[0], rel=1e-4)


def test_several_take_their_shares_of_the_labels_loss_in_any_order() -> None:
    soft, hard = distiller("soft_targets", alpha=0.5), distiller("hard_targets", alpha=0.2)
    alone = [objective(one)[0] for one in (soft, hard)]
    entropy = -math.log(softmax(STUDENT)[LABEL])
    expected = sum(alone) - (0.5 + 0.2) * entropy + 0.5 * 0.2 * entropy
    assert objective(soft, hard)[0] == pytest.approx(expected, rel=1e-5)
    assert objective(hard, soft)[0] == pytest.approx(expected, rel=1e-5)


@each("distillers")
def test_every_distiller_teaches_images_texts_and_numbers(component: type[Component]) -> None:
    for sort in SORTS:
        if sort.name not in ("digits", "numbers", "text", "reviews") or not set(component.needs) <= sort.traits:
            continue
        models = (
            [{"kind": {"text": "char_transformer", "reviews": "text_transformer"}[sort.name]}] * 2
            if sort.name in ("text", "reviews")
            else [{"kind": "mlp", "hidden": [256, 8]}, {"kind": "mlp"}]
        )
        student, teacher = (
            Subject(sort.build(Model.choose(model)), sort.shape, input_dtype=sort.dtype) for model in models
        )
        callback, subject = begun(student, teacher, distiller(component.kind), distiller("parameters"))
        inputs, targets = sort.inputs(), sort.targets()
        with callback.attach(student.module):
            outputs = subject.module(inputs)
            total = callback.objective(inputs, outputs, targets, sort.loss(outputs, targets))
        torch.autograd.backward(total)
        assert torch.isfinite(total)
        assert all(weight.grad is None for weight in teacher.module.parameters())


# ---- features


def small(width: int, seed: int = 0, channels: int = 3) -> Subject:
    torch.manual_seed(seed)
    module = nn.Sequential()
    for name, layer in {
        "conv": nn.Conv2d(1, width, 3, padding=1), "relu": nn.ReLU(), "pool": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(width, channels, 1), "flatten": nn.Flatten(), "output": nn.Linear(channels * 16, 5),
    }.items():  # fmt: skip
        module.add_module(name, layer)
    return Subject(module, (1, 8, 8))


def cost(student: Subject, teacher: Subject, **parameters: Any) -> tuple[float, Distillation]:
    """Of features alone, over four samples."""
    features = distiller("features", **parameters)
    callback, _ = begun(student, teacher, features)
    inputs = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    with callback.attach(student.module):
        outputs = student.module(inputs)
        total = callback.objective(inputs, outputs, torch.zeros(4, dtype=torch.long), outputs.sum() * 0)
        torch.autograd.backward(total)
    return total.item(), callback


def test_hints_of_one_width_are_compared_as_they_are() -> None:
    student, teacher = small(4), small(4, seed=1)
    found, callback = cost(student, teacher, student_layers=["relu"], teacher_layers=["relu"], weight=2.0)
    inputs = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    own, other = (model.module[:2](inputs) for model in (student, teacher))  # type: ignore[index]
    assert found == pytest.approx(2 * float((own - other).square().mean().detach()), rel=1e-5)
    assert callback.parameters() == []


def test_hints_of_other_widths_go_through_a_map_that_learns() -> None:
    student, teacher = small(4), small(7, seed=1)
    found, callback = cost(student, teacher, student_layers=["relu"], teacher_layers=["relu"])
    weight, bias = callback.parameters()
    assert weight.shape == (7, 4, 1, 1) and bias.shape == (7,)
    inputs = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    own, other = (model.module[:2](inputs).detach() for model in (student, teacher))  # type: ignore[index]
    mapped = torch.einsum("oi,bihw->bohw", weight[:, :, 0, 0], own) + bias[:, None, None]
    assert found == pytest.approx(float((mapped - other).square().mean().detach()), rel=1e-5)
    expected = 2 / other.numel() * torch.einsum("bohw,bihw->oi", mapped - other, own)
    assert weight.grad is not None and torch.allclose(weight.grad[:, :, 0, 0], expected.detach(), atol=1e-6)


def test_by_itself_what_enters_the_last_layer_is_the_hint() -> None:
    found, callback = cost(small(4), small(4, seed=1, channels=6))
    weight, _ = callback.parameters()
    assert weight.shape == (6 * 16, 3 * 16) and found > 0
    state = callback.state()
    again, _ = begun(small(4), small(4, seed=1, channels=6), distiller("features"))
    again.load(state)
    assert torch.equal(again.parameters()[0], weight)


def test_attention_is_where_the_squares_are_large() -> None:
    student, teacher = small(4), small(9, seed=1)
    found, callback = cost(student, teacher, match="attention", student_layers=["pool"], teacher_layers=["conv"])
    inputs = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    own = student.module[:3](inputs).square().sum(1)  # type: ignore[index]
    other = teacher.module[:1](inputs).square().sum(1).unfold(1, 2, 2).unfold(2, 2, 2).mean((-1, -2))  # type: ignore[index]
    own, other = (value.flatten(1) / value.flatten(1).norm(dim=1, keepdim=True) for value in (own, other))
    assert found == pytest.approx(float((own - other).square().sum(1).mean().detach()), rel=1e-4)
    assert callback.parameters() == []


def test_images_are_averaged_down_as_torch_does_it() -> None:
    images = torch.randn(2, 3, 7, 10)
    assert torch.allclose(_averaged(images, (3, 4)), nn.functional.adaptive_avg_pool2d(images, (3, 4)), atol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"student_layers": ["nowhere"]}, r"^The student has no layer `nowhere`; it has `conv`, .*`output`\.$"),
        ({"teacher_layers": ["nowhere"]}, r"^The teacher has no layer `nowhere`"),
        ({"student_layers": ["conv", "relu"]}, r"has 2 layers of the student and 1 of the teacher"),
        ({"student_layers": ["conv"], "teacher_layers": ["flatten"]}, r"cannot compare the student's \[4, 8, 8\] with the"),
        ({"match": "attention", "student_layers": ["output"], "teacher_layers": ["output"]}, r"no places to compare"),
    ],
)  # fmt: skip
def test_layers_that_do_not_go_together_are_told(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        cost(small(4), small(4), **parameters)


def test_a_model_without_images_has_no_attention() -> None:
    row = Subject(Model.choose("mlp").build((6,), 3), (6,))
    with pytest.raises(ValueError, match="The student has no convolution"):
        begun(row, row, distiller("features", match="attention"))


# ---- parameters


def test_layers_of_equal_name_and_shape_are_copied_and_the_others_stay() -> None:
    student, teacher = small(4), small(4, seed=1, channels=6)
    before = copy.deepcopy(student.module.state_dict())
    reported = Alone()
    with_teacher(student, teacher, [distiller("parameters")], reported)
    after, theirs = student.module.state_dict(), teacher.module.state_dict()
    assert all(torch.equal(after[f"conv.{name}"], theirs[f"conv.{name}"]) for name in ("weight", "bias"))
    assert all(torch.equal(after[name], before[name]) for name in before if not name.startswith("conv."))
    assert reported.reported[0] == "Copied from the teacher: conv."
    assert "Not copied from the teacher: `conv2`, because `conv2.weight` is [6, 4, 1, 1] there" in reported.reported[1]


def test_chosen_layers_are_copied_and_none_that_matches_is_refused() -> None:
    student, teacher = small(4), small(4, seed=1)
    with_teacher(student, teacher, [distiller("parameters", layers=["conv2"])], Alone())
    assert torch.equal(student.module.get_parameter("conv2.weight"), teacher.module.get_parameter("conv2.weight"))
    assert not torch.equal(student.module.get_parameter("conv.weight"), teacher.module.get_parameter("conv.weight"))
    with pytest.raises(ValueError, match=r"^No layer of the student matches one of the teacher .*\[7, 1, 3, 3\] there"):
        with_teacher(small(4), small(7), [distiller("parameters", layers=["conv"])], Alone())


def test_what_is_masked_stays_zero() -> None:
    student, teacher = small(4), small(4, seed=1)
    student.masks["conv.weight"] = torch.zeros(4, 1, 3, 3, dtype=torch.bool)
    with_teacher(student, teacher, [distiller("parameters")], Alone())
    assert not student.module.get_parameter("conv.weight").any()


# ---- teachers


def test_a_teacher_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^The teacher has outputs \[2\] and the student \[3\]"):
        with_teacher(Subject(Fixed(STUDENT), (2,)), Subject(Fixed([0.0, 1.0]), (2,)), [], Alone())
    with pytest.raises(ValueError, match=r"^The teacher takes inputs \[4\] and the student \[2\]"):
        with_teacher(Subject(Fixed(STUDENT), (2,)), Subject(Fixed(TEACHER), (4,)), [], Alone())


def test_the_teacher_rests_in_evaluation_mode() -> None:
    teacher = Subject(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5)), (2,))
    teacher.module.train()
    callback, subject = begun(Subject(Fixed(STUDENT), (2,)), teacher, distiller("soft_targets"))
    before = copy.deepcopy(teacher.module.state_dict())
    inputs, targets = torch.randn(8, 2), torch.zeros(8, dtype=torch.long)
    totals = []
    for _ in range(2):
        outputs = subject.module(inputs)
        total = callback.objective(inputs, outputs, targets, nn.functional.cross_entropy(outputs, targets))
        torch.autograd.backward(total)
        totals.append(total.item())
    assert totals[0] == totals[1]  # no dropout
    assert all(torch.equal(value, before[name]) for name, value in teacher.module.state_dict().items())
    assert not any(weight.requires_grad for weight in teacher.module.parameters())


def test_live_parameters_are_marked() -> None:
    live = {
        (kind, name)
        for kind, component in components("distillers").items()
        for name, field in component.model_json_schema()["properties"].items()
        if field.get("x-live")
    }
    assert live == {
        ("soft_targets", "temperature"), ("soft_targets", "alpha"), ("hard_targets", "alpha"), ("features", "weight")
    }  # fmt: skip
