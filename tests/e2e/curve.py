"""Compares the points of a chart with those in the database."""

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page, TimeoutError, expect

from tests.e2e.lathe import Lathe

Curve = list[tuple[int, float]]


def drawn(page: Page, chart: str, run_id: str, metric: str) -> Curve:
    """The points of one trace as the browser holds them."""
    trace = page.locator(f'[data-chart="{chart}"]').evaluate(
        """(element, [run, metric]) => {
          const trace = element.data.find(({meta}) => meta?.run === run && meta?.metric === metric);
          return trace ? [[...trace.x], [...trace.y]] : [[], []];
        }""",
        [run_id, metric],
    )
    return list(zip(trace[0], trace[1], strict=True))


def stored(lathe: Lathe, run_id: str, metric: str) -> Curve:
    """Every stored point of one metric (fewer than 50,000 of them)."""
    series = lathe.get(f"/api/runs/{run_id}/points?metrics={metric}&pixels=50000")["series"][0]
    assert series["points"] == len(series["steps"]), "the curve was bucketed"
    return list(zip(series["steps"], series["values"], strict=True))


def assert_exact(curve: Sequence[tuple[int, Any]], first: int, last: int) -> None:
    """Each step from `first` to `last` exactly once, in order."""
    steps = [step for step, _ in curve]
    assert steps == list(range(first, last + 1)), f"{len(steps)} points from {steps[:3]} to {steps[-3:]}"


def wait_for_step(page: Page, step: int, chart: str = "Loss") -> None:
    """Until the chart has drawn `step`."""
    page.wait_for_function(
        "([chart, step]) => Number(document.querySelector(`[data-chart='${chart}']`)?.dataset.lastStep ?? -1) >= step",
        arg=[chart, step],
    )


# Charts are drawn when they come into sight.
DRAWN = """() => [...document.querySelectorAll("[data-chart]")].every(
  (chart) => chart.data || chart.getBoundingClientRect().top > window.innerHeight)"""


def wait_until_drawn(page: Page) -> None:
    """Until the page has what it asked for, and every chart in sight is drawn."""
    expect(page.get_by_role("heading", level=1).first).to_be_attached()
    expect(page.locator("main")).not_to_contain_text("Loading the")
    page.wait_for_function(DRAWN)


def wait_until_fit(page: Page, what: str) -> None:
    """Until nothing is wider than the screen."""
    try:
        page.wait_for_function("() => document.documentElement.scrollWidth <= window.innerWidth")
    except TimeoutError:
        overflow = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        raise AssertionError(f"{what} is {overflow} px too wide") from None


def open_signed_in(page: Page, lathe: Lathe, path: str = "/") -> None:
    page.goto(lathe.link)
    expect(page).to_have_url(f"{lathe.url}/")
    if path != "/":
        page.goto(lathe.url + path)
