"""What chat does when an account is deleted. Messages stay, by an author whom accounts have left without a name.

Rooms are left by the consumer of `member.removed`, as after any departure.
"""

from __future__ import annotations

from accounts.constants import DELETION_ROWS_AT_ONCE
from chat.models import ReadMarker
from kernel.ids import UserId


def erase_read_markers(user_id: UserId) -> bool:
    """Delete how far the user has read, some rooms at a time; return whether none are left."""
    some = list(ReadMarker.objects.filter(user_id=user_id).values_list("pk", flat=True)[:DELETION_ROWS_AT_ONCE])
    ReadMarker.objects.filter(pk__in=some).delete()
    return len(some) < DELETION_ROWS_AT_ONCE
