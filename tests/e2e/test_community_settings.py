"""What there is to know and to set about a community: the frame, its overview, and who sees which section."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, shoot
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]


def test_the_overview_is_everybodys_and_changed_by_who_manages_the_community(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    address = f"/#/c/{place.community['id']}"
    theirs = open_page(ben, f"{address}/settings", viewport=PHONE)
    expect(theirs.get_by_role("heading", name="Overview")).to_be_focused()
    expect(theirs.get_by_role("button", name="Change")).to_have_count(0)
    assert overflow(theirs) == 0
    assert_accessible(theirs)
    page = open_page(place.founder, address)
    page.get_by_role("link", name="About and settings").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_focused()
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Name").fill("Harbour End")
    page.get_by_label("Who finds it").select_option("secret")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Harbour End")).to_be_visible()
    expect(theirs.get_by_role("region", name="Harbour End")).to_contain_text("Members and who is invited")
    shoot(page, "community-overview")
    page.goto(f"{place.founder.address}{address}/settings/nothing")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
