"""Every component there is, discovered once for all tests of this folder."""

import pytest

from worker.contracts.component import Component, components, discover, families

discover()

EVERY = [component for family in families() for component in components(family).values()]


def every(family: str) -> list[type[Component]]:
    return list(components(family).values())


def each(family: str) -> pytest.MarkDecorator:
    """Run the test once for each component of the family."""
    return pytest.mark.parametrize("component", every(family), ids=lambda component: component.kind)


def each_of_all() -> pytest.MarkDecorator:
    """Run the test once for each component of each family."""
    return pytest.mark.parametrize("component", EVERY, ids=lambda component: f"{component.family}.{component.kind}")


def make(family: str, kind: str, **parameters: object) -> Component:
    return components(family)[kind].model_validate(parameters)
