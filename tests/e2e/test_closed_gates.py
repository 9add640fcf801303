"""A gate that closes takes its place on the page at once, says what is missing, and leads to what mends it; then it opens by itself."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, expect_bodies, shoot, write
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]
GROWN_UP = {"type": "min_age", "years": 18}


def close(place: Place, tree: object, *, room: bool = False) -> None:
    """Let the founder, who is old enough, put a gate on the community or on its room."""
    place.founder.call("PUT", "me/birth-date", {"birth_date": "1970-05-01"})
    thing = f"rooms/{place.room['id']}" if room else f"communities/{place.community['id']}"
    place.founder.call("PUT", f"{thing}/gate", {"tree": tree})


def stay_unsent(page: Page) -> None:
    """Write a message that never leaves the page, and begin another one."""
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("Offline")
    write(page, "Nobody was to read this yet")
    page.locator("#message-box").fill("Half a thought")


def test_a_community_that_closes_says_why_at_once_and_opens_by_itself_when_that_is_mended(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    place.write(place.founder, "The code of the shed is 4711")
    page = open_page(ben, place.room_address)
    expect_bodies(page, ["The code of the shed is 4711"])
    close(place, {"type": "all", "of": [GROWN_UP, {"type": "not", "of": {"type": "role", "role": moderators(place)}}]})

    expect(page.get_by_role("heading", name="Harbour Row is closed to you for now")).to_be_focused()
    expect(page.locator(".check[data-passed=false]")).to_contain_text("You are at least 18 years old. (missing)")
    left = page.content()
    assert [word for word in ("4711", "general", "Olive") if word in left] == []
    expect(page.locator("#members")).to_be_hidden()
    assert_accessible(page)
    shoot(page, "closed-community")
    page.get_by_role("link", name="To your birth date").click()
    page.get_by_role("button", name="Tell your birth date").click()
    page.locator("#field-birth_date").fill("1980-02-29")
    page.get_by_role("dialog").get_by_role("button", name="Tell it").click()
    expect(page.get_by_text("February 29, 1980")).to_be_visible()
    page.go_back()
    expect_bodies(page, ["The code of the shed is 4711"])


def moderators(place: Place) -> str:
    """Return the id of the role that nobody has yet."""
    roles = place.founder.call("GET", f"communities/{place.community['id']}/roles")["items"]
    return str(next(role["id"] for role in roles if role["name"] == "Moderator"))


def test_a_room_that_closes_keeps_nothing_but_what_one_wrote_oneself_and_says_so(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    place.write(place.founder, "The code of the shed is 4711")
    page = open_page(ben, place.room_address, viewport=PHONE, color_scheme="dark")
    expect_bodies(page, ["The code of the shed is 4711"])
    stay_unsent(page)
    close(place, GROWN_UP, room=True)
    page.context.set_offline(False)

    expect(page.get_by_role("heading", name="general is closed to you")).to_be_visible()
    written = page.get_by_role("region", name="What you had written")
    expect(written).to_contain_text("1 message and 1 draft of yours here were not sent")
    left = page.content()
    assert [word for word in ("4711", "Half a thought", "Nobody was to") if word in left] == []
    assert overflow(page) == 0
    assert_accessible(page)
    written.get_by_role("button", name="Throw away").click()
    page.get_by_role("dialog").get_by_role("button", name="Throw away").click()
    expect(written).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage).filter((key) => /draft|outbox/.test(key))") == []
    place.founder.call("PUT", f"rooms/{place.room['id']}/gate", {"tree": None})
    expect_bodies(page, ["The code of the shed is 4711"])
    close(place, GROWN_UP, room=True)
    expect(page.get_by_role("listitem").filter(has_text="A certain age (missing)")).to_be_visible()
    expect(page.get_by_role("link", name="To your birth date")).to_be_visible()
    shoot(page, "closed-room-phone")


def test_who_has_never_passed_sees_what_is_missing_and_what_is_met_counts_at_once(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    others = [{"type": "account_age", "days": 1}, {"type": "entitlement", "key": "crew"}, GROWN_UP]
    close(place, {"type": "all", "of": [GROWN_UP, {"type": "any", "of": others}]})
    place.admit(ben)
    page = open_page(ben, place.room_address)
    expect(page.get_by_role("heading", name="Harbour Row is closed to you for now")).to_be_visible()
    expect(page.locator(".check .check").filter(has_text="1 day old")).to_contain_text("on.")
    expect(page.get_by_role("navigation", name="Communities and rooms")).to_contain_text("Closed to you for now.")
    shoot(page, "closed-never-passed")
    page.get_by_role("link", name="See what is on offer").click()
    expect(page.get_by_role("heading", name="Entitlements")).to_be_focused()
    page.go_back()
    ben.call("PUT", "me/birth-date", {"birth_date": "1980-02-29"})
    expect(page.locator("#message-box")).to_be_visible()
    page.goto(f"{ben.address}/#/")
    expect(page.get_by_role("link", name="Harbour Row").last).not_to_contain_text("closed")
