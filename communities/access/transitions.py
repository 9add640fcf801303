"""Changes that concern access, done whole: what members could read is compared before and after, and what they lost is revoked.

`changes` compares topics; here the epochs grow, the users are told, and the moment is kept at which time alone may change it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from communities.access.changes import Review, closed_between, readable_topics
from communities.access.database import database_facts, load_member_facts
from communities.access.facts import Facts
from communities.access.moments import FactsBefore
from communities.access.revocation import Readable
from communities.access.shadows import note_differences, standing_gates
from communities.events import AccessChanged
from communities.gates.facts import GateFacts
from communities.gates.live import LiveGate
from communities.gates.verdicts import earliest
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.ids import CommunityId, UserId

_WRITE = """
UPDATE communities_membership membership SET access_epoch = access_epoch + changed.by, access_changes_at = changed.until
FROM unnest(%s::uuid[], %s::int[], %s::timestamptz[]) AS changed (user_id, by, until)
WHERE membership.community_id = %s AND membership.user_id = changed.user_id
"""


@contextmanager
def change_access(
    community_id: CommunityId, user_ids: Collection[UserId], *, review: Review | None = None
) -> Iterator[None]:
    """Do in the block what may change what these members can read; what they lose is revoked when it ends, unless a review closed it.

    Inside of a transaction that holds the community's lock. A constant number of statements, and work per member: for some hundreds.
    The members' epochs grow, whatever came of it. Emits `access.revoked` on each topic that somebody lost, and `access.changed` on
    `user:<id>` of everybody who lost or gained one.
    """
    if not user_ids:
        yield
        return
    before = readable_topics(community_id, user_ids)
    yield
    _write(community_id, user_ids, grown=set(user_ids))
    _tell(community_id, before, readable_topics(community_id, user_ids, facts=database_facts), review)


def renew_access(community_id: CommunityId, user_ids: Collection[UserId]) -> None:
    """Let the epochs of members grow whose facts have changed, and keep when time alone changes what gates say to them next.

    In the transaction of the change, which holds the community's lock, and has revoked what they lost.
    """
    if user_ids:
        _write(community_id, user_ids, grown=set(user_ids))


def catch_up(community_id: CommunityId, user_ids: Collection[UserId], since: datetime) -> None:
    """Revoke what time alone has taken from these members from a moment on, that moment included; to be called when it has come.

    As `change_access`, but that the epochs grow only of those for whom something changed.
    """
    before = readable_topics(community_id, user_ids, facts=FactsBefore(since))
    after = readable_topics(community_id, user_ids, facts=database_facts)
    _write(community_id, user_ids, grown=set(_changed(before, after)))
    _tell(community_id, before, after)


def _tell(community_id: CommunityId, before: Readable, after: Readable, review: Review | None = None) -> None:
    """Revocations come first: nothing that follows reaches who lost the topic."""
    told = [
        Draft(topic_for("user", user_id), AccessChanged(community=community_id)) for user_id in _changed(before, after)
    ]
    append([*closed_between(before, after, community_id, review), *told])


def _changed(before: Readable, after: Readable) -> list[UserId]:
    return [user_id for user_id, topics in before.items() if set(topics) != set(after[user_id])]


def _write(community_id: CommunityId, user_ids: Collection[UserId], *, grown: Collection[UserId]) -> None:
    until = _stands_until(community_id, user_ids)
    by = [int(user_id in grown) for user_id in until]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(until), by, list(until.values()), community_id])


def _stands_until(community_id: CommunityId, user_ids: Collection[UserId]) -> Mapping[UserId, datetime | None]:
    """Return for each user the first moment at which time alone may change what any gate of the community says to them.

    Those in the shadow are heard as well, and it is noted for whom they decide differently.
    """
    gates = standing_gates(community_id)
    versions = [version for gate in gates for version in gate.versions]
    known = load_member_facts(community_id, user_ids, versions)
    note_differences(community_id, gates, known)
    return {user_id: _earliest_of(versions, facts) for user_id, facts in known.items()}


def _earliest_of(gates: Sequence[LiveGate], facts: Facts) -> datetime | None:
    asked = GateFacts(facts.at, facts.known)
    return earliest(gate.condition(asked).until for gate in gates)
