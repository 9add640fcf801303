"""Signing in makes the device known: by a cookie in browsers, by a header elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actions.known_devices import device_of
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_limits(limiter: object, lockouts: object) -> None:
    """Let no test use up another one's limits."""


def log_in(client: Client, password: str = PASSWORD, **headers: str) -> Any:
    return client.post(
        "/api/v1/auth/login", {"login": "ada", "password": password}, content_type="application/json", headers=headers
    )


def test_a_browser_gets_a_cookie_that_scripts_cannot_read() -> None:
    user = make_user("ada")
    answer = log_in(Client())
    cookie = answer.cookies["device"]
    assert device_of(cookie.value, user.id) is not None
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (
        True,
        "Lax",
        "/",
        180 * 86_400,
    )
    assert "X-Device-Token" not in answer.headers


def test_the_cookie_is_for_https_alone_where_the_site_is(settings: Any) -> None:
    make_user("ada")
    settings.SESSION_COOKIE_SECURE = True
    settings.DEVICE_COOKIE_NAME = "__Host-device"
    cookie = log_in(Client()).cookies["__Host-device"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_a_client_that_sends_the_header_is_answered_by_it_and_gets_no_cookie() -> None:
    user = make_user("ada")
    answer = log_in(Client(), **{"X-Device-Token": ""})
    assert device_of(answer["X-Device-Token"], user.id) is not None
    assert not answer.cookies
    again = log_in(Client(), **{"X-Device-Token": answer["X-Device-Token"]})
    assert device_of(again["X-Device-Token"], user.id) == device_of(answer["X-Device-Token"], user.id)


def test_a_refused_login_makes_nothing_known() -> None:
    make_user("ada")
    answer = log_in(Client(), "not the password", **{"X-Device-Token": ""})
    assert answer.status_code == 401
    assert (answer.cookies, answer.headers.get("X-Device-Token")) == ({}, None)


def test_a_known_browser_gets_in_while_a_stranger_in_the_same_network_has_to_wait() -> None:
    make_user("ada")
    home = Client()
    assert log_in(home).status_code == 200
    answers = [log_in(Client(), "guess") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1]["Retry-After"] == "30"
    assert answers[-1].json()["limit"] == "login.account"
    assert log_in(Client()).status_code == 429
    assert log_in(home).status_code == 200
