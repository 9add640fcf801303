"""Gates as they are made in the page: building, trying out, letting decide, watching, explaining, and going back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.people import PHONE, Account, Place, shoot
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]


@pytest.fixture
def ben(place: Place, account: Callable[[str], Account]) -> Account:
    """Return a member of the place, whose founder is of age."""
    ben = account("Ben")
    place.admit(ben)
    place.founder.call("PUT", "me/birth-date", {"birth_date": "1970-05-01"})
    return ben


def gates_of(place: Place, room: bool = False) -> str:
    """Return the address of the page about gates."""
    return f"/#/c/{place.community['id']}/settings/gates" + (f"/{place.room['id']}" if room else "")


def add(page: Page, within: Locator, what: str) -> None:
    """Add a requirement or a group at the end of a group."""
    within.get_by_label("What to add").last.select_option(label=what)
    within.get_by_role("button", name="Add", exact=True).last.click()


def test_a_gate_is_built_tried_out_and_decides(place: Place, ben: Account, open_page: OpenPage) -> None:
    page = open_page(place.founder, place.room_address)
    page.get_by_role("button", name="Gate of this room").click()
    expect(page.get_by_role("heading", name="Gates")).to_be_focused()
    page.get_by_label("Gate of").select_option(label="The whole community")
    expect(page.get_by_text("It holds in every room of the community.")).to_be_visible()
    expect(page.get_by_role("region", name="What decides now")).to_contain_text("every member comes in")
    page.get_by_role("button", name="Make a gate").click()
    expect(page.get_by_role("heading", name="New version")).to_be_focused()
    editor = page.get_by_role("region", name="New version")
    add(page, editor, "Age")
    expect(editor.get_by_label("Years")).to_be_focused()
    add(page, editor, "A group")
    group = editor.get_by_role("group", name="Group")
    add(page, group, "Role")
    add(page, group, "Verified phone number")
    group.get_by_role("checkbox", name="Must not be so: Verified phone number").check()
    expect(group.get_by_role("checkbox", name="Must not be so: Verified phone number")).to_be_checked()
    editor.get_by_role("button", name="See who gains and loses").click()
    expect(editor.get_by_text("A number between 1 and 120.")).to_be_visible()
    expect(editor.get_by_label("Years")).to_be_focused()
    page.keyboard.type("18")
    editor.get_by_role("button", name="See who gains and loses").click()
    expect(group.get_by_text("Choose a role.")).to_be_visible()
    group.get_by_role("combobox", name="Role").select_option(label="Moderator")
    shoot(page, "gate-editor")
    assert_accessible(page)
    editor.get_by_label("Why").fill("Too many strangers")
    editor.get_by_role("button", name="See who gains and loses").click()
    expect(editor.get_by_role("list", name="Would lose access")).to_contain_text("Ben")
    theirs = open_page(ben, place.room_address)
    expect(theirs.locator("#message-box")).to_be_visible()
    editor.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_contain_text("Of 2 members, 1 would lose access, and nobody would gain it.")
    shoot(page, "gate-confirm")
    page.get_by_role("button", name="Let it decide").click()
    expect(page.get_by_role("region", name="What decides now")).to_contain_text("At least 18 years old")
    expect(theirs.get_by_role("heading", name="Harbour Row is closed to you for now")).to_be_visible()
    expect(page.get_by_role("region", name="History")).to_contain_text("“Too many strangers”")
    shoot(page, "gate-live")


def test_what_the_server_finds_wrong_is_marked_where_it_is_and_nobody_locks_themselves_out(
    place: Place, ben: Account, open_page: OpenPage
) -> None:
    community = f"communities/{place.community['id']}"
    role = place.founder.post(f"{community}/roles", name="Pilots")
    place.founder.call("PUT", f"{community}/trials", {"key": "crew-pass", "days": 3})
    page = open_page(place.founder, gates_of(place), viewport=PHONE, color_scheme="dark")
    page.get_by_role("button", name="Make a gate").click()
    editor = page.get_by_role("region", name="New version")
    add(page, editor, "Verified e-mail address")
    add(page, editor, "A group")
    group = editor.get_by_role("group", name="Group")
    add(page, group, "Entitlement")
    expect(page.locator("#gate-known-key option")).to_have_attribute("value", "crew-pass")
    group.get_by_label("Key").fill("crew-pass")
    add(page, group, "Role")
    chosen = group.get_by_role("combobox", name="Role")
    chosen.select_option(label="Pilots")
    place.founder.call("DELETE", f"{community}/roles/{role['id']}")
    editor.get_by_role("button", name="Save").click()
    expect(group.get_by_text("There is no such role in this community.")).to_be_visible()
    expect(chosen).to_be_focused()
    assert editor.locator("[aria-invalid]").count() == 1
    assert overflow(page) == 0
    assert_accessible(page)
    shoot(page, "gate-fault-phone")
    group.get_by_role("button", name="Remove: Role").click()
    editor.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Let it decide").click()
    expect(editor.get_by_role("alert")).to_have_text(
        "You or the owner of the community would not pass this gate yourselves: Verified e-mail address, Entitlement."
    )
    assert place.founder.call("GET", f"{community}/gate") == {"live": None, "shadow": None}
    editor.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Make a gate")).to_be_focused()


def test_a_version_watches_then_decides_and_an_old_one_comes_back(
    place: Place, ben: Account, open_page: OpenPage
) -> None:
    gate = f"communities/{place.community['id']}/gate"
    adults, all_ages = {"type": "min_age", "years": 18}, {"type": "min_age", "years": 6}
    place.founder.call(
        "PUT", gate, {"tree": {"type": "any", "of": [all_ages, {"type": "not", "of": {"type": "invite"}}]}}
    )
    page = open_page(place.founder, gates_of(place))
    page.get_by_role("button", name="Change").click()
    editor = page.get_by_role("region", name="New version")
    editor.get_by_role("button", name="Remove: Invite").click()
    editor.get_by_label("Years").fill("18")
    editor.get_by_role("radio", name="It only watches").check()
    editor.get_by_role("button", name="Save").click()
    watching = page.get_by_role("region", name="What only watches")
    expect(watching).to_contain_text("Of 2 members, 1 would lose access")
    newest = page.locator(".version").first
    newest.locator("summary").click()
    expect(newest.locator(".added")).to_have_text("added: At least 18 years old")
    expect(newest.locator(".removed")).to_have_text(
        ["removed: One of these:", "removed: At least 6 years old", "removed: Not: Invite"]
    )
    shoot(page, "gate-shadow")
    assert_accessible(page)
    assert place.founder.call("GET", gate)["shadow"]["tree"] == adults
    ben.call("PUT", "me/birth-date", {"birth_date": "2015-01-01"})
    page.reload()
    watching.get_by_text("Noted since it watches: 1 time").click()
    expect(watching).to_contain_text("Ben would have been kept out")
    watching.get_by_role("button", name="Change or let it decide").click()
    editor.get_by_role("radio", name="For new members").check()
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("alert")).to_contain_text("from which day")
    editor.get_by_label("Members of today are held to it from").fill("2099-01-01")
    editor.get_by_text("Time for members of today").click()
    editor.get_by_label("Age").last.fill("30")
    editor.get_by_role("button", name="Save").click()
    now = page.get_by_role("region", name="What decides now")
    expect(now).to_contain_text("held to the gate before it until")
    expect(now).to_contain_text("has 30 days for it")
    expect(watching).to_have_count(0)
    page.get_by_text("Version 1", exact=True).click()
    page.get_by_role("button", name="Go back to version 1").click()
    page.get_by_role("dialog").get_by_label("Why").fill("Children row, too")
    page.get_by_role("button", name="Go back", exact=True).click()
    expect(now).to_contain_text("Not: Invite")
    assert place.founder.call("GET", gate)["live"]["reason"] == "Children row, too"


def test_a_member_is_explained_before_the_gate_of_a_room(place: Place, ben: Account, open_page: OpenPage) -> None:
    place.founder.call("PUT", f"rooms/{place.room['id']}/gate", {"tree": {"type": "min_age", "years": 18}})
    page = open_page(place.founder, gates_of(place, room=True))
    expect(page.get_by_text("a room can ask for more, never for less")).to_be_visible()
    explain = page.get_by_role("region", name="Why somebody is in or out")
    explain.get_by_label("Username").fill("nobody-here")
    explain.get_by_role("button", name="Explain").click()
    expect(explain.get_by_role("alert")).to_have_text("There is no member called nobody-here.")
    explain.get_by_label("Username").fill(f"@{ben.username}")
    explain.get_by_role("button", name="Explain").click()
    expect(explain.get_by_role("heading", name="Ben is kept out.")).to_be_visible()
    expect(explain.get_by_role("listitem")).to_contain_text("You are at least 18 years old. (missing)")
    shoot(page, "gate-explain")
    page.get_by_role("button", name="Change").click()
    place.founder.call("PUT", f"rooms/{place.room['id']}/gate", {"tree": None})
    expect(page.get_by_role("alert")).to_contain_text("Version 2 decides by now")
