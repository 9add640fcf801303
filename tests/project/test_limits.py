"""The table of limits is whole: everything that can be asked has a limit, and every limit is counted where the table says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from gateway.dispatch import _OWN
from kernel.commands import registered_commands
from kernel.rate_limits import Allowance, RateLimit
from project.environment import BASE_DIR
from project.limit_table import rows
from project.rate_limits import RedisLimiter
from project.rest.rate_limit_headers import RateLimitHeadersMiddleware
from tests.factories.accounts import bearer, make_user

WRITING = ("POST", "PUT", "PATCH", "DELETE")
_COUNTED = re.compile(r"""(?:RATE_LIMITS|limits)\[["']([\w.]+)["']\]""")
_NAME = re.compile(r"""["']([a-z_]+\.[a-z_]+)["']""")


@pytest.fixture
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: RedisLimiter, limit: RateLimit, keys: Sequence[str]) -> list[Allowance]:
        return [Allowance(limit, False, 0, 7.0, 7.0) for _ in keys]

    monkeypatch.setattr(RedisLimiter, "_ask", refuse)


def routes(patterns: Any = None, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, entry
        else:
            yield from routes(entry.url_patterns, path)


def template(path: str) -> str:
    """Return a route as the table writes it: `/rooms/<uuid:room>/` is `/rooms/{room}/`."""
    named = re.sub(r"<(?:\w+:)?\w*?(\w+?)(?:_id)?>", r"{\1}", path)
    return re.sub("^/_allauth/(app|browser)/", "/_allauth/{client}/", named)


def filled(path: str) -> str:
    return re.sub(r"<[^>]+>", str(uuid4()), path)


PROGRAMS = sorted({path for path, _ in routes() if path.startswith(("/api/v1/", "/_allauth/"))})


def test_the_page_of_limits_is_current() -> None:
    call_command("export_limits", check=True)


def test_every_limit_says_what_it_counts_by_what_and_where() -> None:
    assert [row.name for row in rows() if not (row.counts and row.per and row.at)] == []


def test_every_route_and_command_that_the_table_names_exists() -> None:
    paths = {template(path) for path, _ in routes()}
    commands = {*registered_commands(), *_OWN}
    named = {place for row in rows() for place in row.at if not place.startswith("every ")}
    unknown = {place for place in named if place.rpartition(" ")[2] not in paths | commands}
    assert unknown == set()


def test_every_limit_of_the_table_is_counted_and_nothing_else_is(settings: Any) -> None:
    source = "\n".join(
        path.read_text()
        for folder in ("accounts", "chat", "communities", "gateway", "project")
        for path in (BASE_DIR / folder).rglob("*.py")
        if path.name != "limit_table.py"
    )
    in_table = {row.name for row in rows()}
    assert in_table == set(settings.RATE_LIMITS)
    assert set(_COUNTED.findall(source)) <= in_table
    named = set(_NAME.findall(source))
    by_prefix = {name for name in in_table if name.startswith("sms_")}  # `accounts.actions.sms` takes all of them
    assert in_table - named - by_prefix == set()


@pytest.mark.django_db
@pytest.mark.parametrize("path", PROGRAMS)
@pytest.mark.parametrize("signed_in", [False, True], ids=["anonymous", "user"])
def test_no_route_that_writes_does_anything_when_nothing_is_left(
    path: str, signed_in: bool, nothing_left: None
) -> None:
    client = Client(headers=bearer(make_user()) if signed_in else {})
    statuses = set()
    for method in WRITING:
        answer = client.generic(method, filled(path), "{}", content_type="application/json")
        statuses.add(answer.status_code)
        if answer.status_code == 429:
            assert answer["Retry-After"] == "7"
            assert answer.json()["limit"] in answer["RateLimit"]
            assert answer.json()["limit"] in answer["RateLimit-Policy"]
    assert statuses <= {405, 429}


@pytest.mark.django_db
def test_the_panel_has_a_limit_too(nothing_left: None) -> None:
    paths = {filled(path) for path, _ in routes() if path.startswith("/admin/") and "(" not in path}
    answers = {Client().post(path).status_code for path in paths}
    assert answers == {429}
    assert Client().get("/admin/login/").status_code == 302  # looking is free: the way to the one login


def test_a_refusal_without_a_time_gets_one() -> None:
    request: Any = type("Request", (), {"method": "GET", "path_info": "/"})
    answer = RateLimitHeadersMiddleware(lambda _: HttpResponse(status=429))(request)
    assert answer["Retry-After"] == "60"
