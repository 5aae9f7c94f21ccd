"""Reads the catalog of components."""

from typing import Any

from client.errors import LatheError
from client.reply import Reply
from client.wire import Wire


class Family(Reply):
    """A kind of component, such as `optimizers`; `default` is what a spec gets that names none."""

    name: str
    summary: str
    default: str


class Component(Reply):
    """One component; `parameters` is the JSON Schema of its hyper-parameters."""

    family: str
    kind: str
    summary: str
    description: str
    formula: str = ""
    reference: str = ""
    parameters: dict[str, Any]
    needs: list[str] = []
    facts: dict[str, Any] = {}
    unavailable: str | None = None


class Catalog(Reply):
    families: list[Family] = []
    traits: dict[str, str] = {}
    entries: list[Component] = []

    def family(self, name: str) -> list[Component]:
        """The components of a family. Raises LatheError."""
        names = [family.name for family in self.families]
        if name not in names:
            raise LatheError("FamilyNotFound", f"There is no family `{name}`; known: {', '.join(names)}.", "family")
        return [entry for entry in self.entries if entry.family == name]

    def find(self, family: str, kind: str) -> Component:
        """One component. Raises LatheError."""
        entries = self.family(family)
        for entry in entries:
            if entry.kind == kind:
                return entry
        known = ", ".join(entry.kind for entry in entries)
        raise LatheError("ComponentNotFound", f"{family} has no `{kind}`; known: {known}.", "kind")


def catalog(wire: Wire) -> Catalog:
    return Catalog.model_validate(wire.get("/api/catalog"))
