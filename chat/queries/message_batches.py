"""Where users stand in rooms: all that is asked before messages are posted or rooms followed, for many pairs in one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from accounts.events import UserPayload
from accounts.payloads import user_payload_of
from chat.constants import RoomMemberState
from chat.queries.overwrites import find_overwrites
from chat.queries.resources import room_resource_of
from communities.access import (
    MEMBERSHIP_COLUMNS,
    ROLES_OF_MEMBERSHIP,
    Facts,
    LiveGate,
    Overwrites,
    Participation,
    Question,
    Resource,
    find_live_gates,
    is_current,
    known_of,
    membership_facts_of,
    remembered_facts,
)
from eventlog.statements import send, uuids
from kernel.clock import now
from kernel.ids import CommunityId, RoomId, UserId

_STANDINGS = f"""
SELECT room.id, asked.user_id, room.community_id, room.visibility, room.archived_at IS NOT NULL,
       community.gate_version_id, room.gate_version_id, room.overwrites_id,
       account.is_active, account.username, account.display_name, account.kind,
       own.state, own.added_at >= membership.joined_at, {MEMBERSHIP_COLUMNS}
FROM unnest(%s::uuid[], %s::uuid[]) AS asked (room_id, user_id)
CROSS JOIN LATERAL (SELECT * FROM chat_room found WHERE found.id = asked.room_id LIMIT 1) room
CROSS JOIN LATERAL (SELECT * FROM communities_community found WHERE found.id = room.community_id LIMIT 1) community
LEFT JOIN LATERAL (SELECT * FROM accounts_user found WHERE found.id = asked.user_id LIMIT 1) account ON true
LEFT JOIN LATERAL (
    SELECT * FROM communities_membership found
    WHERE found.community_id = room.community_id AND found.user_id = asked.user_id LIMIT 1
) membership ON true
{ROLES_OF_MEMBERSHIP}
LEFT JOIN LATERAL (
    SELECT * FROM chat_roommember found WHERE found.room_id = asked.room_id AND found.user_id = asked.user_id LIMIT 1
) own ON true
"""  # noqa: S608  # made of constants

Pair = tuple[RoomId, UserId | None]


class Standing(msgspec.Struct, frozen=True):
    """A user (nobody: None) and a room, with the facts that the rules are about. `author` is None without an account."""

    resource: Resource
    is_archived: bool
    author: UserPayload | None
    facts: Facts


class LoadedFacts:
    """`communities.access.FactSource` over standings that were loaded before."""

    def __init__(self, standings: Mapping[Pair, Standing]) -> None:
        self._standings = standings

    def load(self, questions: Sequence[Question]) -> list[Facts]:
        """Return the facts for each question; no query."""
        return [self._standings[RoomId(question.resource.id), question.actor.user_id].facts for question in questions]


def find_standings(pairs: Collection[Pair]) -> Callable[[], dict[Pair, Standing]]:
    """Ask where these users stand in these rooms; the returned function waits for the answer, without rooms that do not exist.

    The facts are those that `communities.access.database_facts` loads in two queries, and a test holds the two together. What gates read
    is remembered by epoch: it costs a statement for who is not, or not any more.
    """
    found = send(_STANDINGS, [uuids([room_id for room_id, _ in pairs]), uuids([user_id for _, user_id in pairs])])

    def standings() -> dict[Pair, Standing]:
        rows = found.fetchall()
        gates = find_live_gates({version_id for row in rows for version_id in row[5:7] if version_id is not None})
        overwrites = find_overwrites({row[7] for row in rows if row[7] is not None})
        at = now()  # behind the locks, which the rows were read behind as well
        return _with_known({(RoomId(row[0]), row[1]): _standing(row, gates, overwrites, at) for row in rows})

    return standings


def _with_known(standings: dict[Pair, Standing]) -> dict[Pair, Standing]:
    """Add what gates read of members; one more statement when this process does not remember it for their epochs."""
    gated = {
        pair: (one, membership)
        for pair, one in standings.items()
        if one.resource.gates and is_current(membership := one.facts.membership)
    }
    if not gated:
        return standings
    loaded = remembered_facts((one.resource, membership) for one, membership in gated.values())
    for pair, (one, membership) in gated.items():
        known = known_of(loaded, membership.user_id, one.resource, membership)
        standings[pair] = replace(one, facts=replace(one.facts, known=known))
    return standings


def _standing(
    row: tuple[Any, ...], gates: Mapping[UUID, LiveGate], overwrites: Mapping[UUID, Overwrites], at: datetime
) -> Standing:
    room_id, user_id, community_id, visibility, is_archived, outer, inner, version_id, *account_and_own = row
    is_active, username, display_name, kind, *own = account_and_own
    own_gates = tuple(gates[version_id] for version_id in (outer, inner) if version_id is not None)
    return Standing(
        room_resource_of(
            CommunityId(community_id),
            RoomId(room_id),
            visibility,
            own_gates,
            overwrites[version_id] if version_id else None,
        ),
        is_archived,
        None if is_active is None else user_payload_of(user_id, username, display_name, kind),
        Facts(at=at, signed_in=False) if user_id is None else _facts(user_id, bool(is_active), own, at),
    )


def _facts(user_id: UserId, is_active: bool, own: Sequence[Any], at: datetime) -> Facts:
    state, is_of_this_membership, *standing = own
    membership = membership_facts_of(user_id, *standing) if standing[0] is not None else None
    # What counts as a participation: see `chat.queries.room_members`.
    counts = state == RoomMemberState.REMOVED or (
        state is not None and is_current(membership) and is_of_this_membership
    )
    return Facts(
        at=at,
        signed_in=True,
        account_active=is_active,
        membership=membership,
        participation=Participation(state) if counts else None,
    )
