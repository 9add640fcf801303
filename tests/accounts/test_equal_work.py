"""A refusal costs the same whoever is asked about: as many statements, as many hashes. How long it takes is measured by `bench`."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.factories.accounts import PASSWORD, make_user

APP = "/_allauth/app/v1"
SIGN_UPS = ["/api/v1/auth/sign-up", f"{APP}/auth/signup", "/_allauth/browser/v1/auth/signup"]
SOMEBODY = ["ada", "ben", "cleo"]
RESETS = [f"/_allauth/{kind}/v1/auth/password/request" for kind in ("app", "browser")]

Attempt = Callable[[], None]


class Work(NamedTuple):
    """What a request asked of the database, by the first word, and how many passwords it hashed."""

    statements: Counter[str]
    hashes: int


class CountingHasher(MD5PasswordHasher):
    """Counts what it hashes."""

    count = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def people(settings) -> None:
    """Have Ada with a verified address, Ben with one that is not, Cleo without a row for it, Bot without a password; count hashes."""
    cache.clear()  # where allauth counts
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    for name in SOMEBODY:
        make_user(name)
    for name in ("ada", "ben"):
        user = User.objects.get(username=name)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=name == "ada")
    make_user("bot")
    User.objects.filter(username="bot").update(password="!")


pytestmark = pytest.mark.django_db


def post(path: str, status: int, client: HttpClient | None = None, **body: str) -> Attempt:
    """Return a request that is answered so, from a network of its own, so that none has to wait."""
    network = zlib.crc32(repr((path, body)).encode())
    client = client or HttpClient(REMOTE_ADDR=f"10.{network % 256}.{network // 256 % 256}.{network // 65536 % 256}")

    def attempt() -> None:
        answer = client.post(path, body, content_type="application/json")
        assert answer.status_code == status, answer.content

    return attempt


def work_of(attempt: Attempt) -> Work:
    """Return what one attempt costs."""
    before = CountingHasher.count
    with CaptureQueriesContext(connection) as captured:
        attempt()
    words = Counter(query["sql"].split(maxsplit=1)[0] for query in captured)
    return Work(words, CountingHasher.count - before)


def refused_login(login: str) -> Attempt:
    return post("/api/v1/auth/login", 401, login=login, password="not the password")


def test_a_login_of_nobody_hashes_as_a_wrong_password_does_and_as_an_account_without_one():
    wrong, unknown, without = (work_of(refused_login(login)) for login in ("ada", "nobody", "bot"))
    assert wrong.hashes == unknown.hashes == without.hashes == 1
    assert wrong.statements == unknown.statements == without.statements


@pytest.fixture
def mandatory(settings) -> None:
    """Have addresses verified at sign-up."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True


@pytest.mark.parametrize("path", SIGN_UPS)
def test_where_addresses_are_verified_a_taken_one_costs_what_a_new_one_does(mandatory, path):
    new, *taken = (
        work_of(post(path, 401, email=f"{name}@example.org", username=f"{name}-x", password=PASSWORD))
        for name in ("new", *SOMEBODY)
    )
    assert taken == [new] * 3
    assert new.hashes == 1


@pytest.mark.parametrize("path", RESETS)
@pytest.mark.parametrize("by_code", [True, False])
def test_a_reset_for_nobody_costs_what_one_for_somebody_does(settings, path, by_code):
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = by_code
    status = 401 if by_code else 200
    nobody, *somebody = (work_of(post(path, status, email=f"{name}@example.org")) for name in ("nobody", *SOMEBODY))
    assert somebody == [nobody] * 3


def wrong_code(first_step: str, begin: dict[str, str], path: str, code: dict[str, str]) -> Attempt:
    """Return a request with a wrong code in a pending step that was begun before."""
    client = HttpClient(REMOTE_ADDR="10.1.1.1")
    begun = client.post(f"{APP}{first_step}", begin, content_type="application/json")
    assert begun.status_code == 401, begun.content
    client.defaults["HTTP_X_SESSION_TOKEN"] = begun.json()["meta"]["session_token"]
    return post(f"{APP}{path}", 400, client, **code)


def test_a_wrong_code_of_a_mail_costs_for_nobody_what_it_does_for_somebody():
    guess = {"key": "BCDFGHJK", "password": "another good password"}
    nobody, *somebody = (
        work_of(wrong_code("/auth/password/request", {"email": f"{name}@example.org"}, "/auth/password/reset", guess))
        for name in ("nobody", *SOMEBODY)
    )
    assert somebody == [nobody] * 3


def test_a_wrong_code_of_a_sign_up_costs_for_a_taken_address_what_it_does_for_a_new_one(mandatory):
    new, *taken = (
        work_of(
            wrong_code(
                "/auth/signup",
                {"email": f"{name}@example.org", "username": f"{name}-x", "password": PASSWORD},
                "/auth/email/verify",
                {"key": "BCDFGHJK"},
            )
        )
        for name in ("new", *SOMEBODY)
    )
    assert taken == [new] * 3
