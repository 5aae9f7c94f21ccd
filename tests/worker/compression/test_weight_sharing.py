"""Clusters against examples by hand, their gradient against autograd; they move as one, and what is masked stays zero."""

import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from backend.domain.catalog import Catalog
from backend.domain.settings import Settings
from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE, Alone
from tests.worker.engine.harness import Ledger, assignment, run, settings_for
from tests.worker.engine.test_exactness import killed_often
from worker import codec
from worker.components.pruners.magnitude import Magnitude
from worker.components.quantizers.weight_sharing import WeightSharing
from worker.compression.weight_sharing import Codebooks, Regrouping, Sharing, k_means, nearest
from worker.contracts.subject import Subject
from worker.engine import reporter
from worker.engine.checkpoints.checkpoint import load_model


@pytest.mark.parametrize(
    ("values", "entries", "expected"),
    [
        ([0.0, 0.2, 0.8, 1.0], 2, [0.1, 0.9]),
        # Begins at 0, 6, 12; the border at 3 gives 1 and 2 to the first, which moves to 1; 12 alone holds the last.
        ([0.0, 1.0, 2.0, 6.0, 7.0, 12.0], 3, [1.0, 6.5, 12.0]),
        # Begins at 0, 5, 10: nothing is near 5, and the entry vanishes.
        ([0.0, 1.0, 9.0, 10.0], 3, [0.5, 9.5]),
        ([3.0, 3.0, 3.0], 4, [3.0]),
        # Two steps: the first border lies at 5; 4 leaves the lower cluster when its mean has gone down to 1.
        ([0.0, 0.0, 0.0, 4.0, 6.0, 10.0], 2, [1.0, 8.0]),
    ],
)
def test_centroids_by_hand(values: list[float], entries: int, expected: list[float]) -> None:
    assert k_means(torch.tensor(values), entries).tolist() == pytest.approx(expected)


def test_more_entries_never_err_more() -> None:
    values = torch.randn(2000, generator=torch.Generator().manual_seed(0))
    errors = []
    for bits in range(1, 7):
        centroids = k_means(values, 2**bits)
        assert torch.equal(centroids, centroids.sort().values)
        distances = (values.double()[:, None] - centroids).abs()
        assert torch.equal(nearest(values, centroids), distances.argmin(1))
        errors.append(float(distances.amin(1).square().mean()))
    assert errors == sorted(errors, reverse=True)


def distinct(weight: Tensor) -> int:
    """Values beside zero."""
    return len(weight.detach().unique()) - bool((weight == 0).any())


def pruned(name: str = "lenet5") -> Subject:
    return Magnitude(sparsity=0.8).prune(subjects.subject(name), ALONE)


def test_each_layer_has_few_values_and_keeps_its_zeros() -> None:
    subject, context = pruned(), Alone()
    before = {name: weight.detach().clone() for name, weight in subject.module.named_parameters()}
    shared = WeightSharing(bits=3, bits_conv=5, bits_bias=2).quantize(subject, context)
    for name, weight in shared.module.named_parameters():
        if name in shared.masks:
            assert torch.equal(weight != 0, shared.masks[name])
            assert distinct(weight) <= (32 if name.startswith("conv") else 8)
        else:
            assert distinct(weight) <= 4 or len(weight) <= 4
    (reported,) = [layer for layer in context.shown["quantization"]["layers"] if layer["name"] == "linear1.weight"]
    kept = shared.masks["linear1.weight"]
    old, new = (
        values[kept].double()
        for values in (before["linear1.weight"], shared.module.get_parameter("linear1.weight").detach())
    )
    error = (old - new).square().mean()
    assert (reported["values"], reported["bits"], reported["levels_used"]) == (int(kept.sum()), 3, len(new.unique()))
    assert reported["mse"] == pytest.approx(float(error))
    assert reported["sqnr_db"] == pytest.approx(float(10 * torch.log10(old.square().mean() / error)))


def test_biases_may_stay_as_they_are() -> None:
    subject = pruned("mlp")
    before = subject.module.get_parameter("linear1.bias").detach().clone()
    WeightSharing(bits=2).quantize(subject, ALONE)
    assert torch.equal(subject.module.get_parameter("linear1.bias"), before)


def test_entries_may_be_short() -> None:
    subject = pruned("mlp")
    WeightSharing(bits=3, entries="bfloat16").quantize(subject, ALONE)
    weight = subject.module.get_parameter("linear1.weight").detach()
    assert torch.equal(weight, weight.bfloat16().float())


def test_a_codebook_larger_than_its_layer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`linear1\.weight` a codebook of 256 entries for \d+ weights, .* fewer bits"):
        WeightSharing(bits=8).quantize(pruned("mlp"), ALONE)


def begun(bits: int = 2) -> tuple[Subject, Sharing, nn.Parameter]:
    subject = pruned("mlp")
    method = WeightSharing(bits=bits)
    method.quantize(subject, ALONE)
    callback = method.callback()
    assert isinstance(callback, Sharing)
    callback.start(subject, ALONE)
    return subject, callback, subject.module.get_parameter("linear1.weight")


