"""Two people talk, each in a browser of their own and on a server process of their own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import Account, Place, bodies, expect_bodies, in_the_end, shoot, write
from tests.e2e.stack import Server

OpenPage = Callable[..., Page]


@pytest.fixture
def pair(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, other_server: Server
) -> tuple[Page, Page]:
    """Return the pages of Olive, who founded the place, and of Ben, a member, both in the room."""
    ben = account("Ben")
    place.admit(ben)
    return open_page(place.founder, place.room_address), open_page(ben, place.room_address, at=other_server)


def test_two_people_chat_with_each_other(pair: tuple[Page, Page]) -> None:
    olive, ben = pair
    write(olive, "Morning!")
    expect_bodies(ben, ["Morning!"])
    write(ben, "Morning Olive.", "Is the river low enough?\nIt was high yesterday.")
    expected = ["Morning!", "Morning Olive.", "Is the river low enough?\nIt was high yesterday."]
    expect_bodies(olive, expected)
    expect_bodies(ben, expected)
    expect(olive.locator(".message.pending")).to_have_count(0)
    shoot(olive, "conversation")


def test_many_messages_from_both_sides_arrive_in_one_order_everywhere(pair: tuple[Page, Page]) -> None:
    olive, ben = pair
    for number in range(15):
        write(olive, f"olive {number}")
        write(ben, f"ben {number}")
    for page in pair:
        expect(page.locator(".message")).to_have_count(30)
        expect(page.locator(".message.pending")).to_have_count(0)
    assert bodies(olive) == bodies(ben)
    assert [body for body in bodies(olive) if body.startswith("ben")] == [f"ben {number}" for number in range(15)]


def test_text_is_shown_as_text_and_addresses_as_links(pair: tuple[Page, Page]) -> None:
    olive, ben = pair
    write(olive, "<b>bold</b> javascript:alert(1) see https://example.org/a?b=1&c=2.")
    expect_bodies(ben, ["<b>bold</b> javascript:alert(1) see https://example.org/a?b=1&c=2."])
    links = ben.locator(".message .body a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://example.org/a?b=1&c=2")
    expect(links).to_have_attribute("rel", re.compile("noopener"))


def test_a_message_is_edited_and_deleted_before_the_eyes_of_the_other(pair: tuple[Page, Page]) -> None:
    olive, ben = pair
    write(olive, "Boats out at six", "And a slip of the hand")
    expect_bodies(ben, ["Boats out at six", "And a slip of the hand"])
    olive.locator(".message").first.hover()
    olive.locator(".message").first.get_by_role("button", name="Edit message").click()
    olive.get_by_label("Edit your message").fill("Boats out at half past six")
    olive.get_by_label("Edit your message").press("Enter")
    expect(ben.locator(".message .body").first).to_have_text("Boats out at half past six (edited)")
    olive.locator(".message").last.hover()
    olive.locator(".message").last.get_by_role("button", name="Delete message").click()
    olive.get_by_role("dialog").get_by_role("button", name="Delete message").click()
    expect(ben.locator(".message .body").last).to_have_text("This message was deleted.")
    expect(ben.get_by_text("slip of the hand")).to_have_count(0)


def test_moderators_delete_the_messages_of_others_and_members_do_not(pair: tuple[Page, Page]) -> None:
    olive, ben = pair
    write(olive, "By Olive")
    expect_bodies(ben, ["By Olive"])
    write(ben, "By Ben")
    expect(olive.locator(".message")).to_have_count(2)
    ben.locator(".message", has_text="By Olive").hover()
    expect(ben.locator(".message", has_text="By Olive").get_by_role("button")).to_have_count(0)
    olive.locator(".message", has_text="By Ben").hover()
    olive.locator(".message", has_text="By Ben").get_by_role("button", name="Delete message").click()
    olive.get_by_role("dialog").get_by_role("button", name="Delete message").click()
    expect_bodies(ben, ["By Olive", "This message was deleted."])


def test_somebody_who_types_is_named_to_the_other_and_to_nobody_else(pair: tuple[Page, Page]) -> None:
    olive, ben = pair
    expect(olive.get_by_text("Nobody has written here yet. Say hello.")).to_be_visible()
    write(ben, "Ahoy")
    expect_bodies(olive, ["Ahoy"])  # by the socket, as the history was there before: from now on typing is heard too
    ben.locator("#message-box").press_sequentially("I wo")
    expect(olive.locator(".typing")).to_have_text("Ben is typing …")
    expect(ben.locator(".typing")).to_have_text("")
    ben.locator("#message-box").press("Enter")
    expect(olive.locator(".typing")).to_have_text("")


def test_unread_messages_are_counted_then_divided_off_then_read(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    second = place.more_room("boats")
    place.write(place.founder, "Seen by Ben")
    page = open_page(ben, place.room_address)
    expect_bodies(page, ["Seen by Ben"])
    page.get_by_role("link", name="boats").click()
    expect(page.locator("#stage h1")).to_have_text("boats")
    place.write(place.founder, "One", "Two")
    general = page.locator(f"a[href$='{place.room['id']}']")
    expect(general.locator(".badge")).to_have_text("2")
    expect(page).to_have_title("(2) boats · Portcullis")
    general.click()
    expect_bodies(page, ["Seen by Ben", "One", "Two"])
    expect(page.locator("[role=log] > li")).to_have_text(
        [re.compile("Today"), re.compile("Seen by Ben"), "New messages", re.compile("One"), re.compile("Two")]
    )
    expect(general.locator(".badge")).to_have_count(0)
    shoot(page, "unread")
    in_the_end(page, lambda: unread_of(ben, place) == {place.room["id"]: 0, second["id"]: 0})


def unread_of(person: Account, place: Place) -> dict[str, int]:
    """Return how many messages of each room the server holds for unread."""
    rooms = person.call("GET", f"communities/{place.community['id']}/rooms")["items"]
    return {room["id"]: room["unread"] for room in rooms}


def test_history_comes_when_scrolled_to_and_the_reader_stays_in_place(place: Place, open_page: OpenPage) -> None:
    place.write(place.founder, *(f"Line {number}" for number in range(120)))
    page = open_page(place.founder, place.room_address)
    expect(page.locator(".message")).to_have_count(50)
    expect(page.locator(".message").last).to_be_in_viewport()
    page.locator(".log").evaluate("log => { log.scrollTop = 150 }")
    anchor = page.locator(".message", has_text="Line 75")
    before = anchor.bounding_box()
    expect(page.locator(".message")).to_have_count(100)
    after = anchor.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 3
    page.locator(".log").evaluate("log => { log.scrollTop = 0 }")
    expect(page.locator(".message")).to_have_count(120)
    assert bodies(page) == [f"Line {number}" for number in range(120)]
    page.get_by_role("button", name="To the newest messages").click()
    expect(page.locator(".message").last).to_be_in_viewport()


def test_a_draft_survives_a_reload_and_belongs_to_its_room(place: Place, open_page: OpenPage) -> None:
    place.more_room("boats")
    page = open_page(place.founder, place.room_address)
    page.locator("#message-box").fill("Half a thought")
    page.get_by_role("link", name="boats").click()
    expect(page.locator("#message-box")).to_have_value("")
    page.get_by_role("link", name="general").click()
    expect(page.locator("#message-box")).to_have_value("Half a thought")
    page.reload()
    expect(page.locator("#message-box")).to_have_value("Half a thought")


def test_two_members_write_to_each_other_alone(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben, cleo = account("Ben"), account("Cleo")
    place.admit(ben, cleo)
    page, other = open_page(ben, place.room_address), open_page(cleo, place.room_address)
    page.get_by_role("button", name="Cleo").click()
    page.get_by_role("button", name="Write a direct message").click()
    expect(page.locator("#stage h1")).to_have_text("Cleo")
    write(page, "Between us")
    link = other.get_by_role("link", name="Ben")
    expect(link.locator(".badge")).to_have_text("1")
    link.click()
    expect_bodies(other, ["Between us"])


def test_a_moderator_creates_a_room_and_everybody_sees_it_at_once(pair: tuple[Page, Page]) -> None:
    olive, ben = pair
    olive.get_by_role("button", name="Create a room").click()
    olive.get_by_role("button", name="Create room").click()
    expect(olive.get_by_role("dialog")).to_contain_text("Name is missing.")
    olive.get_by_label("Name").fill("trips")
    olive.get_by_role("button", name="Create room").click()
    expect(olive.locator("#stage h1")).to_have_text("trips")
    expect(olive.get_by_text("Nobody has written here yet. Say hello.")).to_be_visible()
    expect(ben.get_by_role("link", name="trips")).to_be_visible()
    expect(ben.get_by_role("button", name="Create a room")).to_be_hidden()
