"""Signing in by an account at another site: from the entrance to a real OpenID Connect provider and back, connecting and disconnecting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import PASSWORD, PHONE, expect_live, shoot, sign_up
from tests.e2e.stack import Server, Stack
from tests.e2e.test_accessibility import SCHEMES, assert_accessible
from tests.e2e.test_second_factors import prove_password
from tests.oidc_provider import OidcProvider, running_provider

OpenPage = Callable[..., Page]
PATH = "/#/settings/connections"
_numbers = count(1)


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """Run a provider, where anybody can be anybody."""
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def server(stack: Stack, provider: OidcProvider) -> Server:
    """Return a server that knows the provider as The Club, and another one that is away."""
    client = {"client_id": "portcullis", "client_secret": "s3cret"}
    sites = [
        {"id": "club", "name": "The Club", "server_url": provider.url, **client},
        {"id": "away", "name": "The Closed Club", "server_url": "http://localhost:9", **client},
    ]
    return stack.start_with(OPENID_CONNECT_PROVIDERS=json.dumps(sites))


@pytest.fixture
def ada(provider: OidcProvider) -> str:
    """Return somebody whom the provider knows, and nobody here."""
    subject = f"ada-{next(_numbers)}"
    provider.knows(subject, email=f"{subject}@club.example", email_verified=True, name="Ada Lovelace")
    return subject


def go_there(page: Page) -> None:
    page.get_by_role("button", name="Continue with The Club").click()
    expect(page.get_by_role("heading", name="Authorize Client")).to_be_visible()


def come_as(page: Page, subject: str) -> None:
    """Be somebody at the provider and come back."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def sign_in_there(page: Page, subject: str) -> None:
    go_there(page)
    come_as(page, subject)


def sign_up_from_there(page: Page, subject: str) -> None:
    """Come for the first time, and take a name."""
    sign_in_there(page, subject)
    page.get_by_label("Username").fill(subject)
    page.get_by_role("button", name="Create account").click()
    expect_live(page)


def name_on(page: Page) -> str:
    """Return who the page is signed in as."""
    name: str = page.evaluate("fetch('/api/v1/me').then((answer) => answer.json()).then(({ username }) => username)")
    return name


def connect(page: Page, subject: str) -> None:
    """Connect the provider's account of somebody on the page of connected accounts."""
    page.get_by_role("button", name="Connect The Club").click()
    prove_password(page)
    come_as(page, subject)


