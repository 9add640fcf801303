"""The settings: their frame, and how the page looks on this device."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, shoot
from tests.e2e.test_accessibility import SCHEMES, assert_accessible

OpenPage = Callable[..., Page]


def test_the_settings_open_from_the_account_and_have_an_address_for_each_section(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page = open_page(ann)
    page.get_by_role("button", name="Your account, Ann").click()
    page.get_by_role("link", name="Settings").click()
    section = page.get_by_role("navigation", name="Settings").get_by_role("link", name="Appearance")
    expect(page.get_by_role("heading", name="Security")).to_be_focused()
    section.click()
    expect(page.get_by_role("heading", name="Appearance")).to_be_focused()
    expect(section).to_have_attribute("aria-current", "page")
    expect(page).to_have_title("Appearance · Portcullis")
    page.reload()
    expect(page.get_by_role("heading", name="Appearance")).to_be_visible()
    shoot(page, "settings-appearance")
    page.goto(f"{ann.address}/#/settings/nothing")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_colours_are_chosen_and_given_back_to_the_system(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    page = open_page(account("Ann"), "/#/settings/appearance", color_scheme="dark")
    expect(page.get_by_role("radio", name="As the device")).to_be_checked()
    assert paper(page) < 60
    page.get_by_role("radio", name="Light Dark letters").check()
    assert paper(page) > 200
    page.reload()
    expect(page.get_by_role("radio", name="Light Dark letters on paper.")).to_be_checked()
    assert paper(page) > 200
    page.get_by_role("radio", name="As the device").check()
    assert paper(page) < 60


def paper(page: Page) -> float:
    """Return how light the background is, 0 to 255."""
    parts = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g)")
    return sum(float(part) for part in parts[:3]) / 3


@SCHEMES
def test_the_settings_are_accessible_and_fit_a_phone(
    open_page: OpenPage, account: Callable[[str], Account], scheme: str
) -> None:
    page = open_page(account("Ann"), "/#/settings/appearance", color_scheme=scheme)
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert_accessible(page)
    shoot(page, f"settings-phone-{scheme}")
