"""Rooms, participants and messages for tests. Rooms are written with their first event, messages go through the action."""

from __future__ import annotations

from itertools import count

from django.db import transaction

from accounts.models import User
from chat.actions.messages import post_message
from chat.constants import ROOM_KIND, RoomKind, RoomMemberState, RoomVisibility
from chat.events import MessagePayload, RoomCreated
from chat.models import Room, RoomCategory, RoomMember
from chat.payloads import room_payload
from communities.models import Community, Membership
from eventlog.append import Draft, append
from eventlog.topics import Topic, topic_for
from kernel.ids import MessageId, RoomId
from tests.factories.communities import acting, make_community

_nonces = count(1)


def make_room(
    community: Community | None = None,
    *participants: User,
    name: str = "Harbour",
    private: bool = False,
) -> Room:
    """Return a new text room, with these participants when it is private."""
    with transaction.atomic():
        room = Room.objects.create(
            community=community or make_community(),
            kind=RoomKind.TEXT,
            name=name,
            visibility=RoomVisibility.PRIVATE if private else RoomVisibility.COMMUNITY,
        )
        append([Draft(room_topic(room), RoomCreated(room=room_payload(room)))])
    for user in participants:
        make_room_member(room, user)
    return room


def make_category(community: Community, *, name: str = "Below", position: int = 0) -> RoomCategory:
    """Return a new heading for the community's rooms."""
    return RoomCategory.objects.create(community=community, name=name, position=position)


def make_room_member(room: Room, user: User, state: RoomMemberState = RoomMemberState.MEMBER) -> RoomMember:
    """Return the user's new state in the room."""
    return RoomMember.objects.create(room=room, community_id=room.community_id, user=user, state=state)


def post(
    author: Membership, room: Room, body: str = "Ahoy", *, nonce: str | None = None, reply_to: MessageId | None = None
) -> MessagePayload:
    """Post a message, with a nonce of its own unless one is given."""
    posted = post_message(
        acting(author),
        room_id=RoomId(room.pk),
        body=body,
        nonce=nonce or f"nonce-{next(_nonces)}",
        reply_to=reply_to,
    )
    return posted.payload


def room_topic(room: Room) -> Topic:
    """Return the topic of a room."""
    return topic_for(ROOM_KIND, room.pk)
