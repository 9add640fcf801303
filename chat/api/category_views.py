"""The routes of categories of rooms: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.requests import actor_of, body_of
from chat.actions.categories import create_category, delete_category, place_room, update_category
from chat.api.serializers import CategoryChangesSerializer, NewCategorySerializer, PlaceSerializer
from chat.events import CategoryPayload, RoomPayload
from chat.queries.categories import list_categories
from communities.constants import Permission
from communities.policies import get_community_for
from kernel.ids import CategoryId, CommunityId, RoomId
from kernel.wire import Page


class CategoriesView(APIView):
    """The headings under which rooms are listed."""

    @extend_schema(responses={200: Page[CategoryPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the categories in their order; their number is limited, so there is one page."""
        get_community_for(actor_of(request), CommunityId(community_id), Permission.VIEW_COMMUNITY)
        return Response(list_categories(CommunityId(community_id)))

    @extend_schema(request=NewCategorySerializer, responses={201: CategoryPayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Make a category."""
        body = body_of(request, NewCategorySerializer)
        made = create_category(actor_of(request), community_id=CommunityId(community_id), **body)
        return Response(made, status=status.HTTP_201_CREATED)


class CategoryView(APIView):
    """One heading."""

    @extend_schema(request=CategoryChangesSerializer, responses={200: CategoryPayload})
    def patch(self, request: Request, community_id: UUID, category_id: UUID) -> Response:
        """Change what is given of the category."""
        body, community = body_of(request, CategoryChangesSerializer), CommunityId(community_id)
        changed = update_category(
            actor_of(request), community_id=community, category_id=CategoryId(category_id), **body
        )
        return Response(changed)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, category_id: UUID) -> Response:
        """Delete the category; its rooms stay, under none."""
        community = CommunityId(community_id)
        delete_category(actor_of(request), community_id=community, category_id=CategoryId(category_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RoomPlaceView(APIView):
    """Where a room is listed."""

    @extend_schema(request=PlaceSerializer, responses={200: RoomPayload})
    def put(self, request: Request, room_id: UUID) -> Response:
        """List the room under a category of its community, or under none."""
        body = body_of(request, PlaceSerializer)
        category_id = CategoryId(body["category"]) if body["category"] is not None else None
        room = place_room(
            actor_of(request), room_id=RoomId(room_id), category_id=category_id, position=body["position"]
        )
        return Response(room)
