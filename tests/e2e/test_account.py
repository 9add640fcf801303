"""The account on its page: name, password, phone number; closing it for a while and for good, and keeping it after all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import PASSWORD, PHONE, Account, Place, expect_live, shoot
from tests.e2e.stack import Stack
from tests.e2e.test_accessibility import SCHEMES, assert_accessible
from tests.e2e.test_mail_steps import MAIL_SECONDS, mail_to
from tests.e2e.test_second_factors import sign_in

OpenPage = Callable[..., Page]
PATH = "/#/settings/account"
NEW = "a wholly new sentence"
_numbers: Iterator[str] = (f"+447700900{number:03}" for number in count(100))


@pytest.fixture
def ann(account: Callable[[str], Account]) -> Account:
    """Return Ann, who has just signed up."""
    return account("Ann")


def code_for(ann: Account, number: str, *, after: str = "") -> str:
    """Wait for the code of a text message to the number, one other than `after`."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        code: str = mail_to(ann.address, number, "")["code"]
        if code != after:
            return code
        time.sleep(0.2)
    raise AssertionError(f"no other code came to {number}")


def prove_password(page: Page) -> None:
    """Answer the question who one is."""
    proof = page.get_by_role("dialog", name="Is it you?")
    proof.get_by_label("Your password").fill(PASSWORD)
    proof.get_by_role("button", name="Go on").click()
    expect(proof).to_have_count(0)


def ask_for_code(page: Page, number: str, opener: str = "Add a number") -> None:
    """Go as far as the code that was sent to a number."""
    page.get_by_role("button", name=opener).click()
    page.get_by_role("textbox", name="Phone number").fill(number)
    page.get_by_role("button", name="Send the code").click()


def confirm(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm").click()


def say_yes(page: Page, opener: str, label: str) -> None:
    page.get_by_role("button", name=opener).click()
    page.get_by_role("dialog").get_by_role("button", name=label).click()


def expect_entrance(page: Page, words: str) -> None:
    """Wait until the page is at the entrance and says this."""
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    expect(page.locator("#entrance-notice")).to_contain_text(words)


def test_the_name_that_others_see_is_changed(open_page: OpenPage, ann: Account) -> None:
    page = open_page(ann, PATH)
    name = page.get_by_role("region", name="Name")
    expect(name).to_contain_text(f"Others see you as Ann, @{ann.username}.")
    shoot(page, "account")
    page.get_by_role("button", name="Change your name").click()
    page.get_by_label("Name shown to others").fill("  ")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Name shown to others is missing.")).to_be_visible()
    page.get_by_label("Name shown to others").fill("Ann of the Harbour")
    page.get_by_role("button", name="Save").click()
    expect(name).to_contain_text("Others see you as Ann of the Harbour")
    expect(page.get_by_role("button", name="Change your name")).to_be_focused()
    expect(page.get_by_role("button", name="Your account, Ann of the Harbour")).to_be_visible()


def test_the_password_is_changed_and_other_devices_are_signed_out(open_page: OpenPage, ann: Account) -> None:
    page = open_page(ann, PATH)
    other = open_page()
    sign_in(other, ann)
    expect_live(other)
    page.get_by_role("button", name="Change password").click()
    change = page.get_by_role("dialog").get_by_role("button", name="Change password")
    present = page.get_by_role("textbox", name="Present password")
    new = page.get_by_role("textbox", name="New password")
    present.fill("not my password")
    new.fill("short")
    change.click()
    expect(page.get_by_text("Use at least 8 characters.")).to_be_visible()
    new.fill(NEW)
    change.click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    expect(present).to_be_focused()
    shoot(page, "password-mistake")
    present.fill(PASSWORD)
    new.fill("password1")
    change.click()
    expect(page.get_by_text("too common")).to_be_visible()
    new.fill(NEW)
    change.click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)  # it has a button of the same name
    expect(page.get_by_role("button", name="Change password")).to_be_focused()
    expect_entrance(other, "This device was signed out")
    page.reload()
    expect_live(page)


