"""What is done with many sessions now and then: noting when they were used, and forgetting those that ended long ago."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.constants import SESSIONS_PRUNED_AT_ONCE, SESSIONS_USED_AT_ONCE
from accounts.models import Session
from accounts.storage.live_sessions import take_used
from kernel.clock import now
from kernel.ids import SessionId


def record_session_use() -> int:
    """Write down when sessions were last used that have been looked up since; return how many. Raises `Unavailable` without Redis.

    A request writes nothing: it leaves a note in Redis when what it read was older than `SESSION_USE_SECONDS`. A lost note is made again.
    """
    recorded = 0
    while used := take_used(SESSIONS_USED_AT_ONCE):
        with transaction.atomic():
            # Whose row is locked is being refreshed or ended at this moment, which says more.
            sessions = list(Session.objects.select_for_update(skip_locked=True).filter(pk__in=used).order_by("pk"))
            for session in sessions:
                session.last_used_at = max(session.last_used_at, used[SessionId(session.id)])
            Session.objects.bulk_update(sessions, ["last_used_at"])
        recorded += len(sessions)
    return recorded


def prune_sessions() -> int:
    """Delete sessions that ended more than `SESSIONS_KEPT_DAYS` ago, a thousand per transaction; return how many there were.

    Walks once through the table, by id. Until then they tell which devices of a user have been seen.
    """
    oldest = now() - timedelta(days=settings.SESSIONS_KEPT_DAYS)
    ended = Session.objects.filter(Q(revoked_at__lt=oldest) | Q(expires_at__lt=oldest)).order_by("pk")
    pruned, last = 0, UUID(int=0)
    while ids := list(ended.filter(pk__gt=last).values_list("pk", flat=True)[:SESSIONS_PRUNED_AT_ONCE]):
        Session.objects.filter(pk__in=ids).delete()
        pruned, last = pruned + len(ids), ids[-1]
    return pruned
