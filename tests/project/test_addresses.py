"""Addresses of PostgreSQL and Redis in every form that people write."""

from __future__ import annotations

from typing import Any

import pytest

from project.addresses import WrongAddress, checked_redis_url, database_settings, layer_host


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://me:secret@db.example.org:5433/chat",
            {"USER": "me", "PASSWORD": "secret", "HOST": "db.example.org", "PORT": "5433", "NAME": "chat"},
        ),
        (
            "postgresql://me%40here:p%2Fw%3A%25@[::1]/ch%20at",
            {"USER": "me@here", "PASSWORD": "p/w:%", "HOST": "::1", "PORT": "", "NAME": "ch at"},
        ),
        (
            "postgres:///chat?host=/run/postgresql&port=5499",
            {"USER": "", "PASSWORD": "", "HOST": "/run/postgresql", "PORT": "5499", "NAME": "chat"},
        ),
        (
            "postgres://me@%2Frun%2Fpostgresql/chat",
            {"USER": "me", "PASSWORD": "", "HOST": "/run/postgresql", "PORT": "", "NAME": "chat"},
        ),
    ],
)
def test_a_database_address_becomes_settings(url: str, expected: dict[str, str]) -> None:
    settings = database_settings(url)
    assert settings == {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {}} | expected


def test_other_queries_of_a_database_address_become_options() -> None:
    settings: dict[str, Any] = database_settings("postgres://db/chat?sslmode=verify-full&application_name=chat")
    assert settings["OPTIONS"] == {"sslmode": "verify-full", "application_name": "chat"}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://db/chat", "it must start with postgres:// or postgresql://"),
        ("", "it must start with postgres:// or postgresql://"),
        ("postgres://db", "it names no database, as in postgres://user:password@host:5432/database"),
        ("postgres://db:port/chat", "its port is not a number from 0 to 65535"),
        ("postgres://db:99999/chat", "its port is not a number from 0 to 65535"),
    ],
)
def test_a_wrong_database_address_is_named_in_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(WrongAddress) as caught:
        database_settings(url)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("url", ["redis://h:6379/1", "rediss://:p%40@h/0", "unix:///run/redis.sock?db=2"])
def test_redis_addresses_are_taken_as_they_are(url: str) -> None:
    assert checked_redis_url(url) == url


@pytest.mark.parametrize("url", ["http://h", "redis://h:port/0", ""])
def test_a_wrong_redis_address_is_refused(url: str) -> None:
    with pytest.raises(WrongAddress):
        checked_redis_url(url)


def test_a_redis_that_is_gone_without_a_word_is_noticed_by_tcp_alone():
    host = layer_host("rediss://redis.example.org")
    assert (host["socket_timeout"], host["socket_keepalive"]) == (None, True)
    assert set(host["socket_keepalive_options"].values()) == {15, 5, 3}
    assert "socket_keepalive" not in layer_host("unix:///run/redis.sock")
