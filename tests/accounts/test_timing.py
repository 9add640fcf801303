"""Who knows no password learns nothing from how long a refusal takes: a rank test on CPU time, with argon2.

CPU time and not the clock, so that a busy machine adds little; in pairs that alternate, so that what it adds falls on both alike.
"""

from __future__ import annotations

import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from math import sqrt

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.core.cache import cache
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from accounts.actions import sessions
from accounts.models import User
from tests.factories.accounts import PASSWORD, make_user

PAIRS = 30
SUSPICIOUS = 4.9
"""Standard deviations. Equal distributions get this far once in a million tests; 30 pairs without any overlap are 6.6 apart."""

Attempt = Callable[[int], None]


def separation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how many standard deviations the Mann-Whitney statistic of two samples is from that of equal distributions."""
    wins = sum((one > other) + (one == other) / 2 for one in first for other in second)
    amount = len(first) * len(second)
    return (wins - amount / 2) / sqrt(amount * (len(first) + len(second) + 1) / 12)


def samples(*attempts: Attempt) -> list[list[float]]:
    """Return what each kind of attempt costs, in seconds of CPU of this process and all its threads, `PAIRS` times in turns."""
    costs: list[list[float]] = [[] for _ in attempts]
    order = random.Random(7)  # an order, not a secret
    for number in range(-2, PAIRS):
        for kind in order.sample(range(len(attempts)), len(attempts)):
            began = time.process_time()
            attempts[kind](number)
            cost = time.process_time() - began
            if number >= 0:  # what came before warmed up
                costs[kind].append(cost)
    return costs


def post(path: str, status: int, **body: str) -> Attempt:
    """Return a request that is answered so; each comes from another network and names somebody else, so that none has to wait."""

    def attempt(number: int) -> None:
        named = {name: value.format(number) for name, value in body.items()}
        client = HttpClient(REMOTE_ADDR=f"10.0.{number % 256}.{zlib.crc32(repr(body).encode()) % 256}")
        answer = client.post(path, named, content_type="application/json")
        assert answer.status_code == status, answer.content

    return attempt


def refused_login(login: str) -> Attempt:
    """Return an attempt that fails."""
    return post("/api/v1/auth/login", 401, login=login, password="not the password")


class QuickArgon2(Argon2PasswordHasher):
    """Production's hash with an eighth of its memory and one pass in one thread: what else differs is eight times easier to see."""

    memory_cost = 12_800
    time_cost = 1
    parallelism = 1


@pytest.fixture
def argon2(settings) -> None:
    """Hash with argon2. `ada-2` to `ada29` have a password, `bot-2` to `bot29` have none."""
    cache.clear()  # where allauth counts
    for number in range(-2, PAIRS):
        make_user(f"ada{number}")
        make_user(f"bot{number}")
    settings.PASSWORD_HASHERS = [f"{__name__}.QuickArgon2"]
    User.objects.filter(username__startswith="ada").update(password=make_password(PASSWORD))
    User.objects.filter(username__startswith="bot").update(password=make_password(None))


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("argon2")]


def test_an_unknown_login_takes_as_long_as_a_wrong_password_and_as_an_account_without_one():
    wrong, unknown, without = samples(refused_login("ada{}"), refused_login("nobody{}"), refused_login("bot{}"))
    assert abs(separation(wrong, unknown)) < SUSPICIOUS, (wrong, unknown)
    assert abs(separation(wrong, without)) < SUSPICIOUS


def test_a_login_that_hashes_for_known_accounts_alone_would_be_found_out(monkeypatch):
    """The test above can fail."""
    wrong_way = sessions.verify_password

    def only_for_accounts(password: str, encoded: str) -> tuple[bool, bool]:
        return wrong_way(password, encoded) if not encoded.startswith("!") else (False, False)

    monkeypatch.setattr(sessions, "verify_password", only_for_accounts)
    wrong, unknown = samples(refused_login("ada{}"), refused_login("nobody{}"))
    assert separation(wrong, unknown) > SUSPICIOUS


