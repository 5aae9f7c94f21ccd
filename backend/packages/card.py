"""The model card of a package: what the file is, how it is used, and the measured figures with their conditions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backend.domain.run.results import ArtifactMeasure, Latency, StageResult

MOST_NAMES = 100


@dataclass(frozen=True)
class Subject:
    """The file that a card describes. `spec` is the run's."""

    run: str
    spec: dict[str, Any]
    name: str  # of the model file
    kind: str  # its format
    sha256: str
    bytes: int
    result: StageResult
    interface: dict[str, Any]
    facts: dict[str, str]
    runnable: bool
    reference: str  # of the data set

    @property
    def measure(self) -> ArtifactMeasure:
        """Measurement of the file, or for weights alone that of the first file that ran."""
        own = [one for one in self.result.measures if one.exporter == self.kind and one.runtime]
        return next(iter(own or [one for one in self.result.measures if one.runtime] or self.result.measures))


def write(subject: Subject) -> str:
    """The card in Markdown."""
    parts = [
        _title(subject),
        _use(subject),
        _interface(subject),
        _figures(subject),
        _origin(subject),
        _licence(subject),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _title(subject: Subject) -> Iterator[str]:
    spec = subject.spec
    yield f"# {spec['name']}"
    yield ""
    yield (
        f"`{subject.name}`: a model of the kind `{spec['model']['kind']}`, trained on the data set `{spec['dataset']['kind']}`, "
        f"as it was after stage {subject.result.stage + 1}, “{subject.result.label}”."
    )


def _use(subject: Subject) -> Iterator[str]:
    yield "## Use"
    yield ""
    if not subject.runnable:
        yield "This file holds weights alone, and no runtime can run it: load them into the model's own code."
        yield "The samples in `golden/` show what that must answer."
        return
    yield "```sh"
    yield "pip install -r requirements.txt"
    yield "python predict.py golden"
    yield "```"
    yield ""
    yield "The program prints one line of JSON for each sample. It must print the lines of `golden/outputs.jsonl`."
    yield 'Or build a container: `docker build -t model . && docker run --rm -v "$PWD/golden:/data" model /data`.'


def _interface(subject: Subject) -> Iterator[str]:
    said = subject.interface
    yield "## Input and output"
    yield ""
    yield f"- Input: `{said['dtype']}` [batch, {', '.join(map(str, said['shape']))}], {_form(said)}."
    if said["columns"]:
        yield f"- Columns: {_few([column['name'] for column in said['columns']])}."
    yield f"- Output: {_output(said)}."
    if said["classes"] and said["task"] == "classification":
        yield f"- Classes: {_few(said['classes'])}."


def _form(said: dict[str, Any]) -> str:
    if said["input"] == "as_read":
        return "as the samples were sent: the scaling is in the file"
    return "scaled: `scaling` in `interface.json` says how"


def _output(said: dict[str, Any]) -> str:
    if said["input"] == "prepared":
        return "the model's own outputs"
    if said["head"] == "unit":
        return "numbers in the unit of the targets, float64"
    alone = " of each class alone" if said["head"] == "sigmoid" else ""
    return f"probabilities{alone}{' of the next token' if said['task'] == 'language' else ''}, float32"


def _figures(subject: Subject) -> Iterator[str]:
    measure, samples = subject.measure, subject.result.test_samples
    yield "## Measured"
    yield ""
    yield "| figure | value |"
    yield "|---|---|"
    yield f"| size | {subject.bytes:,} bytes |"
    for name, value in (("accuracy", measure.accuracy), ("R²", measure.r2), ("mean absolute error", measure.mae)):
        if value is not None:
            yield f"| {name} on {f'{samples:,} ' if samples else ''}test samples | {value:.6g} |"
    if measure.loss is not None:
        yield f"| loss ({subject.result.loss}) | {measure.loss:.6g} |"
    yield from (_latency(one) for one in measure.latency)
    yield ""
    yield from _conditions(subject, measure)


def _latency(one: Latency) -> str:
    mark = ", busy machine" if one.busy else ""
    return (
        f"| latency, batch of {one.batch_size}, {one.device} | p50 {one.p50_ms:.4g} ms, p95 {one.p95_ms:.4g} ms{mark} |"
    )


def _conditions(subject: Subject, measure: ArtifactMeasure) -> Iterator[str]:
    if measure.runtime is None:
        yield "Nothing but the size was measured: no runtime ran a file of this stage."
        return
    of = "this file" if measure.exporter == subject.kind else f"the `{measure.exporter}` file of the same stage"
    yield f"Measured on {of}, with samples of the test split that no training saw, in {measure.runtime}, on"
    yield f"{subject.facts.get('machine', 'a machine that is not known')}. Other machines give other latencies."


def _origin(subject: Subject) -> Iterator[str]:
    yield "## Origin"
    yield ""
    yield f"- Run: `{subject.run}`"
    yield f"- Spec, SHA-256: `{subject.facts.get('spec_sha256', 'unknown')}`"
    yield f"- File, SHA-256: `{subject.sha256}`"


def _licence(subject: Subject) -> Iterator[str]:
    yield "## Licence"
    yield ""
    yield "- Code (`predict.py`, `Dockerfile`, `bundled/`): Apache-2.0, as Lathe, which wrote it."
    yield (
        f"- Data (`golden/`, and what the weights learnt): the licence of the data set `{subject.spec['dataset']['kind']}`"
        f"{f' ({subject.reference})' if subject.reference else ''}. Your own data stay yours."
    )


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else shown
