"""Claims an `Idempotency-Key`, keeps the answer that was given under it, and forgets old ones. What the request does is not known here."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from accounts.errors import IdempotencyMismatch
from accounts.models import IdempotentRequest
from kernel.clock import now
from kernel.errors import Unavailable
from kernel.ids import UserId


class Answer(msgspec.Struct, frozen=True):
    """What was sent to the client."""

    status: int
    content_type: str
    body: bytes


def claim_key(user_id: UserId, *, key: str, fingerprint: str) -> Answer | None:
    """Take the key for a request that is about to be carried out, or return the answer of the first one.

    Call it inside the transaction of the request: a concurrent duplicate waits here until that transaction ends.
    Raises `IdempotencyMismatch` when the key stands for another request. Who may call: the HTTP edge.
    """
    mine = IdempotentRequest(user_id=user_id, key=key, fingerprint=fingerprint)
    rows = IdempotentRequest.objects.filter(user_id=user_id, key=key)
    rows.filter(created_at__lt=_oldest_kept()).delete()
    # ON CONFLICT DO NOTHING waits for the transaction that holds the key, and leaves ours usable.
    IdempotentRequest.objects.bulk_create([mine], ignore_conflicts=True)
    first = rows.first()
    if first is None:  # pruned between the two statements
        raise Unavailable
    if first.id == mine.id:
        return None
    if first.fingerprint != fingerprint:
        raise IdempotencyMismatch
    return Answer(first.status, first.content_type, bytes(first.body))


def keep_answer(user_id: UserId, *, key: str, answer: Answer) -> None:
    """Keep the answer under a key that this transaction has claimed."""
    IdempotentRequest.objects.filter(user_id=user_id, key=key).update(
        status=answer.status, content_type=answer.content_type, body=answer.body
    )


def prune_idempotent_requests() -> int:
    """Delete the answers that are older than `IDEMPOTENCY_KEPT_HOURS`, and return how many there were."""
    return IdempotentRequest.objects.filter(created_at__lt=_oldest_kept()).delete()[0]


def _oldest_kept() -> datetime:
    return now() - timedelta(hours=settings.IDEMPOTENCY_KEPT_HOURS)
