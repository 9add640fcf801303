"""The connection breaks in every way we know, and nothing is lost, doubled or out of order."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.e2e.people import (
    Account,
    Place,
    break_and_return,
    expect_bodies,
    expect_live,
    expect_settled,
    in_the_end,
    shoot,
    write,
)
from tests.e2e.stack import Server

OpenPage = Callable[..., Page]


def test_who_was_offline_catches_up_in_order_and_sends_what_they_wrote_meanwhile(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, other_server: Server
) -> None:
    ben = account("Ben")
    place.admit(ben)
    olive, page = open_page(place.founder, place.room_address), open_page(ben, place.room_address, at=other_server)
    write(olive, "Before the break")
    expect_bodies(page, ["Before the break"])

    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("Offline")
    write(page, "Ben 1, offline", "Ben 2, offline")
    expect(page.locator(".message.pending")).to_have_count(2)
    shoot(page, "offline")
    write(olive, "Olive 1", "Olive 2", "Olive 3")
    expect(olive.locator(".message.pending")).to_have_count(0)

    page.context.set_offline(False)
    expect_live(page)
    expected = ["Before the break", "Olive 1", "Olive 2", "Olive 3", "Ben 1, offline", "Ben 2, offline"]
    expect_bodies(olive, expected)
    expect_bodies(page, expected)
    expect(page.locator(".message.pending")).to_have_count(0)


def test_what_was_written_offline_survives_a_reload_and_arrives_once(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    page = open_page(place.founder, place.room_address)
    expect(page.locator("#message-box")).to_be_visible()
    cut = False

    def maybe_cut(route: object) -> None:
        route.abort() if cut else route.fallback()  # type: ignore[attr-defined]

    page.route("**/api/v1/gateway/ticket", maybe_cut)
    cut = True
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("Offline")  # an open socket goes on until the page hears of it
    write(page, "Written in the tunnel")
    expect(page.locator(".message.pending")).to_have_count(1)
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#connection")).to_contain_text("Reconnecting")
    expect(page.locator(".message.pending .body")).to_have_text("Written in the tunnel")
    again = page.get_by_role("button", name="Try now")
    expect(again).to_be_visible()
    cut = False
    again.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")  # unless it has come back by itself
    expect_live(page)
    expect(page.locator(".message.pending")).to_have_count(0)
    page.reload()
    expect_bodies(page, ["Written in the tunnel"])


def test_the_page_comes_back_by_itself_when_its_server_restarts(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, server: Server, other_server: Server
) -> None:
    ben = account("Ben")
    place.admit(ben)
    olive, page = open_page(place.founder, place.room_address), open_page(ben, place.room_address, at=other_server)
    write(page, "Before the restart")
    expect_bodies(olive, ["Before the restart"])

    other_server.stop()
    expect(page.locator("#connection")).to_contain_text(re.compile(r"Reconnecting.*in \d+ s"))
    shoot(page, "reconnecting")
    write(page, "While my server was down")
    write(olive, "Seen only afterwards")
    other_server.start()
    expect_live(page)
    expected = ["Before the restart", "Seen only afterwards", "While my server was down"]
    expect_bodies(page, expected)
    expect_bodies(olive, expected)


def test_a_killed_server_loses_nothing_that_was_acknowledged(
    place: Place, account: Callable[[str], Account], open_page: OpenPage, other_server: Server
) -> None:
    ben = account("Ben")
    place.admit(ben)
    olive, page = open_page(place.founder, place.room_address), open_page(ben, place.room_address, at=other_server)
    for number in range(20):
        write(page, f"Ben {number}")
        if number == 9:
            other_server.stop(signal.SIGKILL)
    other_server.start()
    expect_live(page)
    expect(page.locator(".message.pending")).to_have_count(0)
    expect_bodies(olive, [f"Ben {number}" for number in range(20)])
    expect_bodies(page, [f"Ben {number}" for number in range(20)])


def test_a_page_that_could_not_fetch_what_it_shows_does_so_when_the_connection_is_back(
    place: Place, open_page: OpenPage
) -> None:
    place.write(place.founder, "Before you came")
    page = open_page(place.founder, place.room_address)
    for lists in ("**/api/v1/communities**", "**/api/v1/rooms/**"):
        page.route(lists, lambda route: route.abort())
    page.reload()
    expect_live(page)
    expect(page.locator("#stage")).to_have_text("Loading …")
    page.unroute("**/api/v1/communities**")
    break_and_return(page)
    expect(page.locator("#stage h1")).to_have_text("general")
    expect(page.locator(".message")).to_have_count(0)
    page.unroute("**/api/v1/rooms/**")
    break_and_return(page)
    expect_bodies(page, ["Before you came"])
    expect_settled(page, place.founder)


def test_what_happens_between_the_lists_and_the_socket_is_not_missed(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    page = open_page(place.founder, place.room_address)
    held: list[Route] = []
    page.route("**/api/v1/gateway/ticket", lambda route: held.append(route))
    page.reload()
    expect(page.get_by_role("button", name="Olive (you)")).to_be_visible()
    expect(page.locator("#connection")).to_contain_text("Connecting")
    place.more_room("boats")
    place.admit(ben)
    in_the_end(page, lambda: held)
    held[0].continue_()
    expect_live(page)
    expect(page.get_by_role("link", name="boats")).to_be_visible()
    expect(page.get_by_role("button", name="Ben")).to_be_visible()


def test_a_refused_message_says_why_and_can_be_tried_again_or_discarded(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(ben, place.room_address)
    time_out = f"communities/{place.community['id']}/members/{ben.id}/timeout"
    place.founder.post(time_out, seconds=3600)
    write(page, "May I?")
    failed = page.locator(".message.failed")
    expect(failed).to_contain_text("Not sent.")
    shoot(page, "refused")
    failed.get_by_role("button", name="Try again").click()
    expect(failed).to_contain_text("Not sent.")
    failed.get_by_role("button", name="Discard").click()
    expect(page.locator(".message")).to_have_count(0)


def test_signing_out_elsewhere_in_the_browser_leads_back_to_the_entrance(place: Place, open_page: OpenPage) -> None:
    page = open_page(place.founder, place.room_address)
    second = page.context.new_page()
    second.goto(page.url)
    expect_live(second)
    second.get_by_role("button", name=re.compile("Your account")).click()
    second.get_by_role("button", name="Sign out").click()
    for each in (page, second):
        expect(each.get_by_role("heading", name="Come in")).to_be_visible()
        expect(each.locator("#frame")).to_be_hidden()
