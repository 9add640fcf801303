"""Asks the services that were given by address whether they can be used, before anything else starts. Never shows a password."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.embedded.errors import CannotStart

TIMEOUT_SECONDS = 5


def check_database(url: str) -> None:
    """Raise `CannotStart` unless PostgreSQL takes a connection."""
    try:
        psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS).close()
    except psycopg.Error as error:
        raise CannotStart(
            f"PostgreSQL at {place_of(url, 5432)} cannot be used ({_reason(error)}): check DATABASE_URL, "
            "or unset it to run with the embedded PostgreSQL."
        ) from None


def check_redis(url: str) -> None:
    """Raise `CannotStart` unless Redis answers."""
    options = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    try:
        client.ping()
    except redis.RedisError as error:
        raise CannotStart(
            f"Redis at {place_of(url, 6379)} cannot be used ({_reason(error)}): check REDIS_URL, "
            "or unset it to run with the embedded Redis."
        ) from None
    finally:
        client.close()


def place_of(url: str, default_port: int) -> str:
    """Return host and port of an address, or its socket file: what may be shown."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host")
    if folder:
        return folder[0]
    return f"{parts.hostname}:{parts.port or default_port}" if parts.hostname else parts.path


def _reason(error: Exception) -> str:
    """Return the innermost cause that a client library wraps in sentences of its own."""
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return first_line.rpartition("failed: ")[2].strip().rstrip(".")
