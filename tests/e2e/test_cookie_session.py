"""A page is signed in by its cookie alone: nothing to steal by script, the same person in every tab, and an end that every tab hears of."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.people import Account, Place, expect_bodies, expect_live, in_the_end, write
from tests.e2e.stack import Stack
from tests.e2e.test_second_factors import sign_in

OpenPage = Callable[..., Page]


def sign_out(page: Page) -> None:
    """Sign out by the dialog of the account."""
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()


def expect_entrance(page: Page) -> None:
    """Wait until the page asks who is there, and complains of nothing."""
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    expect(page.locator("#entrance-notice")).to_be_hidden()


def second_tab(page: Page) -> Page:
    """Open the same address in another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(page.url)
    return tab


def test_scripts_can_read_nothing_that_signs_in(open_page: OpenPage, account: Callable[[str], Account]) -> None:
    ann = account("Ann")
    page = open_page()
    sign_in(page, ann)
    expect_live(page)
    kept = page.evaluate("({ ...localStorage })")
    assert {name: json.loads(value) for name, value in kept.items()} == {
        "portcullis.user": {"id": ann.id, "username": ann.username, "display_name": "Ann"}
    }
    assert page.evaluate("sessionStorage.length") == 0
    assert page.evaluate("document.cookie.split('; ').map((pair) => pair.split('=')[0])") == ["csrftoken"]
    hidden = {cookie["name"] for cookie in page.context.cookies() if cookie["httpOnly"]}
    assert hidden == {"sessionid", "device"}


def test_who_signs_in_in_one_tab_is_signed_in_in_all_and_so_is_who_takes_their_place(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann, ben = account("Ann"), account("Ben")
    page = open_page()
    other = second_tab(page)
    expect_entrance(other)
    sign_in(page, ann)
    for tab in (page, other):
        expect_live(tab)
        expect(tab.get_by_role("button", name="Your account, Ann")).to_be_visible()
    sign_out(other)
    expect_entrance(page)
    sign_in(page, ben)
    for tab in (page, other):
        expect_live(tab)
        expect(tab.get_by_role("button", name="Your account, Ben")).to_be_visible()


def test_a_page_that_has_forgotten_who_is_signed_in_asks_the_server(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    page = open_page(account("Ann"))
    page.evaluate("localStorage.clear()")
    page.reload()
    expect_live(page)
    expect(page.get_by_role("button", name="Your account, Ann")).to_be_visible()


def test_a_token_that_another_tab_has_replaced_is_asked_for_again(place: Place, open_page: OpenPage) -> None:
    page = open_page(place.founder, place.room_address)
    page.context.clear_cookies(name="csrftoken")
    page.get_by_role("button", name="Create a room").first.click()
    page.get_by_label("Name", exact=True).fill("harbour")
    page.get_by_role("button", name="Create room").click()
    expect(page.get_by_role("link", name="harbour")).to_be_visible()


def test_a_page_whose_socket_is_closed_comes_back_without_a_word_while_its_session_lives(
    place: Place, open_page: OpenPage
) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    page = open_page()
    page.route_web_socket("**/ws/v1**", pass_on)
    sign_in(page, place.founder)
    expect_live(page)
    page.goto(place.founder.address + place.room_address)
    expect(page.get_by_role("heading", name="general", level=1)).to_be_visible()
    page.clock.install()
    for code in (4504, 4501):
        opened = len(sockets)
        page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))  # else it may be back before we look
        sockets[-1].close(code=code, reason="no proof")
        in_the_end(page, lambda: notices_the_break(page))
        expect(page.locator("#entrance")).to_be_hidden()
        page.clock.fast_forward(31_000)
        page.clock.resume()
        expect_live(page)
        assert len(sockets) > opened
    write(page, "Still here")
    expect_bodies(page, ["Still here"])


def notices_the_break(page: Page) -> bool:
    """Let the page, whose time stands still, draw itself; tell whether it shows that it is not connected."""
    page.clock.run_for(20)
    return "Live" not in page.locator("#connection").inner_text()


def test_a_sign_out_that_the_server_was_not_told_of_is_no_way_back_and_is_made_good(
    open_page: OpenPage, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page = open_page()
    sign_in(page, ann)
    expect_live(page)
    assert len(ann.call("GET", "me/sessions")["items"]) == 2
    page.route("**/auth/logout", lambda route: route.abort())
    sign_out(page)
    expect_entrance(page)
    page.reload()
    expect_entrance(page)
    page.unroute("**/auth/logout")
    with page.expect_response("**/auth/logout"):
        page.reload()
    expect_entrance(page)
    assert len(ann.call("GET", "me/sessions")["items"]) == 1
    sign_in(page, ann)
    expect_live(page)


def test_behind_https_the_cookies_are_the_hosts_own_and_the_page_works_as_ever(
    open_page: OpenPage, place: Place, stack: Stack
) -> None:
    secure = stack.start_with(tls=True, HTTPS_ONLY="true")
    page = open_page(at=secure, ignore_https_errors=True)
    sign_in(page, place.founder)
    expect_live(page)
    cookies = page.context.cookies()
    assert {cookie["name"] for cookie in cookies} == {"__Host-sessionid", "__Host-csrftoken", "__Host-device"}
    assert all(cookie["secure"] and cookie["path"] == "/" for cookie in cookies)
    page.goto(secure.address + place.room_address)
    write(page, "By the front door")
    expect_bodies(page, ["By the front door"])
    page.reload()
    expect_bodies(page, ["By the front door"])
    sign_out(page)
    expect_entrance(page)
