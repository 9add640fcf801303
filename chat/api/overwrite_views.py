"""The routes of a room's overwrites: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.requests import actor_of, body_of
from chat.actions.overwrites import OverwriteTarget, delete_room_overwrite, put_room_overwrite
from chat.constants import ChatPermission, OverwriteKind
from chat.events import OverwritePayload, RoomOverwritesPayload
from chat.policies import get_room_for
from chat.queries.overwrites import list_overwrites
from communities.constants import MAX_PERMISSION_LENGTH
from kernel.ids import RoomId

_NAMES = 50


class OverwriteSerializer(serializers.Serializer[None]):
    """The permissions that are given and those that are taken; of what is in neither, roles say what holds."""

    allow = serializers.ListField(
        child=serializers.CharField(max_length=MAX_PERMISSION_LENGTH), max_length=_NAMES, required=False
    )
    deny = serializers.ListField(
        child=serializers.CharField(max_length=MAX_PERMISSION_LENGTH), max_length=_NAMES, required=False
    )


class RoomOverwritesView(APIView):
    """What roles and members may in a room, whatever their roles give in the community."""

    @extend_schema(responses={200: RoomOverwritesPayload})
    def get(self, request: Request, room_id: UUID) -> Response:
        """Return all overwrites, for who manages the room; their number is limited."""
        return Response(list_overwrites(get_room_for(actor_of(request), RoomId(room_id), ChatPermission.MANAGE_ROOM)))


class RoleOverwriteView(APIView):
    """What a role gives and takes in a room."""

    @extend_schema(request=OverwriteSerializer, responses={200: OverwritePayload})
    def put(self, request: Request, room_id: UUID, role_id: UUID) -> Response:
        """Give and take permissions, in place of what was overwritten before."""
        return _put(request, room_id, OverwriteTarget(OverwriteKind.ROLE, role_id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, room_id: UUID, role_id: UUID) -> Response:
        """Let the role give here what it gives in the community."""
        return _delete(request, room_id, OverwriteTarget(OverwriteKind.ROLE, role_id))


class MemberOverwriteView(APIView):
    """What a member may in a room."""

    @extend_schema(request=OverwriteSerializer, responses={200: OverwritePayload})
    def put(self, request: Request, room_id: UUID, user_id: UUID) -> Response:
        """Give and take permissions, in place of what was overwritten before."""
        return _put(request, room_id, OverwriteTarget(OverwriteKind.MEMBER, user_id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, room_id: UUID, user_id: UUID) -> Response:
        """Let the member's roles say again what holds."""
        return _delete(request, room_id, OverwriteTarget(OverwriteKind.MEMBER, user_id))


def _put(request: Request, room_id: UUID, target: OverwriteTarget) -> Response:
    body = body_of(request, OverwriteSerializer)
    return Response(put_room_overwrite(actor_of(request), room_id=RoomId(room_id), target=target, **body))


def _delete(request: Request, room_id: UUID, target: OverwriteTarget) -> Response:
    delete_room_overwrite(actor_of(request), room_id=RoomId(room_id), target=target)
    return Response(status=status.HTTP_204_NO_CONTENT)
