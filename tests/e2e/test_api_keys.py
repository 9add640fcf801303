"""API keys and bots on their page: made, shown once, used, replaced and ended; by pointer and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, expect_nothing_of, shoot
from tests.e2e.stack import Stack
from tests.e2e.test_accessibility import SCHEMES, assert_accessible
from tests.e2e.test_second_factors import prove_password

OpenPage = Callable[..., Page]
PATH = "/#/settings/api-keys"


def status_of(ann: Account, key: str, path: str = "me") -> int:
    """Return what the API answers to who comes with the key."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{ann.address}/api/v1/{path}", headers=headers, timeout=20).status_code


def keep_secret(page: Page) -> str:
    """Read the key that is shown and close its dialog."""
    expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_be_focused()
    secret = page.locator("dialog .secret").inner_text()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.locator("dialog .secret")).to_have_count(0)
    return secret


def make_key(page: Page, name: str, *allowed: str) -> str:
    """Fill in the dialog of a new key that is open, and return the key."""
    page.get_by_label("Name", exact=True).fill(name)
    for words in allowed:
        page.get_by_label(words).check()
    page.get_by_role("dialog").get_by_role("button", name="Make the key").click()
    return keep_secret(page)


def test_a_key_is_made_shown_once_used_replaced_and_ended(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page = open_page(ann, PATH)
    own = page.get_by_role("region", name="Your keys")
    expect(own).to_contain_text("You have no key.")
    shoot(page, "api-keys-empty")
    own.get_by_role("button", name="Make a key").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    shoot(page, "api-key-form")
    first = make_key(page, "Archive", "See the profile", "Read rooms and messages")
    expect(own.get_by_role("button", name="Make a key")).to_be_focused()
    entry = own.get_by_role("listitem")
    expect(entry).to_contain_text("Read rooms and messages; see the profile")
    expect(entry).to_contain_text("not used yet")
    expect_nothing_of(page, first)
    assert (status_of(ann, first), status_of(ann, first, "communities")) == (200, 403)

    own.get_by_role("button", name="Replace Archive").click()
    page.get_by_role("button", name="Make the new key").click()
    second = keep_secret(page)
    expect(entry).to_have_count(2)
    expect(own.get_by_text("Replaced, works until")).to_have_count(1)
    expect(own.get_by_role("button", name="Replace Archive")).to_have_count(1)
    assert (status_of(ann, first), status_of(ann, second)) == (200, 200)
    shoot(page, "api-keys-replaced")

    own.get_by_role("button", name=f"End Archive, {first[:16]}").click()
    page.get_by_role("button", name="End the key").click()
    expect(entry).to_have_count(1)
    assert (status_of(ann, first), status_of(ann, second)) == (401, 200)


def test_who_signed_in_long_ago_proves_it_once_more(
    open_page: OpenPage, account: Callable[[str], Account], stack: Stack
) -> None:
    ann = account("Ann")
    page = open_page(ann, PATH)
    stack.age_sign_ins(ann.username)
    page.get_by_role("region", name="Your keys").get_by_role("button", name="Make a key").click()
    page.get_by_label("Name", exact=True).fill("Archive")
    page.get_by_label("See the profile").check()
    page.get_by_role("button", name="Make the key").click()
    proof = page.get_by_role("dialog", name="Is it you?")
    proof.get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Archive")
    assert ann.call("GET", "me/keys")["items"] == []
    page.get_by_role("button", name="Make the key").click()
    prove_password(page)
    assert status_of(ann, keep_secret(page)) == 200


def test_a_replaced_key_may_end_at_once(open_page: OpenPage, account: Callable[[str], Account]) -> None:
    ann = account("Ann")
    made = ann.post("me/keys", name="Archive", scopes=["profile:read"])
    page = open_page(ann, PATH)
    page.get_by_role("button", name="Replace Archive").click()
    page.get_by_label("The old key works for").select_option("0")
    page.get_by_role("button", name="Make the new key").click()
    second = keep_secret(page)
    expect(page.get_by_role("region", name="Your keys").get_by_role("listitem")).to_have_count(1)
    assert (status_of(ann, made["secret"]), status_of(ann, second)) == (401, 200)


def test_what_is_missing_or_too_much_is_said_in_the_form(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page = open_page(ann, PATH)
    page.get_by_role("button", name="Make a key").click()
    make = page.get_by_role("button", name="Make the key")
    make.click()
    expect(page.get_by_text("Name is missing.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Archive")
    make.click()
    expect(page.get_by_text("Allow the key at least one thing.")).to_be_visible()
    shoot(page, "api-key-mistake")
    for number in range(10):
        ann.post("me/keys", name=f"Key {number}", scopes=["profile:read"])
    page.get_by_label("See the profile").check()
    make.click()
    expect(page.get_by_text("A user has at most 10 API keys. Revoke one first.")).to_be_visible()
    expect(page.get_by_role("region", name="Your keys").get_by_role("listitem")).to_have_count(10)


def test_the_list_follows_what_is_done_elsewhere_and_the_focus_stays(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    kept, gone = (ann.post("me/keys", name=name, scopes=["profile:read"])["key"] for name in ("Kept", "Gone"))
    page = open_page(ann, PATH)
    button = page.get_by_role("button", name=f"End Kept, {kept['prefix']}")
    button.focus()
    ann.call("DELETE", f"me/keys/{gone['id']}")
    expect(page.get_by_role("listitem").filter(has_text="Gone")).to_have_count(0)
    expect(button).to_be_focused()


def test_a_bot_is_made_named_given_a_key_and_deleted(open_page: OpenPage, place: Place) -> None:
    owner = place.founder
    page = open_page(owner, PATH)
    page.get_by_role("button", name="Make a bot").click()
    page.get_by_label("Username").fill(owner.username)
    submit = page.get_by_role("dialog").get_by_role("button", name="Make the bot")
    submit.click()
    expect(page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")
    name = f"keeper-{owner.username}"
    page.get_by_label("Username").fill(name)
    page.get_by_label("Name shown to others").fill("Gatekeeper")
    submit.click()
    bot = page.get_by_role("region", name="Gatekeeper")
    expect(bot).to_contain_text("It has no key, so nobody can act as it.")
    expect(page.get_by_role("button", name="Make a bot")).to_be_focused()

    bot.get_by_role("button", name="Make a key").click()
    key = make_key(page, "On the server", "See the profile")
    expect(bot.get_by_role("listitem")).to_contain_text("On the server")
    me = httpx.get(f"{owner.address}/api/v1/me", headers={"Authorization": f"Bearer {key}"}, timeout=20).json()
    assert (me["username"], me["bot"]) == (name, True)
    shoot(page, "bots")

    bot.get_by_role("button", name="Rename").click()
    page.get_by_label("Name shown to others").fill("Porter")
    page.get_by_role("button", name="Save").click()
    porter = page.get_by_role("region", name="Porter")
    expect(porter.get_by_role("button", name="Rename")).to_be_focused()
    porter.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the bot").click()
    expect(porter).to_have_count(0)
    assert status_of(owner, key) == 401


def test_a_key_is_made_by_keyboard_alone_and_is_not_lost_by_a_slip(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    page = open_page(account("Ann"), PATH)
    page.get_by_role("region", name="Your keys").get_by_role("button", name="Make a key").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Archive")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("region", name="Your keys").get_by_role("button", name="Make a key")).to_be_focused()
    expect(page.get_by_role("listitem").filter(has_text="Archive")).to_contain_text("Read rooms and messages")


@SCHEMES
def test_the_page_of_keys_and_its_dialogs_are_accessible_and_fit_a_phone(
    open_page: OpenPage, account: Callable[[str], Account], scheme: str
) -> None:
    ann = account("Ann")
    bot = ann.post("me/bots", username=f"bot-of-{ann.username}", display_name="Gatekeeper")
    ann.post("me/keys", name="Archive", scopes=["chat:read", "chat:write", "members:manage"])
    ann.post(f"me/bots/{bot['id']}/keys", name="On the server", scopes=["chat:read"])
    page = open_page(ann, PATH, color_scheme=scheme)
    expect(page.get_by_text("On the server")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert_accessible(page)
    shoot(page, f"api-keys-phone-{scheme}")
    page.get_by_role("region", name="Gatekeeper").get_by_role("button", name="Make a key").click()
    assert_accessible(page)
    shoot(page, f"api-key-form-phone-{scheme}")
    make_key(page, "Archive", "Read rooms")
