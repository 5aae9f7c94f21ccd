"""Studies from a script and from a shell: begun once, followed to their end, steered."""

import threading
from pathlib import Path

import pytest
import yaml

from backend.domain.study.study import StudyState, TrialState
from backend.store import studies
from client import Lathe, LatheError
from lathe.command import main
from tests.backend.api.conftest import TOKEN
from tests.backend.domain.test_study import LR, study
from tests.client.conftest import Server
from tests.client.proxy import Proxy


def end(server: Server, study_id: str, state: StudyState = StudyState.FINISHED) -> None:
    """Study with the trials that a conductor would write: two complete, one failed."""
    with server.store.begin() as session:
        row = studies.lock(session, study_id)
        assert row is not None
        for lr, values in ((0.1, [0.8]), (0.01, [0.9]), (1.0, [])):
            trial = studies.enqueue(session, row, {LR: lr})
            studies.end(session, trial, TrialState.COMPLETE if values else TrialState.FAILED, values=values)
        studies.move(session, row, state)


def test_a_study_is_begun_in_every_form_and_told_whole(server: Server, lathe: Lathe, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(text := yaml.safe_dump(study(name="Begun")))
    made = [lathe.start_study(form) for form in (study(name="Begun"), text, file)]
    assert {one.document["space"][0]["field"] for one in made} == {LR}
    assert {row.id for row in lathe.studies() if row.name == "Begun"} == {one.id for one in made}
    end(server, made[0].id)
    assert made[0].wait().state == "finished"
    best = made[0].best
    assert best is not None and (best.number, best.values) == (1, [0.9])
    assert made[0].table() == {
        "trial": [0, 1, 2],
        "state": ["complete", "complete", "failed"],
        LR: [0.1, 0.01, 1.0],
        "validation/accuracy": [0.8, 0.9, None],
    }
    assert made[0].figure().layout.meta["summary"].startswith("The best of 3 trials")


def test_it_is_steered_and_refusals_are_told(lathe: Lathe) -> None:
    made = lathe.start_study(study(), first=[{LR: 0.02}])
    assert made.pause().state == "paused"
    with pytest.raises(LatheError, match="The study is paused"):
        made.pause()
    assert made.resume().state == "running"
    assert made.enqueue({LR: 0.5}).counts == {"waiting": 2}
    made.narrow([{"field": LR, "low": 0.01, "high": 0.1, "log": True}])
    assert made.document["space"][0]["high"] == 0.1
    made.extend(trials=3)
    assert made.document["budget"]["trials"] == 13
    with pytest.raises(LatheError) as caught:
        made.enqueue({LR: 7})
    assert caught.value.path == "body.values"
    assert made.stop().state == "stopping"


def test_a_lost_answer_begins_nothing_twice(cut_lathe: Lathe, lathe: Lathe, proxy: Proxy) -> None:
    proxy.allow = lambda number: 0 if number == 1 else float("inf")
    made = cut_lathe.start_study(study(name="Lost"))
    assert proxy.cuts == 1
    assert [row.id for row in lathe.studies() if row.name == "Lost"] == [made.id]


@pytest.mark.parametrize(("state", "code"), [(StudyState.FINISHED, 0), (StudyState.FAILED, 1), (StudyState.STOPPED, 3)])
def test_the_command_follows_a_study_to_its_end(
    state: StudyState,
    code: int,
    server: Server,
    lathe: Lathe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LATHE_URL", server.url)
    monkeypatch.setenv("LATHE_TOKEN", TOKEN)
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study(name=f"Followed, {state}")))

    def finish() -> None:
        while not (found := [row for row in lathe.studies() if row.name == f"Followed, {state}"]):
            pass
        end(server, found[0].id, state)

    other = threading.Thread(target=finish)
    other.start()
    assert main(["study", str(file), "--watch"]) == code
    other.join()
    said = capsys.readouterr()
    assert "best: trial 1, validation/accuracy 0.9" in said.out
    assert f"{state}: 2 complete, 1 failed; best validation/accuracy 0.9" in said.err
    assert main(["studies"]) == 0
    assert f"Followed, {state}" in capsys.readouterr().out
