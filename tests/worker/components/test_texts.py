"""Texts that have classes: the table of words leaks nothing, and padding never changes an answer."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from backend.data.check import check
from backend.data.faults import FileInvalid
from backend.data.options import Options
from backend.domain.experiment.upload_plan import Choice, ChoiceInvalid
from backend.domain.experiment.upload_texts import words
from backend.domain.experiment.uploads import plan
from tests.worker.components.registry import make
from tests.worker.components.test_datasets import equal, is_stratified, splits
from worker.contracts.families.models import build
from worker.contracts.subject import Origin
from worker.data.tensors import Corpus
from worker.data.tokens import PADDING, UNKNOWN, Vocabulary

ID = "00000000-0000-4000-8000-000000000000"
ROWS = 120


def test_words_are_runs_of_letters_and_single_signs() -> None:
    assert words("Don't PANIC, naïve_1!") == ["don", "'", "t", "panic", ",", "naïve_1", "!"]
    assert words("\u200b 🙂🙂") == ["\u200b", "🙂", "🙂"]


def test_the_table_holds_the_most_frequent_words() -> None:
    table = Vocabulary.learn(["b a b", "c a b"], 4)
    assert table.words == ("", "\ufffd", "b", "a")
    ids = table.encode(["a B c", "b b b b b", ""], 4)
    assert ids.tolist() == [[3, 2, UNKNOWN, PADDING], [2, 2, 2, 2], [PADDING] * 4]
    assert ids.dtype == np.int64


def model(kind: str, length: int) -> nn.Module:
    torch.manual_seed(0)
    return build(Origin({"kind": kind, "dropout": 0.0}, (length,), 3, tokens=50)).eval()


TEXTS = [torch.tensor(ids) for ids in ([7, 3, 9, 9, 2], [5], [4, 8, 2, 6, 1, 3, 7, 11])]


def padded(length: int) -> Tensor:
    return torch.stack([nn.functional.pad(ids, (0, length - len(ids))) for ids in TEXTS])


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "text_transformer"])
@torch.no_grad()
def test_padding_never_changes_an_answer(kind: str) -> None:
    short, long = model(kind, 8), model(kind, 40)
    weights = short.state_dict()
    if "places.weight" in weights:
        places = long.state_dict()["places.weight"].clone()
        places[:8] = weights["places.weight"]
        weights["places.weight"] = places
    long.load_state_dict(weights)
    torch.testing.assert_close(long(padded(40)), short(padded(8)), rtol=1e-5, atol=1e-6)
    alone = torch.cat([short(nn.functional.pad(ids, (0, 8 - len(ids)))[None]) for ids in TEXTS])
    torch.testing.assert_close(short(padded(8)), alone, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(short(padded(8))[0], short(padded(8))[1])


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@torch.no_grad()
def test_recurrent_models_answer_as_torch_does_on_packed_texts(kind: str) -> None:
    """torch's packed sequences never see the padding at all."""
    module: Any = model(kind, 8)
    lengths = torch.tensor([len(ids) for ids in TEXTS])
    packed = pack_padded_sequence(module.embedding(padded(8)), lengths, batch_first=True, enforce_sorted=False)
    states, _ = pad_packed_sequence(module.recurrent(packed)[0], batch_first=True)
    means = torch.stack([states[row, :length].mean(0) for row, length in enumerate(lengths.tolist())])
    torch.testing.assert_close(module(padded(8)), module.output(means), rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_the_transformer_answers_as_torch_does_with_a_mask_of_padding() -> None:
    module: Any = model("text_transformer", 8)
    inputs = padded(8)
    *blocks, norm = module.blocks
    stream = module.embedding(inputs) + module.places.weight
    for block in blocks:
        attention = nn.MultiheadAttention(64, 4, batch_first=True).eval()
        parts = [getattr(block.attention, name) for name in ("query", "key", "value")]
        attention.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        attention.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        attention.out_proj.load_state_dict(block.attention.output.state_dict())
        seen = block.norm1(stream)
        stream = stream + attention(seen, seen, seen, key_padding_mask=inputs == PADDING, need_weights=False)[0]
        stream = stream + block.linear2(block.activation(block.linear1(block.norm2(stream))))
    means = torch.stack([norm(stream)[row, : len(ids)].mean(0) for row, ids in enumerate(TEXTS)])
    torch.testing.assert_close(module(inputs), module.output(means), rtol=1e-5, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("kind", ["gru", "text_transformer"])
def test_a_text_without_words_is_answered(kind: str) -> None:
    assert model(kind, 8)(torch.zeros(2, 8, dtype=torch.int64)).isfinite().all()


# ---- one's own texts

RECORDS = [
    {
        "text": f"The {('film', 'book')[row % 2]} number {row} was {('lovely', 'awful', 'odd')[row % 3]}!",
        "stars": row % 4,
        "label": ("good", "bad", "mixed")[row % 3],
    }
    for row in range(ROWS)
]


def sent(data_dir: Path, records: list[dict[str, Any]] = RECORDS, **options: Any) -> Any:
    folder = data_dir / "uploads" / ID
    folder.mkdir(parents=True)
    (folder / "file").write_text("\n".join(map(json.dumps, records)))
    return check(folder, Options(**options))


def load(data_dir: Path, seed: int = 0, **fields: Any) -> Corpus:
    corpus: Corpus = make("datasets", "upload", id=ID, **fields).load(data_dir / "datasets" / "upload", seed)  # type: ignore[attr-defined]
    return corpus


@pytest.mark.parametrize("fields", [{"task": "text classification"}, {"text": "text"}, {"ignore": ["stars"]}])
def test_texts_become_ids_of_the_training_splits_words(tmp_path: Path, fields: dict[str, Any]) -> None:
    facts = sent(tmp_path)
    found = plan(facts, Choice(**fields, length=9))
    assert (found.text, found.task, found.shape, found.traits) == (
        0,
        "classification",
        (9,),
        ("classes", "text", "sequence"),
    )
    corpus = load(tmp_path, length=9, vocabulary=40, **fields)
    assert (corpus.input_shape, corpus.outputs, corpus.names) == ((9,), 3, ("bad", "good", "mixed"))
    assert [len(samples) for samples in splits(corpus)] == list(found.held) == [96, 12, 12]
    assert len(corpus.vocabulary) == 40 and is_stratified(corpus.test, corpus)
    spoken = {word: number for number, word in enumerate(corpus.vocabulary)}
    for samples in splits(corpus):
        for ids, label in zip(samples.inputs, samples.targets, strict=True):
            judgement = ("bad", "good", "mixed")[label]
            assert spoken[{"good": "lovely", "bad": "awful", "mixed": "odd"}[judgement]] in ids
            assert (ids != PADDING).sum() == 7
    assert equal(load(tmp_path, length=9, vocabulary=40, **fields).test, corpus.test)


def test_the_classes_of_texts_may_stand_anywhere(tmp_path: Path) -> None:
    records = [{"label": record["label"], "id": row, "text": record["text"]} for row, record in enumerate(RECORDS)]
    facts = sent(tmp_path, records, task="text classification")
    found = plan(facts, Choice())
    assert (facts.target, found.classes) == ("label", ("bad", "good", "mixed"))
    assert facts.columns[found.text or 0].name == "text"


def test_no_word_of_the_other_splits_is_known(tmp_path: Path) -> None:
    """Each text has a word of its own: those of validation and test are unknown ones."""
    sent(tmp_path)
    corpus = load(tmp_path, text="text", vocabulary=100_000)
    assert (corpus.train.inputs[corpus.train.inputs != PADDING] != UNKNOWN).all()
    for samples in (corpus.validation, corpus.test):
        assert ((samples.inputs == UNKNOWN).sum(axis=1) == 1).all()
    whole = Vocabulary.learn([record["text"] for record in RECORDS], 100_000)  # what a leak would know
    assert len(whole.words) > len(corpus.vocabulary)


def test_numbers_are_learnt_from_texts_too(tmp_path: Path) -> None:
    sent(tmp_path, target="stars", task="regression", text="text")
    corpus = load(tmp_path)
    assert (corpus.task, corpus.train.targets.dtype, corpus.train.inputs.dtype) == ("regression", np.float64, np.int64)


@pytest.mark.parametrize(
    ("fields", "role", "sentence"),
    [
        ({}, "ignore", "or name it as `text`, to learn from its words alone"),
        ({"text": "stars"}, "text", "names the column `stars`, which must be one of more than 32 different texts"),
        ({"text": "label"}, "text", "those are: text"),
        ({"task": "text classification", "ignore": ["text"]}, "text", "there is none"),
        ({"text": "text", "length": 10**9}, "length", "make it smaller"),
    ],
)
def test_what_is_not_possible_is_told(tmp_path: Path, fields: dict[str, Any], role: str, sentence: str) -> None:
    facts = sent(tmp_path)
    with pytest.raises(ChoiceInvalid) as refused:
        plan(facts, Choice(**fields))
    assert refused.value.role == role and sentence in str(refused.value)


# ---- a text whose next characters are learnt

STORY = "".join(f"Chapter {number}: the naïve fox of number {number} jumps over the dog.\r\n" for number in range(200))


def told(data_dir: Path, text: str = STORY) -> Any:
    folder = data_dir / "uploads" / ID
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"\xef\xbb\xbf" + text.encode())
    return check(folder, Options(task="language"))


@pytest.mark.parametrize("vocabulary", [16, 4000])
def test_a_text_file_becomes_windows_of_characters(tmp_path: Path, vocabulary: int) -> None:
    facts = told(tmp_path)
    text = STORY.replace("\r\n", "\n")
    assert (facts.kind, facts.rows, facts.characters) == ("text", len(text), len(set(text)))
    found = plan(facts, Choice(length=20, vocabulary=vocabulary, test=0.2))
    assert (found.task, found.traits) == ("language", ("classes", "tokens", "sequence"))
    corpus = load(tmp_path, length=20, vocabulary=vocabulary, test=0.2)
    assert corpus.task == "language" and corpus.outputs == found.outputs == min(vocabulary, len(set(text)))
    assert tuple(len(samples) for samples in splits(corpus)) == found.held
    for samples in splits(corpus):
        assert np.array_equal(samples.inputs[:, 1:], samples.targets[:, :-1])
        if vocabulary > 100:
            assert all("".join(corpus.names[token] for token in window) in text for window in samples.inputs)
    assert not equal(load(tmp_path, 1, length=20, test=0.2).test, load(tmp_path, 0, length=20, test=0.2).test)


@pytest.mark.parametrize(
    ("fields", "role"), [({"length": 1000}, "length"), ({"task": "classification"}, "task")], ids=["too long", "task"]
)
def test_a_text_file_that_cannot_be_learnt_is_told(tmp_path: Path, fields: dict[str, Any], role: str) -> None:
    facts = told(tmp_path)
    with pytest.raises(ChoiceInvalid) as refused:
        plan(facts, Choice(**fields))
    assert refused.value.role == role


def test_a_table_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ChoiceInvalid, match="cannot be language"):
        plan(sent(tmp_path), Choice(task="language", ignore=["stars"]))


@pytest.mark.parametrize("text", ["", "aaaa" * 1000, "a\x00b" * 1000])
def test_what_is_no_text_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileInvalid):
        told(tmp_path, text)
