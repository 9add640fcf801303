"""Forgetting Django's sessions that nobody can use any more: cookies past their time, and logins that were never finished."""

from __future__ import annotations

from accounts.constants import SESSIONS_PRUNED_AT_ONCE
from accounts.models import WebSession
from kernel.clock import now


def prune_web_sessions() -> int:
    """Delete those that are past their time, a thousand per statement, and return how many there were."""
    expired = WebSession.objects.filter(expire_date__lt=now()).order_by("expire_date")
    pruned = 0
    while keys := list(expired.values_list("pk", flat=True)[:SESSIONS_PRUNED_AT_ONCE]):
        pruned += WebSession.objects.filter(pk__in=keys).delete()[0]
    return pruned
