"""Communities that are to be found: searched for, and what each lets one do."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import Account, found, shoot
from tests.e2e.stack import Stack
from tests.e2e.test_accessibility import assert_accessible

OpenPage = Callable[..., Page]


def test_communities_are_searched_for_joined_applied_to_or_looked_at(
    account: Callable[[str], Account], open_page: OpenPage, stack: Stack
) -> None:
    olive, ben = account("Olive"), account("Ben")
    names = {kind: f"{kind} end of {olive.username}" for kind in ("Open", "Closed", "Applied")}
    places = {kind: found(olive, name) for kind, name in names.items()}
    for kind in ("Closed", "Applied"):
        olive.call("PATCH", places[kind].path, {"join_policy": "closed", "visibility": "listed"})
    question = {"kind": "text", "label": "Why?"}
    olive.call("PUT", f"{places['Applied'].path}/application-form", {"questions": [question]})
    olive.call("PUT", f"{places['Closed'].path}/rules", {"text": "Whisper."})
    stack.verify_address(olive.username)
    olive.call("PUT", f"{places['Closed'].path}/gate", {"tree": {"type": "verified_email"}})
    page = open_page(ben)
    page.get_by_role("searchbox", name="Search communities").fill(f"end of {olive.username}")
    expect(page.get_by_role("heading", name="end of")).to_have_count(3)
    expect(page.get_by_role("button", name=f"Join {names['Open']}")).to_be_visible()
    expect(page.get_by_role("link", name=f"Apply to {names['Applied']}")).to_be_visible()
    assert_accessible(page)
    shoot(page, "discover")
    page.get_by_role("link", name=names["Closed"], exact=True).click()
    expect(page.get_by_role("heading", name=names["Closed"])).to_be_focused()
    expect(page.get_by_text("It is closed: ask one of its members for an invite.")).to_be_visible()
    expect(page.get_by_role("region", name="The rules")).to_contain_text("Whisper.")
    gate = page.get_by_role("region", name="What its gate asks of you")
    expect(gate.get_by_role("link", name="To your addresses")).to_be_visible()
    assert_accessible(page)
    shoot(page, "card")
    page.go_back()
    expect(page.get_by_role("searchbox", name="Search communities")).to_have_value(f"end of {olive.username}")
    page.get_by_role("searchbox", name="Search communities").fill("nobody is called so")
    expect(page.get_by_text("No other community is called “nobody is called so”.")).to_be_visible()
