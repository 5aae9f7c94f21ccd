"""Files that somebody published or a person put there: read exactly, or refused by name in one sentence."""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.worker.components.published_files import archive, batch, cifar10_archive, cifar10_folder, labels, mnist
from tests.worker.components.registry import make
from worker.components.datasets import cifar10, fashion_mnist
from worker.components.datasets import mnist as mnist_module
from worker.data import digit_images
from worker.data.published import Publication
from worker.data.tensors import Corpus, Samples

pytestmark = pytest.mark.usefixtures("small_cifar10")


def load(kind: str, folder: Path, seed: int = 0, **parameters: object) -> Corpus:
    corpus: Corpus = make("datasets", kind, **parameters).load(folder, seed)  # type: ignore[attr-defined]
    return corpus


def positions(samples: Samples) -> np.ndarray:
    """The number that each of our own pictures has written into it."""
    first, second, last = samples.inputs.reshape(len(samples), -1)[:, [0, 1, -1]].astype(np.int64).T
    assert np.array_equal(first, samples.targets)
    return second * 256 + last


def test_mnist_keeps_the_published_test_split_and_parts_the_other() -> None:
    corpus = load("mnist", mnist())
    assert sorted([*positions(corpus.train), *positions(corpus.validation)]) == list(range(60_000))
    assert np.array_equal(positions(corpus.test), np.arange(10_000))
    assert (np.abs(np.bincount(corpus.validation.targets) - 500) <= 1).all()


def test_cifar_keeps_the_published_test_split_and_parts_the_other() -> None:
    corpus = load("cifar10", cifar10_folder())
    both = np.concatenate([positions(corpus.train), positions(corpus.validation)])
    assert sorted(both) == sorted(list(range(cifar10.RECORDS)) * 5)  # each of our five files holds the same
    assert np.array_equal(positions(corpus.test), np.arange(cifar10.RECORDS))
    assert corpus.names[3] == "cat" and corpus.input_shape == (3, 32, 32)


@pytest.mark.parametrize("place", [".", "cifar-10-batches-bin"])
def test_cifar_is_read_where_somebody_unpacked_it(place: str, tmp_path: Path) -> None:
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    for name in cifar10.FILES:
        (folder / name).write_bytes(batch())
    assert np.array_equal(positions(load("cifar10", tmp_path).test), np.arange(cifar10.RECORDS))


def test_planes_of_a_cifar_image_are_red_green_blue() -> None:
    record = np.concatenate([[9], np.repeat([10, 20, 30], 1024)]).astype(np.uint8)
    inputs, targets = cifar10._block(record[None])
    assert targets.tolist() == [9]
    assert [set(inputs[0, channel].ravel().tolist()) for channel in range(3)] == [{10}, {20}, {30}]


