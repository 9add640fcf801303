"""Invites on their pages: opened by who is signed in and who is not, accepted once, and refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.people import PASSWORD, PHONE, Account, Place, expect_live, shoot
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]


def invited(place: Place, **form: int) -> str:
    """Have the founder make an invite, and return its place on the page."""
    return f"/#/invite/{place.founder.post(f'{place.path}/invites', **form)['code']}"


def make_secret(place: Place) -> None:
    """Let nobody but members see the community."""
    place.founder.call("PATCH", place.path, {"visibility": "secret", "join_policy": "closed"})


def test_an_invite_is_kept_while_somebody_signs_up_and_leads_into_the_community(
    open_page: OpenPage, place: Place
) -> None:
    make_secret(place)
    page = open_page(path=invited(place))
    card = page.get_by_role("article", name="Invite")
    expect(card).to_contain_text("You are invited to a community that shows itself only to who is signed in.")
    expect(page.get_by_role("heading", name="Join in")).to_be_visible()
    assert_accessible(page)
    shoot(page, "invite-entrance")
    page.set_viewport_size(PHONE)
    shoot(page, "invite-entrance-phone")
    name = f"guest-of-{place.founder.username}"
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect_live(page)
    expect(page.get_by_role("article", name="Invite to Harbour Row")).to_contain_text("Olive invites you to")
    assert_accessible(page)
    shoot(page, "invite-phone")
    page.get_by_role("button", name="Join Harbour Row").click()
    expect(page.get_by_role("link", name="general")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Join Harbour Row")).to_have_count(0)


def test_an_invite_shows_its_card_and_every_refusal_is_one_sentence(
    open_page: OpenPage, place: Place, account: Callable[[str], Account]
) -> None:
    only, ben = invited(place, max_uses=1), account("Ben")
    page = open_page(account("Cleo"), only, color_scheme="dark")
    join = page.get_by_role("button", name="Join Harbour Row")
    expect(join).to_be_visible()
    assert_accessible(page)
    shoot(page, "invite-dark")
    page.emulate_media(color_scheme="light")
    assert_accessible(page)
    ben.post("invites/accept", code=only.rpartition("/")[2])
    join.click()
    sentence = "This invite is not valid, or no longer. Ask for another one."
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    page.reload()
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="To your communities").click()
    expect(page.get_by_role("heading", name="Communities", exact=True)).to_be_visible()
    stranger = open_page(path=only)
    expect(stranger.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    member = open_page(ben, invited(place))
    member.get_by_role("link", name="Go to Harbour Row").click()
    expect(member.get_by_role("link", name="general")).to_be_visible()


def test_an_invite_is_made_handed_on_used_and_revoked(
    open_page: OpenPage, place: Place, account: Callable[[str], Account]
) -> None:
    make_secret(place)
    page = open_page(place.founder, f"{place.address}/settings/invites")
    expect(page.get_by_text("There is none.")).to_be_visible()
    page.get_by_role("button", name="Make an invite").click()
    page.get_by_label("Good for").select_option("1 hour")
    page.get_by_label("How many people").select_option("10 people")
    page.get_by_label("It gives").select_option("Moderator")
    page.get_by_label("It leads into").select_option("general alone, as a guest")
    shoot(page, "invite-form")
    page.get_by_label("It leads into").select_option("The community, as a member")
    page.get_by_role("button", name="Make the invite").click()
    link = page.get_by_label("Link", exact=True).inner_text()
    expect(page.get_by_role("button", name="Copy link", exact=True)).to_be_focused()
    shoot(page, "invite-made")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("listitem").filter(has_text="Used 0 of 10 times")).to_be_visible()
    account("Ben").post("invites/accept", code=link.rpartition("/")[2])
    expect(page.get_by_role("listitem").filter(has_text="Used 1 of 10 times")).to_contain_text("gives “Moderator”")
    assert_accessible(page)
    page.get_by_role("button", name="Who came by").click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_contain_text("Ben")
    page.keyboard.press("Escape")
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0
    shoot(page, "invites-phone")
    page.get_by_role("button", name="Revoke the invite of Olive").click()
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_text("There is none.")).to_be_visible()
    late = open_page(account("Cleo"), link.removeprefix(place.founder.address))
    expect(late.get_by_role("alert")).to_have_text("This invite is not valid, or no longer. Ask for another one.")
