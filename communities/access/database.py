"""Facts from the database: one query for accounts and memberships, and one more for participation per kind of resource asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import FilteredRelation, Q
from msgspec import UNSET, UnsetType

from communities.access.facts import Facts, MembershipFacts, Participation, Question
from communities.access.participation import participation_source
from communities.access.resources import COMMUNITY_KIND, Resource
from communities.constants import MembershipStatus, Role
from kernel.clock import now
from kernel.ids import CommunityId, UserId


class _Standing(NamedTuple):
    """What one query tells of users and communities. A user that is absent from `active` has no account."""

    active: Mapping[UserId, bool]
    memberships: Mapping[tuple[UserId, CommunityId], MembershipFacts]


_Participations = Mapping[str, Mapping[tuple[UUID, UserId], Participation]]


class DatabaseFacts:
    """The source used everywhere but in tests of the rules."""

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question, in order: no query when nobody is signed in, else one or two."""
        asked = [(question.actor.user_id, question.resource) for question in questions]
        known = [(user_id, resource) for user_id, resource in asked if user_id is not None]
        standing = _load_standing(known)
        participations = _load_participations(known)
        return [_facts_of(user_id, resource, standing, participations) for user_id, resource in asked]


database_facts = DatabaseFacts()


def _load_standing(known: Sequence[tuple[UserId, Resource]]) -> _Standing:
    active: dict[UserId, bool] = {}
    memberships: dict[tuple[UserId, CommunityId], MembershipFacts] = {}
    if not known:
        return _Standing(active, memberships)
    rows = (
        get_user_model()
        .objects.filter(pk__in={user_id for user_id, _ in known})
        .annotate(
            standing=FilteredRelation(
                "memberships",
                condition=Q(memberships__community_id__in={resource.community_id for _, resource in known}),
            )
        )
        .values_list(
            "pk",
            "is_active",
            "standing__community_id",
            "standing__status",
            "standing__role",
            "standing__timed_out_until",
            "standing__access_epoch",
        )
    )
    for pk, is_active, community_id, status, role, until, epoch in rows:
        active[UserId(pk)] = is_active
        if community_id is not None:
            memberships[UserId(pk), CommunityId(community_id)] = MembershipFacts(
                MembershipStatus(status), Role(role), until, epoch
            )
    return _Standing(active, memberships)


def _load_participations(known: Sequence[tuple[UserId, Resource]]) -> _Participations:
    found: dict[str, Mapping[tuple[UUID, UserId], Participation]] = {}
    for kind in {resource.kind for _, resource in known} - {COMMUNITY_KIND}:
        loader = participation_source(kind)
        if loader is not None:
            pairs = [(user_id, resource.id) for user_id, resource in known if resource.kind == kind]
            found[kind] = loader({resource_id for _, resource_id in pairs}, {user_id for user_id, _ in pairs})
    return found


def _facts_of(
    user_id: UserId | None, resource: Resource, standing: _Standing, participations: _Participations
) -> Facts:
    if user_id is None:
        return Facts(at=now(), signed_in=False)
    return Facts(
        at=now(),
        signed_in=True,
        account_active=standing.active.get(user_id, False),
        membership=standing.memberships.get((user_id, resource.community_id)),
        participation=_participation_of(user_id, resource, participations),
    )


def _participation_of(
    user_id: UserId, resource: Resource, participations: _Participations
) -> Participation | UnsetType | None:
    if resource.kind == COMMUNITY_KIND:
        return None
    if resource.kind not in participations:
        return UNSET
    return participations[resource.kind].get((resource.id, user_id))
