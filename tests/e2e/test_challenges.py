"""Showing that one is human in the entrance: the widget, the content security policy and the answer, with a stand-in for the providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.people import PASSWORD, PHONE, Account, expect_live, shoot
from tests.e2e.stack import Server, Stack
from tests.e2e.test_accessibility import assert_accessible
from tests.scripted_http import Answer, ScriptedServer, scripted_server

OpenPage = Callable[..., Page]

SCRIPTS = {
    "hcaptcha": "https://js.hcaptcha.com/1/api.js**",
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/api.js**",
}
WIDGET = """
(() => {
  let solved = 0;
  window.PROVIDER = {
    render(box, { sitekey, callback }) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `I am human (${sitekey})`;
      button.onclick = () => callback(`human ${++solved}`);
      box.append(button);
    },
  };
  window[new URL(document.currentScript.src).searchParams.get("onload")]();
})();
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedServer]:
    """Return what answers whether a challenge was solved."""
    with scripted_server() as running:
        yield running


@pytest.fixture(scope="module", params=sorted(SCRIPTS))
def challenged(request: pytest.FixtureRequest, stack: Stack, provider: ScriptedServer) -> tuple[str, Server]:
    """Return a provider's name and a server that asks it."""
    settings = {
        "CHALLENGE_PROVIDER": request.param,
        "CHALLENGE_SITE_KEY": "our-site",
        "CHALLENGE_SECRET": "hush",
        "CHALLENGE_AFTER_FAILURES": "1",
        "CHALLENGE_STAND_IN": f"{provider.url}/siteverify",
    }
    return request.param, stack.start_with(application="tests.e2e.challenged:application", **settings)


@pytest.fixture
def page(open_page: OpenPage, challenged: tuple[str, Server]) -> Page:
    """Return a page of that server, whose browser gets the provider's script from us."""
    name, server = challenged
    page = open_page(at=server)

    def give_script(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=WIDGET.replace("PROVIDER", name))

    page.route(SCRIPTS[name], give_script)
    return page


def be_human(page: Page) -> None:
    """Solve the challenge."""
    page.get_by_role("button", name="I am human (our-site)").click()


def submit(page: Page, label: str) -> None:
    page.locator("#entrance-form").get_by_role("button", name=label, exact=True).click()


def test_a_newcomer_shows_that_they_are_human(
    page: Page, challenged: tuple[str, Server], provider: ScriptedServer
) -> None:
    name, _ = challenged
    provider.answers.extend([Answer(body={"success": True})])
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Username").fill(f"human-{name}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit(page, "Create account")
    expect(page.get_by_text("Show that you are human to go on.")).to_be_visible()
    page.set_viewport_size(PHONE)
    assert_accessible(page)
    shoot(page, f"challenge-{name}")
    be_human(page)
    expect_live(page)
    assert provider.requests[-1].form == {"secret": "hush", "response": "human 1", "sitekey": "our-site"}


def test_who_guessed_is_asked_and_a_refused_answer_is_asked_for_again(
    page: Page, provider: ScriptedServer, account: Callable[[str], Account]
) -> None:
    ann = account("Ann")
    page.get_by_label("E-mail, username or phone number").fill(ann.username)
    page.get_by_label("Password", exact=True).fill("not this one")
    submit(page, "Sign in")
    expect(page.get_by_role("alert")).to_have_text("The login or the password is wrong.")
    provider.answers.extend(
        [Answer(body={"success": False, "error-codes": ["invalid-input-response"]}), Answer(body={"success": True})]
    )
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit(page, "Sign in")
    be_human(page)
    expect(page.get_by_role("alert")).to_have_text("Show that you are human, then try again.")
    submit(page, "Sign in")
    be_human(page)
    expect_live(page)
    assert [asked.form["response"] for asked in provider.requests][-2:] == ["human 1", "human 2"]


def test_a_mail_for_a_new_password_is_sent_to_humans(page: Page, provider: ScriptedServer) -> None:
    provider.answers.extend([Answer(body={"success": True})])
    page.get_by_role("button", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill("ann@example.org")
    submit(page, "Send the mail")
    be_human(page)
    expect(page.get_by_label("Code")).to_be_visible()


def test_a_script_that_does_not_load_is_said_so(page: Page, challenged: tuple[str, Server]) -> None:
    name, _ = challenged
    page.route(SCRIPTS[name], lambda route: route.abort())
    page.get_by_role("button", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill("ann@example.org")
    submit(page, "Send the mail")
    expect(page.get_by_role("alert")).to_contain_text("The check that you are human did not load.")