BATCHES = dict.fromkeys(cifar10.FILES, b"short")
DAMAGED: dict[str, Callable[[], bytes]] = {
    "half of it": lambda: cifar10_archive()[: len(cifar10_archive()) // 2],
    "the end is missing": lambda: cifar10_archive()[:-6],
    "its checksum is wrong": lambda: cifar10_archive()[:-8] + bytes(8),
    "nothing": lambda: b"",
    "something else": lambda: b"<html>404 Not Found</html>",
    "a gzipped something else": lambda: gzip.compress(b"x" * 5000),
    "a file of the wrong size": lambda: archive(BATCHES),
    "a file is missing": lambda: archive({"data_batch_1.bin": batch()}),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_archive_is_refused_by_name(content: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(content())
    with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz.*; replace it with the published file\.$"):
        load("cifar10", tmp_path)


def test_a_cut_file_of_an_unpacked_archive_is_refused_by_name(tmp_path: Path) -> None:
    for name in cifar10.FILES:
        (tmp_path / name).write_bytes(batch(10))
    with pytest.raises(ValueError, match=r"data_batch_1\.bin is not a batch"):
        load("cifar10", tmp_path)


def test_a_label_that_is_none_of_the_classes_is_refused(tmp_path: Path) -> None:
    wrong = bytearray(batch())
    wrong[0] = 10
    for name in cifar10.FILES:
        (tmp_path / name).write_bytes(wrong)
    with pytest.raises(ValueError, match="class 10"):
        load("cifar10", tmp_path)


SYSTEM = Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.parametrize(("kind", "files"), [("fashion_mnist", SYSTEM.glob), ("mnist", lambda _: mnist().iterdir())])
def test_files_in_the_data_folder_are_read_and_a_cut_one_is_refused(
    kind: str, files: Callable[[str], list[Path]], tmp_path: Path
) -> None:
    for file in files("*.gz"):
        (tmp_path / file.name).symlink_to(file)
    damaged = tmp_path / "t10k-labels-idx1-ubyte.gz"
    whole = damaged.read_bytes()
    damaged.unlink()
    damaged.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte\.gz is damaged"):
        load(kind, tmp_path)


@pytest.mark.parametrize("publication", [mnist_module.PUBLICATION, fashion_mnist.PUBLICATION, cifar10.PUBLICATION])
def test_every_published_file_is_pinned(publication: Publication) -> None:
    assert all(url.endswith("/") and url.startswith("http") for url in publication.urls)
    for file in publication.files:
        assert file.bytes > 1000 and len(bytes.fromhex(file.sha256)) == 32
    assert len({file.sha256 for file in publication.files}) == len(publication.files)


def test_the_data_sets_of_one_shape_share_their_facts() -> None:
    assert mnist_module.MNIST.facts == fashion_mnist.FashionMNIST.facts == digit_images.FACTS
    assert labels(10).max() == 9


# ---- texts

texts = partial(load, "characters")


def poem(folder: Path, text: str) -> Path:
    (folder / "poem.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_text_becomes_windows_that_are_told_what_comes_next(tmp_path: Path) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(50 * 41))
    corpus = texts(poem(tmp_path, text), length=8)
    assert corpus.names == tuple("abcdefghijklmnopqrstuvwxyz") and corpus.task == "language"
    for samples, stretches in ((corpus.train, 40), (corpus.validation, 5), (corpus.test, 5)):
        assert samples.inputs.shape == samples.targets.shape == (stretches * 5, 8)
        assert samples.inputs.dtype == samples.targets.dtype == np.int64
        assert np.array_equal((samples.inputs + 1) % 26, samples.targets)


@pytest.mark.parametrize("length", [8, 13])
def test_no_character_is_in_two_splits(length: int, tmp_path: Path) -> None:
    """Each character of this text is there once, so that any overlap would be seen, that of the targets too."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 4000)))
    corpus = texts(poem(tmp_path, text), length=length, tokens=4096)
    used = [
        set(samples.inputs.ravel()) | set(samples.targets.ravel())
        for samples in (corpus.train, corpus.validation, corpus.test)
    ]
    assert not (used[0] & used[1] or used[0] & used[2] or used[1] & used[2])
    assert sum(map(len, used)) > 0.8 * len(text)
    inputs = np.concatenate([corpus.train.inputs.ravel(), corpus.validation.inputs.ravel(), corpus.test.inputs.ravel()])
    assert len(set(inputs)) == len(inputs)


def test_rare_characters_become_one_token(tmp_path: Path) -> None:
    corpus = texts(poem(tmp_path, "aaab" * 500 + "xyz"), length=8, tokens=3)
    assert corpus.names == ("�", "a", "b") and corpus.outputs == 3


def test_several_files_are_one_text_and_the_vocabulary_is_that_of_every_seed(tmp_path: Path) -> None:
    for number, letter in enumerate("ab"):
        (tmp_path / f"{number}.txt").write_text(letter * 2000)
    one, other = texts(tmp_path, seed=0), texts(tmp_path, seed=1)
    assert one.names == other.names == ("\n", "a", "b")


def test_without_a_file_pythons_manual_is_read() -> None:
    corpus = texts(Path("/nonexistent"))
    assert 60 < corpus.outputs <= 128 and corpus.train.inputs.size > 200_000
    text = "".join(corpus.names[token] for token in corpus.train.inputs[:200].ravel())
    assert " the " in text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"too short", "9 characters"),
        (b"", "has 0 characters"),
        (b"\xff\xfe\x00caf\xe9" * 2000, "must be UTF-8"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        texts(tmp_path)
