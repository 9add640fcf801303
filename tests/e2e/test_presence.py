"""Who is there, on the page: dots and words as people come, go and choose; only of those whose rows are in sight."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.people import Account, Place, shoot
from tests.e2e.stack import Server

OpenPage = Callable[..., Page]


def row_of(page: Page, account: Account) -> Locator:
    """Return the row of a member in the list."""
    return page.locator(f"#members [data-user='{account.id}']")


def expect_status(page: Page, account: Account, status: str) -> None:
    """Wait until a member has this dot."""
    expect(row_of(page, account).locator(".presence")).to_have_attribute("data-status", status)


def test_members_come_choose_a_status_by_keyboard_and_hide(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, other_server: Server
) -> None:
    ben, cleo = account("Ben"), account("Cleo")
    place.admit(ben, cleo)
    olive = open_page(place.founder, place.room_address)
    expect_status(olive, ben, "offline")
    expect_status(olive, place.founder, "online")
    page = open_page(ben, place.room_address, at=other_server)
    expect_status(olive, ben, "online")
    expect(row_of(olive, ben)).to_contain_text("(online)")

    set_status(page, "dnd", emoji="\u26f5", text="At sea until Monday")
    expect_status(olive, ben, "dnd")
    expect(row_of(olive, ben)).to_contain_text("\u26f5 At sea until Monday")
    open_page(cleo, place.room_address)
    expect_status(olive, cleo, "online")
    shoot(olive, "presence")
    row_of(olive, ben).click()
    expect(olive.get_by_role("dialog")).to_contain_text("do not disturb · \u26f5 At sea until Monday")
    olive.keyboard.press("Escape")

    set_status(page, "invisible")
    expect_status(olive, ben, "offline")
    expect(row_of(olive, ben)).not_to_contain_text("At sea")
    expect_status(page, ben, "invisible")
    page.reload()
    expect_status(page, ben, "invisible")
    expect_status(olive, ben, "offline")


LISTEN = """() => {
  window.sent = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) { window.sent.push(text); return send.call(this, text); };
}"""


def test_who_is_given_another_role_asks_again_and_goes_on_to_see_who_comes(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben, cleo = account("Ben"), account("Cleo")
    place.admit(ben, cleo)
    page = open_page(ben, place.room_address)
    expect_status(page, cleo, "offline")
    page.evaluate(LISTEN)
    place.give_role(ben, "Moderator")
    page.wait_for_function("() => window.sent.some((text) => text.includes('presence.watch'))")
    open_page(cleo, place.room_address)
    expect_status(page, cleo, "online")


def set_status(page: Page, status: str, *, emoji: str | None = None, text: str | None = None) -> None:
    """Choose a status with keys alone."""
    page.locator("#account .me").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Set your status").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Your status")
    dialog.get_by_label("Show me as").select_option(status)
    if emoji is not None:
        dialog.get_by_label("Emoji").fill(emoji)
    if text is not None:
        dialog.get_by_label("What others read").fill(text)
    dialog.get_by_label("What others read").press("Enter")
    expect(dialog).to_have_count(0)


def test_a_long_list_looks_at_those_alone_whose_rows_are_in_sight(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    crowd = [account(f"Person-{number:02}") for number in range(40)]
    place.admit(*crowd)
    page = open_page(place.founder, "/")
    watched: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: watched.append(str(sent))))
    page.goto(place.founder.address + place.room_address)
    page.reload()
    expect_status(page, place.founder, "online")
    assert windows_in(watched, crowd[0], crowd[-1]) == [(True, False)]
    watched.clear()
    row_of(page, crowd[-1]).scroll_into_view_if_needed()
    open_page(crowd[-1], place.room_address)
    expect_status(page, crowd[-1], "online")
    assert windows_in(watched, crowd[0], crowd[-1])[-1] == (False, True)


def windows_in(frames: list[str], first: Account, last: Account) -> list[tuple[bool, bool]]:
    """Return of each window that the page asked for whether these two are in it; two in a row that are the same count once."""
    seen = [(first.id in frame, last.id in frame) for frame in frames if "presence.watch" in frame]
    return [window for number, window in enumerate(seen) if number == 0 or window != seen[number - 1]]
