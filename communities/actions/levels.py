"""Setting the levels of members, by hand or by a key. Whatever works them out from what members do, sets them by the same way."""

from __future__ import annotations

from django.db import transaction

from communities.access import change_access
from communities.constants import MAX_LEVEL, Permission
from communities.events import LevelChanged, LevelPayload
from communities.models import MemberLevel
from communities.models.locks import lock_memberships
from communities.payloads import level_payload
from communities.policies import check_outranks, lock_community_for
from communities.queries.levels import find_level
from communities.queries.memberships import has_gates
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.clock import now
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CommunityId, UserId


def set_level(actor: Actor, *, community_id: CommunityId, user_id: UserId, level: int) -> LevelPayload:
    """Set the level of a member, 0 to 1,000; that of members of lower rank, and the owner their own. Who has the permission may.

    Locks the community and the membership. Emits `level.changed` to the member, and as `change_access`, unless it is their level already.
    Raises `InvalidInput`, `NotFound`, `EqualOrHigherRole`, or why it is refused.
    """
    if not 0 <= level <= MAX_LEVEL:
        raise InvalidInput(f"Use a number from 0 to {MAX_LEVEL}.", field="level")
    with transaction.atomic():
        _lock_member(actor, community_id, user_id)
        row = find_level(community_id, user_id) or MemberLevel(community_id=community_id, user_id=user_id, level=0)
        if row.level == level:
            return level_payload(row)
        row.level, row.set_at, row.set_by_id = level, now(), actor.user_id
        with change_access(community_id, [user_id] if has_gates(community_id) else []):
            row.save()
        append([Draft(topic_for("user", user_id), LevelChanged(community=community_id, level=level))])
    return level_payload(row)


def _lock_member(actor: Actor, community_id: CommunityId, user_id: UserId) -> None:
    lock_community_for(actor, community_id, Permission.SET_LEVEL)
    membership = lock_memberships(community_id, [user_id]).get(user_id)
    if membership is None or not membership.is_current:
        raise NotFound
    if not (membership.is_owner and actor.user_id == user_id):
        check_outranks(actor, community_id, user_id)
