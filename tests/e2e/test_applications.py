"""Applying to a community, and deciding who comes in: on the pages of both, as it happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import PHONE, Account, Place, found, shoot
from tests.e2e.test_accessibility import assert_accessible
from tests.e2e.test_layouts import overflow

OpenPage = Callable[..., Page]
WHY = {"kind": "text", "label": "Why do you want to row?", "required": True}
SEAT = {"kind": "choice", "label": "Which seat?", "choices": ["Bow", "Stroke"]}
SWIM = {"kind": "yes_no", "label": "Can you swim?", "required": True}


@pytest.fixture
def club(account: Callable[[str], Account]) -> Place:
    """Return a listed community that nobody joins without an application, founded by Olive."""
    club = found(account("Olive"), "Rowing Club")
    club.founder.call("PATCH", club.path, {"join_policy": "closed", "visibility": "listed"})
    return club


def put_form(club: Place, *questions: dict[str, Any]) -> None:
    """Have the founder ask these questions from now on."""
    club.founder.call(
        "PUT", f"{club.path}/application-form", {"introduction": "We row at six.", "questions": questions}
    )


def applied(club: Place, *applicants: Account) -> list[str]:
    """Have people apply by the first version of the form, and return the ids of their applications."""
    answers = {"1": "For the mornings.", "3": True}
    return [one.post(f"{club.path}/applications", form=1, answers=answers)["id"] for one in applicants]


def test_a_form_is_made_answered_changed_meanwhile_and_the_answer_of_reviewers_arrives(
    club: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    ben = account("Ben")
    olive = open_page(club.founder, f"{club.address}/settings/application-form")
    olive.get_by_label("Question", exact=True).fill(WHY["label"])
    olive.get_by_role("button", name="Add a question").click()
    second = olive.get_by_role("listitem").filter(has_text="Question 2")
    second.get_by_label("Question", exact=True).fill(SEAT["label"])
    second.get_by_label("Answer", exact=True).select_option("choice")
    olive.get_by_role("button", name="Save the form").click()
    expect(olive.get_by_text("Offer at least two choices.")).to_be_visible()
    second.get_by_label("Choices").fill("Bow\nStroke")
    olive.get_by_role("button", name="Move up, question 2").click()
    shoot(olive, "application-form")
    olive.get_by_role("button", name="Save the form").click()
    expect(olive.get_by_text("Version 1")).to_be_visible()

    page = open_page(ben, club.address)
    page.get_by_role("link", name="Apply").click()
    expect(page.get_by_role("heading", name="Apply to Rowing Club")).to_be_focused()
    page.get_by_label(f"{SEAT['label']} (optional)").select_option("Stroke")
    send = page.get_by_role("button", name="Send the application")
    send.click()
    expect(page.get_by_text("Answer this question.")).to_be_visible()
    page.get_by_label(WHY["label"]).fill("For the mornings.")
    put_form(club, WHY, SEAT, SWIM)
    send.click()
    expect(page.get_by_role("alert").filter(has_text="The form has changed meanwhile.")).to_be_visible()
    expect(page.get_by_label(WHY["label"])).to_have_value("For the mornings.")
    expect(page.get_by_label(SEAT["label"])).to_have_value("Stroke")
    page.get_by_label(SWIM["label"]).select_option("Yes")
    shoot(page, "apply")
    olive.get_by_role("link", name="Applications").click()
    expect(olive.get_by_text("There is none.")).to_be_visible()
    send.click()
    expect(page.get_by_role("region", name="You have applied")).to_be_visible()
    page.get_by_role("link", name="Portcullis, all communities").click()
    page.get_by_role("region", name="Applied to").get_by_role("link", name="Rowing Club").click()
    expect(page.get_by_role("region", name="You have applied")).to_be_visible()

    olive.get_by_role("link", name="Open the application of Ben").click()
    expect(olive.get_by_text("For the mornings.")).to_be_visible()
    olive.get_by_label("A note").fill("He cannot come at six.")
    olive.get_by_role("button", name="Take it on").click()
    expect(olive.get_by_text("You are at it until")).to_be_visible()
    olive.get_by_label("What do you think?").select_option("refuse")
    olive.get_by_role("button", name="Say so").click()
    expect(olive.get_by_role("listitem").filter(has_text="Olive: refuse")).to_contain_text("He cannot come at six.")
    shoot(olive, "application")
    olive.get_by_role("button", name="Refuse", exact=True).click()
    olive.get_by_role("dialog").get_by_role("button", name="Refuse").click()
    expect(olive.get_by_text("Say why: they are told.")).to_be_visible()
    olive.get_by_label("Why, in words").fill("We are full until spring.")
    olive.get_by_role("dialog").get_by_role("button", name="Refuse").click()
    expect(olive.get_by_text("Refused by Olive")).to_be_visible()
    expect(page.get_by_text("We are full until spring.")).to_be_visible()
    expect(page.get_by_text(re.compile("You may apply again on"))).to_be_visible()
    shoot(page, "application-refused")
    expect(page.get_by_text("cannot come at six")).to_have_count(0)


def test_several_are_approved_at_once_but_for_one_that_another_reviewer_is_at(
    club: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    put_form(club, WHY, SEAT, SWIM)
    ben, cleo, dora = (account(name) for name in ("Ben", "Cleo", "Dora"))
    club.admit(dora)
    club.give_role(dora, "Moderator")
    olive = open_page(club.founder, f"{club.address}/settings/applications")
    expect(olive.get_by_text("There is none.")).to_be_visible()
    waiting = open_page(ben, club.address)
    _, claimed = applied(club, ben, cleo)
    tick = olive.get_by_role("checkbox", name="Choose the application of Ben")
    tick.check()
    dora.post(f"{club.path}/applications/{claimed}/claim")
    expect(olive.get_by_text("Dora is at it")).to_be_visible()
    expect(tick).to_be_checked()
    olive.get_by_role("checkbox", name="Choose all").check()
    expect(olive.get_by_text("2 applications chosen")).to_be_visible()
    shoot(olive, "applications")
    olive.get_by_role("button", name="Approve").click()
    olive.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(olive.get_by_text("1 application approved. 1 not: another reviewer is at it.")).to_be_visible()
    expect(tick).to_have_count(0)
    expect(olive.get_by_role("button", name="Approve")).to_be_focused()
    expect(waiting.get_by_role("link", name="general")).to_be_visible()


def test_an_application_is_taken_back_and_every_page_of_it_fits_a_phone(
    club: Place, account: Callable[[str], Account], open_page: OpenPage
) -> None:
    put_form(club, WHY, SEAT, SWIM)
    ben, cleo = account("Ben"), account("Cleo")
    [first, _] = applied(club, ben, cleo)
    page = open_page(ben, club.address, viewport=PHONE, color_scheme="dark")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("link", name="Apply again")).to_be_visible()
    look_at(page, "card-phone")
    page.get_by_role("link", name="Apply again").click()
    expect(page.get_by_role("button", name="Send the application")).to_be_visible()
    look_at(page, "apply-phone")
    olive = open_page(club.founder, f"{club.address}/settings/applications", viewport=PHONE, color_scheme="dark")
    expect(olive.get_by_role("link", name="Open the application of Cleo")).to_be_visible()
    look_at(olive, "applications-phone")
    olive.get_by_role("checkbox", name="Choose all").check()
    olive.get_by_role("button", name="Approve").click()
    olive.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(olive.get_by_text("There is none.")).to_be_visible()
    expect(olive.locator("#stage")).to_be_focused()
    olive.goto(f"{olive.url}/{first}")
    expect(olive.get_by_text("Taken back by the applicant.")).to_be_visible()
    look_at(olive, "application-phone")
    olive.goto(f"{olive.url.partition('#')[0]}{club.address[1:]}/settings/application-form")
    expect(olive.get_by_role("button", name="Save the form")).to_be_visible()
    look_at(olive, "application-form-phone")


def look_at(page: Page, name: str) -> None:
    """Check what is shown in both colour schemes, and keep a picture of the dark one."""
    assert overflow(page) == 0
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page)
    shoot(page, name)
