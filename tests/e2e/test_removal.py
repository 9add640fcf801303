"""Who is removed sees it at once, and what they could read is gone from their page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import (
    Account,
    Place,
    expect_bodies,
    expect_live,
    expect_nothing_of,
    expect_settled,
    shoot,
    write,
)
from tests.e2e.stack import Server

OpenPage = Callable[..., Page]


def leave_only_the_socket(page: Page) -> None:
    """Let no request of the page through any more: what it learns from now on, it was told at once."""
    page.route("**/api/**", lambda route: route.abort())


def test_who_is_removed_from_the_room_sees_it_at_once_and_nothing_of_it_stays(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, other_server: Server
) -> None:
    ben = account("Ben")
    place.admit(ben)
    olive, page = open_page(place.founder, place.room_address), open_page(ben, place.room_address, at=other_server)
    write(olive, "The code of the shed is 4711")
    expect_bodies(page, ["The code of the shed is 4711"])

    leave_only_the_socket(page)
    olive.get_by_role("button", name="Ben").click()
    olive.get_by_role("button", name="Remove from general").click()
    olive.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()

    expect(page.get_by_role("heading", name="general is closed to you")).to_be_visible()
    expect_nothing_of(page, "4711")
    expect(page.locator("#message-box")).to_have_count(0)
    expect(page.get_by_role("link", name="general")).to_have_count(0)
    expect(page.get_by_role("alert")).not_to_be_empty()
    shoot(page, "removed-from-room")
    write(olive, "Now without Ben")
    expect(olive.locator(".message.pending")).to_have_count(0)
    expect(olive.locator("#members")).not_to_contain_text("Ben")
    page.unroute_all()
    page.reload()
    expect_live(page)
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_who_is_removed_from_the_community_loses_all_of_it_at_once(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    olive, page = open_page(place.founder, place.room_address), open_page(ben, place.room_address)
    write(olive, "Only for us")
    expect_bodies(page, ["Only for us"])
    leave_only_the_socket(page)
    olive.get_by_role("button", name="Ben").click()
    olive.get_by_role("button", name="Remove from Harbour Row").click()
    olive.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("heading", name="is closed to you")).to_be_visible()
    expect_nothing_of(page, "Only for us")
    expect(page.locator("#members")).to_be_hidden()
    page.unroute_all()
    page.goto(f"{place.founder.address}/#/")
    expect(page.get_by_text("You are in no community yet.")).to_be_visible()


def test_who_was_removed_while_offline_learns_it_on_coming_back(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(ben, place.room_address)
    place.write(place.founder, "Still for Ben")
    expect_bodies(page, ["Still for Ben"])
    page.context.set_offline(True)
    place.founder.call("DELETE", f"rooms/{place.room['id']}/members/{ben.id}")
    place.write(place.founder, "No longer for Ben")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="general is closed to you")).to_be_visible()
    expect_nothing_of(page, "for Ben")


def test_who_is_let_in_again_finds_the_room_open_without_a_reload(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(ben, place.room_address)
    expect_settled(page, ben)
    place.founder.call("DELETE", f"rooms/{place.room['id']}/members/{ben.id}")
    expect(page.get_by_role("heading", name="general is closed to you")).to_be_visible()
    place.founder.post(f"rooms/{place.room['id']}/members", user_id=ben.id)
    expect(page.locator("#message-box")).to_be_visible()
    place.write(place.founder, "Welcome back")
    expect_bodies(page, ["Welcome back"])


def test_a_private_room_appears_for_who_is_added_and_for_nobody_else(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben, cleo = account("Ben"), account("Cleo")
    place.admit(ben, cleo)
    olive, page, other = (open_page(who, place.room_address) for who in (place.founder, ben, cleo))
    olive.get_by_role("button", name="Create a room").click()
    olive.get_by_label("Name").fill("committee")
    olive.get_by_label("Who may read it").select_option("private")
    olive.get_by_role("button", name="Create room").click()
    expect(olive.locator("#stage h1")).to_have_text("committee")
    olive.get_by_role("button", name="Add somebody").click()
    olive.get_by_label("Username").fill(ben.username)
    olive.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(page.get_by_role("link", name="committee")).to_be_visible()
    expect(other.get_by_role("link", name="committee")).to_have_count(0)
