"""Measures in one process whether what a stranger is told takes longer for one whom we know: `python -m bench.refusals FILE`.

CPU time and not the clock, so that a busy machine adds little; in pairs that alternate, so that what it adds falls on both alike. Writes
its answer as JSON. Needs a migrated database; what is compared depends on `EMAIL_VERIFICATION` and `PASSWORD_RESET`.
"""

from __future__ import annotations

import os
import random
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from math import sqrt
from pathlib import Path
from unittest.mock import patch

import msgspec
from django.contrib.auth.hashers import Argon2PasswordHasher

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

PAIRS, WARM = 100, 2
NUMBERS = range(-WARM, PAIRS)
PASSWORD = "correct horse battery"  # noqa: S105  # of users of the measurement
APP = "/_allauth/app/v1"
SIGN_UPS = ["/api/v1/auth/sign-up", f"{APP}/auth/signup", "/_allauth/browser/v1/auth/signup"]
RESETS = [f"/_allauth/{kind}/v1/auth/password/request" for kind in ("app", "browser")]
CARELESS = "login that hashes for known names alone"

Attempt = Callable[[int], None]
Pair = tuple[Attempt, Attempt]


class QuickArgon2(Argon2PasswordHasher):
    """Production's hash with an eighth of its memory and one pass in one thread: what else differs is eight times easier to see."""

    memory_cost = 12_800
    time_cost = 1
    parallelism = 1


class Compared(msgspec.Struct):
    """Two kinds of attempts: the seconds of CPU of each, in turns, and how far apart they are in standard deviations."""

    first: list[float]
    second: list[float]
    apart: float


