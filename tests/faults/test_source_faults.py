"""A run that begins with another's model, in the hands of real processes; and one whose source was tampered with."""

from pathlib import Path
from typing import Any

from backend.domain.run.states import RunState
from backend.store import results
from tests.faults.farm import farm, spec


def beginning_with(source: str) -> dict[str, Any]:
    document = spec(epochs=1, milliseconds=0.0)
    method = {"kind": "features", "source": source}
    return {**document, "stages": [{"kind": "transfer", "method": method}, *document["stages"]]}


def test_a_source_reaches_the_trainer_and_a_tampered_one_is_told(tmp_path: Path) -> None:
    with farm(tmp_path) as made:
        made.start()
        first = made.submit(spec(epochs=3, milliseconds=0.0))
        assert made.finished(first).state is RunState.SUCCEEDED
        second = made.submit(beginning_with(first))
        assert made.finished(second).state is RunState.SUCCEEDED
        with made.store.read() as session:
            taken, trained = results.of(session, [second])[second]
        assert taken.label == "transfer: features" and taken.weights_sha256 != trained.weights_sha256

        newest, *_ = made.checkpoints(first)
        newest.write_bytes(newest.read_bytes()[::-1])
        third = made.finished(made.submit(beginning_with(first)))
        assert third.state is RunState.FAILED
        assert third.error is not None and "is damaged: its hash differs from the registered one" in third.error
