"""What follows when a role gives something else: epochs, revocation and word to everybody who has it; for many, in the background.

Decisions read roles as they are, so they change with the commit, for everybody. Sockets that follow topics are closed by name where few
have the role; for many the topics are reviewed: every gateway asks anew about each of its followers, at once, whoever they are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from communities.access import (
    FactsOfBefore,
    Readable,
    Review,
    closed_since,
    heard_by,
    readable_topics,
    renew_access,
    reviews,
    shared_topics,
)
from communities.events import AccessChanged, RoleDeleted
from communities.models import MembershipRole, Role
from communities.models.locks import lock_community
from communities.queries.roles import holders_of
from communities.registries.online import online_members
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.ids import CommunityId, RoleId, UserId
from kernel.jobs import enqueue

_FIRST = UUID(int=0)


class RoleChange(NamedTuple):
    """A change of a role that too many have to be done at once: what it gave before, and whether it goes."""

    community_id: CommunityId
    role_id: RoleId
    former: Sequence[str]
    deletes: bool


def unchecked_change_permissions(role: Role, former: Collection[str]) -> None:
    """Write a role that gives other permissions than the `former` ones. Under the community's lock.

    For at most `ACCESS_CHANGES_AT_ONCE` members emits `access.revoked` on every topic that this closes to one of them, and `access.changed`
    to each. For more it emits `access.reviewed` on every topic that members share, if the role lost a permission, and jobs do the rest.
    """
    community_id = CommunityId(role.community_id)
    user_ids = _some_holders(role, settings.ACCESS_CHANGES_AT_ONCE + 1)
    if len(user_ids) > settings.ACCESS_CHANGES_AT_ONCE:
        role.save()
        _begin(role, former, deletes=False)
        return
    before = readable_topics(community_id, user_ids)
    role.save()
    append(_follow_up(community_id, before))


def unchecked_delete_role(role: Role) -> bool:
    """Delete a role, or have jobs do it where more than `ACCESS_CHANGES_AT_ONCE` members have it: until then it gives nothing.

    Emits as `unchecked_change_permissions`, then `role.deleted`. Under the community's lock. Return whether it is gone already.
    """
    community_id = CommunityId(role.community_id)
    user_ids = _some_holders(role, settings.ACCESS_CHANGES_AT_ONCE + 1)
    if len(user_ids) > settings.ACCESS_CHANGES_AT_ONCE:
        former, role.permissions = role.permissions, []
        role.save()
        _begin(role, former, deletes=True)
        return False
    before = readable_topics(community_id, user_ids)
    MembershipRole.objects.filter(role=role).delete()
    append(_follow_up(community_id, before))
    _remove(role)
    return True


def follow_up_online(change: RoleChange) -> None:
    """Do those members of a big change who are online, for the job: some hundred at a time, each time in a transaction; then a job goes on.

    Locks and emits as `follow_up_chunk`.
    """
    role = Role.objects.filter(community_id=change.community_id, pk=change.role_id).first()
    if role is None:
        return
    online = online_members(holders_of(role))
    for start in range(0, len(online), settings.ACCESS_CHANGES_AT_ONCE):
        _do(change, [user_id for _, user_id in online[start : start + settings.ACCESS_CHANGES_AT_ONCE]])
    with transaction.atomic():
        _go_on(change, after=_FIRST, done=[pk for pk, _ in online])


@transaction.atomic
def follow_up_chunk(change: RoleChange, *, after: UUID, done: Collection[UUID] = ()) -> None:
    """Do the next `ACCESS_CHANGES_AT_ONCE` members of a big change, by the ids of their memberships, for the job; then another goes on.

    Leaves out the memberships that were `done` before. Locks the community. Emits `access.changed` to each member, `access.revoked` on the
    topics that were not reviewed and are closed to them, and at the end of a deletion `role.deleted`.
    """
    lock_community(change.community_id)
    role = Role.objects.filter(community_id=change.community_id, pk=change.role_id).first()
    if role is None:
        return
    holders = holders_of(role).filter(pk__gt=after).order_by("pk").values_list("pk", "user_id")
    chunk = list(holders[: settings.ACCESS_CHANGES_AT_ONCE])
    _do(change, [UserId(user_id) for pk, user_id in chunk if pk not in set(done)])
    if len(chunk) == settings.ACCESS_CHANGES_AT_ONCE:
        last = chunk[-1][0]
        _go_on(change, after=last, done=[pk for pk in done if pk > last])
    elif change.deletes:
        _remove(role)


@transaction.atomic
def _do(change: RoleChange, user_ids: Sequence[UserId]) -> None:
    """Compare with what the role gave; what was reviewed when it changed is revoked by name only where something else closes it."""
    community_id, role_id = change.community_id, change.role_id
    lock_community(community_id)
    review = Review(frozenset(shared_topics(community_id)), readable_topics(community_id, user_ids))
    before = heard_by(community_id, user_ids, lambda facts: FactsOfBefore(facts, role_id, change.former))
    if change.deletes:
        MembershipRole.objects.filter(role_id=role_id, membership__user_id__in=user_ids).delete()
    append(_follow_up(community_id, before, review))


def _some_holders(role: Role, limit: int) -> list[UserId]:
    return [UserId(user_id) for user_id in holders_of(role).order_by("pk").values_list("user_id", flat=True)[:limit]]


def _follow_up(community_id: CommunityId, before: Readable, review: Review | None = None) -> list[Draft]:
    """Let epochs grow; return what closes what is not readable any more, first, and what tells everybody concerned."""
    renew_access(community_id, before.keys())
    changed = AccessChanged(community=community_id)
    told = [Draft(topic_for("user", user_id), changed) for user_id in before]
    return [*closed_since(before, community_id, review), *told]


def _remove(role: Role) -> None:
    """Delete a role that nobody has; those above move down."""
    role_id, above = role.pk, Role.objects.filter(community_id=role.community_id, position__gt=role.position)
    role.delete()
    above.update(position=F("position") - 1)
    append([Draft(topic_for("community", role.community_id), RoleDeleted(role=role_id))])


def _begin(role: Role, former: Collection[str], *, deletes: bool) -> None:
    community_id = CommunityId(role.community_id)
    _go_on(RoleChange(community_id, RoleId(role.pk), list(former), deletes), after=None)
    if set(former) - set(role.permissions):
        append(reviews(shared_topics(community_id)))


def _go_on(change: RoleChange, *, after: UUID | None, done: Collection[UUID] = ()) -> None:
    """Have a job do the members behind a membership (None: those who are online) when this transaction commits."""
    enqueue(
        "communities.tasks.follow_up_change_of_role",
        community_id=str(change.community_id),
        role_id=str(change.role_id),
        former=list(change.former),
        after=None if after is None else str(after),
        deletes=change.deletes,
        done=[str(pk) for pk in done],
    )
