"""Facts from the database: one query for accounts, memberships and roles, and one more for everything else that is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET, UnsetType

from communities.access.facts import NOTHING, Facts, MembershipFacts, Participation, Question
from communities.access.known import Answers, is_current, known_of, load_known, with_membership
from communities.access.participation import participation_source
from communities.access.resources import COMMUNITY_KIND, Resource
from communities.constants import MembershipStatus
from communities.gates.live import LiveGate
from eventlog.statements import send, uuids
from kernel.clock import now
from kernel.ids import CommunityId, RoleId, UserId

# The columns and the join by which a statement with a row `membership` tells what `membership_facts_of` takes after the user.
MEMBERSHIP_COLUMNS = """membership.status, membership.timed_out_until, membership.access_epoch, membership.joined_at,
       membership.is_owner, membership.is_guest, roles.position, roles.ids, roles.permissions,
       membership.rules_accepted < (
           SELECT found.rules_required FROM communities_community found WHERE found.id = membership.community_id
       )"""
ROLES_OF_MEMBERSHIP = """LEFT JOIN LATERAL (
    SELECT max(role.position) AS position, string_agg(role.id::text, ' ' ORDER BY role.position DESC) AS ids,
           string_agg(array_to_string(role.permissions, ' '), ' ') AS permissions
    FROM (
        (SELECT * FROM communities_role found
         WHERE found.community_id = membership.community_id AND found.is_default LIMIT 1)
        UNION ALL
        SELECT role.* FROM communities_membershiprole held
        CROSS JOIN LATERAL (SELECT * FROM communities_role found WHERE found.id = held.role_id LIMIT 1) role
        WHERE held.membership_id = membership.id
    ) role
) roles ON membership.id IS NOT NULL"""

_STANDING = f"""
SELECT account.id, asked.community_id, account.is_active, {MEMBERSHIP_COLUMNS}
FROM unnest(%s::uuid[], %s::uuid[]) AS asked (user_id, community_id)
CROSS JOIN LATERAL (SELECT * FROM accounts_user found WHERE found.id = asked.user_id LIMIT 1) account
LEFT JOIN LATERAL (
    SELECT * FROM communities_membership found
    WHERE found.community_id = asked.community_id AND found.user_id = asked.user_id LIMIT 1
) membership ON true
{ROLES_OF_MEMBERSHIP}
"""  # noqa: S608  # made of constants

_Pair = tuple[UserId, CommunityId]


class _Standing(NamedTuple):
    """What one query tells of users and communities. A user that is absent from `active` has no account."""

    active: Mapping[UserId, bool]
    memberships: Mapping[_Pair, MembershipFacts]


class DatabaseFacts:
    """The source used everywhere but in tests of the rules."""

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in order: no query when nobody is signed in, else one or two."""
        asked = [(question.actor.user_id, question.resource) for question in questions]
        known = [(user_id, resource) for user_id, resource in asked if user_id is not None]
        standing = _load_standing({(user_id, resource.community_id) for user_id, resource in known})
        answers = _load_rest(
            known, standing
        )  # after the epochs: facts may be newer than the epoch that they are told with, never older
        return [_facts_of(user_id, resource, standing, answers) for user_id, resource in asked]


database_facts = DatabaseFacts()


def load_memberships(community_id: CommunityId, user_ids: Collection[UserId]) -> Mapping[UserId, MembershipFacts]:
    """Return what is known of these users' memberships of one community; who has none is absent. One query."""
    pairs = {(user_id, community_id) for user_id in user_ids}
    return {user_id: membership for (user_id, _), membership in _load_standing(pairs).memberships.items()}


def load_memberships_of(
    user_id: UserId, community_ids: Collection[CommunityId]
) -> Mapping[CommunityId, MembershipFacts]:
    """Return what is known of one user's memberships of these communities; without one they are absent. One query."""
    pairs = {(user_id, community_id) for community_id in community_ids}
    return {community_id: membership for (_, community_id), membership in _load_standing(pairs).memberships.items()}


