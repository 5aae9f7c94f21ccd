"""Base class of components, and their discovery.

A *family* is a file of `worker/contracts/families/` that defines one base class with `family="<file>"`, and a folder of
that name in `worker/components/`. A *component* is one file of that folder with one subclass of the base; its `kind` is
the file's name. A file that begins with `_` helps the components of its folder and is none itself.
Components are frozen pydantic models: fields are hyper-parameters, the docstring's first line is the
catalog's summary, and one method (named by the family) makes the torch object.
"""

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Collection, Iterator, Mapping
from enum import Flag, auto
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import CoreSchema, core_schema

from backend.domain.catalog import Conflict, Provision
from worker.contracts.drawing import Picture

FAMILIES = "worker.contracts.families"
COMPONENTS = "worker.components"
PLUGINS = "lathe_plugins"
"""The package that operators' own files are imported into."""

_families: dict[str, type["Component"]] = {}
_kinds: dict[str, dict[str, type["Component"]]] = {}


class Component(BaseModel):
    """A plug-in that a spec names by `kind`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: ClassVar[str]
    kind: ClassVar[str]
    default_kind: ClassVar[str]
    default_kinds: ClassVar[Mapping[str, str]]  # trait of the dataset -> the kind that is the default there
    example_kinds: ClassVar[tuple[str, ...]]  # what components of other families are tried with, the first that fits

    formula: ClassVar[str] = ""
    """The computation as one line of mathematics in Unicode."""
    reference: ClassVar[str] = ""
    """The paper or manual that it follows."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Traits that the dataset, the model or an earlier stage must have provided."""
    provides: ClassVar[tuple[Provision | str, ...]] = ()
    """Traits that it brings to whatever comes after it."""
    removes: ClassVar[tuple[str, ...]] = ()
    """Traits that are gone after it."""
    needs_when: ClassVar[tuple[Provision, ...]] = ()
    """Traits that it needs only with some of its parameters."""
    conflicts: ClassVar[tuple[Conflict, ...]] = ()
    """Values that its fields cannot have together: refused before a spec is queued, and here."""
    observes: ClassVar[tuple[str, ...]] = ()
    """Names of the metrics that it gives to `Context.observe`: an alert can watch no others."""
    try_with: ClassVar[Mapping[str, Any]] = {}
    """Fields of the part around it, without which it cannot be tried, plain JSON."""
    facts: ClassVar[Mapping[str, Any]] = {}
    """Published facts that help to plan (a dataset's counts and shape), plain JSON."""

    def __init_subclass__(
        cls,
        family: str = "",
        default: str = "",
        defaults: Mapping[str, str] | None = None,
        examples: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if family:
            cls.family, cls.default_kind, cls.default_kinds = family, default, defaults or {}
            cls.example_kinds = examples or (default,)
            _families[family] = cls
            _kinds.setdefault(family, {})

    @classmethod
    def unavailable(cls) -> str | None:
        """Reason why this machine cannot run it ("needs CUDA"); None when it can."""
        return None

    @classmethod
    def capabilities(cls) -> tuple[str, ...]:
        """Words for what it is whatever its parameters, which the `conflicts` of who holds it name."""
        return ()

    def drawing(self) -> Picture | None:
        """A schematic picture of its effect, where none can be computed with it; None where one can."""
        return None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        held = {name: getattr(self, name) for name in type(self).model_fields}
        for conflict in self.conflicts:
            named = {name: value.kind if isinstance(value, Component) else value for name, value in held.items()}
            if conflict.holds(named, lambda name: _capabilities(held.get(name))):
                raise ValueError(conflict.describe(named))
        return self

    @classmethod
    def plugged_in(cls) -> bool:
        """Returns whether it comes from an operator's file."""
        return cls.__module__.startswith(f"{PLUGINS}.")

    @classmethod
    def choose(cls, value: Any) -> Self:
        """The component of this family that `value` ({kind, …hyper-parameters}) names."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, Mapping) or "kind" not in value:
            raise ValueError(f"{cls.family}: expected a mapping with a `kind`, got {value!r}")
        parameters = {name: entry for name, entry in value.items() if name != "kind"}
        return find(cls.family, value["kind"]).model_validate(parameters)  # type: ignore[return-value]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if "family" not in cls.__dict__:
            return handler(source)
        return core_schema.no_info_plain_validator_function(
            cls.choose,
            serialization=core_schema.plain_serializer_function_ser_schema(_dump),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        if "family" not in cls.__dict__:
            return handler(schema)
        return {"x-family": cls.family}

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"kind": self.kind, **handler(self)}


def _capabilities(value: Any) -> tuple[str, ...]:
    return value.capabilities() if isinstance(value, Component) else ()


def _dump(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, Component) else value


class Mark(Flag):
    """Marks of a field, which the catalog publishes: `LIVE` as `x-live`."""

    LIVE = auto()
    """A person may change it in a live run."""
    INHERIT = auto()
    """A stage that leaves it out takes the last recipe's value."""
    RUN = auto()
    """Text that names another run, or a list of such: it must name one that is there before a spec is queued, and a
    stage gets its model by `Context.source`."""
    SAME_DATA = auto()
    """The run that it names must know data of the shape of one's own."""
    CONSTRAINT = auto()
    """Text that says what a model must meet (`backend.domain.constraints`, empty for nothing)."""
    MEASURE = auto()
    """Text that names what is measured (`backend.domain.measures`)."""

    def schema(self) -> JsonDict:
        """The marks as they stand in a field's JSON Schema."""
        return {f"x-{str(mark.name).lower().replace('_', '-')}": True for mark in self}


UNMARKED = Mark(0)
_OF_FIELDS = frozenset(inspect.signature(Field).parameters)


def hyperparameter(
    default: Any = ..., *, marks: Mark = UNMARKED, unit: str = "", upload: str = "", **constraints: Any
) -> Any:
    """A hyper-parameter: pydantic's `Field` plus its `marks` and `unit`. `upload` says what a dataset's field means for
    a person's own data: see `backend.domain.experiment.uploads.MARK`. Raises TypeError for any other argument."""
    if unknown := constraints.keys() - _OF_FIELDS:  # pydantic would only warn
        raise TypeError(f"hyperparameter() takes no `{'`, `'.join(sorted(unknown))}`")
    texts: JsonDict = {name: text for name, text in (("x-unit", unit), ("x-upload", upload)) if text}
    return Field(default, json_schema_extra={**texts, **marks.schema()} or None, **constraints)


def choice(family: type[Component], *, kind: str = "", marks: Mark = UNMARKED, description: str = "") -> Any:
    """A field that holds a component of another family, of `kind` or the family's default when it is left out."""
    return Field(
        default={"kind": kind or family.default_kind},
        validate_default=True,
        description=description,
        json_schema_extra=marks.schema() or None,
    )


def find(family: str, kind: str) -> type[Component]:
    """The class that a spec names; ValueError with the known kinds when there is none."""
    try:
        return _kinds[family][kind]
    except KeyError:
        known = ", ".join(sorted(_kinds.get(family, {})))
        raise ValueError(f"{family} has no component `{kind}`; known: {known}") from None


def families() -> Mapping[str, type[Component]]:
    return _families


def components(family: str) -> Mapping[str, type[Component]]:
    return _kinds[family]


def discover(plugins: Path | None = None, only: Collection[str] = ()) -> None:
    """Import every family and its folder of components, then the operator's own files `plugins/<family>/<kind>.py`; with `only`
    those of these families.

    Fails loudly, with the file's name: a file that does not import, that does not hold exactly one component of its
    folder's family, or that takes a name which is taken, is a RuntimeError. Finding the same files again is harmless.
    """
    for name in [name for name in _names(FAMILIES) if not only or name in only]:
        importlib.import_module(f"{FAMILIES}.{name}")
        for kind in _names(f"{COMPONENTS}.{name}"):
            _register(name, kind, importlib.import_module(f"{COMPONENTS}.{name}.{kind}"))
    for family, file in _plugin_files(plugins, only):
        _register(family, file.stem, _import_file(family, file))


def _names(package: str) -> list[str]:
    """The modules of a package, without those that are private to it."""
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return [module.name for module in found if not module.name.startswith("_")]


def _plugin_files(plugins: Path | None, only: Collection[str]) -> Iterator[tuple[str, Path]]:
    if plugins is None or not plugins.is_dir():
        return
    for folder in sorted(path for path in plugins.iterdir() if path.is_dir()):
        if only and folder.name not in only:
            continue
        if folder.name not in _families:
            raise RuntimeError(f"{folder}: no family is called `{folder.name}`; known: {', '.join(sorted(_families))}")
        yield from ((folder.name, file) for file in sorted(folder.glob("*.py")))


def _import_file(family: str, file: Path) -> ModuleType:
    name = f"{PLUGINS}.{family}.{file.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(file):
        return known
    specification = importlib.util.spec_from_file_location(name, file)
    assert specification and specification.loader
    module = sys.modules[name] = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise RuntimeError(f"{file} does not import: {type(error).__name__}: {error}") from error
    return module


def _register(family: str, kind: str, module: ModuleType) -> None:
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, _families[family]) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise RuntimeError(f"{module.__file__} must define exactly one component of `{family}`, found {len(found)}")
    known = _kinds[family].setdefault(kind, found[0])
    if known is not found[0]:
        raise RuntimeError(f"{module.__file__}: `{family}` already has a component `{kind}`, from {known.__module__}")
    known.kind = kind
