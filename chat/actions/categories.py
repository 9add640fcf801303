"""Headings for rooms: making, changing and deleting them, and putting rooms under them. None of it changes who may read what."""

from __future__ import annotations

from django.db import transaction

from chat.constants import MAX_POSITION, MAX_ROOM_NAME_LENGTH, ROOM_CATEGORIES_MAX, ROOM_KIND, ChatPermission
from chat.errors import TooManyCategories
from chat.events import (
    CategoryCreated,
    CategoryDeleted,
    CategoryPayload,
    CategoryUpdated,
    RoomPayload,
    RoomUpdated,
)
from chat.models import RoomCategory
from chat.payloads import category_payload, room_payload
from chat.policies import get_room_for, lock_room_for
from chat.processing.text import checked_line
from chat.queries.categories import find_category
from communities.models.locks import hold_community
from communities.policies import lock_community_for
from eventlog.append import Draft, append
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.errors import InvalidInput, NotFound
from kernel.ids import CategoryId, CommunityId, RoomId
from kernel.metrics import limit_hit


def create_category(actor: Actor, *, community_id: CommunityId, name: str, position: int = 0) -> CategoryPayload:
    """Make a heading for rooms. For who may open rooms.

    Locks the community. Emits `category.created`. Raises `InvalidInput`, `TooManyCategories`, or why it is refused.
    """
    name, position = _checked_name(name), _checked_position(position)
    with transaction.atomic():
        community = lock_community_for(actor, community_id, ChatPermission.CREATE_ROOM)
        if RoomCategory.objects.filter(community=community).count() >= ROOM_CATEGORIES_MAX:
            limit_hit("room.categories")
            raise TooManyCategories
        category = RoomCategory.objects.create(community=community, name=name, position=position)
        payload = category_payload(category)
        append([Draft(topic_for("community", community_id), CategoryCreated(category=payload))])
    return payload


def update_category(
    actor: Actor,
    *,
    community_id: CommunityId,
    category_id: CategoryId,
    name: str | None = None,
    position: int | None = None,
) -> CategoryPayload:
    """Change what is given and keep the rest. For who may open rooms.

    Locks the community. Emits `category.updated` when anything differs. Raises `InvalidInput`, `NotFound`, or why it is refused.
    """
    wanted = {
        "name": None if name is None else _checked_name(name),
        "position": None if position is None else _checked_position(position),
    }
    with transaction.atomic():
        category = _lock(actor, community_id, category_id)
        changes = {field: value for field, value in wanted.items() if value not in (None, getattr(category, field))}
        if not changes:
            return category_payload(category)
        for field, value in changes.items():
            setattr(category, field, value)
        category.save(update_fields=[*changes])
        payload = category_payload(category)
        append([Draft(topic_for("community", community_id), CategoryUpdated(category=payload))])
    return payload


def delete_category(actor: Actor, *, community_id: CommunityId, category_id: CategoryId) -> None:
    """Delete a heading; the rooms under it are under none. For who may open rooms.

    Locks the community. Emits `category.deleted`, and nothing for each room. Raises `NotFound`, or why it is refused.
    """
    with transaction.atomic():
        category = _lock(actor, community_id, category_id)
        category.delete()
        append([Draft(topic_for("community", community_id), CategoryDeleted(id=category_id))])


def place_room(actor: Actor, *, room_id: RoomId, category_id: CategoryId | None, position: int) -> RoomPayload:
    """List a room under a heading of its community, or under none, at a position. For who manages the room.

    Holds the community, so that the heading does not go meanwhile, and locks the room. Emits `room.updated` on the room when anything
    differs. Raises `InvalidInput`, `RoomIsDirect`, `RoomIsArchived`, `NotFound`, or why it is refused.
    """
    position = _checked_position(position)
    with transaction.atomic():
        community_id = CommunityId(get_room_for(actor, room_id, ChatPermission.MANAGE_ROOM).community_id)
        hold_community(community_id)
        room = lock_room_for(actor, room_id, ChatPermission.MANAGE_ROOM)
        if category_id is not None and find_category(community_id, category_id) is None:
            raise InvalidInput("There is no such category here.", field="category")
        if (room.category_id, room.position) != (category_id, position):
            room.category_id, room.position = category_id, position
            room.save(update_fields=["category", "position"])
            append([Draft(topic_for(ROOM_KIND, room.pk), RoomUpdated(room=room_payload(room)))])
        return room_payload(room)


def _lock(actor: Actor, community_id: CommunityId, category_id: CategoryId) -> RoomCategory:
    lock_community_for(actor, community_id, ChatPermission.CREATE_ROOM)
    category = find_category(community_id, category_id)
    if category is None:
        raise NotFound
    return category


def _checked_name(name: str) -> str:
    return checked_line(name, field="name", longest=MAX_ROOM_NAME_LENGTH, may_be_empty=False)


def _checked_position(position: int) -> int:
    if not 0 <= position <= MAX_POSITION:
        raise InvalidInput(f"Use a number from 0 to {MAX_POSITION}.", field="position")
    return position
