"""Coming in: accounts, mistakes in forms, communities to join and to found."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PASSWORD, Account, Place, expect_bodies, expect_live, found, shoot, write

OpenPage = Callable[..., Page]


def test_mistakes_in_the_sign_up_form_get_clear_sentences(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    taken = account("Ann")
    page = open_page()
    shoot(page, "sign-in")
    page.get_by_role("button", name="Create an account").click()
    submit = page.get_by_role("button", name="Create account")
    submit.click()
    for sentence in ("E-mail is missing.", "Username is missing.", "Password is missing."):
        expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.get_by_label("E-mail").fill("not an address")
    page.get_by_label("Username").fill("two words")
    page.get_by_label("Password", exact=True).fill("short")
    submit.click()
    expect(page.get_by_text("This does not look like an e-mail address.")).to_be_visible()
    expect(page.get_by_text("Use 3 to 32 letters")).to_be_visible()
    expect(page.get_by_text("Use at least 8 characters.")).to_be_visible()
    shoot(page, "sign-up-mistakes")
    page.get_by_label("E-mail").fill("ann@example.org")
    page.get_by_label("Username").fill(taken.username)
    page.get_by_label("Password", exact=True).fill("password1")
    submit.click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("too common")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit.click()
    expect(page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")


def test_a_newcomer_signs_up_and_founds_a_community_and_writes(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill("newcomer@example.org")
    page.get_by_label("Username").fill("newcomer")
    page.get_by_label("Name shown to others").fill("Nora Newcomer")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect_live(page)
    expect(page.get_by_text("You are in no community yet.")).to_be_visible()
    page.get_by_role("button", name="Create a community").click()
    page.get_by_label("Name", exact=True).fill("Night Owls")
    page.get_by_role("button", name="Create community").click()
    expect(page.get_by_role("heading", name="Welcome to Night Owls")).to_be_visible()
    page.get_by_role("button", name="Create a room").click()
    page.get_by_label("Name", exact=True).fill("roost")
    page.get_by_role("button", name="Create room").click()
    write(page, "Hoo")
    expect_bodies(page, ["Hoo"])


def test_a_wrong_password_is_said_so_and_the_right_one_lets_in(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page = open_page()
    page.get_by_label("E-mail, username or phone number").fill(ann.username)
    page.get_by_label("Password", exact=True).fill("not this one")
    page.locator("#entrance-form").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("The login or the password is wrong.")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("#entrance-form").get_by_role("button", name="Sign in", exact=True).click()
    expect_live(page)
    page.reload()
    expect_live(page)


def test_an_open_community_is_joined_with_one_button(
    open_page: OpenPage, account: Callable[[str], Account], place: Place
) -> None:
    founder = place.founder
    open_one = found(founder, f"Gardeners of {founder.username}")
    open_one.write(founder, "Welcome, all")
    page = open_page(account("Ben"))
    page.get_by_role("button", name=f"Join Gardeners of {founder.username}").click()
    expect(page.get_by_role("heading", name=re.compile("Welcome to Gardeners"))).to_be_visible()
    page.get_by_role("link", name="general").click()
    expect_bodies(page, ["Welcome, all"])


def test_an_address_that_is_not_ours_says_so_without_telling_whether_it_exists(
    open_page: OpenPage, account: Callable[[str], Account], place: Place
) -> None:
    stranger = account("Eve")
    page = open_page(stranger, place.room_address)
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    foreign = page.locator("#stage").inner_text()
    page.goto("about:blank")  # a page that goes on would still show the first answer for a moment
    page.goto(f"{stranger.address}/#/c/{place.room['id']}/r/{place.community['id']}")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(page.locator("#stage")).to_have_text(foreign, use_inner_text=True)


def test_the_form_for_newcomers_has_an_address_of_its_own(open_page: OpenPage, place: Place) -> None:
    page = open_page(path="/#/sign-up")
    expect(page.get_by_role("heading", name="Join in")).to_be_visible()
    page.get_by_role("button", name="Sign in", exact=True).first.click()
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    assert page.url == f"{place.founder.address}/#/"
    page.get_by_role("button", name="Create an account").click()
    assert page.url == f"{place.founder.address}/#/sign-up"
    page.get_by_role("button", name="Sign in", exact=True).first.click()
    page.goto(f"{place.founder.address}/#/sign-up")
    expect(page.get_by_role("heading", name="Join in")).to_be_visible()
    inside = open_page(place.founder, "/#/sign-up")
    assert inside.url == f"{place.founder.address}/#/"


def test_a_place_to_go_to_is_kept_while_somebody_signs_up(open_page: OpenPage, place: Place) -> None:
    page = open_page(path="/#/settings/devices")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill("settler@example.org")
    page.get_by_label("Username").fill("settler")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect_live(page)
    expect(page.get_by_role("heading", name="Devices", exact=True)).to_be_visible()
