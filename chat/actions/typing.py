"""Telling a room that somebody types. Nothing is stored."""

from __future__ import annotations

from chat.constants import ROOM_KIND, ChatPermission
from chat.errors import RoomIsArchived
from chat.events import TypingStarted
from chat.policies import get_room_for
from eventlog.append import publish
from eventlog.topics import topic_for
from kernel.actor import Actor
from kernel.ids import RoomId


def start_typing(actor: Actor, *, room_id: RoomId) -> None:
    """Tell the others who follow the room that the actor types. Who may write there may.

    Publishes `typing.started`, which may be lost. Raises `RoomIsArchived`, `NotFound`, or why it is refused.
    """
    user_id = actor.require_user()
    if get_room_for(actor, room_id, ChatPermission.SEND_MESSAGE).archived_at is not None:
        raise RoomIsArchived
    publish(topic_for(ROOM_KIND, room_id), TypingStarted(user=user_id), key=str(user_id), by=user_id)
