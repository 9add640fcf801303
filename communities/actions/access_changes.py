"""What follows when a role gives something else: epochs, revocation and word to everybody who has it; for many, in the background.

Decisions read roles as they are, so they change with the commit, for everybody. What takes time for many is that their sockets hear of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from communities.access import FactsOfBefore, Readable, closed_since, readable_topics
from communities.events import AccessChanged, RoleDeleted
from communities.models import Membership, MembershipRole, Role
from communities.models.locks import lock_community
from communities.queries.roles import holders_of
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.ids import CommunityId, RoleId, UserId
from kernel.jobs import enqueue

_FIRST = UUID(int=0)


def unchecked_change_permissions(role: Role, former: Collection[str]) -> None:
    """Write a role that gives other permissions than the `former` ones. Under the community's lock.

    For at most `ACCESS_CHANGES_AT_ONCE` members emits `access.revoked` on every topic that this closes to one of them, and `access.changed`
    to each; for more a job does, chunk by chunk.
    """
    community_id = CommunityId(role.community_id)
    user_ids = _some_holders(role, settings.ACCESS_CHANGES_AT_ONCE + 1)
    if len(user_ids) > settings.ACCESS_CHANGES_AT_ONCE:
        role.save()
        _go_on(role, former, after=_FIRST, deletes=False)
        return
    before = readable_topics(community_id, user_ids)
    role.save()
    _follow_up(community_id, before)


def unchecked_delete_role(role: Role) -> bool:
    """Delete a role, or have a job do it where more than `ACCESS_CHANGES_AT_ONCE` members have it: until then it gives nothing.

    Emits as `unchecked_change_permissions`, then `role.deleted`. Under the community's lock. Return whether it is gone already.
    """
    community_id = CommunityId(role.community_id)
    user_ids = _some_holders(role, settings.ACCESS_CHANGES_AT_ONCE + 1)
    if len(user_ids) > settings.ACCESS_CHANGES_AT_ONCE:
        former, role.permissions = role.permissions, []
        role.save()
        _go_on(role, former, after=_FIRST, deletes=True)
        return False
    before = readable_topics(community_id, user_ids)
    MembershipRole.objects.filter(role=role).delete()
    _follow_up(community_id, before)
    _remove(role)
    return True


@transaction.atomic
def follow_up_chunk(
    *, community_id: CommunityId, role_id: RoleId, former: Sequence[str], after: UUID, deletes: bool
) -> None:
    """Do the next `ACCESS_CHANGES_AT_ONCE` members of a change that was too big to be done at once, for the job; then go on.

    Locks the community. Emits as `unchecked_change_permissions`, and at the end of a deletion `role.deleted`.
    """
    lock_community(community_id)
    role = Role.objects.filter(community_id=community_id, pk=role_id).first()
    if role is None:
        return
    chunk = list(holders_of(role).filter(pk__gt=after).order_by("pk")[: settings.ACCESS_CHANGES_AT_ONCE])
    user_ids = [UserId(membership.user_id) for membership in chunk]
    before = readable_topics(community_id, user_ids, facts=FactsOfBefore(role_id, former))
    if deletes:
        MembershipRole.objects.filter(role=role, membership__in=chunk).delete()
    _follow_up(community_id, before)
    if len(chunk) == settings.ACCESS_CHANGES_AT_ONCE:
        _go_on(role, former, after=chunk[-1].pk, deletes=deletes)
    elif deletes:
        _remove(role)


def _some_holders(role: Role, limit: int) -> list[UserId]:
    return [UserId(user_id) for user_id in holders_of(role).order_by("pk").values_list("user_id", flat=True)[:limit]]


def _follow_up(community_id: CommunityId, before: Readable) -> None:
    """Close what is not readable any more, first, and tell everybody concerned."""
    Membership.objects.filter(community_id=community_id, user_id__in=before).update(access_epoch=F("access_epoch") + 1)
    changed = AccessChanged(community=community_id)
    append([*closed_since(before, community_id), *(Draft(topic_for("user", user_id), changed) for user_id in before)])


def _remove(role: Role) -> None:
    """Delete a role that nobody has; those above move down."""
    role_id, above = role.pk, Role.objects.filter(community_id=role.community_id, position__gt=role.position)
    role.delete()
    above.update(position=F("position") - 1)
    append([Draft(topic_for("community", role.community_id), RoleDeleted(role=role_id))])


def _go_on(role: Role, former: Collection[str], *, after: UUID, deletes: bool) -> None:
    enqueue(
        "communities.tasks.follow_up_change_of_role",
        community_id=str(role.community_id),
        role_id=str(role.pk),
        former=list(former),
        after=str(after),
        deletes=deletes,
    )
