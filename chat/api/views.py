"""The routes of rooms and messages: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.requests import actor_of, page_request_of, query_of
from accounts.events import UserPayload
from chat.actions.guests import add_guest
from chat.actions.messages import delete_message, edit_message, post_message, take_message_allowance
from chat.actions.read_markers import mark_read
from chat.actions.room_members import add_room_member, leave_room, remove_room_member
from chat.actions.rooms import archive_room, create_room, open_direct_room, update_room
from chat.api.parameters import body_of, parse_choice, parse_flag, parse_seq
from chat.api.serializers import (
    BodySerializer,
    NewMessageSerializer,
    NewRoomSerializer,
    ReadMarkerSerializer,
    RoomChangesSerializer,
    UserSerializer,
)
from chat.constants import ChatPermission, RoomKind
from chat.events import History, MessagePayload, MyRoomPayload, ReadMarkerPayload, RoomPayload
from chat.policies import get_message_for, get_room_for, list_rooms_for
from chat.queries.messages import list_messages, payload_of
from chat.queries.room_members import ROOM_MEMBER_SORTS, list_room_members
from chat.queries.rooms import ROOM_SORTS, my_rooms
from communities.api.parameters import list_parameters
from communities.api.serializers import NewMemberSerializer
from communities.events import MemberPayload
from kernel.ids import CommunityId, MessageId, RoomId, UserId
from kernel.wire import Page

_ROOM_LIST = list_parameters(
    sorts=ROOM_SORTS,
    default="created_at",
    filters=[
        OpenApiParameter("kind", str, enum=[kind.value for kind in RoomKind]),
        OpenApiParameter("archived", bool, description="The archived rooms instead of the open ones."),
    ],
)
_HISTORY = [
    OpenApiParameter("limit", int, description="At most so many messages, 1 to 100; 50 unless told."),
    OpenApiParameter("cursor", str, description="The `next` of the page before."),
    OpenApiParameter("before", int, description="Only messages with a smaller seq."),
    OpenApiParameter("after", int, description="Only messages with a greater seq."),
]
_ROOM_MEMBER_LIST = list_parameters(sorts=ROOM_MEMBER_SORTS, default="username")


class RoomsView(APIView):
    """The rooms of a community."""

    @extend_schema(parameters=_ROOM_LIST, responses={200: Page[MyRoomPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the rooms that the user can read, with what is unread in each."""
        query = query_of(request, allowed=("kind", "archived", "search", "sort"))
        kind = parse_choice(query.pop("kind", None), "kind", RoomKind)
        archived = parse_flag(query.pop("archived", None), "archived")
        page = page_request_of(request)
        rooms = list_rooms_for(
            actor_of(request), CommunityId(community_id), page=page, kind=kind, archived=archived, **query
        )
        return Response(rooms)

    @extend_schema(request=NewRoomSerializer, responses={201: RoomPayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Open a room."""
        body = body_of(request, NewRoomSerializer)
        room = create_room(actor_of(request), community_id=CommunityId(community_id), **body)
        return Response(room, status=status.HTTP_201_CREATED)


class DirectRoomsView(APIView):
    """Conversations of two people."""

    @extend_schema(request=UserSerializer, responses={200: RoomPayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Return the conversation with another member; it is made when there is none."""
        body = body_of(request, UserSerializer)
        return Response(open_direct_room(actor_of(request), community_id=CommunityId(community_id), **body))


class RoomView(APIView):
    """One room."""

    @extend_schema(responses={200: MyRoomPayload})
    def get(self, request: Request, room_id: UUID) -> Response:
        """Return the room, with what is unread in it, for who can read it."""
        actor = actor_of(request)
        room = get_room_for(actor, RoomId(room_id), ChatPermission.READ_MESSAGES)
        return Response(my_rooms(actor.require_user(), [room])[0])

    @extend_schema(request=RoomChangesSerializer, responses={200: RoomPayload})
    def patch(self, request: Request, room_id: UUID) -> Response:
        """Change what is given of the room."""
        body = body_of(request, RoomChangesSerializer)
        return Response(update_room(actor_of(request), room_id=RoomId(room_id), **body))


class ArchiveRoomView(APIView):
    """Close a room for good."""

    @extend_schema(request=None, responses={200: RoomPayload})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Make the room read-only."""
        return Response(archive_room(actor_of(request), room_id=RoomId(room_id)))


class LeaveRoomView(APIView):
    """Go out."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Leave a private room."""
        leave_room(actor_of(request), room_id=RoomId(room_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RoomMembersView(APIView):
    """Who takes part in a room."""

    @extend_schema(parameters=_ROOM_MEMBER_LIST, responses={200: Page[UserPayload]})
    def get(self, request: Request, room_id: UUID) -> Response:
        """List who takes part."""
        room = get_room_for(actor_of(request), RoomId(room_id), ChatPermission.VIEW_ROOM)
        query = query_of(request, allowed=("search", "sort"))
        return Response(list_room_members(room, page=page_request_of(request), **query))

    @extend_schema(request=UserSerializer, responses={204: None})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Let a member of the community take part; nothing happens when they do already."""
        add_room_member(actor_of(request), room_id=RoomId(room_id), **body_of(request, UserSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RoomGuestsView(APIView):
    """Who takes part in a room without being let into the rest of its community."""

    @extend_schema(request=NewMemberSerializer, responses={200: MemberPayload})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Let a user take part in this room alone; who is a member already stays the member that they are."""
        body = body_of(request, NewMemberSerializer)
        return Response(add_guest(actor_of(request), room_id=RoomId(room_id), **body))


class RoomMemberView(APIView):
    """One who takes part in a room."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, room_id: UUID, user_id: UUID) -> Response:
        """Remove a member of lower rank from the room."""
        remove_room_member(actor_of(request), room_id=RoomId(room_id), user_id=UserId(user_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MessagesView(APIView):
    """The messages of a room."""

    @extend_schema(parameters=_HISTORY, responses={200: History})
    def get(self, request: Request, room_id: UUID) -> Response:
        """Return a page of the history, newest first, and the head to follow the room from."""
        room = get_room_for(actor_of(request), RoomId(room_id), ChatPermission.READ_MESSAGES)
        query = query_of(request, allowed=("before", "after"))
        limits = {name: parse_seq(query.get(name), name) for name in ("before", "after")}
        return Response(list_messages(RoomId(room.pk), page=page_request_of(request), **limits))

    @extend_schema(request=NewMessageSerializer, responses={201: MessagePayload})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Post a message; a retry with the same nonce gives the first answer again."""
        actor = actor_of(request)
        body = body_of(request, NewMessageSerializer)
        take_message_allowance(actor, RoomId(room_id))
        posted = post_message(actor, room_id=RoomId(room_id), **body)
        return Response(posted.payload, status=status.HTTP_201_CREATED)


class MessageView(APIView):
    """One message."""

    @extend_schema(responses={200: MessagePayload})
    def get(self, request: Request, message_id: UUID) -> Response:
        """Return the message."""
        message = get_message_for(actor_of(request), MessageId(message_id), ChatPermission.READ_MESSAGES)
        return Response(payload_of(message))

    @extend_schema(request=BodySerializer, responses={200: MessagePayload})
    def patch(self, request: Request, message_id: UUID) -> Response:
        """Give a message of one's own another body."""
        body = body_of(request, BodySerializer)
        return Response(edit_message(actor_of(request), message_id=MessageId(message_id), **body))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, message_id: UUID) -> Response:
        """Delete the message: one's own, or anybody's as a moderator."""
        delete_message(actor_of(request), message_id=MessageId(message_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReadMarkerView(APIView):
    """How far the user has read a room."""

    @extend_schema(request=ReadMarkerSerializer, responses={200: ReadMarkerPayload})
    def put(self, request: Request, room_id: UUID) -> Response:
        """Move the marker forward; it never moves back, nor past the newest event."""
        body = body_of(request, ReadMarkerSerializer)
        return Response(mark_read(actor_of(request), room_id=RoomId(room_id), **body))
