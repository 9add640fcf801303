"""Nothing tells whether an account exists: not the status, the text or the cookies of a login or reset, nor of a sign-up by address."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.flows.conftest import AppClient
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db

KINDS = ["app", "browser"]


@pytest.fixture
def mandatory(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True


def post(path: str, body: dict[str, str]) -> tuple[int, Any, set[str], set[str]]:
    """Return all that a stranger can see of an answer, but for what is random in it."""
    client = Client()
    answer = client.post(path, body, content_type="application/json")
    headers = set(answer.headers) - {"X-Request-ID"}
    return answer.status_code, shape_of(answer.json()), headers, set(client.cookies)


RANDOM = {"session_token", "request_id", "user", "access_token", "refresh_token"}


def shape_of(value: Any) -> Any:
    """Return the answer without the values that are random, or are what was sent."""
    if isinstance(value, dict):
        return {name: "..." if name in RANDOM else shape_of(inner) for name, inner in value.items()}
    return [shape_of(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["username", "email"])
def test_a_login_of_nobody_looks_like_a_wrong_password(kind: str, name: str) -> None:
    make_user("ada")
    known, unknown = {"username": ("ada", "bob"), "email": ("ada@example.org", "bob@example.org")}[name]
    path = f"/_allauth/{kind}/v1/auth/login"
    assert post(path, {name: known, "password": "wrong"}) == post(path, {name: unknown, "password": "wrong"})


@pytest.mark.parametrize(("known", "unknown"), [("ada", "bob"), ("ada@example.org", "bob@example.org")])
def test_a_login_below_api_looks_alike_too_and_so_does_having_to_wait(known: str, unknown: str) -> None:
    make_user("ada")
    path = "/api/v1/auth/login"
    for _ in range(7):
        seen = [post(path, {"login": login, "password": "wrong"}) for login in (known, unknown)]
        assert seen[0] == seen[1]
    assert seen[0][0] == 429


def test_a_closed_account_is_known_to_its_owner_alone() -> None:
    make_user("ada", is_active=False)
    path = "/api/v1/auth/login"
    assert post(path, {"login": "ada", "password": "wrong"}) == post(path, {"login": "bob", "password": "wrong"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_reset_for_nobody_looks_like_any_other(kind: str) -> None:
    make_user("ada")
    path = f"/_allauth/{kind}/v1/auth/password/request"
    answers = [post(path, {"email": f"{name}@example.org"}) for name in ("ada", "bob")]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "path", ["/_allauth/app/v1/auth/signup", "/_allauth/browser/v1/auth/signup", "/api/v1/auth/sign-up"]
)
def test_where_addresses_are_verified_a_taken_one_looks_like_a_new_one(path: str, mandatory: None) -> None:
    make_user("ada")
    taken = post(path, {"email": "ada@example.org", "username": "new1", "password": PASSWORD})
    fresh = post(path, {"email": "new@example.org", "username": "new2", "password": PASSWORD})
    assert taken == fresh
    assert taken[0] == 401
    assert not User.objects.filter(username="new1").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_usernames_are_public_and_a_taken_one_is_said_to_be(kind: str, mandatory: None) -> None:
    make_user("ada")
    path = f"/_allauth/{kind}/v1/auth/signup"
    status, body, _, _ = post(path, {"email": "new@example.org", "username": "ADA", "password": PASSWORD})
    assert (status, [error["param"] for error in body["errors"]]) == (400, ["username"])


@pytest.mark.parametrize("method", ["get", "post"])
def test_wrong_codes_of_a_reset_run_out_for_nobody_as_for_somebody(method: str) -> None:
    make_user("ada")
    seen = []
    for name in ("ada", "bob"):
        app = AppClient()
        app.call("post", "/auth/password/request", {"email": f"{name}@example.org"})
        guess = {"key": "BCDFGHJK", "password": "another good password"} if method == "post" else None
        seen.append(
            [
                app.call(method, "/auth/password/reset", guess, **{"X-Password-Reset-Key": "BCDFGHJK"}).status_code
                for _ in range(4)
            ]
        )
    assert seen == [[400, 400, 400, 409]] * 2
