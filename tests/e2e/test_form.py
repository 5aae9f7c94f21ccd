"""The form is drawn from the server's answers: typing does not wait for them, and nothing is lost without them."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.curve import open_signed_in
from tests.e2e.lathe import Lathe
from tests.e2e.specs import DIGITS

CHECK = "**/api/specs/check"
INHERITED = "Inherited from the previous stage."


def stage(page: Page, name: str) -> Locator:
    """The card of a stage, opened."""
    card = page.get_by_role("group", name=name)
    expect(card).to_be_visible()  # it may just have been added
    if card.get_by_role("button", expanded=False).first.is_visible():
        card.get_by_role("button").first.click()
    return card


def open_template(page: Page, lathe: Lathe) -> Locator:
    open_signed_in(page, lathe, f"/new?template={DIGITS}")
    name = page.get_by_label("Name", exact=False).first
    expect(name).to_have_value("Digits in a minute")
    return name


def test_what_is_typed_is_shown_at_once_and_the_rest_stays(page: Page, lathe: Lathe) -> None:
    name = open_template(page, lathe)
    prune = stage(page, "Stage 2: prune")
    expect(prune.get_by_text(INHERITED).first).to_be_visible()
    reported = prune.get_by_text(INHERITED).count()
    held: list[Route] = []
    page.route(CHECK, lambda route: held.append(route))
    name.press("End")
    name.press_sequentially(", slowly")
    expect(name).to_have_value("Digits in a minute, slowly")
    page.get_by_role("button", name="Move Stage 2 down").click()
    moved = page.get_by_role("group", name="Stage 3: prune")
    expect(moved.get_by_text(INHERITED)).to_have_count(reported)
    assert held, "nothing was asked"
    page.unroute(CHECK)  # which lets go of what was held
    expect(page.get_by_role("list", name="Problems").or_(page.get_by_text("Ready to run"))).to_be_visible()
    expect(name).to_have_value("Digits in a minute, slowly")
    expect(moved.get_by_text(INHERITED)).to_have_count(reported)


def test_a_form_without_answers_can_be_filled_in(page: Page, lathe: Lathe) -> None:
    open_signed_in(page, lathe)
    page.route(CHECK, lambda route: route.abort())
    name = open_template(page, lathe)
    name.fill("Without an answer")
    page.get_by_role("button", name="Add to stages").click()
    page.get_by_role("menuitem", name="train", exact=True).click()
    expect(stage(page, "Stage 5: train").get_by_label("Epochs")).to_be_editable()
    expect(page.get_by_text("It could not be checked")).to_be_visible()
    page.unroute(CHECK)
    name.fill("With an answer again")
    expect(page.get_by_text("It could not be checked")).to_have_count(0)


@pytest.mark.parametrize(
    ("family", "kind"), [("pruning_schedules", "gradual"), ("losses", "mse"), ("exporters", "coded")]
)
def test_a_technique_is_tried_with_one_click(page: Page, lathe: Lathe, family: str, kind: str) -> None:
    open_signed_in(page, lathe, f"/catalog?at={family}.{kind}")
    page.get_by_role("article", name=f"{family} {kind}").get_by_role("link", name="Try it").click()
    expect(page.get_by_label("Name", exact=False).first).to_have_value(f"Try {kind}")
    expect(page.get_by_text("Ready to run")).to_be_visible()