def separation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how many standard deviations the Mann-Whitney statistic of two samples is from that of equal distributions."""
    wins = sum((one > other) + (one == other) / 2 for one in first for other in second)
    amount = len(first) * len(second)
    return (wins - amount / 2) / sqrt(amount * (len(first) + len(second) + 1) / 12)


def main(answer: Path) -> None:
    """Measure what the settings of this process allow, and write it."""
    import django
    from django.test.utils import override_settings, setup_test_environment

    django.setup()
    setup_test_environment(debug=False)  # the host of the test client may ask, and mails go nowhere
    with override_settings(PASSWORD_HASHERS=["bench.refusals.QuickArgon2"]):
        _make_users()
        compared = {name: _compare(*pair) for name, pair in _pairs().items()}
    answer.write_bytes(msgspec.json.encode(compared))


def _make_users() -> None:
    """Make `ada-2` to `ada99` with a password and `bot-2` to `bot99` without one."""
    from accounts.actions.users import create_user
    from accounts.models import User
    from kernel.actor import SYSTEM

    for name in ("ada", "bot"):
        for number in NUMBERS:
            email = f"{name}{number}@example.org"
            create_user(SYSTEM, email=email, username=f"{name}{number}", password=PASSWORD)
    User.objects.filter(username__startswith="bot").update(password="!")  # noqa: S106  # matches nothing


def _pairs() -> dict[str, Pair]:
    from django.conf import settings

    if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
        ups = {f"sign-up, taken and new: {path}": _of_addresses(path, _sign_up) for path in SIGN_UPS}
        return ups | {"wrong code of a sign-up, taken and new": _wrong_codes_of_sign_ups()}
    if not settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED:
        return {f"reset by link, somebody and nobody: {path}": _of_addresses(path, _reset) for path in RESETS}
    return {
        "login, wrong password and nobody": (_login("ada{}"), _login("nobody{}")),
        "login, wrong password and none": (_login("ada{}"), _login("bot{}")),
        CARELESS: _careless(),
        **{f"reset by code, somebody and nobody: {path}": _of_addresses(path, _reset) for path in RESETS},
        "wrong code of a reset, somebody and nobody": _wrong_codes_of_resets(),
    }


def _compare(first: Attempt, second: Attempt) -> Compared:
    costs: tuple[list[float], list[float]] = [], []
    order = random.Random(7)  # noqa: S311  # an order, not a secret
    for number in NUMBERS:
        for kind in order.sample((0, 1), 2):
            began = time.process_time()
            (first, second)[kind](number)
            cost = time.process_time() - began
            if number >= 0:
                costs[kind].append(cost)
    return Compared(*costs, separation(*costs))


def _post(path: str, status: int, **body: str) -> Attempt:
    """Return a request that is answered so; each comes from another network and names somebody else."""
    from django.test import Client

    def attempt(number: int) -> None:
        named = {name: value.format(number) for name, value in body.items()}
        client = Client(REMOTE_ADDR=f"10.0.{number % 256}.{zlib.crc32(repr(body).encode()) % 256}")
        answer = client.post(path, named, content_type="application/json")
        _expect(answer.status_code, status)

    return attempt


def _login(login: str) -> Attempt:
    return _post("/api/v1/auth/login", 401, login=login, password="not the password")  # noqa: S106  # a wrong one


def _careless() -> Pair:
    """Return logins of which those of nobody are not hashed."""
    from django.contrib.auth.hashers import verify_password

    def only_of_accounts(password: str, encoded: str) -> tuple[bool, bool]:
        return verify_password(password, encoded) if not encoded.startswith("!") else (False, False)

    def carelessly(attempt: Attempt) -> Attempt:
        def act(number: int) -> None:
            with patch("accounts.actions.sessions.verify_password", only_of_accounts):
                attempt(number)

        return act

    return carelessly(_login("ada{}")), carelessly(_login("nobody{}"))


def _of_addresses(path: str, make: Callable[[str, str], Attempt]) -> Pair:
    return make(path, "ada"), make(path, "new")


def _sign_up(path: str, name: str) -> Attempt:
    way = SIGN_UPS.index(path)
    address = f"{name}{{}}@example.org" if name == "ada" else f"{name}{way}-{{}}@example.org"
    return _post(path, 401, email=address, username=f"{name}{way}-{{}}x", password=PASSWORD)


def _reset(path: str, name: str) -> Attempt:
    from django.conf import settings

    status = 401 if settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED else 200
    return _post(path, status, email=f"{name}{{}}@example.org")


def _wrong_codes_of_resets() -> Pair:
    guess = {"key": "BCDFGHJK", "password": "another good password"}

    def wrong(name: str) -> Attempt:
        begin = {"email": f"{name}{{}}@example.org"}
        return _wrong_code("/auth/password/request", begin, "/auth/password/reset", guess)

    return wrong("ada"), wrong("new")


def _wrong_codes_of_sign_ups() -> Pair:
    def wrong(name: str) -> Attempt:
        begin = {"email": f"{name}{{}}@example.org", "username": f"{name}-{{}}c", "password": PASSWORD}
        return _wrong_code("/auth/signup", begin, "/auth/email/verify", {"key": "BCDFGHJK"})

    return wrong("ada"), wrong("newer")


def _wrong_code(first_step: str, begin: dict[str, str], path: str, code: dict[str, str]) -> Attempt:
    """Return a request with a wrong code, each in a pending step of its own that was begun before."""
    from django.test import Client

    tokens, clients = {}, {}
    for number in NUMBERS:
        body = {name: value.format(number) for name, value in begin.items()}
        clients[number] = Client(REMOTE_ADDR=f"10.1.{number % 256}.{zlib.crc32(repr((begin, code)).encode()) % 256}")
        answer = clients[number].post(f"{APP}{first_step}", body, content_type="application/json")
        _expect(answer.status_code, 401)
        tokens[number] = answer.json()["meta"]["session_token"]

    def attempt(number: int) -> None:
        headers = {"X-Session-Token": tokens[number]}
        answer = clients[number].post(f"{APP}{path}", code, content_type="application/json", headers=headers)
        _expect(answer.status_code, 400)

    return attempt


def _expect(status: int, expected: int) -> None:
    if status != expected:
        raise RuntimeError(f"answered {status} where {expected} was expected")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
