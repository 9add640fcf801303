"""The door of the admin panel in a real browser: the one sign-in, and what it says to whom the panel is closed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import PASSWORD, Account, expect_live, shoot, sign_up
from tests.e2e.stack import ROOT, Server, Stack
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_second_factors import by_name, prove_password, set_up_app, sign_in, with_authenticator

OpenPage = Callable[..., Page]


def test_who_is_no_staff_signs_in_and_is_told_so(browser: Browser, server: Server) -> None:
    account = sign_up(server.address, "Visitor")
    page = browser.new_page()
    page.goto(f"{server.address}/admin/accounts/user/")
    expect(page.get_by_text("Sign in to the admin panel.")).to_be_visible()
    page.get_by_label("E-mail, username or phone number").fill(account.username)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This account is not of the staff.")).to_be_visible()
    page.close()


def make_staff(account: Account, server: Server) -> None:
    """Give somebody the role of support."""
    for arguments in (["sync"], ["grant", account.username, "support", "--reason", "new"]):
        command = [sys.executable, "manage.py", "staff_roles", *arguments]
        subprocess.run(command, cwd=ROOT, env=server.environment, check=True, timeout=60)


def give_password(page: Page, account: Account) -> None:
    """Take the first step at the door."""
    page.get_by_label("E-mail, username or phone number").fill(account.username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_staff_come_in_to_the_page_that_they_asked_for(open_page: OpenPage, server: Server) -> None:
    account = sign_up(server.address, "Steward")
    make_staff(account, server)
    page = open_page(None, "/admin/accounts/user/")
    give_password(page, account)
    expect(page.get_by_role("heading", name="Select user to view")).to_be_visible()


@pytest.fixture(scope="module")
def guarded(stack: Stack) -> Server:
    """Return a server whose panel opens after a second factor alone."""
    return stack.start_with(STAFF_SECOND_FACTOR="required")


def test_who_has_no_second_factor_is_told_to_set_one_up(open_page: OpenPage, guarded: Server) -> None:
    account = sign_up(guarded.address, "Steward")
    make_staff(account, guarded)
    page = open_page(None, "/admin/accounts/user/", at=guarded)
    give_password(page, account)
    expect(page.get_by_text("The admin panel needs a second factor. Set one up")).to_be_visible()
    assert_accessible(page)
    shoot(page, "staff-no-factor")


def test_staff_come_in_with_a_code(open_page: OpenPage, guarded: Server, stack: Stack) -> None:
    account = sign_up(guarded.address, "Steward")
    make_staff(account, guarded)
    stack.verify_address(account.username)
    _, codes = set_up_app(open_page(account, "/#/settings/security", at=guarded))
    page = open_page(None, "/admin/accounts/user/", at=guarded)
    give_password(page, account)
    expect(page.get_by_text("Now your second factor.")).to_be_visible()
    assert_accessible(page)
    shoot(page, "staff-code")
    page.get_by_label("Code of your app").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This code is not right, or was used already.")).to_be_visible()
    page.get_by_label("Code of your app").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Select user to view")).to_be_visible()


def test_staff_come_in_with_a_passkey_after_the_password_and_without(
    open_page: OpenPage, guarded: Server, stack: Stack
) -> None:
    account = sign_up(guarded.address, "Steward")
    make_staff(account, guarded)
    stack.verify_address(account.username)
    page = open_page(at=guarded)
    with_authenticator(page)
    page.goto(f"{by_name(guarded)}/#/settings/security")
    sign_in(page, account)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Name", exact=True).fill("Desk")
    page.get_by_role("button", name="Go on").click()
    prove_password(page)
    page.get_by_role("button", name="I have kept them").click()
    for password_first in (True, False):
        page.context.clear_cookies()
        page.goto(f"{by_name(guarded)}/admin/accounts/user/")
        if password_first:
            give_password(page, account)
            expect(page.get_by_text("Now your second factor.")).to_be_visible()
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("heading", name="Select user to view")).to_be_visible()


def test_who_was_signed_in_by_password_alone_proves_the_rest_at_the_door(
    open_page: OpenPage, guarded: Server, stack: Stack
) -> None:
    account = sign_up(guarded.address, "Steward")
    make_staff(account, guarded)
    stack.verify_address(account.username)
    page = open_page(at=guarded)
    sign_in(page, account)
    expect_live(page)
    other = open_page(None, "/#/settings/security", at=guarded)
    sign_in(other, account)
    _, codes = set_up_app(other)
    page.goto(f"{guarded.address}/admin/accounts/user/")
    expect(page.get_by_text("Now your second factor.")).to_be_visible()
    page.get_by_label("Code of your app").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Select user to view")).to_be_visible()
