"""Rules on their page: written, accepted where one would write, and asked for again when they change."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, expect_bodies, shoot, write
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]


def test_new_rules_take_the_place_of_the_composer_until_they_are_accepted(
    place: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    place.admit(ben)
    page = open_page(ben, place.room_address, viewport=PHONE, color_scheme="dark")
    write(page, "Before")
    olive = open_page(place.founder, f"{place.address}/settings/rules")
    olive.get_by_label("The rules", exact=True).fill("Be kind.\nBring a light after dark.")
    olive.get_by_role("button", name="Save as a new version").click()
    expect(olive.get_by_role("region", name="Version 1")).to_contain_text("You have accepted them.")
    owed = page.get_by_role("region", name="The rules come first")
    expect(owed).to_be_visible()
    expect(page.locator("#message-box")).to_be_hidden()
    assert overflow(page) == 0
    assert_accessible(page)
    shoot(page, "rules-owed-phone")
    place.founder.call("PUT", f"{place.path}/rules", {"text": "Be kind.\nBring two lights.", "summary": "Two lights."})
    page.get_by_role("button", name="Read the rules").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("New in them: Two lights.")
    assert_accessible(page)
    shoot(page, "rules-dialog-phone")
    page.get_by_role("button", name="I accept the rules").click()
    expect(dialog).to_have_count(0)
    expect(owed).to_be_hidden()
    write(page, "After")
    expect_bodies(page, ["Before", "After"])

    expect(olive.get_by_role("region", name="Version 2")).to_contain_text("New in it: Two lights.")
    expect(olive.get_by_text("Version 1,")).to_be_visible()
    assert_accessible(olive)
    expect(olive.get_by_label("The rules", exact=True)).to_have_value("Be kind.\nBring two lights.")
    shoot(olive, "rules")
    olive.get_by_role("button", name="Who accepted").click()
    expect(olive.get_by_role("dialog").get_by_role("listitem")).to_contain_text(["Ben", "Olive"])
    olive.keyboard.press("Escape")
    olive.get_by_label("The rules", exact=True).fill("Be kind.\nBring two lights, please.")
    olive.route("**/rules/versions?*", lambda route: route.fulfill(status=503, json={}))
    with olive.expect_response("**/rules/versions?*"):
        place.founder.call("PUT", f"{place.path}/rules", {"text": "Be kind. Two lights.", "must_accept": False})
    olive.unroute_all()
    expect(olive.get_by_label("The rules", exact=True)).to_have_value("Be kind.\nBring two lights, please.")
    olive.get_by_label("Everybody must accept again").uncheck()
    olive.get_by_role("button", name="Save as a new version").click()
    expect(olive.get_by_role("region", name="Version 4")).to_be_visible()
    write(page, "Still writing")
    expect_bodies(page, ["Before", "After", "Still writing"])
