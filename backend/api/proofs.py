"""Reports how a run's values compare, bit by bit, with its parent's or with its own before a resume."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.api.deps import Reading, RunDep
from backend.store import bit_equality
from backend.store.bit_equality import Agreement, Kinship, Resumption

router = APIRouter(tags=["runs"])

ONE_MACHINE = "Bit equality is promised only on machines of one type."


class Proof(BaseModel):
    """Two computations of the same steps, compared bit by bit."""

    about: Literal["parent", "resume"] = Field(
        description="Source of the points that the run's points were compared with."
    )
    outcome: Literal["equal", "different", "changed", "uncompared"] = Field(
        description="`changed`: a fork that was to compute something else; `uncompared`: there was nothing to compare."
    )
    title: str = Field(description="The outcome in a few words.")
    facts: list[str] = Field(description="Sentences that say what was compared.")
    points: int = Field(description="Values that both computations have.")
    first_difference: int | None = Field(description="The first step at which a value is not the same.")


@router.get("/api/runs/{run_id}/proofs")
def of(session: Reading, run: RunDep) -> list[Proof]:
    """Proofs from the stored points of the run: that it is its parent's copy, or that it was resumed to the bit."""
    kin, resumed = bit_equality.kinship(session, run), bit_equality.resumption(session, run)
    found = [_of_parent(kin) if kin else None, _of_resume(resumed) if resumed else None]
    return [proof for proof in found if proof]


def _of_parent(kin: Kinship) -> Proof | None:
    points, difference = kin.points, kin.points.difference
    unlike = [stage for stage, same in kin.weights.items() if not same]
    if not points.points and not kin.weights:
        return None
    facts = [_compared(points, "both runs have beyond the fork")] if points.points else []
    facts += [_first(points, "here", "in the parent")] if difference else []
    facts += [
        f"Weights after stage {stage + 1}: {'the same' if same else 'another'} SHA-256."
        for stage, same in kin.weights.items()
    ]
    difference_found = _differs(points, unlike)
    if kin.changed:
        facts.append("Its spec, or a change since the fork, differs from its parent's.")
        title = (
            f"Equal to its parent until step {difference.step - 1:,}"
            if difference
            else difference_found or _equal(points)
        )
        return _proof("parent", "changed", title, facts, points)
    facts.append("Its spec and all changes since the fork are its parent's.")
    facts += ["This holds for the steps that both have reached."] if kin.live else []
    if difference_found is None:
        return _proof("parent", "equal", _equal(points), facts, points)
    return _proof("parent", "different", difference_found, [*facts, ONE_MACHINE], points)


def _differs(points: Agreement, unlike: list[int]) -> str | None:
    if points.difference:
        return f"Differs from its parent from step {points.difference.step:,}"
    return f"Differs from its parent in the weights after stage {unlike[0] + 1}" if unlike else None


def _equal(points: Agreement) -> str:
    return f"Bit-equal to its parent {_over(points) if points.points else 'in its weights'}"


def _of_resume(resumed: Resumption) -> Proof:
    points, times = resumed.points, f"{resumed.times} time{'s' if resumed.times > 1 else ''}"
    facts = [f"It was interrupted and continued {times}."]
    if not points.points:
        facts.append("No stored step was computed again, so there was nothing to compare.")
        return _proof("resume", "uncompared", f"Resumed {times}", facts, points)
    facts.append(_compared(points, "had been written before and were computed again"))
    if points.difference:
        facts += [_first(points, "before", "again"), ONE_MACHINE]
        title = f"Resumed {times}, differs from step {points.difference.step:,}"
        return _proof("resume", "different", title, facts, points)
    return _proof("resume", "equal", f"Resumed {times}, bit-equal {_over(points)}", facts, points)


def _proof(about: Literal["parent", "resume"], outcome: str, title: str, facts: list[str], points: Agreement) -> Proof:
    first = points.difference.step if points.difference else None
    return Proof.model_validate(
        {"about": about, "outcome": outcome, "title": title, "facts": facts, "points": points.points}
        | {"first_difference": first}
    )


def _over(points: Agreement) -> str:
    return f"over {points.points:,} point{'' if points.points == 1 else 's'}"


def _compared(points: Agreement, which: str) -> str:
    return (
        f"Compared bit by bit: {points.points:,} points of {points.metrics} metrics at steps {points.first:,} to "
        f"{points.last:,}, all that {which}."
    )


def _first(points: Agreement, here: str, there: str) -> str:
    one = points.difference
    assert one
    return (
        f"The first difference: {one.metric} at step {one.step:,} is {one.here:.17g} {here}, {one.there:.17g} {there}."
    )
