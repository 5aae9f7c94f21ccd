"""Reads the catalog of components."""

from client.errors import LatheError
from client.wire.connection import Wire
from client.wire.models import CatalogEntry, CatalogNow


class Catalog(CatalogNow):
    """The catalog, searched by family and kind."""

    def family(self, name: str) -> list[CatalogEntry]:
        """The components of a family. Raises LatheError when there is no such family."""
        names = [family.name for family in self.families]
        if name not in names:
            raise LatheError("FamilyNotFound", f"There is no family `{name}`; known: {', '.join(names)}.", "family")
        return [entry for entry in self.entries if entry.family == name]

    def find(self, family: str, kind: str) -> CatalogEntry:
        """One component. Raises LatheError when there is no such family or kind."""
        entries = self.family(family)
        for entry in entries:
            if entry.kind == kind:
                return entry
        known = ", ".join(entry.kind for entry in entries)
        raise LatheError("ComponentNotFound", f"{family} has no `{kind}`; known: {known}.", "kind")


def catalog(wire: Wire) -> Catalog:
    return Catalog.model_validate(wire.get("/api/catalog"))
