"""Reads the addresses of PostgreSQL and Redis. No connection is made here."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

CONNECT_SECONDS = 3
_KEEPALIVE = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}.items()
    if hasattr(socket, name)
}
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


def layer_host(url: str) -> dict[str, Any]:
    """Return a host for the channel layer. Its subscription is read without a time-out, which would end it when it is idle.

    A Redis that is gone without a word is noticed by TCP within half a minute.
    """
    host: dict[str, Any] = {"address": url, "socket_timeout": None, "socket_connect_timeout": CONNECT_SECONDS}
    if urlsplit(url).scheme != "unix":
        host |= {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    return host


def _port_of(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError as error:
        raise WrongAddress("its port is not a number from 0 to 65535") from error
