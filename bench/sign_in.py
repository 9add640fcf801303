"""Measures signing in and the check of a request in one process: `python -m bench.sign_in ROUNDS FILE PID...`. Writes its answer as JSON.

The processes named are PostgreSQL and Redis: their CPU time is counted too. Needs a migrated database and no limits on logins.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from bench.processes import cpu_seconds

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

LOGINS, REQUESTS = 10, 300
PASSWORD = "correct horse battery"  # noqa: S105  # of a user of the measurement


class Cost(msgspec.Struct):
    """What one call of something costs in the middle: milliseconds by the clock, microseconds of CPU here and in the services."""

    milliseconds: float
    cpu_us: float
    services_cpu_us: float


class Measured(msgspec.Struct):
    """The parts of a login, the check of a request each way with every round's CPU, and the statements that it adds."""

    parts: dict[str, Cost]
    remembered: list[Cost]
    looked_up: list[Cost]
    added_statements: int


def main(rounds: int, answer: Path, services: Sequence[int]) -> None:
    """Measure and write."""
    import django

    django.setup()
    _make_user()
    remembered, looked_up = _checks(rounds, services)
    measured = Measured(_parts(rounds, services), remembered, looked_up, _added_statements())
    answer.write_bytes(msgspec.json.encode(measured))


def _make_user() -> None:
    from accounts.actions.users import create_user
    from kernel.actor import SYSTEM

    create_user(SYSTEM, email="ada@example.org", username="ada", password=PASSWORD)


def _parts(rounds: int, services: Sequence[int]) -> dict[str, Cost]:
    """Return what each step of a login costs, and a login over REST with all that is around them."""
    from django.contrib.auth.hashers import verify_password

    from accounts.actions.attempts import Client, begin_password_attempt
    from accounts.actions.sessions import start_session
    from accounts.models import User

    user, client = User.objects.get(), Client(network="192.0.2.1", user_agent="bench")

    def attempt() -> None:
        begin_password_attempt(login="ada", client=client).succeed()

    steps: dict[str, Callable[[], object]] = {
        "find the account, count the attempt": attempt,
        "hash the password": lambda: verify_password(PASSWORD, user.password),
        "start the session": lambda: start_session(user, client),
        "a login over REST, as a whole": _login,
    }
    for step in steps.values():
        step()
    costs = {name: [_cost(step, LOGINS, services) for _ in range(rounds)] for name, step in steps.items()}
    return {name: _middle(found) for name, found in costs.items()}


def _checks(rounds: int, services: Sequence[int]) -> tuple[list[Cost], list[Cost]]:
    """Return what the check of an access token costs when its session is remembered, and when it is looked up each time, in turns."""
    from accounts.authentication import actor_of_access_token
    from accounts.queries.sessions import find_live_session

    def check() -> None:
        actor_of_access_token(access)

    def look(*claims: Any) -> bool:
        close_old_connections()  # as at the end of a request: the next one takes its connection from the pool
        return find_live_session(*claims) is not None

    from django.db import close_old_connections

    access = _login()
    check()
    remembered, looked_up = [], []
    for _ in range(rounds):
        remembered.append(_cost(check, REQUESTS, services))
        with patch("accounts.authentication.is_live", look):
            looked_up.append(_cost(check, REQUESTS, services))
    return remembered, looked_up


def _added_statements() -> int:
    """Return how many statements a request needs that asks for nothing but a ticket, which is in Redis."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"Authorization": f"Bearer {_login()}"})
    client.post("/api/v1/gateway/ticket")
    with CaptureQueriesContext(connection) as statements:
        assert client.post("/api/v1/gateway/ticket").status_code == 200  # noqa: S101
    return len(statements)


def _login() -> str:
    from django.test import Client

    body = {"login": "ada", "password": PASSWORD}
    answer = Client().post("/api/v1/auth/login", body, content_type="application/json")
    return str(answer.json()["access"])


def _cost(act: Callable[[], object], times: int, services: Sequence[int]) -> Cost:
    """Return the cost of one of so many calls: the middle by the clock, the mean of CPU."""
    ours, theirs, durations = time.process_time(), cpu_seconds(services), []
    for _ in range(times):
        began = time.perf_counter()
        act()
        durations.append(time.perf_counter() - began)
    ours, theirs = time.process_time() - ours, cpu_seconds(services) - theirs
    return Cost(statistics.median(durations) * 1e3, ours / times * 1e6, theirs / times * 1e6)


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.milliseconds for cost in costs),
        statistics.median(cost.cpu_us for cost in costs),
        statistics.median(cost.services_cpu_us for cost in costs),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [int(pid) for pid in sys.argv[3:]])
