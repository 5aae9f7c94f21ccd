"""Data of earlier releases still load: they are migrated, served as they were, resumed, forked and used by other runs.

A folder `v…` holds what `tests/past/make.py` made of a release, and never changes.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.domain.run.commands import CommandKind
from backend.domain.run.states import RunState
from tests import services
from tests.architecture.test_text import ROOT, personal
from tests.past import specs
from tests.past.lab import Lab, lab
from tests.past.old_words import renewed
from tests.past.packing import restore, unpack
from tests.past.served import Curves, Facts, ending, get, plain, points, run_ids, served

HERE = Path(__file__).parent
RELEASES = sorted(path.parent.name for path in HERE.glob("v*/manifest.json"))
ARCHIVES = sorted(HERE.glob("v*/*.tar.xz"))
ROOM = 0.02
"""Largest relative difference of losses between two types of machine."""

Say = Callable[[str], None]

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Say:
    """Something that is told at the end of the tests."""
    return lambda sentence: request.node.user_properties.append(("said", sentence))


@dataclass
class Past:
    """An installation of an earlier release, restored and migrated to the schema of this one."""

    lab: Lab
    kept: Facts
    """Its answers then."""
    served: Facts
    """Its answers now, before any worker has written to it."""
    endings: Facts
    """End, then, of each unfinished run that continued undisturbed."""
    ids: dict[str, str]
    """Run ids by name."""


@pytest.fixture(
    scope="module", params=[(release, name) for release in RELEASES for name in ("sqlite", "postgresql")], ids="-".join
)
def past(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    release, name = request.param
    data_dir, manifest = tmp_path_factory.mktemp(release), json.loads((HERE / release / "manifest.json").read_text())
    unpack(HERE / release / f"{name}.tar.xz", data_dir)
    with ExitStack() as stack:
        url = ""
        if name == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            url = services.create_database(server, release)
            stack.callback(services.drop_database, server, release)
            restore(data_dir, url)
        made = stack.enter_context(lab(data_dir, url))
        yield Past(made, renewed(manifest[name]), plain(served(made.client)), manifest["endings"], run_ids(made.client))


@pytest.fixture(scope="module")
def at_work(past: Past) -> Past:
    """The past in the hands of one worker of today, which goes on with what was left; what was paused is let go on."""
    past.lab.start()
    paused = past.ids[specs.PAUSED]
    past.lab.reach(paused, RunState.PAUSED)
    past.lab.command(paused, CommandKind.RESUME)
    return past


def test_everything_is_served_as_it_was(past: Past) -> None:
    assert lost(past.kept, past.served) == []


def lost(kept: Any, now: Any, place: str = "") -> list[str]:
    """The places at which something that was kept is no longer there, or is another; what is new is welcome."""
    if isinstance(kept, dict) and isinstance(now, dict):
        return [one for name in kept for one in lost(kept[name], now.get(name), f"{place}/{name}")]
    if place.endswith("/charts"):
        return [f"{place}/{name}" for name in kept if name not in now]
    return [] if kept == now else [f"{place}: {kept} was kept, {now} is served"]


def test_what_is_lost_is_seen(past: Past) -> None:
    """The control of the comparison."""
    runs = dict(past.kept["runs"])
    name, run = runs.popitem()
    assert lost(past.kept, {**past.kept, "runs": runs})[0].startswith(f"/runs/{name}")
    assert lost({"runs": {name: run}}, {"runs": {name: {**run, "points": "others"}}})[0].startswith(
        f"/runs/{name}/points"
    )
    assert lost(past.kept, {**past.kept, "charts": past.kept["charts"][1:]}) == [f"/charts/{past.kept['charts'][0]}"]


def test_what_was_left_in_the_middle_ends_as_if_nothing_had_been(at_work: Past, say: Say) -> None:
    assert set(at_work.endings) == {name for name, run in at_work.kept["runs"].items() if run["state"] == "queued"}
    for name, expected in at_work.endings.items():
        hold(at_work.lab, at_work.ids[name], expected, say)


def test_an_old_checkpoint_can_be_forked(at_work: Past, say: Say) -> None:
    """Without a change, from within the training."""
    parent = at_work.ids["rewound"]
    within = at_work.lab.checkpoints(parent)[0]["id"]
    spec = get(at_work.lab.client, f"/api/runs/{parent}/fork", checkpoint=within)["spec"]
    fork = at_work.lab.fork(parent, {**spec, "name": "forked today"}, checkpoint=within)
    hold(at_work.lab, fork, kept_ending(at_work, "rewound"), say)


def test_an_old_model_can_be_gone_on_from(at_work: Past, say: Say) -> None:
    spec = specs.borrowing("transferred today", specs.CNN, f"{at_work.ids['a pipeline']}:0")
    hold(at_work.lab, at_work.lab.submit(spec), kept_ending(at_work, "transferred"), say)


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: f"{archive.parent.name}-{archive.name}")
def test_no_past_names_a_folder_of_the_machine_that_made_it(archive: Path, tmp_path: Path) -> None:
    """Binary files too."""
    unpack(archive, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if personal(ROOT).search(path.read_text("latin-1"))] == []


def kept_ending(past: Past, name: str) -> Facts:
    run = past.kept["runs"][name]
    return {"weights": run["results"][-1]["weights"], "points": run["points"]}


def hold(lab: Lab, run_id: str, expected: Facts, say: Say) -> None:
    """Wait for the run, which must end with the expected bits.

    Machines of other types give other bits, in what is done there and not in what was done then. There the run's losses
    must lie close to those of a run of the same spec that is executed on the spot, which is said.
    """
    lab.finish(run_id)
    if ending(lab.client, run_id) == expected:
        return
    run = get(lab.client, f"/api/runs/{run_id}")
    undisturbed = lab.finish(lab.submit(run["spec"]))
    assert ending(lab.client, undisturbed) != expected, f"“{run['name']}” ends with other bits than it did"
    assert_close(lab, run_id, undisturbed)
    say(f"“{run['name']}” is of another type of machine: within {ROOM:.0%} of a run that was executed here")


def assert_close(lab: Lab, one: str, other: str) -> None:
    mine, others = (losses(points(lab.client, run_id)) for run_id in (one, other))
    np.testing.assert_allclose(mine, others, rtol=ROOM)


def losses(curves: Curves) -> list[float]:
    return [value for name in ("train/loss", "validation/loss") for _, value in sorted(curves[name].items())]


def test_unlike_runs_are_told_apart(past: Past) -> None:
    """The control of what runs are held to: two that differ in their rate alone."""
    one, other = (past.ids[f"a study · trial {number}"] for number in (1, 2))
    assert ending(past.lab.client, one) != ending(past.lab.client, other)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_close(past.lab, one, other)
