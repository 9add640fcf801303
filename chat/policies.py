"""Loaders that authorise: the only way to a room or a message. Absent and "not yours" give the same answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models.functions import Lower

from chat.constants import ROOM_KIND, ChatPermission, RoomKind
from chat.errors import RoomIsArchived, RoomIsDirect
from chat.events import MyRoomPayload
from chat.models import Message, Room
from chat.models.locks import hold_room_topics, lock_room
from chat.queries.message_batches import LoadedFacts, find_standings
from chat.queries.resources import room_resource
from chat.queries.rooms import ROOM_SORTS, candidate_rooms, my_rooms
from communities.access import Question, absent_resource, decide_all, decide_many, live_gates, require
from communities.constants import Permission, PermissionName
from communities.models.locks import lock_community
from communities.policies import get_community_for, refusal_of
from communities.queries.keyset import cut_page
from communities.registries.gates import GateTarget
from kernel.actor import Actor
from kernel.errors import DomainError, NotFound, Unauthenticated
from kernel.ids import CommunityId, MessageId, RoomId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

R = TypeVar("R", bound=Room)


def get_room_for(actor: Actor, room_id: RoomId, permission: PermissionName) -> Room:
    """Return the room when the actor has the permission in it. Raises `NotFound`, or why it is refused."""
    _refuse_nobody(actor)
    return _authorised(actor, Room.objects.select_related("community").filter(pk=room_id).first(), permission)


def refusals_of(asked: Sequence[tuple[Actor, RoomId]], permission: PermissionName) -> list[DomainError | None]:
    """Return for each actor and room, in order, None or what `get_room_for` would raise. One query for all."""
    wanted = {(room_id, actor.user_id) for actor, room_id in asked if actor.kind != "anonymous"}
    standings = find_standings(wanted)() if wanted else {}
    known = [(actor, standings.get((room_id, actor.user_id))) for actor, room_id in asked]
    questions = [Question(actor, permission, one.resource) for actor, one in known if one is not None]
    decisions = iter(decide_all(questions, facts=LoadedFacts(standings)))
    return [refusal_of(actor, next(decisions) if one is not None else None) for actor, one in known]


def lock_room_for(actor: Actor, room_id: RoomId, permission: PermissionName) -> Room:
    """Return the room, locked, when the actor has the permission and the room is open to change.

    Raises as `get_room_for`, `RoomIsDirect` for a conversation of two, `RoomIsArchived`.
    """
    _refuse_nobody(actor)
    room = _authorised(actor, lock_room(room_id), permission)
    _check_open(room)
    return room


def get_message_for(actor: Actor, message_id: MessageId, permission: PermissionName) -> Message:
    """Return the message, with author and room, when the actor has the permission in its room. Raises as `get_room_for`."""
    _refuse_nobody(actor)
    message = Message.objects.select_related("author", "room__community").filter(pk=message_id).first()
    _authorised(actor, message.room if message is not None else None, permission)
    if message is None:
        raise NotFound
    return message


def hold_message_for(actor: Actor, message_id: MessageId, permission: PermissionName) -> Message:
    """Return the message as `get_message_for`, and keep its room's log from moving until the transaction ends.

    Raises `RoomIsArchived` too.
    """
    _refuse_nobody(actor)
    room_id = Message.objects.filter(pk=message_id).values_list("room_id", flat=True).first()
    hold_room_topics([RoomId(room_id or message_id)])  # of nothing, too: it takes as long as what is not the actor's
    message = get_message_for(actor, message_id, permission)
    if message.room.archived_at is not None:
        raise RoomIsArchived
    return message


def list_rooms_for(
    actor: Actor,
    community_id: CommunityId,
    *,
    page: PageRequest,
    kind: RoomKind | None = None,
    archived: bool = False,
    search: str = "",
    sort: str = "created_at",
) -> Page[MyRoomPayload]:
    """Return the rooms of a community that the actor can read, with what they have read of each; `search` looks in names.

    A constant number of queries, however many rooms, and a few more for each hundred that are closed to the actor.
    Raises `NotFound` for who may not see the community.
    """
    user_id = actor.require_user()
    get_community_for(actor, community_id, ChatPermission.LIST_ROOMS)
    candidates = candidate_rooms(community_id, user_id).filter(archived_at__isnull=not archived)
    if search:
        candidates = candidates.filter(name__icontains=search)
    if kind is not None:
        candidates = candidates.filter(kind=kind)
    rooms, following = cut_page(
        candidates.annotate(lower_name=Lower("name")),
        sort=sort,
        sorts=ROOM_SORTS,
        page=page,
        keep=lambda found: _readable(actor, found),
    )
    return Page(items=my_rooms(user_id, rooms), next=following)


def users_who_may(permission: PermissionName, room: Room, user_ids: Collection[UserId]) -> set[UserId]:
    """Return which of these users have the permission in the room; two queries, however many users."""
    decisions = decide_many(user_ids, permission, room_resource(room))
    return {user_id for user_id, decision in decisions.items() if decision.allowed}


def _readable(actor: Actor, rooms: Sequence[R]) -> list[R]:
    decisions = decide_all([Question(actor, ChatPermission.READ_MESSAGES, room_resource(room)) for room in rooms])
    return [room for room, decision in zip(rooms, decisions, strict=True) if decision.allowed]


def _check_open(room: Room) -> None:
    """Return when the room is open to change."""
    if room.kind == RoomKind.DIRECT:
        raise RoomIsDirect
    if room.archived_at is not None:
        raise RoomIsArchived


def _authorised(actor: Actor, room: Room | None, permission: PermissionName) -> Room:
    """Ask about what is not there, too: how long an answer takes would tell it from what is not the actor's."""
    require(actor, permission, absent_resource(ROOM_KIND) if room is None else room_resource(room))
    if room is None:
        raise NotFound
    return room


def see_room_gate(actor: Actor, room_id: UUID) -> GateTarget:
    """Return the room as what a gate hangs on, for who may see it. Raises as `get_room_for`."""
    return _gate_target(get_room_for(actor, RoomId(room_id), ChatPermission.VIEW_ROOM))


def find_room_gate(actor: Actor, room_id: UUID) -> GateTarget:
    """Return the room as what a gate hangs on, for who manages gates. Raises as `get_room_for`."""
    return _gate_target(get_room_for(actor, RoomId(room_id), Permission.MANAGE_GATES))


def lock_room_gate(actor: Actor, room_id: UUID) -> GateTarget:
    """Return the room, locked after its community, as what a gate hangs on, for who manages gates. Raises as `lock_room_for`."""
    room = get_room_for(actor, RoomId(room_id), Permission.MANAGE_GATES)
    lock_community(CommunityId(room.community_id))
    return _gate_target(lock_room_for(actor, RoomId(room_id), Permission.MANAGE_GATES))


def check_may_let_in(actor: Actor, room_id: UUID) -> CommunityId:
    """Return the community of a room into which the actor may let people. Raises as `get_room_for`, `RoomIsDirect`, `RoomIsArchived`."""
    room = get_room_for(actor, RoomId(room_id), ChatPermission.MODERATE_ROOM)
    _check_open(room)
    return CommunityId(room.community_id)


def _gate_target(room: Room) -> GateTarget:
    return GateTarget(ROOM_KIND, room, room.community, live_gates(room.community))


def _refuse_nobody(actor: Actor) -> None:
    """Answer anonymous calls before anything is looked up: a 401 for what exists beside a 404 would tell which is which."""
    if actor.kind == "anonymous":
        raise Unauthenticated
