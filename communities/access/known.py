"""Everything that a decision reads beyond account, membership and roles, in one statement: participation, and the facts of gates.

The statement is the union of what is asked for: a question about a thing without gates reads participation alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard
from uuid import UUID

from msgspec import UnsetType

from communities.access.facts import NOTHING, MembershipFacts, Participation
from communities.access.participation import participation_source
from communities.access.resources import Resource
from communities.constants import CURRENT_STATUSES
from communities.gates.facts import MEMBER_SINCE, ROLES, Fact
from communities.gates.sources import Known, Pair, decoder_of, fact_parts, readable_facts
from eventlog.statements import send, texts, uuids
from kernel.ids import UserId

Thing = tuple[str, UUID, UserId]
"""A kind of resource, a resource, and who may take part in it."""

_ASKED = """WITH asked AS (SELECT * FROM unnest(%s::uuid[], %s::uuid[]) AS asked (user_id, community_id)),
all_things AS (SELECT * FROM unnest(%s::text[], %s::uuid[], %s::uuid[]) AS things (kind, resource_id, user_id))
"""
_IN = "in:"


class Answers(NamedTuple):
    """What is known. A pair of `facts` lacks those facts that have no source; a thing that is absent has no participation of its own."""

    facts: dict[Pair, Known]
    participations: dict[Thing, Participation]


def load_known(pairs: Collection[Pair], facts: Iterable[Fact[Any]], things: Collection[Thing] = ()) -> Answers:
    """Return these facts of users in communities, and who takes part in these things. One statement, none for nothing."""
    readable = readable_facts(facts) if pairs else {}
    kinds = sorted({kind for kind, _, _ in things if participation_source(kind) is not None})
    absent: Known = {fact: fact.absent for fact in readable.values()}
    answers = Answers({pair: dict(absent) for pair in pairs}, {})
    if readable or kinds:
        _fill(
            answers, _rows([*fact_parts(readable.values()), *map(_participation_part, kinds)], pairs, things), readable
        )
    return answers


def is_current(membership: MembershipFacts | UnsetType | None) -> TypeGuard[MembershipFacts]:
    """Return whether it is known that there is a membership, and it counts."""
    return isinstance(membership, MembershipFacts) and membership.status in CURRENT_STATUSES


def known_of(
    loaded: Mapping[Pair, Known], user_id: UserId, resource: Resource, membership: MembershipFacts | None
) -> Mapping[Fact[Any], Any]:
    """Return what the resource's gates are asked with; nothing where there are none, and for who is no member."""
    if not resource.gates or not is_current(membership):
        return NOTHING
    return with_membership(loaded.get((user_id, resource.community_id), {}), membership)


def with_membership(known: Known, membership: MembershipFacts) -> Known:
    """Return what is known, and what a membership that counts adds to it."""
    return {**known, MEMBER_SINCE: membership.joined_at, ROLES: membership.role_ids}


def _rows(parts: Sequence[str], pairs: Collection[Pair], things: Collection[Thing]) -> Iterable[tuple[Any, ...]]:
    statement = _ASKED + "\nUNION ALL\n".join(parts)
    asked = [uuids(user_id for user_id, _ in pairs), uuids(place for _, place in pairs)]
    about = [
        texts(kind for kind, _, _ in things),
        uuids(one for _, one, _ in things),
        uuids(who for _, _, who in things),
    ]
    return send(statement, [*asked, *about]).fetchall()


def _fill(answers: Answers, rows: Iterable[tuple[Any, ...]], readable: Mapping[str, Fact[Any]]) -> None:
    decoders = {name: (fact, decoder_of(fact)) for name, fact in readable.items()}
    for name, user_id, place, value in rows:
        if name in decoders:
            fact, decode = decoders[name]
            answers.facts[user_id, place][fact] = decode(value)
        else:
            answers.participations[name.removeprefix(_IN), place, user_id] = Participation(value)


def _participation_part(kind: str) -> str:
    """Return the part of the statement for a kind; kinds are names in code."""
    return f"""SELECT '{_IN}{kind}', part.user_id, part.resource_id, part.state FROM (
    WITH things AS (SELECT * FROM all_things WHERE kind = '{kind}') {participation_source(kind)}
) AS part (resource_id, user_id, state)"""  # noqa: S608  # made of constants
