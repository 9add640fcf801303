"""The routes of levels: parse, call one action or loader, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.requests import actor_of, body_of, query_of
from communities.actions.levels import set_level
from communities.constants import MAX_LEVEL
from communities.events import LevelPayload
from communities.policies import get_level_for
from kernel.ids import CommunityId, UserId


class LevelSerializer(serializers.Serializer[None]):
    """How far a member has come."""

    level = serializers.IntegerField(min_value=0, max_value=MAX_LEVEL)


class MemberLevelView(APIView):
    """The level of a member."""

    @extend_schema(responses={200: LevelPayload})
    def get(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Return the level of a member, for who sees the list of members."""
        query_of(request)
        return Response(get_level_for(actor_of(request), CommunityId(community_id), UserId(user_id)))

    @extend_schema(request=LevelSerializer, responses={200: LevelPayload})
    def put(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Set the level of a member."""
        level = body_of(request, LevelSerializer)["level"]
        place, user = CommunityId(community_id), UserId(user_id)
        return Response(set_level(actor_of(request), community_id=place, user_id=user, level=level))
