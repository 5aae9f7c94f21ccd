"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from datetime import datetime

from client.wire.base import Reply


class Column(Reply):
    """One column of a table, or one of the targets that came beside the inputs."""

    name: str
    type: str
    """One of `number`, `text`."""
    least: float | None = None
    """Smallest number; null for texts."""
    greatest: float | None = None
    """Largest number; null for texts."""
    mean: float | None = None
    """Mean of the numbers; null for texts."""
    whole: bool = False
    """True when all its numbers are whole."""
    integer: bool = False
    """True when they were stored as integers."""
    prose: bool = False
    """True for a column of so many different texts that their words can be learnt from."""
    median_words: int | None = None
    """Median number of words of its texts, where they can be learnt from; else null."""
    most_words: int | None = None
    """Largest number of words of its texts; null where the median is."""
    unit: str = ""
    """Unit of numbers that were made of another type, such as seconds of a time; else empty."""
    empty: int = 0
    """Lines of the file that have nothing here; they were left out."""
    counts: dict[str, int] | None = None
    """Rows of each text or whole number, as it is written; null when there are too many different ones."""
    train_counts: dict[str, int] | None = None
    """The rows of each in the training part of a split of one's own."""
    coded: int | None = None
    """Column of the stored matrix that holds the places of the labels in `counts`, where the numbers do not tell them
    apart: `01` and `1`.
    """


class Inputs(Reply):
    """The inputs of data that came as arrays."""

    shape: list[int]
    """Shape of one sample as models see it: [features] or [channels, height, width]."""
    layout: str
    """Layout of the samples in the file. One of `features`, `grey`, `channels_first`, `channels_last`."""
    dtype: str
    """Type of the numbers in the file."""
    least: float
    greatest: float
    whole: bool = False
    """True when all numbers are whole."""
    black: float | None = None
    """The number that is black in images, unless a spec says another; null for features."""
    white: float | None = None
    """The number that is white."""


class PictureFiles(Reply):
    """Picture files, each of which became one sample."""

    fit: str
    """Treatment of a picture whose shape is not that of the samples. One of `crop`, `pad`, `stretch`."""
    least: list[int]
    """Width and height of the smallest picture, by its shorter side."""
    median: list[int]
    """Of the one in the middle."""
    greatest: list[int]
    """Of the largest one."""
    formats: dict[str, int]
    """Pictures of each format."""
    colours: dict[str, int]
    """Pictures of each kind of colours: grey, RGB, palette, …"""
    turned: int
    """Pictures that were turned as their EXIF orientation says."""
    repeated: int
    """Pictures that are the same file as another one, byte by byte."""
    shared: int
    """Pictures held out by the split of one's own that training has, too."""
    dust: int
    """Files that systems leave in folders, as `.DS_Store`; they were ignored."""


class OwnSplit(Reply):
    """Rows of each part of a split that came with the data. A part of 0 rows is drawn from those for training."""

    train: int
    validation: int
    test: int
    column: str | None = None
    """Column of a table that says the part; null for folders."""


class Picture(Reply):
    """A small picture of one sample."""

    label: str
    """Its target."""
    png: str
    """PNG in Base64."""


class Facts(Reply):
    """Findings of the check."""

    kind: str
    """Named columns, an array of inputs with one of targets, or a text whose next characters are learnt. One of `table`,
    `arrays`, `text`.
    """
    rows: int
    """Samples; characters of a text."""
    left_out: int = 0
    """Lines with a missing value, or files that cannot be read, that were left out."""
    columns: list[Column]
    """All columns of a table, or the targets beside arrays."""
    inputs: Inputs | None = None
    """Null for a table."""
    files: PictureFiles | None = None
    """Null unless the inputs were made of picture files."""
    own_split: OwnSplit | None = None
    """Null when a run draws the whole split."""
    characters: int = 0
    """Different characters of a text."""
    one_hot: bool = False
    """True when each row of the targets has one 1, for its class."""
    target: str | None = None
    """The target column, unless a spec names another."""
    task: str = "auto"
    """The task, unless a spec names another. One of `auto`, `classification`, `regression`, `text classification`,
    `language`.
    """
    text: str | None = None
    """The column of texts to learn from, unless a spec names another."""
    ignored: list[str] = []
    """Columns of the file that were left out when it was sent."""
    separator: str = ""
    """Separator between the cells of a text file."""
    header: bool = False
    """True when the first line named the columns."""
    preview: list[list[str]] = []
    """The first rows of a table, its first columns."""
    pictures: list[Picture] = []
    """The first images."""


class UploadDetail(Reply):
    """Uploaded data with all findings of the check."""

    id: str
    name: str
    kind: str
    """One of `table`, `arrays`, `text`."""
    bytes: int
    """Size of what was sent."""
    sha256: str
    rows: int
    """Samples; characters of a text."""
    columns: int
    """Columns of a table; targets beside arrays."""
    shape: list[int] | None
    """Shape of one sample of arrays; null for a table."""
    created_at: datetime
    traits: list[str]
    """Traits that they provide to a spec that names only their id."""
    facts: Facts


class UploadRow(Reply):
    """Uploaded data as a list shows them."""

    id: str
    name: str
    kind: str
    """One of `table`, `arrays`, `text`."""
    bytes: int
    """Size of what was sent."""
    sha256: str
    rows: int
    """Samples; characters of a text."""
    columns: int
    """Columns of a table; targets beside arrays."""
    shape: list[int] | None
    """Shape of one sample of arrays; null for a table."""
    created_at: datetime
