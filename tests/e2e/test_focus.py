"""Who works with keys keeps their place: nothing that changes on the page by itself takes the focus from where it is."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.people import Account, Place, break_and_return, expect_bodies, expect_live, expect_settled, found

OpenPage = Callable[..., Page]

TICKET = "**/api/v1/gateway/ticket"
HOLD = """(element) => {
  element.focus();
  window.held = element;
  window.losses = 0;
  element.addEventListener("blur", () => { window.losses += 1; });
}"""


def hold(control: Locator) -> None:
    """Give a control the focus, and count how often it loses it from now on."""
    control.evaluate(HOLD)
    expect(control).to_be_focused()


def assert_held(page: Page) -> None:
    """Fail unless the control has had the focus all the time."""
    assert page.evaluate("({ losses, has: document.activeElement === held })") == {"losses": 0, "has": True}


def member(page: Page, who: Account) -> Locator:
    """Return the row of a member in the list."""
    return page.locator(f"#members [data-user='{who.id}']")


def test_a_member_of_the_list_keeps_it_while_others_come_and_go_and_write(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ann, ben, zoe = account("Ann"), account("Ben"), account("Zoe")
    place.admit(ben)
    page = open_page(place.founder, place.room_address)
    expect_settled(page, place.founder)
    hold(member(page, ben))
    place.admit(zoe, ann)
    expect(page.locator("#members ul:not([hidden]) .member .names > span")).to_have_text(
        ["Olive (you)", "Ann", "Ben", "Zoe"]
    )
    open_page(ben, place.room_address)
    expect(member(page, ben)).to_contain_text("(online)")
    place.write(ben, "Good morning")
    expect_bodies(page, ["Good morning"])
    place.founder.call("DELETE", f"communities/{place.community['id']}/members/{ann.id}")
    expect(member(page, ann)).to_have_count(0)
    break_and_return(page)
    expect_settled(page, place.founder)
    assert_held(page)


def test_a_member_who_rises_or_is_silenced_keeps_it(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(place.founder, place.room_address)
    hold(member(page, ben))
    standing = f"communities/{place.community['id']}/members/{ben.id}"
    place.founder.post(f"{standing}/timeout", seconds=3600)
    expect(member(page, ben)).to_contain_text("timed out")
    assert_held(page)
    place.give_role(ben, "Moderator")
    expect(page.get_by_role("heading", name="Moderator")).to_be_visible()
    expect(member(page, ben)).to_be_focused()


def test_a_room_of_the_list_keeps_it_while_rooms_come_and_go_around_it(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    aft, boats = place.more_room("aft"), place.more_room("boats")
    page = open_page(ben, place.room_address)
    rooms = page.get_by_role("list", name="Rooms").get_by_role("link")
    expect(rooms).to_have_text(["aft", "boats", "general"])
    hold(rooms.nth(1))
    place.more_room("zebras")
    place.more_room("abaft")
    expect(rooms).to_have_text(["abaft", "aft", "boats", "general", "zebras"])
    place.founder.call("DELETE", f"rooms/{aft['id']}/members/{ben.id}")
    expect(rooms).to_have_text(["abaft", "boats", "general", "zebras"])
    place.founder.call("PATCH", f"rooms/{place.room['id']}", {"name": "anchorage"})
    expect(rooms).to_have_text(["abaft", "anchorage", "boats", "zebras"])
    place.founder.post(f"rooms/{boats['id']}/messages", body="Here", nonce="focus")
    expect(rooms.nth(2).locator(".badge")).to_have_text("1")
    break_and_return(page)
    place.founder.call("PATCH", f"rooms/{boats['id']}", {"name": "vessels"})
    expect(rooms).to_have_text(["abaft", "anchorage", "vessels1, 1 unread", "zebras"])
    assert_held(page)


def test_the_list_of_communities_stays_open_and_keeps_it_while_people_join(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    page = open_page(place.founder, place.room_address)
    expect_settled(page, place.founder)
    page.get_by_role("button", name="Harbour Row").click()
    links = page.locator("#switcher-list a")
    hold(links.nth(0))
    place.admit(ben)
    expect(links.nth(0)).to_contain_text("2 members")
    found(ben, "Ahoy").admit(place.founder)
    expect(links).to_have_count(3)
    break_and_return(page)
    assert_held(page)


def test_the_page_of_communities_keeps_it_while_they_grow(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    page = open_page(place.founder)
    card = page.locator("#stage a.card", has_text="Harbour Row")
    expect(card).to_contain_text("1 member")
    hold(card)
    place.admit(ben)
    expect(card).to_contain_text("2 members")
    found(ben, "Ahoy").admit(place.founder)
    expect(page.locator("#stage").get_by_role("link", name="Ahoy")).to_be_visible()
    break_and_return(page)
    assert_held(page)


def test_the_bar_keeps_it_through_a_break(place: Place, open_page: OpenPage) -> None:
    page = open_page(place.founder, place.room_address)
    for name in ("Use dark colours", "Your account, Olive"):
        hold(page.get_by_role("button", name=name))
        break_and_return(page)
        expect_settled(page, place.founder)
        assert_held(page)


def test_try_now_keeps_it_from_one_attempt_to_the_next_and_hands_it_on_when_it_goes(
    place: Place, open_page: OpenPage
) -> None:
    page = open_page(place.founder, place.room_address)
    expect_settled(page, place.founder)
    page.route(TICKET, lambda route: route.abort())
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("Offline")
    page.context.set_offline(False)
    again = page.get_by_role("button", name="Try now")
    expect(again).to_be_visible()
    hold(again)
    for _ in range(3):
        with page.expect_event("requestfailed", lambda request: request.url.endswith("/gateway/ticket")):
            page.keyboard.press("Enter")
        expect(page.locator("#connection")).to_contain_text("in ")
        assert_held(page)
    page.unroute(TICKET)
    page.keyboard.press("Enter")
    expect_live(page)
    expect(page.locator("#stage")).to_be_focused()


def test_a_button_of_a_message_keeps_it_until_the_message_goes(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    place.write(place.founder, "First", "Secnd")
    page = open_page(place.founder, place.room_address)
    expect_bodies(page, ["First", "Secnd"])
    message = page.locator(".message").nth(1)
    message.focus()
    hold(message.get_by_role("button", name="Delete message"))
    place.write(ben, "Third")
    expect_bodies(page, ["First", "Secnd", "Third"])
    written = place.founder.call("GET", f"rooms/{place.room['id']}/messages")["items"]
    (second,) = (message["id"] for message in written if message["body"] == "Secnd")
    place.founder.call("PATCH", f"messages/{second}", {"body": "Second"})
    expect_bodies(page, ["First", "Second (edited)", "Third"])
    break_and_return(page)
    assert_held(page)
    place.founder.call("DELETE", f"messages/{second}")
    expect_bodies(page, ["First", "This message was deleted.", "Third"])
    expect(message).to_be_focused()


def test_a_room_that_comes_late_calls_nobody_back_from_where_they_went(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(ben, place.room_address)
    expect_settled(page, ben)
    place.founder.call("DELETE", f"rooms/{place.room['id']}/members/{ben.id}")
    expect(page.get_by_role("heading", name="general is closed to you")).to_be_focused()
    hold(page.get_by_role("button", name="Your account, Ben"))
    place.founder.post(f"rooms/{place.room['id']}/members", user_id=ben.id)
    expect(page.locator("#message-box")).to_be_visible()
    assert_held(page)