@pytest.fixture
def mandatory(settings) -> None:
    """Have addresses verified at sign-up."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True


APP = "/_allauth/app/v1"
SIGN_UPS = ["/api/v1/auth/sign-up", f"{APP}/auth/signup", "/_allauth/browser/v1/auth/signup"]
RESETS = [f"/_allauth/{kind}/v1/auth/password/request" for kind in ("app", "browser")]


def signing_up(path: str, email: str, username: str) -> Attempt:
    return post(path, 401, email=email, username=username, password=PASSWORD)


def statements_of(attempt: Attempt, number: int) -> Counter[str]:
    with CaptureQueriesContext(connection) as statements:
        attempt(number)
    return Counter(query["sql"].split(maxsplit=1)[0] for query in statements)


@pytest.mark.parametrize("path", SIGN_UPS)
def test_where_addresses_are_verified_a_taken_one_takes_as_long_as_a_new_one(mandatory, path):
    taken, new = (signing_up(path, f"{name}{{}}@example.org", f"{name}-{{}}x") for name in ("ada", "new"))
    of_taken, of_new = samples(taken, new)
    assert abs(separation(of_taken, of_new)) < SUSPICIOUS
    make_user("ada99")
    assert statements_of(taken, 99) == statements_of(new, 99)


@pytest.mark.parametrize("path", RESETS)
@pytest.mark.parametrize("by_code", [True, False])
def test_a_reset_for_nobody_takes_as_long_as_one_for_somebody(settings, path, by_code):
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = by_code
    status = 401 if by_code else 200
    resets = [post(path, status, email=f"{name}{{}}@example.org") for name in ("ada", "nobody")]
    assert statements_of(resets[0], 0) == statements_of(resets[1], 0)
    of_somebody, of_nobody = samples(*resets)
    assert abs(separation(of_somebody, of_nobody)) < SUSPICIOUS


def wrong_code(first_step: str, begin: dict[str, str], path: str, code: dict[str, str]) -> Attempt:
    """Return a request with a wrong code, each in a pending step of its own that was begun before."""
    tokens, clients = {}, {}
    for number in range(-2, PAIRS):
        body = {name: value.format(number) for name, value in begin.items()}
        network = zlib.crc32(repr((begin, code)).encode()) % 256
        clients[number] = HttpClient(REMOTE_ADDR=f"10.1.{number % 256}.{network}")
        answer = clients[number].post(f"{APP}{first_step}", body, content_type="application/json")
        assert answer.status_code == 401, answer.content
        tokens[number] = answer.json()["meta"]["session_token"]

    def attempt(number: int) -> None:
        headers = {"X-Session-Token": tokens[number]}
        answer = clients[number].post(f"{APP}{path}", code, content_type="application/json", headers=headers)
        assert answer.status_code == 400, answer.content

    return attempt


def test_a_wrong_code_of_a_mail_takes_as_long_for_nobody_as_for_somebody():
    steps = "/auth/password/request", "/auth/password/reset"
    guess = {"key": "BCDFGHJK", "password": "another good password"}
    somebody, nobody = (
        wrong_code(steps[0], {"email": f"{name}{{}}@example.org"}, steps[1], guess) for name in ("ada", "nobody")
    )
    assert abs(separation(*samples(somebody, nobody))) < SUSPICIOUS


def test_a_wrong_code_of_a_sign_up_takes_as_long_for_a_taken_address_as_for_a_new_one(mandatory):
    taken, new = (
        wrong_code(
            "/auth/signup",
            {"email": f"{name}{{}}@example.org", "username": f"{name}-{{}}x", "password": PASSWORD},
            "/auth/email/verify",
            {"key": "BCDFGHJK"},
        )
        for name in ("ada", "new")
    )
    assert abs(separation(*samples(taken, new))) < SUSPICIOUS