def test_a_number_is_added_by_its_code_and_signs_in(open_page: OpenPage, ann: Account) -> None:
    number = next(_numbers)
    page = open_page(ann, PATH)
    panel = page.get_by_role("region", name="Phone number")
    page.get_by_role("button", name="Add a number").click()
    expect(page.get_by_role("textbox", name="Phone number")).to_be_focused()
    for typed, sentence in (
        ("07700 900123", "Begin with + and the country code"),
        ("+44 1", "Begin with +"),
        ("+999 123 4567", "We cannot send text messages to this number."),
    ):
        page.get_by_role("textbox", name="Phone number").fill(typed)
        page.get_by_role("button", name="Send the code").click()
        expect(page.get_by_text(sentence)).to_be_visible()
    page.get_by_role("textbox", name="Phone number").fill(f"{number[:3]} ({number[3:7]}) {number[7:]}")
    page.get_by_role("button", name="Send the code").click()
    prove_password(page)
    expect(page.get_by_text(f"We have sent a code to {number}.")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    code = code_for(ann, number)
    confirm(page, "12345")
    expect(page.get_by_text("The code has six digits.")).to_be_visible()
    confirm(page, "000000" if code != "000000" else "111111")
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    expect(panel).to_contain_text("With a number of yours you can sign in.")
    shoot(page, "phone-code-mistake")
    confirm(page, f"{code[:3]} {code[3:]}")
    expect(panel).to_contain_text(f"{number} is yours")
    expect(page.get_by_role("button", name="Change number")).to_be_focused()
    shoot(page, "phone-number")

    other = open_page()
    other.get_by_label("E-mail, username or phone number").fill(number)
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.locator("#entrance-form").get_by_role("button", name="Sign in", exact=True).click()
    expect_live(other)


def test_a_number_is_changed_and_a_code_that_is_used_up_is_replaced(open_page: OpenPage, ann: Account) -> None:
    first, second = next(_numbers), next(_numbers)
    page = open_page(ann, PATH)
    ask_for_code(page, first)
    prove_password(page)
    code = code_for(ann, first)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(3):
        confirm(page, wrong)
        expect(page.get_by_role("button", name="Confirm")).to_be_enabled()
    confirm(page, code)
    expect(page.get_by_text("This code is no longer good. Have a new one sent.")).to_be_visible()
    page.get_by_role("button", name="Use another number").click()
    expect(page.get_by_role("textbox", name="Phone number")).to_have_value(first)
    page.get_by_role("textbox", name="Phone number").fill(second)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_text(f"We have sent a code to {second}.")).to_be_visible()
    confirm(page, code_for(ann, second))
    expect(page.get_by_role("region", name="Phone number")).to_contain_text(f"{second} is yours")
    ask_for_code(page, second, "Change number")
    expect(page.get_by_text("This is your number already.")).to_be_visible()


