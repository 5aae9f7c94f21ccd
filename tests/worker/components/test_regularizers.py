"""Regularizers: what each does in its place of the step, against autograd, torch and arithmetic by hand."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.worker.components.registry import each, every, make
from worker.contracts.families.regularizers import Regularizer, overriding

PENALTIES = [component for component in every("regularizers") if component().penalty([torch.ones(2)]) is not None]
penalties = pytest.mark.parametrize("component", PENALTIES, ids=lambda component: component.kind)


def weights() -> list[torch.Tensor]:
    torch.manual_seed(5)
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 4), (4,), (2, 3, 5))]


def test_l2_by_hand() -> None:
    theta = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
    penalty = make("regularizers", "l2", strength=0.1)
    assert penalty.penalty([theta]).item() == pytest.approx(0.5 * 0.1 * 14)
    theta.grad = torch.ones(3, dtype=torch.float64)
    penalty.add_gradients([theta])
    assert theta.grad.tolist() == pytest.approx([1.1, 0.8, 1.3])


def test_l1_by_hand() -> None:
    theta = torch.tensor([1.0, -2.0, 0.0], dtype=torch.float64, requires_grad=True)
    penalty = make("regularizers", "l1", strength=0.1)
    assert penalty.penalty([theta]).item() == pytest.approx(0.3)
    theta.grad = torch.ones(3, dtype=torch.float64)
    penalty.add_gradients([theta])
    assert theta.grad.tolist() == pytest.approx([1.1, 0.9, 1.0])


def test_proximal_l1_by_hand() -> None:
    theta = torch.tensor([1.0, -2.0, 0.005, -0.01], dtype=torch.float64, requires_grad=True)
    proximal = make("regularizers", "l1", strength=0.1, method="proximal")
    theta.grad = torch.ones(4, dtype=torch.float64)
    proximal.add_gradients([theta])
    assert theta.grad.tolist() == [1.0] * 4 and proximal.penalty([theta]) is None
    proximal.constrain([theta], rate=0.1)
    assert theta.tolist() == pytest.approx([0.99, -1.99, 0.0, 0.0], abs=1e-15)
    assert theta[2:].tolist() == [0.0, 0.0]


def test_elastic_net_by_hand() -> None:
    theta = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    penalty = make("regularizers", "elastic_net", strength=0.1, l1_share=0.25)
    assert penalty.penalty([theta]).item() == pytest.approx(0.1 * (0.25 * 3 + 0.75 * 0.5 * 5))
    theta.grad = torch.zeros(2, dtype=torch.float64)
    penalty.add_gradients([theta])
    assert theta.grad.tolist() == pytest.approx([0.1 * (0.25 + 0.75), 0.1 * (-0.25 - 1.5)])


@pytest.mark.parametrize(("share", "other"), [(1.0, "l1"), (0.0, "l2")])
def test_elastic_net_has_both_at_its_ends(share: float, other: str) -> None:
    ends = make("regularizers", "elastic_net", strength=0.3, l1_share=share), make("regularizers", other, strength=0.3)
    one, two = (one.penalty(weights()).item() for one in ends)
    assert one == pytest.approx(two, rel=1e-12)


@penalties
def test_gradient_equals_autograd(component: type[Regularizer]) -> None:
    parameters, regularizer = weights(), component()
    expected = torch.autograd.grad(regularizer.penalty(parameters), parameters)
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, 2.0)
    regularizer.add_gradients(parameters)
    for parameter, gradient in zip(parameters, expected, strict=True):
        assert torch.allclose(parameter.grad - 2.0, gradient, rtol=0, atol=1e-15)
        assert gradient.abs().max() > 1e-6  # a penalty of zero would pass above


@penalties
def test_leaves_frozen_weights_alone(component: type[Regularizer]) -> None:
    frozen, trained, _ = weights()
    trained.grad = torch.zeros_like(trained)
    component().add_gradients([frozen, trained])
    assert frozen.grad is None
    assert trained.grad.abs().max() > 0


@penalties
def test_the_closed_form_equals_the_general_one(component: type[Regularizer]) -> None:
    closed, general, regularizer = weights(), weights(), component()
    for parameter in (*closed, *general):
        parameter.grad = torch.zeros_like(parameter)
    regularizer.add_gradients(closed)
    Regularizer.add_gradients(regularizer, general)
    assert all(torch.allclose(one.grad, other.grad, atol=1e-15) for one, other in zip(closed, general, strict=True))


# ---- sparse regression: the true weights of half the inputs are zero

TRUE = torch.tensor([3.0, -2.0, 1.5, 1.0, -1.0, 0, 0, 0, 0, 0], dtype=torch.float64)


def regression(regularizer: Regularizer | None) -> Tensor:
    """The weights that 3,000 steps of gradient descent at a rate of 0.01 find for 200 noisy samples."""
    random = torch.Generator().manual_seed(3)
    inputs = torch.randn(200, len(TRUE), generator=random, dtype=torch.float64)
    targets = inputs @ TRUE + 0.1 * torch.randn(200, generator=random, dtype=torch.float64)
    theta = torch.randn(len(TRUE), generator=random, dtype=torch.float64).requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=0.01)
    for _ in range(3000):
        optimizer.zero_grad()
        functional.mse_loss(inputs @ theta, targets).backward()
        if regularizer:
            regularizer.add_gradients([theta])
        optimizer.step()
        if regularizer:
            regularizer.constrain([theta], 0.01)
    return theta.detach()


@pytest.mark.parametrize("method", ["subgradient", "proximal"])
def test_l1_drives_weights_of_no_use_to_zero(method: str) -> None:
    found = regression(make("regularizers", "l1", strength=0.05, method=method))
    assert found[5:].abs().max() < 1e-3
    assert (found[5:] == 0).all() == (method == "proximal")
    assert (found[:5] - TRUE[:5]).abs().max() < 0.1


@pytest.mark.parametrize("kind", [None, "l2"])
def test_nothing_else_does(kind: str | None) -> None:
    """Negative control: without L1 the noise of the samples stays in them."""
    found = regression(make("regularizers", kind, strength=0.05) if kind else None)
    assert found[5:].abs().max() > 2e-3


# ---- gradients


@pytest.mark.parametrize("limit", [0.5, 1e3])
@pytest.mark.parametrize("by", ["norm", "value"])
def test_clipping_equals_torch(by: str, limit: float) -> None:
    ours, reference = weights(), weights()
    for parameter in (*ours[:2], *reference[:2]):  # the third has no gradient
        parameter.grad = 5 * parameter.detach().clone()
    make("regularizers", "gradient_clipping", by=by, limit=limit).limit_gradients(ours)
    torch_clips = {"norm": nn.utils.clip_grad_norm_, "value": nn.utils.clip_grad_value_}
    torch_clips[by](reference, limit)
    assert [parameter.grad is None for parameter in ours] == [False, False, True]
    assert all(torch.equal(one.grad, other.grad) for one, other in zip(ours[:2], reference[:2], strict=True))
    unclipped = all(torch.equal(parameter.grad, 5 * parameter.detach()) for parameter in ours[:2])
    assert unclipped == (limit == 1e3)


def test_clipping_by_hand() -> None:
    one, two = (torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    for by, expected in [("norm", (0.3, -0.4)), ("value", (0.5, -0.5))]:
        one.grad, two.grad = torch.tensor([3.0], dtype=torch.float64), torch.tensor([-4.0], dtype=torch.float64)
        make("regularizers", "gradient_clipping", by=by, limit=0.5).limit_gradients([one, two])
        assert (one.grad.item(), two.grad.item()) == pytest.approx(expected, rel=1e-5)


# ---- weights after the step


def test_decoupled_decay_by_hand() -> None:
    theta = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    make("regularizers", "decoupled_weight_decay", strength=0.1).constrain([theta], rate=0.5)
    assert theta.tolist() == pytest.approx([0.95, -1.9])
    make("regularizers", "decoupled_weight_decay", strength=10.0).constrain([theta], rate=100.0)
    assert theta.tolist() == [0.0, 0.0]  # no further than to zero


def test_decoupled_decay_with_adam_is_adamw_to_first_order() -> None:
    """AdamW decays before its step and this after it: over a step they differ by rate · strength · step."""
    theirs, ours = torch.ones(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    decay = make("regularizers", "decoupled_weight_decay", strength=0.1)
    rate = 1e-3
    for theta, optimizer in [
        (theirs, torch.optim.AdamW([theirs], lr=rate, weight_decay=0.1)),
        (ours, torch.optim.Adam([ours], lr=rate)),
    ]:
        theta.grad = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
        optimizer.step()
    decay.constrain([ours], rate)
    assert (ours - theirs).abs().max().item() == pytest.approx(rate * 0.1 * rate, rel=1e-3)


def test_max_norm_by_hand() -> None:
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4]], dtype=torch.float64, requires_grad=True)
    filters = torch.full((2, 1, 2, 2), 2.0, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor([30.0, 40.0], dtype=torch.float64, requires_grad=True)
    make("regularizers", "max_norm", limit=2.0).constrain([weight, filters, bias], rate=0.1)
    assert weight.tolist() == [pytest.approx([1.2, 1.6], rel=1e-6), [0.3, 0.4]]
    assert filters.flatten(1).norm(dim=1).tolist() == pytest.approx([2.0, 2.0], rel=1e-6)
    assert bias.tolist() == [30.0, 40.0]


# ---- outputs


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_smoothing_with_cross_entropy_equals_torch(smoothing: float) -> None:
    random = torch.Generator().manual_seed(2)
    outputs = torch.randn(6, 4, generator=random, dtype=torch.float64, requires_grad=True)
    classes = torch.randint(0, 4, (6,), generator=random)
    shares = torch.rand(6, 4, generator=random, dtype=torch.float64).softmax(1)
    regularizer = make("regularizers", "label_smoothing", smoothing=smoothing)
    for targets in (classes, shares):
        total = functional.cross_entropy(outputs, targets) + regularizer.output_penalty(outputs, targets)
        expected = functional.cross_entropy(outputs, targets, label_smoothing=smoothing)
        assert total.item() == pytest.approx(expected.item(), rel=1e-12)
        slopes = [torch.autograd.grad(one, outputs)[0] for one in (total, expected)]
        assert torch.allclose(*slopes, rtol=0, atol=1e-15)


def test_smoothing_of_texts_is_the_mean_over_their_tokens() -> None:
    outputs, targets = torch.randn(2, 3, 4), torch.randint(0, 4, (2, 3))
    regularizer = make("regularizers", "label_smoothing")
    flat = regularizer.output_penalty(outputs.flatten(0, 1), targets.flatten())
    assert regularizer.output_penalty(outputs, targets).item() == pytest.approx(flat.item(), rel=1e-6)


# ---- the module


def perceptron() -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(
        nn.Linear(5, 400), nn.BatchNorm1d(400), nn.ReLU(), nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 2)
    )


def test_dropout_drops_what_hidden_layers_give() -> None:
    module, seen = perceptron(), []
    inputs = torch.randn(8, 5)
    for layer in (module[0], module[3], module[5]):
        layer.register_forward_hook(lambda layer, given, output: seen.append(given[0].detach()))
    with make("regularizers", "dropout", share=0.4).attach(module):
        module(inputs)
    first, *hidden = seen
    assert torch.equal(first, inputs)
    with torch.no_grad():
        whole = module[2](module[1](module[0](inputs)))
    kept = hidden[0] != 0
    assert torch.allclose(hidden[0][kept], (whole / 0.6)[kept])
    assert kept.sum().item() / whole.count_nonzero().item() == pytest.approx(0.6, abs=0.05)
    assert hidden[0].mean().item() == pytest.approx(whole.mean().item(), rel=0.1)
    assert (hidden[1] == 0).float().mean() > 0.5  # half by ReLU, of the rest two fifths


def test_dropout_leaves_evaluation_alone_and_goes_when_the_phase_ends() -> None:
    module = perceptron().eval()
    inputs = torch.randn(8, 5)
    expected = module(inputs)
    with make("regularizers", "dropout", share=0.5).attach(module):
        assert torch.equal(module(inputs), expected)
        module.train()
        assert not torch.equal(copy.deepcopy(module)(inputs), copy.deepcopy(module)(inputs))
    assert torch.equal(copy.deepcopy(module)(inputs), copy.deepcopy(module)(inputs))
    assert not any(layer._forward_pre_hooks for layer in module.modules())


def test_dropout_is_gone_after_an_error() -> None:
    module = perceptron()
    with pytest.raises(RuntimeError), make("regularizers", "dropout").attach(module):
        raise RuntimeError
    assert not any(layer._forward_pre_hooks for layer in module.modules())


def test_dropout_of_texts_begins_after_the_embedding() -> None:
    torch.manual_seed(1)
    layers: list[nn.Module] = [nn.Embedding(7, 50), nn.LSTM(50, 60, batch_first=True), nn.Linear(60, 7)]
    seen: list[Tensor] = []
    for layer in layers:
        layer.register_forward_hook(lambda layer, given, output: seen.append(given[0]))

    class Text(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(layers)

        def forward(self, tokens: Tensor) -> Tensor:
            hidden, _ = self.layers[1](self.layers[0](tokens))
            return self.layers[2](hidden)

    module, tokens = Text(), torch.randint(0, 7, (3, 9))
    with make("regularizers", "dropout", share=0.5).attach(module):
        module(tokens)
    assert torch.equal(seen[0], tokens)
    for given in seen[1:]:
        assert abs((given == 0).float().mean().item() - 0.5) < 0.06


# ---- the end


def test_stops_when_patience_is_over() -> None:
    stopping = make("regularizers", "early_stopping", patience=2, min_delta=0.1)
    losses = [1.0, 0.8, 0.75, 0.6, 0.55, 0.52]
    assert [stopping.ends(losses[:epochs]) for epochs in range(7)] == [False] * 6 + [True]
    assert stopping.keeps_best and not make("regularizers", "early_stopping", keep_best=False).keeps_best


@each("regularizers")
def test_only_early_stopping_ends(component: type[Regularizer]) -> None:
    assert component().ends([1.0] * 50) == (component.kind == "early_stopping")
    assert component().keeps_best == (component.kind == "early_stopping")


@each("regularizers")
def test_acts_somewhere_and_alone(component: type[Regularizer]) -> None:
    places = ["penalty", "output_penalty", "limit_gradients", "constrain", "attach", "ends"]
    acts = {place for place in places if overriding([component()], place)}
    assert acts == {
        "l1": {"penalty", "constrain"},
        "l2": {"penalty"},
        "elastic_net": {"penalty"},
        "decoupled_weight_decay": {"constrain"},
        "dropout": {"attach"},
        "label_smoothing": {"output_penalty"},
        "early_stopping": {"ends"},
        "gradient_clipping": {"limit_gradients"},
        "max_norm": {"constrain"},
    }.get(component.kind, acts)
    assert acts
