"""Questions to external services on the wire: what is sent, how it is signed, and what counts as an answer. Nothing is stored here.

The body names the community, the service, the user by id, a nonce and the moment, and nothing else about anybody. The header
`Portcullis-Signature` is `t=<seconds>,v1=<hex>`: HMAC-SHA256 of `<seconds>.<body>` by the service's secret, once for each that is valid.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings

from kernel.clock import now
from kernel.ids import CommunityId, UserId
from kernel.outbound import CannotReach, OutboundReply, WrongUrl, post

SIGNATURE_HEADER = "Portcullis-Signature"


class Called(NamedTuple):
    """A service as it is called: where, with which secrets, the newest first, and as what."""

    url: str
    secrets: Sequence[str]
    community_id: CommunityId
    name: str


class ServiceAnswer(msgspec.Struct, frozen=True):
    """Whether the user is let in, and for how many seconds that counts."""

    allowed: bool
    expires_in: int


class NoAnswer(NamedTuple):
    """Why there is none, in a word."""

    reason: str


class _Question(msgspec.Struct, frozen=True):
    community: UUID
    service: str
    user: UUID
    nonce: str
    asked_at: datetime


def ask_service_about(service: Called, user_ids: Collection[UserId]) -> Mapping[UserId, ServiceAnswer | NoAnswer]:
    """Ask about all of these users at once, and return what came back. Takes `EXTERNAL_SERVICE_SECONDS` at most; raises nothing."""
    return asyncio.run(_ask_all(service, user_ids))


async def _ask_all(service: Called, user_ids: Collection[UserId]) -> Mapping[UserId, ServiceAnswer | NoAnswer]:
    replies = await asyncio.gather(*(_ask(service, user_id) for user_id in user_ids))
    return dict(zip(user_ids, replies, strict=True))


async def _ask(service: Called, user_id: UserId) -> ServiceAnswer | NoAnswer:
    at = now()
    nonce = secrets.token_hex(16)
    body = msgspec.json.encode(_Question(service.community_id, service.name, user_id, nonce, at))
    headers = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: signature(body, service.secrets, seconds=int(at.timestamp())),
    }
    try:
        reply = await post(service.url, body=body, headers=headers, rules=settings.EXTERNAL_SERVICE_RULES)
    except CannotReach as error:
        return NoAnswer(error.reason)
    except WrongUrl:  # the rules may be others than when it was registered
        return NoAnswer("unreachable")
    return _read(reply)


def signature(body: bytes, keys: Sequence[str], *, seconds: int) -> str:
    """Return the value of the signature's header."""
    signed = f"{seconds}.".encode() + body
    return ",".join(
        [f"t={seconds}", *(f"v1={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}" for key in keys)]
    )


def _read(reply: OutboundReply) -> ServiceAnswer | NoAnswer:
    if reply.status != 200:
        return NoAnswer(f"status_{reply.status}")
    try:
        answer = msgspec.json.decode(reply.body, type=ServiceAnswer)
    except msgspec.DecodeError:
        return NoAnswer("broken_answer")
    return answer if answer.expires_in > 0 else NoAnswer("broken_answer")
