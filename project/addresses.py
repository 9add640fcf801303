"""Reads the addresses of PostgreSQL and Redis. No connection is made here."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_SCHEMES = {"database": ("postgres", "postgresql"), "redis": ("redis", "rediss", "unix")}


class WrongAddress(ValueError):
    """An address that cannot be used; the message is one sentence without the address, which may hold a password."""


def database_settings(url: str) -> dict[str, Any]:
    """Return Django's settings for a PostgreSQL address. User, password and name are URL-decoded; queries become options.

    `?host=/folder` and `?port=` win over the network part, so that unix sockets can be named.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES["database"]:
        raise WrongAddress("it must start with postgres:// or postgresql://")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise WrongAddress("it names no database, as in postgres://user:password@host:5432/database")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(_port_of(url) or "")),
        "OPTIONS": options,
    }


def checked_redis_url(url: str) -> str:
    """Return the address unchanged. Raises `WrongAddress` when redis-py could not use it."""
    if urlsplit(url).scheme not in _SCHEMES["redis"]:
        raise WrongAddress("it must start with redis://, rediss:// or unix://")
    _port_of(url)
    return url


def _port_of(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError as error:
        raise WrongAddress("its port is not a number from 0 to 65535") from error