def test_a_clusters_gradient_is_that_of_its_centroid() -> None:
    """Autograd through a codebook that is looked up gives the same."""
    subject, callback, weight = begun()
    entries, labels = weight.detach().unique(return_inverse=True)
    centroids = entries.clone().requires_grad_()
    target = torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    ((centroids[labels] - target) ** 3).sum().backward()
    ((weight - target) ** 3).sum().backward()
    callback.gradients()
    assert weight.grad is not None and centroids.grad is not None
    mask = subject.masks["linear1.weight"]
    assert torch.allclose(weight.grad[mask], centroids.grad[labels][mask], rtol=1e-5)
    assert not weight.grad[~mask].any()


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_clusters_stay_whole_after_every_step(optimizer: type[torch.optim.Optimizer]) -> None:
    subject, callback, weight = begun()
    optimize = optimizer([weight], 1e-2)  # type: ignore[arg-type,call-arg]
    labels = weight.detach().unique(return_inverse=True)[1]
    before = weight.detach().clone()
    for step in range(5):
        weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(step))
        callback.gradients()
        optimize.step()
        callback.after_step(step + 1, 5)
        assert all(len(weight.detach()[labels == label].unique()) == 1 for label in labels.unique())
        assert torch.equal(weight != 0, subject.masks["linear1.weight"])
    assert not torch.equal(weight, before)


def test_clusters_that_meet_stay_two() -> None:
    subject, callback, weight = begun()
    state = callback.state()
    with torch.no_grad():
        weight[subject.masks["linear1.weight"]] = 0.5
    again = Sharing(Codebooks(2, 2, 0))
    again.start(subject, ALONE)
    again.load(state)
    assert again.state()["linear1.weight"]["clusters"] == 4


def test_a_weight_changes_its_cluster_when_its_own_value_has_come_nearer_to_another() -> None:
    """By hand: entries 0 and 1; plain steps of −gradient; a border at 0.5, then where the moved entries put it."""
    layer = nn.Linear(6, 1, bias=False)
    layer.weight.data = torch.tensor([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]])
    callback = Regrouping(Codebooks(1, 1, 0))
    callback.start(Subject(layer, (6,)), ALONE)

    def step(*deltas: float) -> list[float]:
        layer.weight.data += torch.tensor([deltas])
        callback.after_step(1, 2)
        return [round(value, 6) for value in layer.weight[0].tolist()]

    # Latent 0.3, 0, 0 | 1, 1, 1: all stay, the lower entry moves to 0.1.
    assert step(0.3, 0.0, 0.0, 0.0, 0.0, 0.0) == pytest.approx([0.1, 0.1, 0.1, 1.0, 1.0, 1.0])
    # Latent 0.6, 0, 0 | 1, 1, 1: past the border at 0.55. What it got in the first step has not been forgotten.
    assert step(0.3, 0.0, 0.0, 0.0, 0.0, 0.0) == pytest.approx([0.9, 0.0, 0.0, 0.9, 0.9, 0.9])


def test_a_cluster_that_all_have_left_keeps_its_entry() -> None:
    layer = nn.Linear(4, 1, bias=False)
    layer.weight.data = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    callback = Regrouping(Codebooks(1, 1, 0))
    callback.start(Subject(layer, (4,)), ALONE)
    layer.weight.data += torch.tensor([[0.8, 1.0, 0.0, 0.0]])
    callback.after_step(1, 3)
    assert layer.weight.tolist() == [pytest.approx([0.95] * 4)]
    layer.weight.data -= torch.tensor([[0.9, 0.9, 0.0, 0.0]])
    callback.after_step(2, 3)
    assert layer.weight.tolist() == [pytest.approx([0.0, 0.0, 1.0, 1.0], abs=1e-6)]


SPEC: dict[str, Any] = {
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp", "hidden": [24]},
    "stages": [
        {"kind": "train", "epochs": 4, "optimizer": {"kind": "adam", "lr": 0.01}},
        {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 1}},
        {"kind": "quantize", "method": {"kind": "weight_sharing", "bits": 3}, "recover": {"epochs": 2}},
    ],
    "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["onnx"]},
}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, processes: None) -> Settings:
    """A checkpoint every twenty steps."""
    monkeypatch.setattr(reporter, "FLUSH_SECONDS", 1e6)
    monkeypatch.setattr(reporter, "MOST_STEPS", 20)
    return settings_for(tmp_path, checkpoint_seconds=1e-9)


@pytest.mark.parametrize("regroup", [False, True])
def test_a_killed_run_ends_as_a_whole_one_with_few_values(regroup: bool, catalog: Catalog, eager: Settings) -> None:
    spec = deepcopy(SPEC)
    spec["stages"][2]["method"]["regroup"] = regroup
    whole = run(assignment(spec, catalog, run_id="whole"), eager)
    expected = Ledger()
    expected.take(whole.sent)
    assert expected.resume is not None
    found, kills = killed_often(assignment(spec, catalog), eager, random.Random(1))
    assert kills and (found.hashes, found.points) == (expected.hashes, expected.points)
    with (eager.data_dir / expected.resume.path).open("rb") as file:
        module = load_model(file, "cpu").module
    assert all(distinct(weight) <= 8 for name, weight in module.named_parameters() if name.endswith("weight"))
    content = (eager.data_dir / whole.done()[-1].files[0].path).read_bytes()
    assert len(codec.encode(content)) < len(content) / 5
    assert whole.done()[-1].result.validation["accuracy"] > 0.85