def test_a_number_is_removed_after_a_proof_and_signs_nobody_in(open_page: OpenPage, ann: Account, stack: Stack) -> None:
    number = next(_numbers)
    page, other = open_page(ann, PATH), open_page(None, PATH)
    sign_in(other, ann)
    ask_for_code(page, number)
    prove_password(page)
    confirm(page, code_for(ann, number))
    for each in (page, other):
        expect(each.get_by_role("region", name="Phone number")).to_contain_text(f"{number} is yours")
    stack.age_sign_ins(ann.username)
    say_yes(other, "Remove your phone number", "Remove it")
    proof = other.get_by_role("dialog", name="Is it you?")
    proof.get_by_label("Your password").fill("not my password")
    proof.get_by_role("button", name="Go on").click()
    expect(proof.locator(".mistake")).to_be_visible()
    shoot(other, "proof-mistake")
    prove_password(other)
    for each in (page, other):
        expect(each.get_by_role("region", name="Phone number")).to_contain_text(
            "With a number of yours you can sign in."
        )
    expect(other.get_by_role("button", name="Add a number")).to_be_focused()
    login = {"login": number, "password": PASSWORD}
    answer = httpx.post(f"{ann.address}/api/v1/auth/login", json=login, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.invalid_credentials")


def test_a_number_of_somebody_else_is_told_to_who_has_it_in_the_hand(
    open_page: OpenPage, ann: Account, account: Callable[[str], Account]
) -> None:
    number = next(_numbers)
    page = open_page(ann, PATH)
    ask_for_code(page, number)
    prove_password(page)
    code = code_for(ann, number)
    confirm(page, code)
    expect(page.get_by_role("region", name="Phone number")).to_contain_text(f"{number} is yours")
    other = open_page(account("Ben"), PATH)
    ask_for_code(other, number)
    prove_password(other)
    confirm(other, code_for(ann, number, after=code))
    expect(other.get_by_text("This number belongs to another account.")).to_be_visible()
    expect(other.get_by_role("region", name="Phone number")).to_contain_text("With a number of yours you can sign in.")


def test_an_account_is_deactivated_and_comes_back_by_signing_in(open_page: OpenPage, ann: Account) -> None:
    page, tab = open_page(ann, PATH), open_page(ann)
    page.get_by_role("button", name="Deactivate").click()
    shoot(page, "deactivate")
    page.get_by_role("dialog").get_by_role("button", name="Deactivate it").click()
    for each in (page, tab):
        expect_entrance(each, "Your account is deactivated. Sign in when you want it back.")
    shoot(page, "deactivated")
    page.reload()
    expect_entrance(page, "Your account is deactivated.")
    sign_in(page, ann)
    expect_live(page)


def test_an_account_is_to_be_deleted_and_kept_after_all(open_page: OpenPage, ann: Account) -> None:
    page = open_page(ann, PATH)
    page.get_by_role("button", name="Delete account").click()
    shoot(page, "delete-account")
    page.get_by_role("dialog").get_by_role("button", name="Delete my account").click()
    expect_entrance(page, "Your account will be deleted on")
    sign_in(page, ann)
    expect(page.get_by_role("heading", name="Your account will be deleted")).to_be_visible()
    keep = page.get_by_role("button", name="Keep my account")
    expect(keep).to_be_focused()
    shoot(page, "keep-account")
    page.get_by_role("button", name="Let it be deleted").click()
    expect(page.get_by_label("E-mail, username or phone number")).to_be_focused()
    sign_in(page, ann)
    keep.click()
    expect_entrance(page, "Your account stays. Sign in to go on.")
    sign_in(page, ann)
    expect_live(page)


def test_who_alone_owns_a_community_is_told_which_one_to_hand_over_and_can_do_it(
    open_page: OpenPage, place: Place, account: Callable[[str], Account]
) -> None:
    place.admit(account("Ben"))
    page = open_page(place.founder, PATH)
    say_yes(page, "Delete account", "Delete my account")
    expect(
        page.get_by_role("alert").filter(has_text="Make another member owner of “Harbour Row” first")
    ).to_be_visible()
    shoot(page, "delete-refused")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete account")).to_be_focused()

    page.goto(place.founder.address + place.room_address)
    page.get_by_role("button", name="Ben").click()
    page.get_by_role("button", name="Make the owner").click()
    shoot(page, "make-owner")
    page.get_by_role("button", name="Make the owner").click()
    expect(page.locator("#members li", has_text="Ben")).to_be_visible()
    expect(page.locator("#members h3:visible").first).to_have_text("Owner")
    expect(page.locator("#members h3:visible + ul").first).to_contain_text("Ben")
    page.goto(place.founder.address + PATH)
    say_yes(page, "Delete account", "Delete my account")
    expect_entrance(page, "Your account will be deleted on")


def test_an_account_is_deactivated_by_keyboard_alone(open_page: OpenPage, ann: Account) -> None:
    page = open_page(ann, PATH)
    page.get_by_role("button", name="Deactivate").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_entrance(page, "Your account is deactivated.")


@SCHEMES
def test_the_page_of_the_account_and_its_dialogs_are_accessible_and_fit_a_phone(
    open_page: OpenPage, ann: Account, scheme: str
) -> None:
    page = open_page(ann, PATH, color_scheme=scheme)
    expect(page.get_by_role("region", name="Leaving")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert_accessible(page)
    shoot(page, f"account-phone-{scheme}")
    for opener in ("Change your name", "Add a number", "Change password", "Deactivate", "Delete account"):
        page.get_by_role("button", name=opener).click()
        assert_accessible(page)
        shoot(page, f"account-{opener.lower().replace(' ', '-')}-{scheme}")
        page.keyboard.press("Escape")
