"""Picture files: each kind that is taken becomes the samples that its pixels are, and each fault is told with its file."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from backend.data.faults import FileInvalid
from backend.domain.experiment.upload_facts import Facts
from tests.backend.data.making import checked, left
from tests.backend.data.photographs import CLASSES, Files, file, folder, packed, shades

SOME = folder(8)


def read(place: Path, files: Files, **options: Any) -> tuple[Facts, NDArray[Any]]:
    """Facts and samples of pictures that were sent as a ZIP."""
    facts = checked(place, {"file": packed(files)}, **options)
    return facts, np.load(place / "inputs.npy")


def told(place: Path, files: Files, **options: Any) -> str:
    with pytest.raises(FileInvalid) as caught:
        read(place, files, **options)
    return str(caught.value)


def alone(place: Path, image: bytes, **options: Any) -> tuple[Facts, NDArray[Any]]:
    """Facts, and the sample of one picture among others of its kind: all of them have its bytes."""
    facts, samples = read(place, {f"{name}/{n}.x": image for name in CLASSES for n in range(6)}, **options)
    assert facts.inputs is not None and (samples == samples[0]).all()
    return facts, samples[0]


def of(facts: Facts) -> Any:
    assert facts.files is not None
    return facts.files


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "JPEG", "WEBP"])
def test_each_format_gives_the_pixels_that_pillow_does(tmp_path: Path, format: str) -> None:
    pixels = shades(20, 14, 3)
    exact = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(format, {})
    facts, sample = alone(tmp_path, file(pixels, format, **exact))
    assert of(facts).formats == {format: 12} and of(facts).repeated == 11
    assert sample.shape == (14, 20, 3) and sample.dtype == np.uint8
    assert np.abs(sample.astype(int) - pixels).max() <= (12 if format == "JPEG" else 0)


GREY = shades(20, 14)
DEEP = GREY.astype(np.uint16) * 257 // 3


def palette() -> Image.Image:
    """Red on transparent, as icons are."""
    image = Image.new("P", (16, 16), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 8, 16))
    return image


KINDS: dict[str, tuple[bytes, str, NDArray[Any]]] = {
    "1 bit": (file(Image.fromarray(GREY > 100)), "1 bit", np.where(GREY > 100, 255, 0).astype(np.uint8)),
    "grey": (file(GREY), "grey", GREY),
    "16-bit grey as PNG": (file(DEEP), "16-bit grey", DEEP),
    "16-bit grey as TIFF": (file(DEEP, "TIFF"), "16-bit grey", DEEP),
    "16-bit grey, big-endian": (file(DEEP.astype(">u2"), "TIFF"), "16-bit grey", DEEP),
    "palette with transparency": (
        file(palette(), transparency=1),
        "palette",
        np.where(np.arange(16)[None, :, None] < 8, [255, 0, 0], 255).repeat(16, 0).astype(np.uint8),
    ),
    "RGBA, half transparent": (
        file(np.full((9, 9, 4), [0, 0, 0, 128], np.uint8)),
        "RGBA",
        np.full((9, 9, 3), 127, np.uint8),
    ),
    "grey with alpha": (file(np.full((9, 9, 2), [0, 0], np.uint8)), "grey with alpha", np.full((9, 9), 255, np.uint8)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_colours_is_read_as_it_is_shown(tmp_path: Path, kind: str) -> None:
    content, name, expected = KINDS[kind]
    facts, sample = alone(tmp_path, content)
    assert of(facts).colours == {name: 12}
    assert sample.dtype == expected.dtype and (sample == expected).all()


def test_mixed_colours_become_the_richest(tmp_path: Path) -> None:
    """Grey of 8 bits beside 16 has 16; beside colours both have 8."""
    deep, plain = file(np.full((9, 9), 65535, np.uint16)), file(np.full((9, 9), 128, np.uint8))
    greys = {f"{name}/{n}.png": (deep, plain)[n % 2] for name in CLASSES for n in range(6)}
    _, samples = read(tmp_path / "greys", greys)
    assert samples.dtype == np.uint16 and sorted({int(sample[0, 0]) for sample in samples}) == [128 * 257, 65535]
    _, samples = read(tmp_path / "colours", {**greys, "cat/red.png": file(np.full((9, 9, 3), [255, 0, 0], np.uint8))})
    assert samples.dtype == np.uint8 and samples.shape[1:] == (9, 9, 3)
    assert {tuple(sample[0, 0].tolist()) for sample in samples} == {(255,) * 3, (128,) * 3, (255, 0, 0)}


def test_dark_pictures_stay_dark_and_12_bits_are_known(tmp_path: Path) -> None:
    facts, _ = alone(tmp_path / "dark", file(np.arange(81, dtype=np.uint8).reshape(9, 9)))
    assert facts.inputs is not None and facts.inputs.range == (0, 255)
    facts, _ = alone(tmp_path / "deep", file((np.arange(81, dtype=np.uint16) * 50).reshape(9, 9)))
    assert facts.inputs is not None and facts.inputs.range == (0, 4095)


@pytest.mark.parametrize("turn", range(1, 9))
def test_pictures_are_turned_as_exif_says(tmp_path: Path, turn: int) -> None:
    """Against the definition: where the stored first row and first column are, once the picture is shown."""
    stored = shades(16, 12)
    exif = Image.Exif()
    exif[0x0112] = turn
    facts, sample = alone(tmp_path, file(stored, "PNG", exif=exif))
    shown = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.T,
        6: stored.T[:, ::-1],
        7: stored.T[::-1, ::-1],
        8: stored.T[::-1],
    }[turn]
    assert sample.shape == shown.shape and (sample == shown).all()
    assert of(facts).turned == 12 * (turn != 1)


def test_a_damaged_exif_leaves_a_sound_picture(tmp_path: Path) -> None:
    facts, sample = alone(tmp_path, file(GREY, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff garbage", quality=95))
    assert sample.shape == GREY.shape and of(facts).turned == 0


def test_fits_are_the_middle_all_of_it_or_out_of_proportion(tmp_path: Path) -> None:
    stripes = np.zeros((16, 32), np.uint8)
    stripes[:, 8:24] = 200  # the middle
    samples = {fit: alone(tmp_path / fit, file(stripes), side=16, fit=fit)[1] for fit in ("crop", "pad", "stretch")}
    assert (samples["crop"] == 200).all()
    assert (samples["pad"][[0, 3, 12, 15]] == 0).all() and (samples["pad"][4:12, 6:10] == 200).all()
    assert (samples["stretch"][:, 5:11] == 200).all() and (samples["stretch"][:, [0, 15]] == 0).all()


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ([(28, 28)], (28, 28)),
        ([(30, 20)], (20, 30)),
        ([(40, 30), (50, 60)], (64, 64)),
        ([(30, 30), (31, 30), (200, 200)], (32, 32)),
        ([(300, 400)], (224, 224)),
        ([(3, 3)], (32, 32)),
    ],
)
def test_the_shape_is_that_of_all_pictures_or_follows_from_the_median(
    tmp_path: Path, sizes: list[tuple[int, int]], shape: tuple[int, int]
) -> None:
    files = {f"{name}/{n}.png": file(shades(*sizes[n % len(sizes)])) for name in CLASSES for n in range(6)}
    facts, samples = read(tmp_path, files)
    assert samples.shape[1:] == shape and facts.inputs is not None and facts.inputs.shape == [1, *shape]
    assert (of(facts).least, of(facts).greatest) == (list(min(sizes, key=min)), list(max(sizes, key=min)))


def test_a_photograph_is_decoded_small_and_is_still_itself(tmp_path: Path) -> None:
    pixels = shades(1600, 1200, 3)
    _, sample = alone(tmp_path, file(pixels, "JPEG", quality=95), side=32)
    exact = Image.fromarray(pixels).resize((32, 32), Image.Resampling.BILINEAR, (200, 0, 1400, 1200))
    assert np.abs(sample.astype(int) - np.asarray(exact)).max() <= 3


def frames(format: str) -> bytes:
    images = [Image.fromarray(shades(9, 9, seed=seed)) for seed in range(3)]
    stream = io.BytesIO()
    images[0].save(stream, format, save_all=True, append_images=images[1:])
    return stream.getvalue()


def gigantic() -> bytes:
    """A PNG of 30,000 × 30,000, whose pixels nobody has to write down for it to say so."""
    content = bytearray(file(GREY))
    content[16:24] = struct.pack(">II", 30_000, 30_000)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    return bytes(content)


FAULTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a text": (lambda: b"notes", "is no JPEG, PNG, WebP, BMP or TIFF picture"),
    "nothing": (lambda: b"", "is no JPEG"),
    "a GIF": (lambda: file(GREY, "GIF"), "is no JPEG"),
    "a ZIP in a ZIP": (lambda: packed(SOME), "is no JPEG"),
    "a cut JPEG": (lambda: file(shades(64, 64, 3), "JPEG")[:-200], "is damaged or cut off"),
    "a cut PNG": (lambda: file(shades(64, 64, 3))[:-200], "is damaged or cut off"),
    "a cut TIFF": (lambda: file(shades(64, 64, 3), "TIFF")[:-200], "is damaged or cut off"),
    "a cut BMP": (lambda: file(shades(64, 64, 3), "BMP")[:-200], "is damaged or cut off"),
    "a cut WebP": (lambda: file(shades(64, 64, 3), "WEBP")[:-50], "is damaged or cut off"),
    "an animated PNG": (lambda: frames("PNG"), "is animated, or has several pages"),
    "an animated WebP": (lambda: frames("WEBP"), "is animated, or has several pages"),
    "a TIFF of several pages": (lambda: frames("TIFF"), "is animated, or has several pages"),
    "colours of print": (lambda: file(Image.new("CMYK", (9, 9)), "JPEG"), "has the colours of print (CMYK)"),
    "LAB": (lambda: file(Image.new("LAB", (9, 9)), "TIFF"), "has LAB colours"),
    "floats": (lambda: file(np.zeros((9, 9), np.float32), "TIFF"), "has pixels of 32 bits"),
    "30,000 × 30,000": (gigantic, "has too many pixels; at most 64 million are accepted"),
    "more than 64 million": (lambda: file(Image.new("1", (9000, 8000))), "has 9,000 × 8,000 pixels"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_one_sentence_with_its_file(tmp_path: Path, fault: str) -> None:
    content, sentence = FAULTS[fault][0](), FAULTS[fault][1]
    message = told(tmp_path / "one", {**SOME, "dog/9.x": content})
    assert message.startswith(f"`dog/9.x` {sentence}") and message.endswith("or leave it out (`unreadable`).")
    message = told(tmp_path / "two", {**SOME, "cat/8.x": content, "dog/9.x": content})
    assert message.startswith(f"`cat/8.x` {sentence}") and "So it is with 1 more of 18 files." in message
    facts, samples = read(tmp_path / "left out", {**SOME, "dog/9.x": content}, unreadable="leave_out")
    assert (facts.rows, facts.left_out, len(samples)) == (16, 1, 16)
    assert left(tmp_path / "left out") == ["facts.json", "inputs.npy", "targets.npy"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_picture_crashes_the_check(data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(["PNG", "BMP", "TIFF", "JPEG", "WEBP"]))
    content = bytearray(file(shades(20, 14, 3), format))
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(content) - 1))
        start = data.draw(st.sampled_from([start, start % 64]))
        content[start : start + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=12))
    with TemporaryDirectory() as place:
        facts = checked(Path(place), {"file": packed({**SOME, "cat/x": bytes(content)})}, unreadable="leave_out")
    assert facts.rows + facts.left_out == 17


def test_a_photograph_of_a_phone_with_a_second_picture_in_it_is_one(tmp_path: Path) -> None:
    """MPO: beside the picture a thumbnail or a map of its depth."""
    facts, sample = alone(tmp_path, frames("MPO"))
    assert of(facts).formats == {"JPEG": 12} and sample.shape == (9, 9)


def test_preview_shows_every_class(tmp_path: Path) -> None:
    files = {f"{number}/{n}.png": file(shades(9, 9, seed=n)) for number in range(10) for n in range(4)}
    facts, _ = read(tmp_path, files)
    assert [picture.label for picture in facts.pictures] == ["0", "0", "1", "1", *"23456789"]


def test_the_same_file_in_training_and_held_out_is_told(tmp_path: Path) -> None:
    files = folder(6, "train", "test")
    facts, _ = read(tmp_path, {**files, "test/cat/9.png": files["train/cat/0.png"]})
    assert (of(facts).repeated, of(facts).shared) == (1, 1)


def test_too_many_for_the_disk_ask_for_a_smaller_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.data.images.MOST_BYTES", 1 << 20)
    assert told(tmp_path, SOME, side=224) == ("16 pictures of 224 × 224 take more than 0 GB: choose a smaller `side`.")
