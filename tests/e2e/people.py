"""People in a test: an account each, made over REST, and a browser page that is signed in to it."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
REST_SECONDS = 60
PATIENCE_MS = 30_000
"""How long anything that must happen may take: machines that are busy with other things are slow, and that is no mistake."""
PASSWORD = "a harbour full of oars"

_numbers = itertools.count(1)
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass
class Account:
    """A user and what they may do over REST, by the cookies of the session in which they signed up; their pages share it."""

    address: str
    username: str
    id: str
    cookies: dict[str, str]
    csrf_token: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the API as this user and return what it answers; a refusal fails the test."""
        headers = {"X-CSRFToken": self.csrf_token}
        with httpx.Client(base_url=f"{self.address}/api/v1/", cookies=self.cookies, timeout=REST_SECONDS) as client:
            response = client.request(method, path, json=body, headers=headers)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def post(self, path: str, **body: Any) -> Any:
        """Call POST."""
        return self.call("POST", path, body)

    def access_token(self) -> str:
        """Sign in as an app does, which is another session, and return its access token."""
        form = {"login": self.username, "password": PASSWORD}
        response = httpx.post(f"{self.address}/api/v1/auth/login", json=form, timeout=REST_SECONDS)
        assert response.status_code == httpx.codes.OK, response.text
        return str(response.json()["access"])


def sign_up(address: str, name: str) -> Account:
    """Make an account as a page does; the username is the name and a number."""
    username = f"{name.lower()}-{next(_numbers)}"
    form = {"email": f"{username}@example.org", "username": username, "password": PASSWORD, "display_name": name}
    with httpx.Client(base_url=f"{address}/_allauth/browser/v1/auth/", timeout=REST_SECONDS) as client:
        token = client.get("session").headers["X-CSRFToken"]
        response = client.post("signup", json=form, headers={"X-CSRFToken": token})
        assert response.status_code == httpx.codes.OK, response.text
        user_id = response.json()["data"]["user"]["id"]
        return Account(address, username, user_id, dict(client.cookies), response.headers["X-CSRFToken"])


@dataclass
class Place:
    """A community with one room, and who founded it."""

    founder: Account
    community: dict[str, Any]
    room: dict[str, Any]

    @property
    def path(self) -> str:
        """The community below the prefix of the API."""
        return f"communities/{self.community['id']}"

    @property
    def address(self) -> str:
        """The community's place on the page."""
        return f"/#/c/{self.community['id']}"

    @property
    def room_address(self) -> str:
        """The room's place on the page."""
        return f"/#/c/{self.community['id']}/r/{self.room['id']}"

    def admit(self, *accounts: Account) -> None:
        """Make them members."""
        for account in accounts:
            self.founder.post(f"communities/{self.community['id']}/members", username=account.username)

    def more_room(self, name: str, **form: Any) -> Any:
        """Open another room."""
        return self.founder.post(f"communities/{self.community['id']}/rooms", name=name, **form)

    def write(self, author: Account, *bodies: str) -> None:
        """Post messages over REST."""
        for body in bodies:
            author.post(f"rooms/{self.room['id']}/messages", body=body, nonce=f"{author.username}-{next(_numbers)}")

    def give_role(self, member: Account, name: str) -> None:
        """Have the founder give a member one of the roles that every community begins with."""
        community = f"communities/{self.community['id']}"
        [role] = [role for role in self.founder.call("GET", f"{community}/roles")["items"] if role["name"] == name]
        self.founder.call("PUT", f"{community}/members/{member.id}/roles/{role['id']}")


def found(founder: Account, name: str = "Harbour Row") -> Place:
    """Found a community with a room called general."""
    community = founder.post("communities", name=name, slug=f"harbour-{next(_numbers)}", join_policy="open")
    room = founder.post(f"communities/{community['id']}/rooms", name="general", topic_line="Anything at all")
    return Place(founder, community, room)


def context_for(browser: Browser, account: Account | None, address: str, **options: Any) -> BrowserContext:
    """Open a browser profile, signed in to the account if one is given; mistakes on the page fail the test at once."""
    options.setdefault("viewport", DESKTOP)
    context = browser.new_context(**options)
    if account is not None:
        context.add_cookies(cookies_of(account, address))
    context.set_default_timeout(PATIENCE_MS)
    return context


def cookies_of(account: Account, address: str) -> list[Any]:
    """Return the cookies of somebody who is signed in, for whichever server; the page itself knows nothing of it yet."""
    return [{"name": name, "value": value, "url": address} for name, value in account.cookies.items()]


def write(page: Page, *bodies: str) -> None:
    """Write messages as a person does: into the box, with Enter."""
    for body in bodies:
        page.locator("#message-box").fill(body)
        page.locator("#message-box").press("Enter")


def bodies(page: Page) -> list[str]:
    """Return the messages on the page, in order."""
    return page.locator(".message .body").all_inner_texts()


def expect_bodies(page: Page, expected: list[str]) -> None:
    """Wait until exactly these messages are on the page, in this order, none twice."""
    expect(page.locator(".message .body")).to_have_text(expected)


def expect_live(page: Page) -> None:
    """Wait until the page says that it is connected."""
    expect(page.locator("#connection")).to_contain_text("Live")


def break_and_return(page: Page) -> None:
    """Let the page lose its connection and find it again."""
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("Offline")
    page.context.set_offline(False)
    expect_live(page)


def in_the_end(page: Page, condition: Callable[[], Any]) -> None:
    """Wait until a condition is true on our side; the page goes on meanwhile."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        page.wait_for_timeout(50)


def expect_nothing_of(page: Page, text: str) -> None:
    """Wait until nothing of a text is left in the page, attributes included: a closed dialog takes its leave a moment later."""
    in_the_end(page, lambda: text not in page.content())


def expect_settled(page: Page, who: Account) -> None:
    """Wait until a page that shows a room and its members has nothing more to come: who looks at it is seen to be there."""
    expect_live(page)
    own_row = page.locator(f"#members [data-user='{who.id}'] .presence")
    expect(own_row).to_have_attribute("data-status", "online")


def shoot(page: Page, name: str) -> None:
    """Keep a picture to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
