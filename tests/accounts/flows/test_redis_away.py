"""An outage of Redis is no time to guess in: passwords are counted in the process, and what allauth counts waits for Redis."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from kernel import lockouts as kernel_lockouts
from kernel import rate_limits
from project.lockouts import lockouts_from_settings
from project.rate_limits import limiter_from_settings
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NOWHERE = "redis://127.0.0.1:1/0"
LOGINS = [("/api/v1/auth/login", "login"), ("/_allauth/app/v1/auth/login", "username")]


@pytest.fixture(autouse=True)
def _redis_is_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = NOWHERE
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": NOWHERE}}
    monkeypatch.setattr(rate_limits, "_limiter", limiter_from_settings())
    monkeypatch.setattr(kernel_lockouts, "_lockouts", lockouts_from_settings())


def post(path: str, **body: str) -> tuple[int, str]:
    answer = Client().post(path, body, content_type="application/json")
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.parametrize(("path", "name"), LOGINS)
def test_the_sixth_guess_waits_and_then_the_right_password_too(path: str, name: str) -> None:
    make_user("ada")
    statuses = [post(path, **{name: "ada", "password": f"guess {number}"})[0] for number in range(8)]
    assert statuses[5:] == [429] * 3
    assert 429 not in statuses[:5]
    assert post(path, **{name: "ada", "password": PASSWORD}) == (429, "rate.limited")


@pytest.mark.parametrize(("path", "name"), LOGINS)
def test_who_knows_the_password_gets_in(path: str, name: str) -> None:
    make_user("ada")
    assert post(path, **{name: "ada", "password": PASSWORD})[0] == 200


def test_one_network_has_twenty_logins_whatever_the_account() -> None:
    codes = [post("/api/v1/auth/login", login=f"nobody{number}", password="x")[1] for number in range(21)]
    assert codes == ["auth.invalid_credentials"] * 20 + ["rate.limited"]


def test_a_reset_waits_for_redis(mailoutbox: list[Any]) -> None:
    make_user("ada")
    assert post("/_allauth/app/v1/auth/password/request", email="ada@example.org") == (503, "service.unavailable")
    assert mailoutbox == []
