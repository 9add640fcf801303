"""What a new version of a gate means for the members of a big community: some hundred at a time, each time in a short transaction.

Requests and messages are decided by the new version from its commit on, and sockets that follow topics are asked about anew: the topics
are reviewed. What is left for jobs are epochs, topics that only some were added to, and word to everybody concerned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction

from communities.access import COMMUNITY_KIND, Review, change_access, readable_topics, reviews, shared_topics
from communities.constants import MEMBERS_AT_ONCE
from communities.queries.memberships import current_members, members_after
from communities.registries.gates import GateTarget, gate_kind
from communities.registries.online import online_members
from eventlog.append import append
from eventlog.topics import Topic, topic_for
from kernel.actor import SYSTEM
from kernel.ids import CommunityId, UserId
from kernel.jobs import enqueue

JOB = "communities.spread_gate_change"
_FIRST = UUID(int=0)


def begin_spreading(target: GateTarget, before: UUID | None) -> None:
    """Have the change from a version (None: from no gate) to the present one spread, in the caller's transaction.

    Emits `access.reviewed` on the topics that it may close, unless everybody is let in now.
    """
    _go_on(target.kind, target.row.pk, before, after=None)
    if target.row.gate_version_id is not None:
        append(reviews(_topics_of(target)))


def spread_to_online(kind: str, resource_id: UUID, before: UUID | None) -> None:
    """Do the members who are online, for the job: some hundred at a time, each time in a transaction; then a job goes on with all others.

    Emits as `spread_gate_change`.
    """
    community_id = CommunityId(gate_kind(kind).find(SYSTEM, resource_id).community.pk)
    online = online_members(current_members(community_id))
    for start in range(0, len(online), MEMBERS_AT_ONCE):
        _spread(kind, resource_id, before, [user_id for _, user_id in online[start : start + MEMBERS_AT_ONCE]])
    with transaction.atomic():
        _go_on(kind, resource_id, before, after=_FIRST, done=[pk for pk, _ in online])


@transaction.atomic
def spread_gate_change(
    kind: str, resource_id: UUID, before: UUID | None, after: UUID, done: Collection[UUID] = ()
) -> None:
    """Do the next 500 members behind the membership `after`, but for those that were `done`; then another job goes on.

    Emits as `communities.access.change_access`; on reviewed topics only where something else closed them.
    """
    target = gate_kind(kind).lock(SYSTEM, resource_id)
    members = members_after(CommunityId(target.community.pk), after, limit=MEMBERS_AT_ONCE)
    if not members:
        return
    _spread(kind, resource_id, before, [user_id for pk, user_id in members if pk not in set(done)])
    last = members[-1][0]
    _go_on(kind, resource_id, before, after=last, done=[pk for pk in done if pk > last])


@transaction.atomic
def _spread(kind: str, resource_id: UUID, before: UUID | None, user_ids: Sequence[UserId]) -> None:
    """Compare what members could read before with what they can read now.

    The version from before is put back for as long as it takes to see it, which nobody else sees: the transaction holds the community and
    the thing.
    """
    target = gate_kind(kind).lock(SYSTEM, resource_id)
    community_id, live = CommunityId(target.community.pk), target.row.gate_version_id
    review = Review(frozenset(_topics_of(target)), readable_topics(community_id, user_ids))
    _set_version(target, before)
    with change_access(community_id, user_ids, review=review):
        _set_version(target, live)


def _topics_of(target: GateTarget) -> Sequence[Topic]:
    if target.kind == COMMUNITY_KIND:
        return shared_topics(CommunityId(target.community.pk))
    return [topic_for(target.kind, target.row.pk)]


def _set_version(target: GateTarget, version_id: UUID | None) -> None:
    target.row.gate_version_id = version_id
    target.row.save(update_fields=["gate_version"])


def _go_on(
    kind: str, resource_id: UUID, before: UUID | None, *, after: UUID | None, done: Collection[UUID] = ()
) -> None:
    """Have a job do the members behind a membership (None: those who are online) when this transaction commits."""
    enqueue(
        JOB,
        kind=kind,
        resource_id=str(resource_id),
        before=None if before is None else str(before),
        after=None if after is None else str(after),
        done=[str(pk) for pk in done],
    )