def load_member_facts(
    community_id: CommunityId, user_ids: Collection[UserId], gates: Iterable[LiveGate], at: datetime | None = None
) -> dict[UserId, Facts]:
    """Return what is known of users in one community, for questions about any of its things with these gates. Two queries.

    They are to be judged `at` a moment, now unless told, and with open accounts: who was shut out has no session to lose anything in.
    Participation is left for who asks to fill in.
    """
    pairs = {(user_id, community_id) for user_id in user_ids}
    standing = _load_standing(pairs)
    members = {pair for pair in pairs if is_current(standing.memberships.get(pair))}
    loaded = load_known(members, frozenset().union(*(gate.reads for gate in gates))).facts
    facts: dict[UserId, Facts] = {}
    for pair in pairs:
        membership = standing.memberships.get(pair)
        facts[pair[0]] = Facts(
            at=at or now(),
            signed_in=True,
            account_active=True,
            membership=membership,
            known=with_membership(loaded[pair], membership) if is_current(membership) else NOTHING,
        )
    return facts


def membership_facts_of(
    user_id: UserId,
    status: str,
    timed_out_until: datetime | None,
    access_epoch: int,
    joined_at: datetime,
    is_owner: bool,
    is_guest: bool,
    position: int | None,
    role_ids: str | None,
    permissions: str | None,
    owes_rules: bool,
) -> MembershipFacts:
    """Return the facts from a row of `MEMBERSHIP_COLUMNS`."""
    return MembershipFacts(
        user_id=user_id,
        status=MembershipStatus(status),
        timed_out_until=timed_out_until,
        access_epoch=access_epoch,
        joined_at=joined_at,
        is_owner=is_owner,
        is_guest=is_guest,
        position=position or 0,
        role_ids=_ids(role_ids or ""),
        permissions=_names(permissions or ""),
        owes_rules=owes_rules,
    )


@lru_cache(maxsize=4096)
def _names(text: str) -> frozenset[str]:
    """Members with the same roles share one set: what is read here is read for every message."""
    return frozenset(text.split())


@lru_cache(maxsize=4096)
def _ids(text: str) -> tuple[RoleId, ...]:
    return tuple(RoleId(UUID(role_id)) for role_id in text.split())


def _load_standing(pairs: Collection[_Pair]) -> _Standing:
    active: dict[UserId, bool] = {}
    memberships: dict[_Pair, MembershipFacts] = {}
    if not pairs:
        return _Standing(active, memberships)
    asked = [uuids([user_id for user_id, _ in pairs]), uuids([community_id for _, community_id in pairs])]
    for user_id, community_id, is_active, *membership in send(_STANDING, asked).fetchall():
        active[UserId(user_id)] = is_active
        if membership[0] is not None:
            memberships[UserId(user_id), CommunityId(community_id)] = membership_facts_of(user_id, *membership)
    return _Standing(active, memberships)


def _load_rest(known: Sequence[tuple[UserId, Resource]], standing: _Standing) -> Answers:
    """Who is no member is refused before any gate, so nothing is asked about them."""
    gated = [
        (user_id, resource)
        for user_id, resource in known
        if resource.gates and is_current(standing.memberships.get((user_id, resource.community_id)))
    ]
    reads = frozenset().union(*(gate.reads for _, resource in gated for gate in resource.gates))
    things = {(resource.kind, resource.id, user_id) for user_id, resource in known if resource.kind != COMMUNITY_KIND}
    return load_known({(user_id, resource.community_id) for user_id, resource in gated}, reads, things)


def _facts_of(user_id: UserId | None, resource: Resource, standing: _Standing, answers: Answers) -> Facts:
    if user_id is None:
        return Facts(at=now(), signed_in=False)
    membership = standing.memberships.get((user_id, resource.community_id))
    return Facts(
        at=now(),
        signed_in=True,
        account_active=standing.active.get(user_id, False),
        membership=membership,
        participation=_participation_of(user_id, resource, answers),
        known=known_of(answers.facts, user_id, resource, membership),
    )


def _participation_of(user_id: UserId, resource: Resource, answers: Answers) -> Participation | UnsetType | None:
    if resource.kind == COMMUNITY_KIND:
        return None
    if participation_source(resource.kind) is None:
        return UNSET
    return answers.participations.get((resource.kind, resource.id, user_id))
