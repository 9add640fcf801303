"""What was noted of versions in the shadow is forgotten in time. Noting it is `communities.access.shadows`'."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from communities.models import ShadowDifference
from kernel.clock import now

_AT_ONCE = 5_000
_ROUNDS = 100


def forget_shadow_differences() -> int:
    """Delete what was noted more than `SHADOW_DIFFERENCES_KEPT_DAYS` ago, and return how much; at most 500,000 rows a run."""
    old = ShadowDifference.objects.filter(noted_at__lt=now() - timedelta(days=settings.SHADOW_DIFFERENCES_KEPT_DAYS))
    count = 0
    for _ in range(_ROUNDS):
        some = list(old.order_by("noted_at").values_list("pk", flat=True)[:_AT_ONCE])
        count += ShadowDifference.objects.filter(pk__in=some).delete()[0]
        if len(some) < _AT_ONCE:
            break
    return count
