"""What mails are for: a forgotten password by code and by link, and addresses that are verified by either."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import PASSWORD, PHONE, Account, expect_live, shoot, sign_up
from tests.e2e.stack import Server, Stack
from tests.e2e.test_accessibility import SCHEMES, assert_accessible
from tests.e2e.test_second_factors import prove_password, set_up_app

OpenPage = Callable[..., Page]
NEW = "a wholly new sentence"
MAIL_SECONDS = 60
STARTED = datetime.now(UTC)


@pytest.fixture(scope="module")
def strict(stack: Stack) -> Server:
    """Return a server that sends links for new passwords, and lets in nobody whose address is not verified."""
    return stack.start_with(PASSWORD_RESET="link", EMAIL_VERIFICATION="mandatory")


def mail_to(address: str, email: str, subject: str, *, after: Any = None) -> Any:
    """Wait for the newest mail of this run, or after that one, to somebody whose subject has these words; outboxes outlive runs."""
    earliest = datetime.fromisoformat(after["sent_at"]) if after else STARTED
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        messages = httpx.get(f"{address}/dev/outbox.json", params={"to": email}, timeout=MAIL_SECONDS).json()[
            "messages"
        ]
        for message in messages:
            if subject in message["subject"] and datetime.fromisoformat(message["sent_at"]) > earliest:
                return message
        time.sleep(0.2)
    raise AssertionError(f"no mail to {email} with {subject!r}")


def path_of(mail: Any) -> str:
    """Return where the link of a mail leads, on whichever server."""
    return "/#" + urlsplit(mail["links"][0]).fragment


def email_of(account: Account) -> str:
    return f"{account.username}@example.org"


def join_strictly(page: Page, strict: Server, username: str) -> None:
    """Sign up where the address is verified by the code of the mail."""
    email = f"{username}@example.org"
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit(page, "Create account")
    page.get_by_label("Code").fill(mail_to(strict.address, email, "")["code"])
    submit(page, "Confirm and sign in")
    expect_live(page)


def submit(page: Page, label: str) -> None:
    page.locator("#entrance-form").get_by_role("button", name=label, exact=True).click()


def ask_for_mail(page: Page, email: str) -> None:
    page.get_by_role("button", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(email)
    submit(page, "Send the mail")


def sign_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("E-mail, username or phone number").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    submit(page, "Sign in")


def test_a_forgotten_password_is_changed_with_the_code_of_the_mail(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page = open_page()
    page.get_by_label("E-mail, username or phone number").fill(email_of(ann))
    page.get_by_role("button", name="Forgot your password?").click()
    expect(page.get_by_label("E-mail")).to_have_value(email_of(ann))
    expect(page.get_by_label("E-mail")).to_be_focused()
    shoot(page, "forgotten")
    page.get_by_label("E-mail").fill("nobody")
    submit(page, "Send the mail")
    expect(page.get_by_text("This does not look like an e-mail address.")).to_be_visible()
    page.get_by_label("E-mail").fill(email_of(ann))
    submit(page, "Send the mail")
    code = mail_to(ann.address, email_of(ann), "is your code for a new password")["code"]
    page.get_by_label("Code").fill("BBBB-BBBB")
    page.get_by_role("textbox", name="New password").fill(NEW)
    submit(page, "Change password")
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    expect(page.get_by_role("textbox", name="New password")).to_have_value(NEW)
    shoot(page, "new-password-by-code")
    page.get_by_label("Code").fill(code)
    page.get_by_role("textbox", name="New password").fill("password1")
    submit(page, "Change password")
    expect(page.get_by_text("too common")).to_be_visible()
    expect(page.get_by_label("Code")).to_have_value(code)
    page.get_by_role("textbox", name="New password").fill(NEW)
    submit(page, "Change password")
    expect(page.get_by_role("alert").filter(has_text="Your password is changed")).to_be_visible()
    expect(page.get_by_label("E-mail, username or phone number")).to_have_value(email_of(ann))
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    shoot(page, "password-changed")
    page.get_by_label("Password", exact=True).fill(NEW)
    submit(page, "Sign in")
    expect_live(page)


def test_an_address_that_nobody_has_is_answered_as_any_other(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    pages = [open_page(), open_page()]
    emails = [email_of(ann), f"not-{email_of(ann)}"]
    shown = []
    for page, email in zip(pages, emails, strict=True):
        ask_for_mail(page, email)
        expect(page.get_by_label("Code")).to_be_visible()
        shown.append(page.locator(".entrance-door").inner_text().replace(email, "…"))
    assert shown[0] == shown[1]


def test_a_code_that_was_guessed_at_thrice_is_said_to_be_no_longer_good(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page = open_page()
    ask_for_mail(page, email_of(ann))
    page.get_by_role("textbox", name="New password").fill(NEW)
    for guess in ("BBBB-BBBB", "CCCC-CCCC", "DDDD-DDDD"):
        page.get_by_label("Code").fill(guess)
        with page.expect_response("**/auth/password/reset"):
            submit(page, "Change password")
        expect(page.get_by_role("button", name="Change password")).to_be_enabled()
    submit(page, "Change password")
    expect(page.get_by_role("alert")).to_have_text("This code is no longer good. Ask for a new mail.")
    page.get_by_role("button", name="Ask for a new mail").click()
    expect(page.get_by_label("E-mail")).to_have_value(email_of(ann))


def test_a_forgotten_password_is_changed_by_the_link_of_the_mail_once(
    open_page: OpenPage, account: Callable[[str], Account], strict: Server, stack: Stack
) -> None:
    ann = account("Ann")
    stack.verify_address(ann.username)
    page = open_page(at=strict)
    ask_for_mail(page, email_of(ann))
    expect(page.get_by_text("Open the link in it")).to_be_visible()
    shoot(page, "look-at-your-mail")
    path = path_of(mail_to(strict.address, email_of(ann), "new password"))
    page.goto(strict.address + path)
    page.get_by_role("textbox", name="New password").fill("password1")
    submit(page, "Change password")
    expect(page.get_by_text("too common")).to_be_visible()
    page.get_by_role("textbox", name="New password").fill(NEW)
    shoot(page, "new-password-by-link")
    submit(page, "Change password")
    expect(page.get_by_role("alert").filter(has_text="Your password is changed")).to_be_visible()
    assert page.url == f"{strict.address}/#/"
    sign_in(page, ann.username, NEW)
    expect_live(page)
    page.goto(strict.address + path)
    expect(page.get_by_role("alert")).to_have_text("This link was used already, or is too old.")
    shoot(page, "old-link")
    page.get_by_role("button", name="Go on without").click()
    expect_live(page)


def test_an_address_is_verified_by_the_link_of_the_mail_and_the_mail_is_sent_again(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    first = mail_to(ann.address, email_of(ann), "confirm your e-mail address")
    page = open_page(ann, "/#/settings/security")
    panel = page.get_by_role("region", name="E-mail address")
    expect(panel).to_contain_text("Not confirmed yet")
    shoot(page, "security-address")
    panel.get_by_role("button", name="Send a new mail").click()
    expect(page.locator(".toast")).to_contain_text("mail")
    page.goto(ann.address + path_of(first))
    expect(page.get_by_text(f"Does {email_of(ann)} belong to you?")).to_be_visible()
    shoot(page, "confirm-address")
    submit(page, "Yes, confirm it")
    expect(page.get_by_text(f"{email_of(ann)} is confirmed.")).to_be_visible()
    submit(page, "Go on")
    expect_live(page)
    page.goto(f"{ann.address}/#/settings/security")
    expect(panel).to_contain_text("Confirmed")
    expect(panel.get_by_role("button", name="Send a new mail")).to_have_count(0)


def test_an_address_is_changed_after_a_proof_by_the_link_of_the_mail(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    new = f"new-{email_of(ann)}"
    page = open_page(ann, "/#/settings/security")
    panel = page.get_by_role("region", name="E-mail address")
    panel.get_by_role("button", name="Change your e-mail address").click()
    expect(page.get_by_label("New e-mail address")).to_be_focused()
    page.get_by_label("New e-mail address").fill("new")
    page.get_by_role("button", name="Send a mail to it").click()
    expect(page.get_by_text("This does not look like an e-mail address.")).to_be_visible()
    shoot(page, "change-address")
    page.get_by_label("New e-mail address").fill(new)
    page.get_by_role("button", name="Send a mail to it").click()
    prove_password(page)
    expect(page.locator(".toast")).to_contain_text(f"We have sent a mail to {new}.")
    expect(panel).to_contain_text(new)
    shoot(page, "address-offered")
    page.goto(ann.address + path_of(mail_to(ann.address, new, "")))
    submit(page, "Yes, confirm it")
    expect(page.get_by_text(f"{new} is confirmed.")).to_be_visible()
    submit(page, "Go on")
    page.goto(f"{ann.address}/#/settings/security")
    expect(panel.locator(".entry")).to_have_text([re.compile(f"^{re.escape(new)}Confirmed$")])


def test_an_address_is_changed_by_the_code_of_the_mail_where_addresses_must_be_verified(
    open_page: OpenPage, strict: Server
) -> None:
    page = open_page(at=strict)
    join_strictly(page, strict, "strict-mover")
    page.goto(f"{strict.address}/#/settings/security")
    panel = page.get_by_role("region", name="E-mail address")
    panel.get_by_role("button", name="Change your e-mail address").click()
    page.get_by_label("New e-mail address").fill("moved@example.org")
    page.get_by_role("button", name="Send a mail to it").click()
    prove_password(page)
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill("BBBB-BBBB")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    shoot(page, "change-address-code")
    page.get_by_label("Code").fill(mail_to(strict.address, "moved@example.org", "")["code"])
    page.get_by_role("button", name="Confirm").click()
    expect(panel.locator(".entry")).to_have_text([re.compile("^moved@example.orgConfirmed$")])


def test_a_link_that_was_changed_is_said_to_be_no_good(open_page: OpenPage) -> None:
    page = open_page(None, "/#/verify-email/x%3Ay%3Az")
    expect(page.get_by_role("alert")).to_have_text("This link was used already, or is too old.")
    page.get_by_role("button", name="Go on without").click()
    expect(page.get_by_label("E-mail, username or phone number")).to_be_visible()


def test_where_addresses_must_be_verified_a_newcomer_is_asked_for_the_code(open_page: OpenPage, strict: Server) -> None:
    page = open_page(at=strict)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill("strict-newcomer@example.org")
    page.get_by_label("Username").fill("strict-newcomer")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit(page, "Create account")
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill("BBBB-BBBB")
    submit(page, "Confirm and sign in")
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    shoot(page, "address-code")
    page.reload()  # as when somebody looked into their mail meanwhile
    expect(page.get_by_label("Code")).to_be_focused()
    first = mail_to(strict.address, "strict-newcomer@example.org", "")
    again = page.get_by_role("button", name="Send the code again")
    expect(again).to_have_attribute("aria-disabled", "true")
    assert_accessible(page)
    page.clock.install()
    page.reload()
    expect(again).to_have_text(re.compile(r"^Send the code again \(in \d+ s\)$"))
    page.clock.run_for(31_000)
    expect(again).to_have_text("Send the code again")
    again.click()
    expect(page.get_by_text("A new code is on its way.")).to_be_visible()
    expect(again).to_have_text(re.compile(r"\(in \d+ s\)$"))
    shoot(page, "address-code-again")
    page.get_by_label("Code").fill(first["code"])
    submit(page, "Confirm and sign in")
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    page.clock.resume()
    code = mail_to(strict.address, "strict-newcomer@example.org", "", after=first)["code"]
    page.get_by_label("Code").fill(code)
    submit(page, "Confirm and sign in")
    expect_live(page)


def test_a_second_factor_is_asked_for_after_a_new_password_and_after_the_code_of_an_address(
    open_page: OpenPage, account: Callable[[str], Account], stack: Stack, strict: Server
) -> None:
    ann = account("Ann")
    stack.verify_address(ann.username)
    _, codes = set_up_app(open_page(ann, "/#/settings/security"))
    page = open_page(at=strict)
    ask_for_mail(page, email_of(ann))
    page.goto(strict.address + path_of(mail_to(strict.address, email_of(ann), "new password")))
    page.get_by_role("textbox", name="New password").fill(NEW)
    submit(page, "Change password")
    sign_in(page, ann.username, NEW)
    expect(page.get_by_label("Do not ask on this device")).to_be_visible()

    stack.verify_address(ann.username, verified=False)
    page.get_by_role("button", name="Back to the password").click()
    sign_in(page, ann.username, NEW)
    page.get_by_label("Code").fill(mail_to(strict.address, email_of(ann), "is your code")["code"])
    submit(page, "Confirm and sign in")
    expect(page.get_by_label("Do not ask on this device")).to_be_visible()
    page.get_by_label("Code").fill(codes[0])
    submit(page, "Sign in")
    expect_live(page)


@SCHEMES
def test_the_pages_of_mails_are_accessible_and_fit_a_phone(open_page: OpenPage, server: Server, scheme: str) -> None:
    ann = sign_up(server.address, "Ann")
    page = open_page(color_scheme=scheme, viewport=PHONE)
    shoot(page, f"phone-entrance-{scheme}")
    ask_for_mail(page, email_of(ann))
    expect(page.get_by_label("Code")).to_be_visible()
    submit(page, "Change password")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    shoot(page, f"phone-new-password-{scheme}")
    page.goto(server.address + path_of(mail_to(server.address, email_of(ann), "confirm your e-mail address")))
    expect(page.get_by_role("heading", name="Confirm your address")).to_be_visible()
    assert_accessible(page)
    shoot(page, f"phone-confirm-{scheme}")
