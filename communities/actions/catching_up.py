"""What time does to access: members whose access may have changed by time alone are looked at again, and what they lost is revoked.

Requests and messages need none of this, they are decided anew each time. It is for sockets that follow topics.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.db import transaction

from communities.access import catch_up
from communities.actions.external_answers import unchecked_want_answers
from communities.constants import CURRENT_STATUSES, MEMBERS_AT_ONCE
from communities.models import Membership
from communities.models.locks import lock_community, lock_memberships
from communities.queries.memberships import first_due, next_due_after
from kernel.clock import now
from kernel.ids import CommunityId, UserId
from kernel.jobs import enqueue

JOB = "communities.catch_up_with_time"
_GROUPS_AT_ONCE = 200
_AHEAD = timedelta(seconds=60)
"""How far ahead a run sets the timer for the next one; the sweep comes as often."""


def catch_up_with_time() -> int:
    """Look again at members whose moment has come, those first who have waited longest, and return how many there were.

    Members of one community with the same moment go together, at most 500, each group in its own short transaction. Locks the community,
    then the memberships. Emits as `communities.access.change_access`. Sets a timer for a moment that comes before the next sweep does.
    """
    count = 0
    for _ in range(_GROUPS_AT_ONCE):
        due = first_due(now())
        if due is None:
            break
        count += _catch_up_group(*due)
    _set_timer()
    return count


def mark_members(community_id: CommunityId, *, at: datetime) -> None:
    """Have all current members of a community looked at again at a moment: nobody knows yet when time changes what they can read.

    In the caller's transaction, which holds the community.
    """
    rows = Membership.objects.filter(community_id=community_id, status__in=CURRENT_STATUSES)
    rows.exclude(access_changes_at__lt=at).update(access_changes_at=at)


@transaction.atomic
def _catch_up_group(community_id: CommunityId, moment: datetime) -> int:
    lock_community(community_id)
    rows = Membership.objects.filter(community_id=community_id, access_changes_at=moment)
    user_ids = [UserId(one) for one in rows.order_by("pk").values_list("user_id", flat=True)[:MEMBERS_AT_ONCE]]
    lock_memberships(community_id, user_ids)
    unchecked_want_answers(community_id, user_ids)
    catch_up(community_id, user_ids, moment)
    return len(user_ids)


def _set_timer() -> None:
    moment = next_due_after(now())
    if moment is None or moment > now() + _AHEAD:
        return
    with transaction.atomic():
        enqueue(JOB, after_seconds=max(1, ceil((moment - now()).total_seconds())))
