"""Roles on their pages: made, ordered, given and taken, handed over; by who may, and to be looked at by everybody else."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, shoot
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]


def test_a_role_is_made_filled_ordered_given_taken_and_deleted(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(place.founder, f"{place.address}/settings/roles")
    page.get_by_role("button", name="Make a role").click()
    page.get_by_label("Name", exact=True).fill("Pilots")
    page.get_by_role("button", name="Make the role").click()
    form = page.get_by_role("region", name="Pilots")
    form.get_by_label("Colour of the name").fill("#1b6350")
    form.get_by_label("Write messages").check()
    form.get_by_label("Make invites").check()
    assert_accessible(page)
    shoot(page, "role")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“Pilots” is saved.")).to_be_visible()
    place.give_role(ben, "Pilots")
    expect(page.get_by_role("button", name="Take Pilots from Ben")).to_be_visible()
    theirs = open_page(ben, place.address)
    theirs.get_by_role("link", name="About and settings").click()
    expect(theirs.get_by_role("link", name="Invites")).to_be_visible()
    page.get_by_role("button", name="Take Pilots from Ben").click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    expect(theirs.get_by_role("link", name="Invites")).to_have_count(0)

    page.get_by_role("link", name="All roles").click()
    rows = page.locator(".role-list .entry strong")
    expect(rows).to_have_text(["Moderator", "Pilots", "Member"])
    page.get_by_role("button", name="Move Pilots up").click()
    expect(rows).to_have_text(["Pilots", "Moderator", "Member"])
    expect(page.get_by_role("button", name="Move Pilots down")).to_be_focused()
    expect(page.get_by_text("Gives 2 permissions")).to_be_visible()
    assert_accessible(page)
    shoot(page, "roles")
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0
    page.emulate_media(color_scheme="dark")
    assert_accessible(page)
    shoot(page, "roles-phone")
    page.get_by_role("button", name="Delete Pilots").click()
    page.get_by_role("button", name="Delete the role").click()
    expect(rows).to_have_text(["Moderator", "Member"])


def test_who_cannot_change_roles_looks_at_them_and_the_owner_hands_the_community_over(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    theirs = open_page(ben, f"{place.address}/settings/roles", viewport=PHONE)
    theirs.get_by_role("link", name="Look at Moderator").click()
    expect(theirs.get_by_text("You can look at it.")).to_be_visible()
    expect(theirs.get_by_label("Remove members")).to_be_checked()
    expect(theirs.get_by_label("Remove members")).to_be_disabled()
    assert overflow(theirs) == 0
    assert_accessible(theirs)
    shoot(theirs, "role-phone")
    theirs.get_by_role("link", name="All roles").click()
    expect(theirs.get_by_role("button", name="Hand it over")).to_have_count(0)

    page = open_page(place.founder, place.room_address)
    page.get_by_role("button", name="Ben").click()
    page.get_by_role("button", name="Roles", exact=True).click()
    page.get_by_role("dialog").get_by_label("Moderator").check()
    assert_accessible(page)
    shoot(page, "member-roles")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#members").get_by_role("heading", name="Moderator")).to_be_visible()
    page.get_by_role("link", name="About and settings").click()
    page.get_by_role("link", name="Roles").click()
    page.get_by_role("button", name="Hand it over").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Username").fill(ben.username)
    dialog.get_by_label("to go on").fill("Harbour")
    dialog.get_by_role("button", name="Make them the owner").click()
    expect(dialog.get_by_text("This is not its name.")).to_be_visible()
    dialog.get_by_label("to go on").fill("Harbour Row")
    dialog.get_by_role("button", name="Make them the owner").click()
    expect(page.get_by_role("button", name="Hand it over")).to_have_count(0)
    expect(theirs.get_by_role("button", name="Hand it over")).to_be_visible()
