"""The routes of communities: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.api.requests import actor_of, page_request_of, query_of
from communities.access.communities import (
    COMMUNITY_SORTS,
    get_my_community,
    list_listed_communities,
    list_my_communities,
)
from communities.actions.communities import create_community, update_community
from communities.actions.guests import make_full_member, make_guest
from communities.actions.membership_roles import give_role, take_role, transfer_ownership
from communities.actions.memberships import (
    add_member,
    ban_member,
    join_community,
    leave_community,
    lift_time_out,
    remove_member,
    time_out_member,
    unban_member,
)
from communities.actions.roles import create_role, delete_role, reorder_roles, update_role
from communities.api.parameters import list_parameters
from communities.api.serializers import (
    CommunityChangesSerializer,
    NewCommunitySerializer,
    NewMemberSerializer,
    NewOwnerSerializer,
    NewRoleSerializer,
    RoleChangesSerializer,
    RoleOrderSerializer,
    TimeOutSerializer,
)
from communities.constants import Permission
from communities.events import MemberPayload, MyCommunityPayload, RolePayload
from communities.policies import get_community_for
from communities.queries.memberships import MEMBER_SORTS, list_members
from communities.queries.roles import list_roles
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, RoleId, UserId
from kernel.wire import Page

_COMMUNITY_LIST = list_parameters(sorts=COMMUNITY_SORTS, default="name")
_MEMBER_LIST = list_parameters(
    sorts=MEMBER_SORTS,
    default="joined_at",
    filters=[OpenApiParameter("role", UUID, description="Only those who have this role.")],
)


class CommunitiesView(APIView):
    """The signed-in user's communities."""

    @extend_schema(parameters=_COMMUNITY_LIST, responses={200: Page[MyCommunityPayload]})
    def get(self, request: Request) -> Response:
        """List the communities that the user is a member of."""
        user_id = actor_of(request).require_user()
        query = query_of(request, allowed=("search", "sort"))
        return Response(list_my_communities(user_id, page=page_request_of(request), **query))

    @extend_schema(request=NewCommunitySerializer, responses={201: MyCommunityPayload})
    def post(self, request: Request) -> Response:
        """Found a community; the user becomes its owner."""
        community = create_community(actor_of(request), **_body(request, NewCommunitySerializer))
        return Response(community, status=status.HTTP_201_CREATED)


class DiscoverView(APIView):
    """Communities that anyone may find."""

    @extend_schema(parameters=_COMMUNITY_LIST, responses={200: Page[MyCommunityPayload]})
    def get(self, request: Request) -> Response:
        """List the listed communities; open ones anyone may join."""
        user_id = actor_of(request).require_user()
        query = query_of(request, allowed=("search", "sort"))
        return Response(list_listed_communities(user_id, page=page_request_of(request), **query))


class CommunityView(APIView):
    """One community."""

    @extend_schema(responses={200: MyCommunityPayload})
    def get(self, request: Request, community_id: UUID) -> Response:
        """Return the community's card; of a secret one to members only."""
        actor = actor_of(request)
        community = get_community_for(actor, CommunityId(community_id), Permission.VIEW_CARD)
        return Response(get_my_community(CommunityId(community.pk), actor.user_id))

    @extend_schema(request=CommunityChangesSerializer, responses={200: MyCommunityPayload})
    def patch(self, request: Request, community_id: UUID) -> Response:
        """Change what is given of the community."""
        changes = _body(request, CommunityChangesSerializer)
        return Response(update_community(actor_of(request), community_id=CommunityId(community_id), **changes))


