"""Second factors in a browser: setting up, signing in, passkeys on Chromium's own virtual authenticator."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import PASSWORD, PHONE, Account, expect_live, shoot
from tests.e2e.stack import Server, Stack
from tests.e2e.test_accessibility import SCHEMES, assert_accessible
from tests.factories.totp import code_of

OpenPage = Callable[..., Page]


@pytest.fixture
def ann(account: Callable[[str], Account], stack: Stack) -> Account:
    """Return Ann, whose address is verified."""
    made = account("Ann")
    stack.verify_address(made.username)
    return made


def sign_in(page: Page, account: Account) -> None:
    """Give the name and the password."""
    page.get_by_label("E-mail, username or phone number").fill(account.username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("#entrance-form").get_by_role("button", name="Sign in", exact=True).click()


def prove_password(page: Page) -> None:
    """Answer the question who one is."""
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def set_up_app(page: Page) -> tuple[str, list[str]]:
    """Set up an authenticator app and return its secret and the recovery codes."""
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_alt_text("QR code with the secret below")).to_be_visible()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("The code that it shows").fill(code_of(secret))
    page.get_by_role("dialog").get_by_role("button", name="Set up").click()
    prove_password(page)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".codes li").all_inner_texts()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.locator(".codes")).to_have_count(0)
    return secret, codes


def with_authenticator(page: Page) -> Any:
    """Give the page a device that makes discoverable passkeys and knows its user."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def by_name(server: Server) -> str:
    """Return the server's origin with a name: browsers know no passkeys on an IP address."""
    return server.address.replace("127.0.0.1", "localhost")


def test_an_app_is_set_up_and_asked_for_and_a_recovery_code_stands_in(open_page: OpenPage, ann: Account) -> None:
    page = open_page(ann, "/#/settings/security")
    expect(page.get_by_role("heading", name="Authenticator app")).to_be_visible()
    shoot(page, "security-empty")
    secret, codes = set_up_app(page)
    assert len(codes) == 10
    expect(page.get_by_role("region", name="Recovery codes")).to_contain_text("10 codes of 10 left")
    shoot(page, "security-app")

    other = open_page()
    sign_in(other, ann)
    expect(other.get_by_role("heading", name="One more step")).to_be_visible()
    expect(other.get_by_label("Code")).to_be_focused()
    shoot(other, "second-step")
    other.get_by_label("Code").fill("000000")
    other.locator("#entrance-form").get_by_role("button", name="Sign in").click()
    expect(other.get_by_text("This code is not right, or was used already.")).to_be_visible()
    other.get_by_label("Code").fill(code_of(secret, steps=1))
    other.get_by_label("Do not ask on this device").check()
    other.locator("#entrance-form").get_by_role("button", name="Sign in").click()
    expect_live(other)
    expect(page.get_by_role("region", name="Trusted devices")).to_contain_text("Chrome on Linux")

    other.get_by_role("button", name="Your account, Ann").click()
    other.get_by_role("button", name="Sign out").click()
    sign_in(other, ann)
    expect_live(other)

    page.get_by_role("button", name="Stop trusting").click()
    expect(page.get_by_text("No device is trusted")).to_be_visible()
    other.get_by_role("button", name="Your account, Ann").click()
    other.get_by_role("button", name="Sign out").click()
    sign_in(other, ann)
    other.get_by_label("Code").fill(codes[0])
    other.locator("#entrance-form").get_by_role("button", name="Sign in").click()
    expect_live(other)
    expect(page.get_by_role("region", name="Recovery codes")).to_contain_text("9 codes of 10 left")


def test_codes_are_replaced_and_the_app_is_removed(open_page: OpenPage, ann: Account) -> None:
    page = open_page(ann, "/#/settings/security")
    _, codes = set_up_app(page)
    page.get_by_role("button", name="Make new codes").click()
    page.get_by_role("dialog").get_by_role("button", name="Make new codes").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert not set(page.locator(".codes li").all_inner_texts()) & set(codes)
    shoot(page, "recovery-codes")
    page.get_by_role("button", name="I have kept them").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()
    expect(page.get_by_role("region", name="Recovery codes")).to_have_count(0)


def test_a_passkey_is_made_and_signs_in_as_second_factor_and_alone(
    open_page: OpenPage, ann: Account, server: Server
) -> None:
    page = open_page()
    with_authenticator(page)
    page.goto(by_name(server))
    sign_in(page, ann)
    expect_live(page)
    page.goto(f"{by_name(server)}/#/settings/security")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Name", exact=True).fill("Boat computer")
    page.get_by_role("button", name="Go on").click()
    prove_password(page)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("button", name="I have kept them").click()
    passkeys = page.get_by_role("region", name="Passkeys")
    expect(passkeys).to_contain_text("Boat computer")
    page.get_by_role("button", name="Rename Boat computer").click()
    page.get_by_label("Name", exact=True).fill("Old boat computer")
    page.get_by_role("button", name="Save").click()
    expect(passkeys).to_contain_text("Old boat computer")
    shoot(page, "security-passkey")

    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect_live(page)

    sign_out(page)
    sign_in(page, ann)
    page.get_by_role("button", name="Use a passkey").click()
    expect_live(page)

    page.goto(f"{by_name(server)}/#/settings/security")
    page.get_by_role("button", name="Remove Old boat computer").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_role("dialog", name="Is it you?").get_by_role("button", name="Use a passkey").click()
    expect(passkeys).not_to_contain_text("boat computer")
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("not accepted"))).to_be_visible()


def sign_out(page: Page) -> None:
    """Sign out by the account's dialog."""
    page.get_by_role("button", name="Your account, Ann").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()


@SCHEMES
def test_the_security_page_and_its_dialogs_are_accessible_and_fit_a_phone(
    open_page: OpenPage, ann: Account, scheme: str
) -> None:
    page = open_page(ann, "/#/settings/security", color_scheme=scheme)
    expect(page.get_by_role("heading", name="Authenticator app")).to_be_visible()
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_alt_text("QR code with the secret below")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Cancel").click()
    set_up_app(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert_accessible(page)
    shoot(page, f"security-phone-{scheme}")
    other = open_page(color_scheme=scheme)
    sign_in(other, ann)
    expect(other.get_by_role("heading", name="One more step")).to_be_visible()
    assert_accessible(other)


def test_who_cannot_be_reached_by_a_passkey_is_told_why(open_page: OpenPage, server: Server) -> None:
    assert httpx.get(f"{server.address}/_allauth/app/v1/auth/webauthn/login", timeout=60).is_success
    page = open_page()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="Open the site by its name")).to_be_visible()


def test_an_address_that_is_not_verified_comes_first(open_page: OpenPage, account: Callable[[str], Account]) -> None:
    page = open_page(account("Ann"), "/#/settings/security")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("Verify your e-mail address first")).to_be_visible()
