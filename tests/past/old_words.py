"""Facts that were kept in the words of a release, in the words of today."""

from typing import Any

KINDS = {"exhibit": "summary", "verdict": "diagnostic"}
RELATIONS = {"ghost": "counterfactual"}


def renewed(facts: dict[str, Any]) -> dict[str, Any]:
    """Kinds of events and relations of runs have other names since 0.1; everything else must be as it was."""
    return {**facts, "runs": {name: _run(run) for name, run in facts["runs"].items()}}


def _run(run: dict[str, Any]) -> dict[str, Any]:
    events = {KINDS.get(kind, kind): count for kind, count in run["events"].items()}
    relatives = sorted([RELATIONS.get(relation, relation), name] for relation, name in run["relatives"])
    return {**run, "events": events, "relatives": relatives}