class JoinView(APIView):
    """Come in."""

    @extend_schema(request=None, responses={200: MemberPayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Join an open community; a closed one is entered by invite."""
        return Response(join_community(actor_of(request), community_id=CommunityId(community_id)))


class LeaveView(APIView):
    """Go out."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Leave the community; its owner cannot."""
        leave_community(actor_of(request), community_id=CommunityId(community_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MembersView(APIView):
    """The members of a community."""

    @extend_schema(parameters=_MEMBER_LIST, responses={200: Page[MemberPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the members."""
        community = get_community_for(actor_of(request), CommunityId(community_id), Permission.LIST_MEMBERS)
        query = query_of(request, allowed=("role", "search", "sort"))
        role = _role(query.pop("role", None))
        page = page_request_of(request)
        return Response(list_members(CommunityId(community.pk), page=page, role=role, **query))

    @extend_schema(request=NewMemberSerializer, responses={200: MemberPayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Make a user a member, or return the member that they are already."""
        body = _body(request, NewMemberSerializer)
        return Response(add_member(actor_of(request), community_id=CommunityId(community_id), **body))


class MemberView(APIView):
    """One member."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Remove the member; they may come back to an open community."""
        remove_member(actor_of(request), **_member(community_id, user_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RolesView(APIView):
    """The roles of a community."""

    @extend_schema(responses={200: Page[RolePayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the roles, highest first; there are never so many that a second page is needed."""
        community = get_community_for(actor_of(request), CommunityId(community_id), Permission.LIST_MEMBERS)
        return Response(Page(items=list_roles(CommunityId(community.pk)), next=None))

    @extend_schema(request=NewRoleSerializer, responses={201: RolePayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Make a role just above the default one."""
        body = _body(request, NewRoleSerializer)
        role = create_role(actor_of(request), community_id=CommunityId(community_id), **body)
        return Response(role, status=status.HTTP_201_CREATED)


class RoleOrderView(APIView):
    """Which role stands above which."""

    @extend_schema(request=RoleOrderSerializer, responses={200: Page[RolePayload]})
    def put(self, request: Request, community_id: UUID) -> Response:
        """Put the roles in an order."""
        role_ids = [RoleId(role_id) for role_id in _body(request, RoleOrderSerializer)["roles"]]
        roles = reorder_roles(actor_of(request), community_id=CommunityId(community_id), role_ids=role_ids)
        return Response(Page(items=roles, next=None))


class RoleView(APIView):
    """One role."""

    @extend_schema(request=RoleChangesSerializer, responses={200: RolePayload})
    def patch(self, request: Request, community_id: UUID, role_id: UUID) -> Response:
        """Change what is given of the role."""
        body = _body(request, RoleChangesSerializer)
        role = update_role(actor_of(request), community_id=CommunityId(community_id), role_id=RoleId(role_id), **body)
        return Response(role)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, role_id: UUID) -> Response:
        """Delete the role; nobody has it any more."""
        delete_role(actor_of(request), community_id=CommunityId(community_id), role_id=RoleId(role_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MemberRoleView(APIView):
    """A role of a member."""

    @extend_schema(request=None, responses={200: MemberPayload})
    def put(self, request: Request, community_id: UUID, user_id: UUID, role_id: UUID) -> Response:
        """Give the role to the member."""
        return Response(give_role(actor_of(request), **_member(community_id, user_id), role_id=RoleId(role_id)))

    @extend_schema(responses={200: MemberPayload})
    def delete(self, request: Request, community_id: UUID, user_id: UUID, role_id: UUID) -> Response:
        """Take the role from the member."""
        return Response(take_role(actor_of(request), **_member(community_id, user_id), role_id=RoleId(role_id)))


class OwnerView(APIView):
    """Whose a community is."""

    @extend_schema(request=NewOwnerSerializer, responses={200: MemberPayload})
    def put(self, request: Request, community_id: UUID) -> Response:
        """Make another member the owner."""
        user_id = UserId(_body(request, NewOwnerSerializer)["user_id"])
        return Response(transfer_ownership(actor_of(request), community_id=CommunityId(community_id), user_id=user_id))


class BanView(APIView):
    """Keep a user out."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Ban somebody who is or was a member."""
        ban_member(actor_of(request), **_member(community_id, user_id))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Lift the ban; the user is not a member until they join or are added."""
        unban_member(actor_of(request), **_member(community_id, user_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class GuestView(APIView):
    """Whether a member reaches only what they were added to."""

    @extend_schema(request=None, responses={200: MemberPayload})
    def put(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Make the member a guest."""
        return Response(make_guest(actor_of(request), **_member(community_id, user_id)))

    @extend_schema(responses={200: MemberPayload})
    def delete(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Make the guest a full member."""
        return Response(make_full_member(actor_of(request), **_member(community_id, user_id)))


class TimeOutView(APIView):
    """Let a member only read for a while."""

    @extend_schema(request=TimeOutSerializer, responses={200: MemberPayload})
    def post(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """Time the member out, from now on."""
        body = _body(request, TimeOutSerializer)
        return Response(time_out_member(actor_of(request), **_member(community_id, user_id), **body))

    @extend_schema(responses={200: MemberPayload})
    def delete(self, request: Request, community_id: UUID, user_id: UUID) -> Response:
        """End the member's time-out."""
        return Response(lift_time_out(actor_of(request), **_member(community_id, user_id)))


def _body(request: Request, serializer: type[Serializer[None]]) -> dict[str, Any]:
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _member(community_id: UUID, user_id: UUID) -> dict[str, Any]:
    return {"community_id": CommunityId(community_id), "user_id": UserId(user_id)}


def _role(text: str | None) -> RoleId | None:
    try:
        return RoleId(UUID(text)) if text is not None else None
    except ValueError as error:
        raise InvalidInput("Filter by the id of a role.", field="role") from error
