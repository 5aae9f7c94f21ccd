"""Facts found in uploaded data: what a check tells of a file, kept beside it as JSON."""

from typing import Literal

from pydantic import BaseModel, Field

from backend.domain.experiment.pixels import pixel_range

Task = Literal["auto", "classification", "regression", "text classification", "language"]
Fit = Literal["crop", "pad", "stretch"]


class Column(BaseModel):
    """One column of a table, or one of the targets that came beside the inputs."""

    name: str
    type: Literal["number", "text"]
    least: float | None = Field(default=None, description="Smallest number; null for texts.")
    greatest: float | None = Field(default=None, description="Largest number; null for texts.")
    mean: float | None = Field(default=None, description="Mean of the numbers; null for texts.")
    whole: bool = Field(default=False, description="True when all its numbers are whole.")
    integer: bool = Field(default=False, description="True when they were stored as integers.")
    prose: bool = Field(
        default=False, description="True for a column of so many different texts that their words can be learnt from."
    )
    median_words: int | None = Field(
        default=None, description="Median number of words of its texts, where they can be learnt from; else null."
    )
    most_words: int | None = Field(
        default=None, description="Largest number of words of its texts; null where the median is."
    )
    unit: str = Field(
        default="", description="Unit of numbers that were made of another type, such as seconds of a time; else empty."
    )
    empty: int = Field(default=0, description="Lines of the file that have nothing here; they were left out.")
    counts: dict[str, int] | None = Field(
        default=None,
        description="Rows of each text or whole number, as it is written; null when there are too many different ones.",
    )
    train_counts: dict[str, int] | None = Field(
        default=None, description="The rows of each in the training part of a split of one's own."
    )
    coded: int | None = Field(
        default=None,
        description="Column of the stored matrix that holds the places of the labels in `counts`, where the numbers do not "
        "tell them apart: `01` and `1`.",
    )


class Inputs(BaseModel):
    """The inputs of data that came as arrays."""

    shape: list[int] = Field(
        description="Shape of one sample as models see it: [features] or [channels, height, width]."
    )
    layout: Literal["features", "grey", "channels_first", "channels_last"] = Field(
        description="Layout of the samples in the file."
    )
    dtype: str = Field(description="Type of the numbers in the file.")
    least: float
    greatest: float
    whole: bool = Field(default=False, description="True when all numbers are whole.")
    black: float | None = Field(
        default=None, description="The number that is black in images, unless a spec says another; null for features."
    )
    white: float | None = Field(default=None, description="The number that is white.")

    @property
    def range(self) -> tuple[float, float]:
        """Black and white, also of images from a release that did not tell them."""
        if self.black is None or self.white is None:
            return pixel_range(self.dtype, self.least, self.greatest, self.whole)
        return self.black, self.white

    @property
    def axes(self) -> tuple[int, ...]:
        """The order in which the array's axes go before its samples are given their shape; empty leaves them."""
        return (0, 3, 1, 2) if self.layout == "channels_last" else ()


class PictureFiles(BaseModel):
    """Picture files, each of which became one sample."""

    fit: Fit = Field(description="Treatment of a picture whose shape is not that of the samples.")
    least: list[int] = Field(description="Width and height of the smallest picture, by its shorter side.")
    median: list[int] = Field(description="Of the one in the middle.")
    greatest: list[int] = Field(description="Of the largest one.")
    formats: dict[str, int] = Field(description="Pictures of each format.")
    colours: dict[str, int] = Field(description="Pictures of each kind of colours: grey, RGB, palette, …")
    turned: int = Field(description="Pictures that were turned as their EXIF orientation says.")
    repeated: int = Field(description="Pictures that are the same file as another one, byte by byte.")
    shared: int = Field(description="Pictures held out by the split of one's own that training has, too.")
    dust: int = Field(description="Files that systems leave in folders, as `.DS_Store`; they were ignored.")


class OwnSplit(BaseModel):
    """Rows of each part of a split that came with the data. A part of 0 rows is drawn from those for training."""

    train: int
    validation: int
    test: int
    column: str | None = Field(default=None, description="Column of a table that says the part; null for folders.")

    @property
    def drawn(self) -> int:
        """Number of parts that are drawn from the rows for training."""
        return (self.validation == 0) + (self.test == 0)


class Picture(BaseModel):
    """A small picture of one sample."""

    label: str = Field(description="Its target.")
    png: str = Field(description="PNG in Base64.")


class Facts(BaseModel):
    """Findings of the check."""

    kind: Literal["table", "arrays", "text"] = Field(
        description="Named columns, an array of inputs with one of targets, or a text whose next characters are learnt."
    )
    rows: int = Field(description="Samples; characters of a text.")
    left_out: int = Field(
        default=0, description="Lines with a missing value, or files that cannot be read, that were left out."
    )
    columns: list[Column] = Field(description="All columns of a table, or the targets beside arrays.")
    inputs: Inputs | None = Field(default=None, description="Null for a table.")
    files: PictureFiles | None = Field(default=None, description="Null unless the inputs were made of picture files.")
    own_split: OwnSplit | None = Field(default=None, description="Null when a run draws the whole split.")
    characters: int = Field(default=0, description="Different characters of a text.")
    one_hot: bool = Field(default=False, description="True when each row of the targets has one 1, for its class.")
    target: str | None = Field(default=None, description="The target column, unless a spec names another.")
    task: Task = Field(default="auto", description="The task, unless a spec names another.")
    text: str | None = Field(
        default=None, description="The column of texts to learn from, unless a spec names another."
    )
    ignored: list[str] = Field(default=[], description="Columns of the file that were left out when it was sent.")
    separator: str = Field(default="", description="Separator between the cells of a text file.")
    header: bool = Field(default=False, description="True when the first line named the columns.")
    preview: list[list[str]] = Field(default=[], description="The first rows of a table, its first columns.")
    pictures: list[Picture] = Field(default=[], description="The first images.")

    @property
    def split_column(self) -> str | None:
        """Column that says the parts of a split of one's own, which is neither input nor target."""
        return self.own_split.column if self.own_split else None
