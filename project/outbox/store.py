"""Where the outbox keeps what would have been sent: a short list in Redis that all processes share. How it is shown is not known here."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Literal, cast

import msgspec
import redis
from django.conf import settings

from kernel.clock import now
from kernel.errors import Unavailable
from kernel.wire import WireStruct, encode_json

KEPT_MESSAGES = 200
KEPT_SECONDS = 7 * 86_400
_KEY = "dev:outbox"
_LINK = re.compile(r"https?://[^\s<>\"']+")
_CODE = re.compile(r"(?<![\w-])(?:\d{4,8}|[A-Z0-9]{3,5}-[A-Z0-9]{3,5})(?![\w-])")


class OutboxMessage(WireStruct, frozen=True):
    """A mail or SMS as its recipient would have got it; an SMS has no subject and no HTML.

    `code` is the first one-time code of its text (four to eight digits, or two groups as in AB1C-2DEF), `links` are all addresses in it.
    """

    channel: Literal["mail", "sms"]
    to: str
    subject: str
    text: str
    html: str
    code: str | None
    links: list[str]
    sent_at: datetime


def put(channel: Literal["mail", "sms"], *, to: str, subject: str = "", text: str, html: str = "") -> None:
    """Keep a message; the oldest beyond two hundred are forgotten, and all after a week without a new one. Raises `redis.RedisError`."""
    found = _CODE.search(_LINK.sub(" ", text))
    message = OutboxMessage(
        channel=channel,
        to=to,
        subject=subject,
        text=text,
        html=html,
        code=found.group() if found else None,
        links=_LINK.findall(text),
        sent_at=now(),
    )
    with _redis(settings.REDIS_URL).pipeline() as pipeline:
        pipeline.lpush(_KEY, encode_json(message))
        pipeline.ltrim(_KEY, 0, KEPT_MESSAGES - 1)
        pipeline.expire(_KEY, KEPT_SECONDS)
        pipeline.execute()


def newest(*, to: str = "") -> list[OutboxMessage]:
    """Return what is kept, newest first; with `to`, only for recipients that contain it, whatever the case. May raise `Unavailable`."""
    try:
        values = cast("list[bytes]", _redis(settings.REDIS_URL).lrange(_KEY, 0, KEPT_MESSAGES - 1))
    except redis.RedisError as error:
        raise Unavailable from error
    messages = [msgspec.json.decode(value, type=OutboxMessage) for value in values]
    return [message for message in messages if to.strip().lower() in message.to.lower()]


@lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )
