"""Interfaces of model files, and their predictions, as the wire shows them."""

from typing import Any

from pydantic import BaseModel, Field

MOST_NUMBERS = 64  # of a scaling


class InputColumn(BaseModel):
    """A column of a table that the files take."""

    name: str
    texts: list[str] = Field(description="Its texts; empty for numbers.")


class InputScaling(BaseModel):
    """The scaling x ↦ (x − mean) / scale of the inputs."""

    numbers: int = Field(description="Numbers in each: one for all, or for each feature, channel or pixel.")
    mean: list[float] = Field(description="The first 64 numbers of the mean.")
    scale: list[float | None] = Field(description="The first 64 numbers of the scale; null where an input is constant.")

    @classmethod
    def of(cls, said: dict[str, Any]) -> "InputScaling":
        mean, scale = _flat(said["mean"]), _flat(said["scale"])
        return cls(numbers=len(mean), mean=mean[:MOST_NUMBERS], scale=scale[:MOST_NUMBERS])


class FileInterface(BaseModel):
    """Samples that a run's files take, and names of their answers."""

    input: str = Field(description="`as_read`: the files contain the scaling; `prepared`: they do not.")
    task: str = Field(description="`classification`, `regression` or `language`.")
    shape: list[int] = Field(description="Shape of one sample.")
    dtype: str = Field(description="Type of its numbers.")
    classes: list[str] = Field(description="Names of the classes or tokens, in the order of the probabilities.")
    columns: list[InputColumn] = Field(description="Columns of a table; empty for other data.")
    text: bool = Field(description="True when a text is taken, and made into tokens.")
    scaling: InputScaling | None = Field(description="Null where inputs are learnt as they are.")

    @classmethod
    def of(cls, said: dict[str, Any]) -> "FileInterface":
        """The interface that a sidecar tells."""
        scaling = said["scaling"] and InputScaling.of(said["scaling"])
        return cls.model_validate({**said, "scaling": scaling, "text": said["tokens"] is not None})


class Prediction(BaseModel):
    """The answer to one sample."""

    label: str | None = Field(description="The most probable class or token; null for numbers.")
    outputs: list[float] = Field(description="Probabilities of the classes or tokens, or numbers in their own unit.")


class StagePredictions(BaseModel):
    """The answers of one stage's file."""

    stage: int
    artifact: str = Field(description="Id of the file that was run.")
    format: str = Field(description="Its format.")
    predictions: list[Prediction] = Field(default=[], description="One for each sample, 64 at most.")
    problem: str | None = Field(default=None, description="Reason why it gave no answer, in one sentence.")


def _flat(values: Any) -> list[Any]:
    return [one for value in values for one in _flat(value)] if isinstance(values, list) else [values]
