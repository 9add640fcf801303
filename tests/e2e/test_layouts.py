"""The page on a phone, by keyboard alone, and in dark colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, expect_bodies, expect_settled, shoot, write

OpenPage = Callable[..., Page]
CHECKS = Path(__file__).parent / "checks"
LINES = (
    "Morning all. The river is at 1.4 m and falling, so we are on for tonight.",
    "Do we have enough people for two fours?",
    "Two fours and a double, if Jun is coming. Bring a light: https://example.org/safety/lights-on-the-water-after-dark",
)


def test_a_phone_shows_one_column_at_a_time_and_nothing_runs_off_its_side(place: Place, open_page: OpenPage) -> None:
    place.write(place.founder, *LINES)
    page = open_page(
        place.founder, f"/#/c/{place.community['id']}", viewport=PHONE, has_touch=True, device_scale_factor=2
    )
    expect(page.locator("#sidebar")).to_be_visible()
    expect(page.locator("#stage")).to_be_hidden()
    shoot(page, "phone-rooms")
    page.get_by_role("link", name="general").tap()
    expect_bodies(page, list(LINES))
    expect(page.locator("#sidebar")).to_be_hidden()
    expect(page.locator("#connection")).to_be_in_viewport()
    assert overflow(page) == 0
    shoot(page, "phone-room")
    page.get_by_role("button", name="Members").tap()
    expect(page.get_by_role("button", name="Olive (you)")).to_be_visible()
    shoot(page, "phone-members")
    page.get_by_role("button", name="Hide members").tap()
    write(page, "Sent from the bus")
    expect(page.locator(".message").last).to_be_in_viewport()
    page.get_by_role("button", name="Back to the rooms").tap()
    expect(page.locator("#sidebar")).to_be_visible()
    assert overflow(page) == 0


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_everything_can_be_done_with_the_keyboard_alone(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    place.more_room("boats")
    page = open_page(place.founder, f"/#/c/{place.community['id']}")
    expect(page.get_by_role("link", name="general")).to_be_visible()
    keys = page.keyboard
    keys.press("Alt+ArrowDown")
    expect(page.locator("#stage h1")).to_have_text("boats")
    keys.press("Alt+ArrowDown")
    expect(page.locator("#stage h1")).to_have_text("general")
    expect(page.locator("#message-box")).to_be_focused()

    keys.type("First line")
    keys.press("Shift+Enter")
    keys.type("second line")
    keys.press("Enter")
    expect_bodies(page, ["First line\nsecond line"])
    expect(page.locator(".message.pending")).to_have_count(0)

    keys.press("ArrowUp")
    expect(page.get_by_label("Edit your message")).to_be_focused()
    keys.type(", mended")
    keys.press("Enter")
    expect_bodies(page, ["First line\nsecond line, mended (edited)"])
    expect(page.locator("#message-box")).to_be_focused()
    keys.press("ArrowUp")
    keys.type(", not this")
    keys.press("Escape")
    expect_bodies(page, ["First line\nsecond line, mended (edited)"])

    keys.press("Shift+Tab")
    expect(page.locator(".log")).to_be_focused()
    keys.press("ArrowUp")
    expect(page.locator(".message")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    expect(page.get_by_role("button", name="Delete message")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete message")).to_be_focused()
    shoot(page, "keyboard")


def test_the_focus_can_be_seen_wherever_tab_leads(place: Place, open_page: OpenPage) -> None:
    place.write(place.founder, "A message")
    page = open_page(place.founder, place.room_address)
    expect_bodies(page, ["A message"])
    expect_settled(page, place.founder)
    page.get_by_role("button", name="Skip to the message box").focus()
    stops = [focused(page)]
    while len(stops) < 2 or stops[-1] != stops[0]:
        page.keyboard.press("Tab")
        stops.append(focused(page))
        assert len(stops) < 30, stops
    assert [stop for stop in stops if not stop["visible"]] == []
    outside = [
        stop["name"] for stop in stops if stop["name"].startswith("BODY")
    ]  # the browser's own controls come in between
    assert len(outside) == 1
    assert [stop["name"] for stop in stops[:-1] if stop["name"] not in outside] == [
        "BUTTON skip Skip to the message box",
        "A  Portcullis, all communities",
        "BUTTON  Use dark colours",
        "BUTTON  Your account, Olive",
        "BUTTON  HRHarbour Row",
        "A  About and settings",
        "BUTTON  Create a room",
        "A  general",
        "BUTTON  Gate of this room",
        "BUTTON members-toggle Members",
        "DIV  Messages, use the arrow keys",
        "TEXTAREA message-box ",
        "BUTTON  Add somebody",
        f"BUTTON  OL (online)Olive (you)@{place.founder.username}",
    ]


def focused(page: Page) -> Any:
    """Return what has the focus, and whether one can see that it has."""
    return page.evaluate((CHECKS / "focus.js").read_text())


def test_dark_colours_follow_the_system_and_can_be_chosen(place: Place, open_page: OpenPage) -> None:
    place.write(place.founder, *LINES)
    page = open_page(place.founder, place.room_address, color_scheme="dark")
    expect_bodies(page, list(LINES))
    assert lightness(page) < 60
    shoot(page, "dark")
    page.get_by_role("button", name="Use light colours").click()
    assert lightness(page) > 200
    page.reload()
    expect_bodies(page, list(LINES))
    assert lightness(page) > 200
    shoot(page, "light")


def lightness(page: Page) -> float:
    """Return how light the background of the conversation is, 0 to 255."""
    parts = page.evaluate("getComputedStyle(document.getElementById('stage')).backgroundColor.match(/[\\d.]+/g)")
    return sum(float(part) for part in parts[:3]) / 3
