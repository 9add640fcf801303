"""The devices where somebody is signed in: listed, kept current, signed out, and what the page of such a device says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, expect_live, shoot
from tests.e2e.test_accessibility import SCHEMES, assert_accessible
from tests.e2e.test_second_factors import sign_in

OpenPage = Callable[..., Page]
OpenDevice = Callable[..., Page]

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
SIGNED_OUT = "This device was signed out: its session was ended elsewhere or has run out. Sign in to go on."


@pytest.fixture
def ann(account: Callable[[str], Account]) -> Account:
    """Return Ann, who is signed in where she signed up: on a device without a page."""
    return account("Ann")


@pytest.fixture
def open_device(open_page: OpenPage, ann: Account) -> OpenDevice:
    """Return a function that signs Ann in on a new device, by the entrance."""

    def open_for(agent: str, path: str = "/", **options: object) -> Page:
        page = open_page(None, path, user_agent=agent, **options)
        sign_in(page, ann)
        expect_live(page)
        return page

    return open_for


def others(page: Page) -> list[str]:
    """Return the names of the other devices in the list, the newest first."""
    return page.get_by_role("region", name="Other devices").locator("strong").all_inner_texts()


def expect_signed_out(page: Page) -> None:
    """Wait until the page is at the entrance and says why."""
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    expect(page.locator("#entrance-notice")).to_have_text(SIGNED_OUT)
    assert page.evaluate("localStorage.getItem('portcullis.user')") is None


def test_a_device_is_listed_when_it_signs_in_and_leaves_when_it_is_signed_out_elsewhere(
    open_device: OpenDevice,
) -> None:
    page = open_device(FIREFOX, "/#/settings/devices")
    here = page.get_by_role("region", name="This device")
    expect(here.locator("strong")).to_have_text(["Firefox on Linux"])
    expect(here.locator("small")).to_have_text(
        re.compile(r"from the network 127\.0\.0\.0/24, last used a few minutes ago$")
    )
    expect(here.get_by_role("button")).to_have_count(0)
    phone = open_device(IPHONE)
    expect(page.get_by_text("2 other devices can read and write in your name.")).to_be_visible()
    assert others(page)[0] == "Safari on iPhone"
    second_tab = phone.context.new_page()
    second_tab.goto(phone.url)
    expect_live(second_tab)
    shoot(page, "settings-devices")
    page.get_by_role("button", name="Sign out Safari on iPhone").click()
    page.get_by_role("button", name="Sign it out").click()
    expect_signed_out(phone)
    expect_signed_out(second_tab)
    shoot(phone, "signed-out-elsewhere")
    expect(page.get_by_text("1 other device can read and write in your name.")).to_be_visible()
    expect(page.locator("dialog")).to_have_count(0)
    assert "Safari on iPhone" not in others(page)
    expect(page.locator("#connection")).to_contain_text("Live")


def test_all_others_are_signed_out_at_once_and_this_one_stays(open_device: OpenDevice) -> None:
    page = open_device(FIREFOX, "/#/settings/devices")
    windows, phone = open_device(WINDOWS), open_device(IPHONE)
    phone.get_by_role("button", name="Your account, Ann").click()
    page.get_by_role("button", name="Sign out all others").click()
    page.get_by_role("button", name="Sign them out").click()
    expect_signed_out(windows)
    expect_signed_out(phone)
    expect(phone.locator("dialog")).to_have_count(0)
    expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out all others")).to_be_hidden()
    page.reload()
    expect_live(page)
    expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()


def test_a_page_that_slept_through_its_end_says_so_when_it_comes_back(open_device: OpenDevice, ann: Account) -> None:
    page = open_device(IPHONE)
    address = page.url
    page.goto("about:blank")
    ann.post("me/sessions/revoke-others")
    page.goto(address)
    expect_signed_out(page)
    sign_in(page, ann)
    expect_live(page)
    page.get_by_role("button", name="Your account, Ann").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    expect(page.locator("#entrance-notice")).to_be_hidden()


def test_who_signs_out_is_told_of_no_end_in_any_tab_and_the_server_knows(open_device: OpenDevice) -> None:
    watching = open_device(FIREFOX, "/#/settings/devices")
    page = open_device(IPHONE)
    expect(watching.get_by_text("2 other devices")).to_be_visible()
    second_tab = page.context.new_page()
    second_tab.goto(page.url)
    expect_live(second_tab)
    page.get_by_role("button", name="Your account, Ann").click()
    page.get_by_role("button", name="Sign out").click()
    for tab in (page, second_tab):
        expect(tab.get_by_role("heading", name="Come in")).to_be_visible()
        expect(tab.locator("#entrance-notice")).to_be_hidden()
    expect(watching.get_by_text("1 other device can read")).to_be_visible()


def test_a_refusal_is_said_where_it_was_asked_and_the_device_stays(open_device: OpenDevice) -> None:
    page = open_device(FIREFOX, "/#/settings/devices")
    expect(page.get_by_text("1 other device can read")).to_be_visible()
    before = others(page)
    page.route("**/api/v1/me/sessions/*", lambda route: route.abort())
    page.get_by_role("button", name=re.compile("^Sign out .*, signed in")).click()
    page.get_by_role("button", name="Sign it out").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(
        "The server cannot be reached. Check your connection."
    )
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name=re.compile("^Sign out .*, signed in"))).to_be_focused()
    assert others(page) == before


@SCHEMES
def test_the_devices_and_the_notice_are_accessible_and_fit_a_phone(
    open_device: OpenDevice, ann: Account, scheme: str
) -> None:
    page = open_device(WINDOWS, "/#/settings/devices", color_scheme=scheme)
    expect(page.get_by_text("1 other device can read")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert_accessible(page)
    shoot(page, f"settings-devices-phone-{scheme}")
    ann.post("me/sessions/revoke-others")
    expect_signed_out(page)
    assert_accessible(page)
    shoot(page, f"signed-out-elsewhere-phone-{scheme}")
