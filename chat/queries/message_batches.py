"""Where users stand in rooms: all that is asked before messages are posted or rooms followed, for many pairs in one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from accounts.events import UserPayload
from accounts.payloads import user_payload_of
from chat.constants import RoomMemberState
from chat.queries.resources import room_resource_of
from communities.access import (
    MEMBERSHIP_COLUMNS,
    ROLES_OF_MEMBERSHIP,
    Facts,
    Participation,
    Question,
    Resource,
    membership_facts_of,
)
from communities.constants import CURRENT_STATUSES
from eventlog.statements import send, uuids
from kernel.clock import now
from kernel.ids import CommunityId, RoomId, UserId

_STANDINGS = f"""
SELECT room.id, asked.user_id, room.community_id, room.visibility, room.archived_at IS NOT NULL,
       account.is_active, account.username, account.display_name, account.kind,
       own.state, own.added_at >= membership.joined_at, {MEMBERSHIP_COLUMNS}
FROM unnest(%s::uuid[], %s::uuid[]) AS asked (room_id, user_id)
CROSS JOIN LATERAL (SELECT * FROM chat_room found WHERE found.id = asked.room_id LIMIT 1) room
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

    The facts are those that `communities.access.database_facts` loads in two queries, and a test holds the two together.
    """
    found = send(_STANDINGS, [uuids([room_id for room_id, _ in pairs]), uuids([user_id for _, user_id in pairs])])

    def standings() -> dict[Pair, Standing]:
        rows = found.fetchall()
        at = now()  # behind the locks, which the rows were read behind as well
        return {(RoomId(row[0]), row[1]): _standing(row, at) for row in rows}

    return standings


def _standing(row: tuple[Any, ...], at: datetime) -> Standing:
    room_id, user_id, community_id, visibility, is_archived, is_active, username, display_name, kind, *own = row
    return Standing(
        room_resource_of(CommunityId(community_id), RoomId(room_id), visibility),
        is_archived,
        None if is_active is None else user_payload_of(user_id, username, display_name, kind),
        Facts(at=at, signed_in=False) if user_id is None else _facts(user_id, bool(is_active), own, at),
    )


def _facts(user_id: UserId, is_active: bool, own: Sequence[Any], at: datetime) -> Facts:
    state, is_of_this_membership, *standing = own
    membership = membership_facts_of(user_id, *standing) if standing[0] is not None else None
    # What counts as a participation: see `chat.queries.room_members`.
    is_current = membership is not None and membership.status in CURRENT_STATUSES
    counts = state == RoomMemberState.REMOVED or (state is not None and is_current and is_of_this_membership)
    return Facts(
        at=at,
        signed_in=True,
        account_active=is_active,
        membership=membership,
        participation=Participation(state) if counts else None,
    )