def test_who_comes_for_the_first_time_takes_a_name_and_the_second_time_is_the_same_one(
    open_page: OpenPage, server: Server, ada: str
) -> None:
    taken = sign_up(server.address, "Grace")
    page = open_page()
    shoot(page, "entrance-sites")
    sign_in_there(page, ada)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_text("You come from The Club.")).to_be_visible()
    expect(page.get_by_label("Username")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value(f"{ada}@club.example")
    expect(page.get_by_label("Name shown to others")).to_have_value("Ada Lovelace")
    shoot(page, "newcomer")
    page.get_by_label("Username").fill("two words")
    create = page.get_by_role("button", name="Create account")
    create.click()
    expect(page.get_by_text("Use 3 to 32 letters")).to_be_visible()
    page.get_by_label("Username").fill(taken.username)
    create.click()
    expect(page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")
    page.reload()
    page.get_by_label("Username").fill(ada)
    create.click()
    expect_live(page)
    expect(page.get_by_role("button", name="Your account, Ada Lovelace")).to_be_visible()

    again = open_page()
    sign_in_there(again, ada)
    expect_live(again)
    assert name_on(again) == name_on(page) == ada


def test_who_comes_back_is_where_they_wanted_to_go(open_page: OpenPage, ada: str) -> None:
    sign_up_from_there(open_page(), ada)
    page = open_page(None, "/#/settings/devices")
    sign_in_there(page, ada)
    expect_live(page)
    expect(page.get_by_role("heading", name="Devices", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Other devices").get_by_role("listitem")).to_have_count(1)


def test_a_refusal_at_the_provider_is_told_and_nobody_is_signed_in(open_page: OpenPage, server: Server) -> None:
    page = open_page()
    go_there(page)
    back = parse_qs(urlsplit(page.url).query)
    # This provider forgets the state when it denies, unlike RFC 6749, section 4.1.2.1: here is what others send.
    page.goto(f"{back['redirect_uri'][0]}?error=access_denied&state={back['state'][0]}")
    expect(page.get_by_role("heading", name="Come in")).to_be_visible()
    expect(page.locator("#entrance-notice")).to_have_text("You have stopped at the other site, so nothing was done.")
    assert page.url == f"{server.address}/#/"
    shoot(page, "stopped-there")
    go_there(page)
    page.get_by_role("button", name="Deny").click()
    expect(page.locator("#entrance-notice")).to_contain_text("That did not work at the other site.")
    page.reload()
    expect(page.locator("#entrance-notice")).to_be_hidden()


def test_a_provider_that_is_away_is_told(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Continue with The Closed Club").click()
    expect(page.locator("#entrance-notice")).to_contain_text("The other site cannot be reached at the moment.")
    expect(page.get_by_role("button", name="Continue with The Club")).to_be_visible()


def test_an_account_is_connected_signs_in_and_is_disconnected(open_page: OpenPage, server: Server, ada: str) -> None:
    grace = sign_up(server.address, "Grace")
    page = open_page(grace, PATH)
    mine = page.get_by_role("region", name="Your accounts")
    expect(mine).to_contain_text("You have connected none.")
    shoot(page, "connections-empty")
    connect(page, ada)
    expect_live(page)
    expect(page.get_by_role("heading", name="Connected accounts")).to_be_visible()
    expect(mine.get_by_role("listitem")).to_contain_text("The Club")
    shoot(page, "connections")

    other = open_page()
    sign_in_there(other, ada)
    expect_live(other)
    assert name_on(other) == grace.username

    page.get_by_role("button", name="Disconnect The Club").click()
    page.get_by_role("button", name="Disconnect it").click()
    expect(mine).to_contain_text("You have connected none.")
    stranger = open_page()
    sign_in_there(stranger, ada)
    expect(stranger.get_by_text("You come from The Club.")).to_be_visible()


def test_an_account_that_is_connected_to_somebody_else_stays_theirs(
    open_page: OpenPage, server: Server, ada: str
) -> None:
    sign_up_from_there(open_page(), ada)
    page = open_page(sign_up(server.address, "Grace"), PATH)
    connect(page, ada)
    expect(page.get_by_text("This account is connected to somebody else here.")).to_be_visible()
    expect(page.get_by_role("region", name="Your accounts")).to_contain_text("You have connected none.")


def test_the_last_way_in_is_kept_until_there_is_a_password(open_page: OpenPage, ada: str) -> None:
    page = open_page(None, PATH)
    sign_up_from_there(page, ada)
    disconnect = page.get_by_role("button", name="Disconnect The Club")
    disconnect.click()
    page.get_by_role("button", name="Disconnect it").click()
    expect(page.get_by_text("You could not sign in without it.")).to_be_visible()
    shoot(page, "last-way-in")
    page.get_by_role("button", name="Keep it").click()
    expect(disconnect).to_be_focused()
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_role("button", name="Choose a password").click()
    page.get_by_role("textbox", name="New password").fill(PASSWORD)
    page.get_by_role("button", name="Choose password").click()
    expect(page.get_by_role("button", name="Change password")).to_be_visible()
    page.get_by_role("link", name="Connected accounts").click()
    disconnect.click()
    page.get_by_role("button", name="Disconnect it").click()
    prove_password(page)
    expect(page.get_by_text("You have connected none.")).to_be_visible()


def test_who_has_no_password_keeps_an_account_that_is_to_be_deleted(open_page: OpenPage, ada: str) -> None:
    page = open_page(None, "/#/settings/account")
    sign_up_from_there(page, ada)
    page.get_by_role("button", name="Delete account").click()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("#entrance-notice")).to_contain_text("Your account will be deleted on")
    sign_in_there(page, ada)
    page.get_by_role("button", name="Keep my account").click()
    expect(page.locator("#entrance-notice")).to_contain_text("Your account stays.")
    assert "cancellation" not in page.url
    sign_in_there(page, ada)
    expect_live(page)


def test_a_site_is_reached_by_keyboard_alone(open_page: OpenPage, ada: str) -> None:
    page = open_page()
    button = page.get_by_role("button", name="Continue with The Club")
    expect(button).to_be_visible()
    page.get_by_role("button", name="Sign in with a passkey").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Authorize Client")).to_be_visible()
    expect(page.get_by_placeholder("sub")).to_be_focused()
    page.keyboard.type(ada)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(ada)
    page.keyboard.press("Enter")
    expect_live(page)


@SCHEMES
def test_the_pages_of_other_sites_are_accessible_and_fit_a_phone(open_page: OpenPage, ada: str, scheme: str) -> None:
    page = open_page(color_scheme=scheme, viewport=PHONE)
    expect(page.get_by_role("button", name="Continue with The Club")).to_be_visible()
    assert_accessible(page)
    shoot(page, f"entrance-sites-phone-{scheme}")
    sign_in_there(page, ada)
    expect(page.get_by_label("Username")).to_be_focused()
    assert_accessible(page)
    shoot(page, f"newcomer-phone-{scheme}")
    page.get_by_label("Username").fill(ada)
    page.get_by_role("button", name="Create account").click()
    expect_live(page)
    page.evaluate("location.hash = '#/settings/connections'")
    expect(page.get_by_role("button", name="Disconnect The Club")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert_accessible(page)
    shoot(page, f"connections-phone-{scheme}")
