"""The routes of invites: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.parameters import PAGE_PARAMETERS
from accounts.api.requests import actor_of, body_of, client_network_of, page_request_of, query_of
from communities.actions.invites import accept_invite, create_invite, revoke_invite
from communities.api.serializers import InviteCodeSerializer, NewInviteSerializer
from communities.constants import ROOM_PLACE, Permission
from communities.events import InvitePreview, InviteUsePayload, InviteWithCode, MemberPayload
from communities.payloads import invite_with_code
from communities.policies import InvitePlace, get_community_for, get_invite_for, get_invite_preview_for, may
from communities.queries.invites import cut_invites, list_invite_uses
from communities.storage.invite_codes import open_code
from kernel.ids import CommunityId, InviteId, RoleId
from kernel.wire import Page

_ANYBODY: Any = [{}, {"bearer": []}, {"cookie": []}]


class InvitesView(APIView):
    """The open invites to a community."""

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[InviteWithCode]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List one's own open invites, newest first; to who manages invites, everybody's."""
        actor = actor_of(request)
        community = get_community_for(actor, CommunityId(community_id), Permission.CREATE_INVITE)
        query_of(request)
        sees_all = may(actor, Permission.MANAGE_INVITES, community)
        created_by = None if sees_all else actor.require_user()
        found, following = cut_invites(CommunityId(community.pk), created_by=created_by, page=page_request_of(request))
        viewer_id = actor.require_user()
        items = [invite_with_code(invite, open_code(invite.sealed_code), viewer_id=viewer_id) for invite in found]
        return Response(Page(items=items, next=following))

    @extend_schema(request=NewInviteSerializer, responses={201: InviteWithCode})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Make an invite, good for a week and a hundred people unless told; it may give a role, and lead guests into one room."""
        body = body_of(request, NewInviteSerializer)
        role_id, room_id = body.pop("role", None), body.pop("room", None)
        invite = create_invite(
            actor_of(request),
            community_id=CommunityId(community_id),
            role_id=None if role_id is None else RoleId(role_id),
            place=None if room_id is None else InvitePlace(ROOM_PLACE, room_id),
            **body,
        )
        return Response(invite, status=status.HTTP_201_CREATED)


class InviteView(APIView):
    """One invite."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, invite_id: UUID) -> Response:
        """Revoke the invite; who came by it stays."""
        revoke_invite(actor_of(request), community_id=CommunityId(community_id), invite_id=InviteId(invite_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class InviteUsesView(APIView):
    """Who came by an invite."""

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[InviteUsePayload]})
    def get(self, request: Request, community_id: UUID, invite_id: UUID) -> Response:
        """List who became a member by the invite, the last one first; of invites past their time as well."""
        invite = get_invite_for(actor_of(request), CommunityId(community_id), InviteId(invite_id))
        query_of(request)
        return Response(list_invite_uses(invite, page=page_request_of(request)))


class InvitePreviewView(APIView):
    """Where an invite leads."""

    @extend_schema(request=InviteCodeSerializer, responses={200: InvitePreview}, auth=_ANYBODY)
    def post(self, request: Request) -> Response:
        """Look at an invite without using it, signed in or not. The code is in the body, so that no log keeps it."""
        code = body_of(request, InviteCodeSerializer)["code"]
        return Response(get_invite_preview_for(actor_of(request), code=code, network=client_network_of(request)))


class InviteAcceptanceView(APIView):
    """Come in by an invite."""

    @extend_schema(request=InviteCodeSerializer, responses={200: MemberPayload})
    def post(self, request: Request) -> Response:
        """Become a member by the invite, or stay the member that one is."""
        return Response(accept_invite(actor_of(request), **body_of(request, InviteCodeSerializer)))
