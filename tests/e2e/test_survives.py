"""Processes die under a live page; the curve stays exact."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import composed, embedded
from tests.e2e.curve import assert_exact, drawn, open_signed_in, stored, wait_for_step
from tests.e2e.lathe import Lathe
from tests.e2e.specs import long, pipeline
from tests.patience import until


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lathe]:
    """An embedded server whose processes may be killed: it starts them again."""
    lathe = embedded(
        tmp_path_factory.mktemp("own"), fresh=False, LATHE_CHECKPOINT_SECONDS="0.5", LATHE_LEASE_SECONDS="5"
    )
    yield lathe
    lathe.stop()


def children(pid: int, containing: str) -> list[int]:
    """Process ids below `pid` whose command line holds `containing`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and containing in command_line(entry) and pid in ancestors(int(entry.name)):
            found.append(int(entry.name))
    return found


def command_line(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
        found.add(pid)
    return found


def step_of(lathe: Lathe, run_id: str) -> int:
    return int(lathe.run(run_id)["step"])


def wait_past(lathe: Lathe, run_id: str, step: int) -> None:
    until(lambda: step_of(lathe, run_id) > step, 60, f"a step after {step}", *map(lathe.log, lathe.processes))


def wait_for_checkpoint(lathe: Lathe, run_id: str) -> None:
    def there() -> bool:
        return any(file["kind"] == "checkpoint" for file in lathe.run(run_id)["artifacts"])

    until(there, 60, "a checkpoint")


def finish(lathe: Lathe, run_id: str) -> int:
    """Stop the run; its last step."""
    lathe.call("POST", f"/api/runs/{run_id}/commands", {"kind": "stop"})
    return int(lathe.wait_for(run_id, "stopped")["step"])


def assert_page_is_exact(page: Page, lathe: Lathe, run_id: str, last: int) -> None:
    curve = stored(lathe, run_id, "train/loss")
    assert_exact(curve, 1, last)
    wait_for_step(page, last)
    shown = drawn(page, "Loss", run_id, "train/loss")
    assert set(shown) <= set(curve), "the page shows points that the database does not hold"
    assert [step for step, _ in shown] == sorted({step for step, _ in shown}), "a point is drawn twice"
    assert (shown[0], shown[-1]) == (curve[0], curve[-1])


def test_a_killed_trainer_leaves_no_gap_and_no_double(page: Page, own: Lathe) -> None:
    (run_id,) = own.submit(long("killed"))
    open_signed_in(page, own, f"/runs/{run_id}")
    wait_for_step(page, 200)
    wait_for_checkpoint(own, run_id)
    (trainer,) = children(own.processes["embedded"].pid, "worker.trainer")
    os.kill(trainer, signal.SIGKILL)
    at = step_of(own, run_id)
    wait_past(own, run_id, at + 200)
    last = finish(own, run_id)
    assert_page_is_exact(page, own, run_id, last)
    reported = [event["body"].get("text", "") for event in own.get(f"/api/runs/{run_id}/events")]
    assert any("was killed by SIGKILL" in text for text in reported)


def test_a_restarted_api_is_reconnected_to(page: Page, own: Lathe) -> None:
    (run_id,) = own.submit(long("reconnects"))
    open_signed_in(page, own, f"/runs/{run_id}")
    wait_for_step(page, 100)
    (api,) = children(own.processes["embedded"].pid, "backend serve")
    os.kill(api, signal.SIGKILL)
    own.wait_until_up()
    wait_past(own, run_id, step_of(own, run_id) + 300)
    assert_page_is_exact(page, own, run_id, finish(own, run_id))


def test_the_composed_processes_do_the_main_job(page: Page, tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    """PostgreSQL, Redis, backend and worker as docker-compose.yml starts them."""
    lathe = composed(tmp_path, postgres_url, redis_url)
    try:
        (run_id,) = lathe.submit(pipeline("composed"))
        open_signed_in(page, lathe, f"/runs/{run_id}")
        wait_for_step(page, 20)
        run = lathe.wait_for(run_id, "succeeded")
        assert_page_is_exact(page, lathe, run_id, run["step"])
        expect(page.get_by_role("region", name="Results by stage").get_by_role("rowheader")).to_have_count(5)
    finally:
        lathe.stop()
