"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from typing import Any

from client.wire.base import Reply


class Family(Reply):
    """A kind of component, such as `optimizers`."""

    name: str
    summary: str
    """Purpose of the family, one line."""
    default: str
    """Kind that is used when a spec names none; empty when the spec must name one."""
    defaults: dict[str, str] = {}
    """Trait -> default kind for data sets with that trait."""
    examples: list[str] = []
    """Kinds that components of other families are tried with, the first that fits."""


class Provision(Reply):
    """A trait that a component brings or needs, when its own parameters equal `when` (always, when that is empty)."""

    trait: str
    when: dict[str, Any] = {}


class Conflict(Reply):
    """Values that fields of one component cannot have together."""

    path: str
    """The field that would have to change."""
    when: dict[str, Any]
    """Field -> its value; of a field that holds a component also a word of that component's `capabilities`."""
    message: str
    """One sentence with the remedy; `{method}` stands for what the field `method` holds."""


class CatalogEntry(Reply):
    """One component."""

    family: str
    kind: str
    summary: str
    """Summary, one line."""
    description: str
    """The whole description, plain text."""
    formula: str = ""
    reference: str = ""
    parameters: dict[str, Any]
    """JSON Schema of its hyper-parameters, without $refs. `x-family` marks a nested component, `x-inherit` a field that
    takes the last recipe's value, `x-unit` a unit, `x-live` a live parameter that a live run takes, `x-run` text that
    names another run, or a list of such, `x-same-data` that it must know data of one shape, `x-upload` what is said of
    one's own data, `x-constraint` text that is a constraint, `x-measure` text that names what is measured.
    """
    needs: list[str] = []
    """Traits that must be there before it."""
    provides: list[Provision] = []
    """Traits that are there after it."""
    removes: list[str] = []
    """Traits that are gone after it."""
    needs_when: list[Provision] = []
    """Traits that must be there before it when its own parameters equal `when`."""
    capabilities: list[str] = []
    """Words for what it is whatever its parameters, such as `structured`: `conflicts` name them."""
    conflicts: list[Conflict] = []
    """Values that its fields cannot have together."""
    observes: list[str] = []
    """Metrics that it reports, beside those that every training has: `sparsity`."""
    try_with: dict[str, Any] = {}
    """Fields of the part around it, without which it cannot be tried."""
    picture: dict[str, Any] | None = None
    """Drawing of its effect: `lines` {x, y, faint}, `bars` {label, value} or `cells` of shades."""
    facts: dict[str, Any] = {}
    """Published facts, such as a dataset's counts and shape."""
    unavailable: str | None = None
    """Reason why no worker can run it now; null when one can."""


class CatalogNow(Reply):
    """The catalog, and whether any worker stands behind it."""

    families: list[Family] = []
    traits: dict[str, str] = {}
    """Meaning of each trait, in words that follow 'needs'."""
    entries: list[CatalogEntry] = []
    tried: list[str]
    """Families whose components can be tried in an experiment, in the order in which a spec names them."""
    stale: bool
    """No worker is at work: this is what the last one could do, until the next is ready and has announced what it can, new
    plug-ins among it.
    """


class ChartRow(Reply):
    """A chart, and what a run must have for it to show something: one of the metrics, a summary, or results."""

    name: str
    title: str
    group: str
    """One of `training`, `diagnosis`, `data`, `quality`, `results`, `comparison`."""
    metrics: list[str]
    summaries: list[str]
    """Kinds of summaries that it draws."""
    results: bool
    """True when it draws the results of stages."""
    expected: bool
    """True when its place is kept free on the page of a run that has not measured anything yet."""
