"""Where a provider of challenges is set up, sign-ups and resets wait for a human, and nothing is done before."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Delivery, User
from kernel import challenges
from kernel.challenges import ChallengeUnavailable
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db

SIGN_UPS = ["/api/v1/auth/sign-up", "/_allauth/app/v1/auth/signup", "/_allauth/browser/v1/auth/signup"]
RESETS = ["/_allauth/app/v1/auth/password/request", "/_allauth/browser/v1/auth/password/request"]
NEW = {"email": "ada@example.org", "username": "ada", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _own_limits(limiter: object, lockouts: object) -> None:
    """Let no test use up another one's limits."""


class Provider:
    name = "test"
    site_key = "site"
    away = False

    def verify(self, response: str) -> bool:
        if self.away:
            raise ChallengeUnavailable
        return response == "solved"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(challenges, "_provider", provider)
    return provider


def post(path: str, body: dict[str, str], response: str | None = None) -> Any:
    headers = {} if response is None else {"X-Challenge-Response": response}
    return Client().post(path, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("path", SIGN_UPS)
@pytest.mark.parametrize("response", [None, "", "wrong"])
def test_a_sign_up_without_a_solved_challenge_makes_nobody(provider: Provider, path: str, response: str | None) -> None:
    answer = post(path, NEW, response)
    assert (answer.status_code, answer.json()["code"]) == (403, "challenge.required")
    assert (answer.json()["provider"], answer.json()["site_key"]) == ("test", "site")
    assert not User.objects.exists()


@pytest.mark.parametrize("path", SIGN_UPS)
def test_a_sign_up_with_a_solved_challenge_goes_on(provider: Provider, path: str) -> None:
    assert post(path, NEW, "solved").status_code in (200, 201)
    assert User.objects.count() == 1


@pytest.mark.parametrize("path", RESETS)
def test_a_reset_sends_no_mail_without_a_solved_challenge(provider: Provider, path: str) -> None:
    make_user("ada")
    answer = post(path, {"email": "ada@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (403, "challenge.required")
    assert not Delivery.objects.exists()


def test_a_provider_that_is_away_keeps_strangers_out_and_says_so(provider: Provider) -> None:
    provider.away = True
    answer = post(SIGN_UPS[0], NEW, "solved")
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (
        503,
        "challenge.unavailable",
        True,
    )
    assert not User.objects.exists()


@pytest.mark.parametrize("path", SIGN_UPS)
def test_without_a_provider_nobody_is_asked(path: str) -> None:
    assert post(path, NEW).status_code in (200, 201)


def test_a_login_is_asked_after_three_failures(provider: Provider) -> None:
    make_user("ada")
    codes = [post("/api/v1/auth/login", {"login": "ada", "password": "wrong"}).json()["code"] for _ in range(4)]
    assert codes == ["auth.invalid_credentials"] * 3 + ["challenge.required"]
    assert post("/api/v1/auth/login", {"login": "ada", "password": PASSWORD}, "solved").status_code == 200
