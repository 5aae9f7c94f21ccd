"""Reads specs that are written in the words of 0.1, and says which words took their place.

For one release: what is no such word is left as it is, for the check of the spec to judge.
"""

from collections.abc import Iterator, Mapping
from typing import Any

FIELDS: Mapping[str, str] = {"interventions": "commands"}
ACTIONS: Mapping[str, str] = {"tell": "report"}
"""Actions of an alert."""


def renewed(document: Any) -> Any:
    """The spec, or the study with its spec, in the words of today."""
    if not isinstance(document, Mapping):
        return document
    named = {name: value for _, name, value in _fields(document)}
    if isinstance(alerts := named.get("alerts"), list):
        named["alerts"] = [_alert(one) for one in alerts]
    return {**named, "spec": renewed(named["spec"])} if "spec" in named else named


def notes(document: Any, path: str = "") -> list[str]:
    """A sentence on each older word in a spec, or in a study with its spec."""
    return list(_notes(document, path)) if isinstance(document, Mapping) else []


def _fields(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Each field's name, its name of today and its value. A spec that has both names keeps both."""
    for name, value in document.items():
        new = FIELDS.get(name, name)
        yield name, name if new in document else new, value


def _alert(alert: Any) -> Any:
    old = alert.get("then") if isinstance(alert, Mapping) else None
    return {**alert, "then": ACTIONS[old]} if isinstance(old, str) and old in ACTIONS else alert


def _notes(document: Mapping[str, Any], path: str) -> Iterator[str]:
    for old, new, _ in _fields(document):
        if old != new:
            yield f"`{path}{old}` is called `{new}` now."
    alerts = document.get("alerts")
    for index, alert in enumerate(alerts if isinstance(alerts, list) else []):
        if (new_alert := _alert(alert)) is not alert:
            yield f"`{path}alerts[{index}].then`: `{alert['then']}` is called `{new_alert['then']}` now."
    if isinstance(spec := document.get("spec"), Mapping):
        yield from _notes(spec, f"{path}spec.")
