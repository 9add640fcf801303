"""What assistive technology needs: names, landmarks, live regions, contrast. Checked on every view in both colour schemes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import Account, Place, expect_bodies

OpenPage = Callable[..., Page]
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])

CHECKS = Path(__file__).parent / "checks"


def assert_accessible(page: Page) -> None:
    """Fail with every mistake on the page as it is now."""
    page.wait_for_timeout(200)
    assert page.evaluate((CHECKS / "structure.js").read_text()) == []
    assert page.evaluate((CHECKS / "contrast.js").read_text()) == []


@SCHEMES
def test_the_entrance_is_accessible(open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    assert_accessible(page)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("button", name="Create account").click()
    assert_accessible(page)


@SCHEMES
def test_the_room_and_its_dialogs_are_accessible(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, scheme: str
) -> None:
    people = [account(name) for name in ("Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hedda")]
    place.admit(*people)
    place.more_room("boats")
    for number, person in enumerate(people):
        place.write(person, f"Message {number} with https://example.org/link")
    page = open_page(people[0], place.room_address, color_scheme=scheme)
    expect(page.locator(".message")).to_have_count(len(people))
    expect(page.get_by_role("button", name="Hedda")).to_be_visible()
    page.locator(".message").first.hover()
    assert_accessible(page)
    for opener in ("Your account, Ben", "Hedda"):
        page.get_by_role("button", name=opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")


@SCHEMES
def test_the_communities_and_a_closed_room_are_accessible(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, scheme: str
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(ben, color_scheme=scheme)
    expect(page.get_by_role("heading", name="To be found")).to_be_visible()
    assert_accessible(page)
    page.goto(ben.address + place.room_address)
    expect(page.locator("#message-box")).to_be_visible()
    place.founder.call("DELETE", f"rooms/{place.room['id']}/members/{ben.id}")
    heading = page.get_by_role("heading", name="general is closed to you")
    expect(heading).to_be_focused()
    assert_accessible(page)


def test_new_messages_and_the_state_of_the_connection_are_announced(place: Place, open_page: OpenPage) -> None:
    place.write(place.founder, "A message")
    page = open_page(place.founder, place.room_address)
    expect_bodies(page, ["A message"])
    log = page.get_by_role("log", name="Messages")
    assert attributes(log, "aria-live", "aria-relevant", "aria-busy") == ["polite", "additions", None]
    status = page.locator("#connection")
    assert attributes(status, "role", "aria-live") == ["status", "polite"]
    for landmark in ("banner", "navigation", "main", "complementary"):
        expect(page.get_by_role(landmark)).to_have_count(1)


def attributes(locator: Any, *names: str) -> list[str | None]:
    """Return these attributes of the element."""
    return [locator.get_attribute(name) for name in names]


def test_those_who_want_no_motion_get_none(place: Place, open_page: OpenPage) -> None:
    page = open_page(place.founder, place.room_address, reduced_motion="reduce")
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).animationName !== 'none').length"
    expect(page.locator("#message-box")).to_be_visible()
    assert page.evaluate(moving) == 0


def test_forced_colours_keep_badges_and_focus_visible(place: Place, open_page: OpenPage) -> None:
    page = open_page(place.founder, place.room_address, forced_colors="active")
    page.locator("#message-box").focus()
    assert page.locator("#message-box").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
