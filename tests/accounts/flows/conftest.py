"""What the tests of signing in and up share: allauth's counters, a mobile app and a browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from tests.factories.accounts import PASSWORD

APP = "/_allauth/app/v1"
BROWSER = "/_allauth/browser/v1"


class AppClient(Client):
    """A mobile app: JSON, no cookies, and whatever token it was given last."""

    def __init__(self) -> None:
        super().__init__(headers={"user-agent": "Phone/1"}, enforce_csrf_checks=True)
        self.session_token = ""
        self.access = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request below the app's prefix, remember the tokens of the answer, and return it."""
        proof = {"Authorization": f"Bearer {self.access}"} if self.access else {"X-Session-Token": self.session_token}
        payload = {} if body is None else {"data": body}
        answer = self.generic_json(method, f"{APP}{path}", payload, {k: v for k, v in proof.items() if v} | headers)
        meta = answer.json().get("meta") or {} if "json" in answer.headers.get("Content-Type", "") else {}
        self.session_token = meta.get("session_token", self.session_token)
        self.access = meta.get("access_token", self.access)
        return answer

    def generic_json(self, method: str, path: str, payload: dict[str, Any], headers: dict[str, str]) -> Any:
        """Send JSON; without a body nothing but its type."""
        self.cookies.clear()
        return getattr(self, method)(path, content_type="application/json", headers=headers, **payload)


@pytest.fixture(autouse=True)
def _own_counters() -> None:
    """Let no test use up what allauth counts in the cache for another one."""
    cache.clear()


@pytest.fixture
def app() -> AppClient:
    """Return a mobile app that nobody is signed in with."""
    return AppClient()


class BrowserClient(Client):
    """The web client: cookies, and the CSRF token in a header unless told otherwise."""

    def __init__(self) -> None:
        super().__init__(headers={"user-agent": "Browser/1"}, enforce_csrf_checks=True)

    def call(self, method: str, path: str, body: Any = None, *, csrf: bool = True, **headers: str) -> Any:
        """Send a request to a path, below allauth's prefix for browsers unless it begins with /api/."""
        token = self.cookies.get(settings.CSRF_COOKIE_NAME)
        if csrf and token:
            headers["X-CSRFToken"] = token.value
        address = path if path.startswith("/api/") else f"{BROWSER}{path}"
        payload = {} if body is None else {"data": body}
        return getattr(self, method)(address, content_type="application/json", headers=headers, **payload)

    def sign_in(self, username: str) -> None:
        """Load the page's configuration, which sets the CSRF cookie, and sign in."""
        self.call("get", "/config")
        answer = self.call("post", "/auth/login", {"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.content


@pytest.fixture
def browser() -> BrowserClient:
    """Return a browser that nobody is signed in with."""
    return BrowserClient()
