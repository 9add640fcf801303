"""Entitlements on their page: tried, given by hand and revoked, and seen by whom they belong to."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, shoot
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]


def test_an_entitlement_is_given_seen_by_its_owner_and_revoked_and_a_trial_is_begun_once(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(place.founder, f"{place.address}/settings/entitlements")
    theirs = open_page(ben, f"{place.address}/settings/entitlements", viewport=PHONE, color_scheme="dark")
    expect(theirs.get_by_text("You have none here.")).to_be_visible()
    expect(theirs.get_by_role("region", name="What everybody has")).to_have_count(0)
    page.get_by_role("button", name="Give one").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Username").fill(ben.username)
    dialog.get_by_label("Key").fill("Gold Card")
    dialog.get_by_label("Why").fill("He mended the boat.")
    dialog.get_by_role("button", name="Give it").click()
    expect(dialog.get_by_text("Use small letters, digits, dots, hyphens and underscores.")).to_be_visible()
    dialog.get_by_label("Key").fill("gold")
    dialog.get_by_label("Until the end of").fill("2099-12-31")
    dialog.get_by_role("button", name="Give it").click()
    given = page.get_by_role("region", name="What everybody has").get_by_role("listitem")
    expect(given).to_contain_text("by Olive: He mended the boat.")
    mine = theirs.get_by_role("region", name="What you have")
    expect(mine.get_by_role("listitem")).to_contain_text("gold")

    page.get_by_role("button", name="Offer a trial").click()
    page.get_by_role("dialog").get_by_label("Key").fill("silver")
    page.get_by_role("dialog").get_by_role("button", name="Offer it").click()
    expect(page.get_by_role("button", name="Withdraw the trial of silver")).to_be_visible()
    theirs.reload()
    theirs.get_by_role("button", name="Begin the trial of silver").click()
    expect(mine.get_by_role("listitem")).to_have_count(2)
    expect(theirs.get_by_role("button", name="Begin the trial of silver")).to_have_count(0)
    assert overflow(theirs) == 0
    assert_accessible(theirs)
    shoot(theirs, "entitlements-phone")
    expect(given).to_have_count(2)
    assert_accessible(page)
    shoot(page, "entitlements")
    page.get_by_role("button", name="Revoke gold of Ben").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke it").click()
    expect(given.filter(has_text="revoked on")).to_have_count(1)
    expect(mine.get_by_role("listitem")).to_have_count(1)
