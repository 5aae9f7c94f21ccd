"""The catalog: what the workers can do, as they publish it and as specs are checked against it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Provision(BaseModel):
    """A trait that a component brings or needs, when its own parameters equal `when` (always, when that is empty)."""

    model_config = ConfigDict(frozen=True)

    trait: str
    when: dict[str, Any] = {}

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        return all(_named(parameters.get(name)) == value for name, value in self.when.items())


class Conflict(BaseModel):
    """Values that fields of one component cannot have together."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(description="The field that would have to change.")
    when: dict[str, Any] = Field(
        description="Field -> its value; of a field that holds a component also a word of that component's `capabilities`."
    )
    message: str = Field(
        description="One sentence with the remedy; `{method}` stands for what the field `method` holds."
    )

    def holds(self, parameters: Mapping[str, Any], capabilities: Callable[[str], Collection[str]]) -> bool:
        """`capabilities` tells the words of the component that a field holds."""
        return all(
            _named(parameters.get(name)) == value or value in capabilities(name) for name, value in self.when.items()
        )

    def describe(self, parameters: Mapping[str, Any]) -> str:
        return self.message.format_map({name: f"`{_named(value)}`" for name, value in parameters.items()})


def _named(value: Any) -> Any:
    """A nested component goes by its kind."""
    return value["kind"] if isinstance(value, Mapping) and "kind" in value else value


class Family(BaseModel):
    """A kind of component, such as `optimizers`."""

    name: str
    summary: str = Field(description="Purpose of the family, one line.")
    default: str = Field(description="Kind that is used when a spec names none; empty when the spec must name one.")
    defaults: dict[str, str] = Field(default={}, description="Trait -> default kind for data sets with that trait.")

    examples: list[str] = Field(
        default=[], description="Kinds that components of other families are tried with, the first that fits."
    )

    def default_for(self, traits: Collection[str]) -> str:
        """The kind that is taken when a spec names none and its dataset has these traits."""
        return next((kind for trait, kind in self.defaults.items() if trait in traits), self.default)


class CatalogEntry(BaseModel):
    """One component."""

    family: str
    kind: str
    summary: str = Field(description="Summary, one line.")
    description: str = Field(description="The whole description, plain text.")
    formula: str = ""
    reference: str = ""
    parameters: dict[str, Any] = Field(
        description="JSON Schema of its hyper-parameters, without $refs. `x-family` marks a nested component, "
        "`x-inherit` a field that takes the last recipe's value, `x-unit` a unit, `x-live` a live parameter that a live run takes, "
        "`x-run` text that names another run, or a list of such, `x-same-data` that it must know data of one shape, `x-upload` what is said of one's own data, "
        "`x-constraint` text that is a constraint, `x-measure` text that names what is measured."
    )
    needs: list[str] = Field(default=[], description="Traits that must be there before it.")
    provides: list[Provision] = Field(default=[], description="Traits that are there after it.")
    removes: list[str] = Field(default=[], description="Traits that are gone after it.")
    needs_when: list[Provision] = Field(
        default=[], description="Traits that must be there before it when its own parameters equal `when`."
    )
    capabilities: list[str] = Field(
        default=[],
        description="Words for what it is whatever its parameters, such as `structured`: `conflicts` name them.",
    )
    conflicts: list[Conflict] = Field(default=[], description="Values that its fields cannot have together.")
    observes: list[str] = Field(
        default=[], description="Metrics that it reports, beside those that every training has: `sparsity`."
    )
    try_with: dict[str, Any] = Field(
        default={}, description="Fields of the part around it, without which it cannot be tried."
    )
    picture: dict[str, Any] | None = Field(
        default=None,
        description="Drawing of its effect: `lines` {x, y, faint}, `bars` {label, value} or `cells` of shades.",
    )
    facts: dict[str, Any] = Field(default={}, description="Published facts, such as a dataset's counts and shape.")
    unavailable: str | None = Field(default=None, description="Reason why no worker can run it now; null when one can.")


class Catalog(BaseModel):
    """Every family, trait and component."""

    families: list[Family] = []
    traits: dict[str, str] = Field(default={}, description="Meaning of each trait, in words that follow 'needs'.")
    entries: list[CatalogEntry] = []

    def find(self, family: str, kind: Any) -> CatalogEntry | None:
        return next((entry for entry in self.entries if (entry.family, entry.kind) == (family, kind)), None)

    def kinds(self, family: str) -> list[str]:
        return sorted(entry.kind for entry in self.entries if entry.family == family)

    def family(self, name: str) -> Family:
        return next(family for family in self.families if family.name == name)

    @classmethod
    def merge(cls, catalogs: list["Catalog"]) -> "Catalog":
        """Merges the catalogs of a group of workers: a component is available when one of them can run it."""
        entries: dict[tuple[str, str], CatalogEntry] = {}
        for entry in (entry for catalog in catalogs for entry in catalog.entries):
            known = entries.get((entry.family, entry.kind))
            if known is None or (known.unavailable and not entry.unavailable):
                entries[entry.family, entry.kind] = entry
        families = {family.name: family for catalog in catalogs for family in catalog.families}
        traits = {name: text for catalog in catalogs for name, text in catalog.traits.items()}
        return cls(
            families=[families[name] for name in sorted(families)],
            traits=traits,
            entries=[entries[key] for key in sorted(entries)],
        )
