"""The routes of rules: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.parameters import PAGE_PARAMETERS
from accounts.api.requests import actor_of, body_of, page_request_of, query_of
from communities.actions.rules import accept_rules, put_rules
from communities.api.rules_serializers import AcceptanceSerializer, RulesSerializer
from communities.constants import Permission
from communities.events import MyRules, RulesAcceptancePayload, RulesPayload
from communities.policies import get_community_for
from communities.queries.rules import get_my_rules, list_rules, list_rules_acceptances
from kernel.errors import InvalidInput
from kernel.ids import CommunityId
from kernel.wire import Page

_LONGEST_NUMBER = 9
_NUMBER = OpenApiParameter("number", int, description="Those of one version.")


class RulesView(APIView):
    """What is allowed in a community."""

    @extend_schema(responses={200: MyRules})
    def get(self, request: Request, community_id: UUID) -> Response:
        """Return the newest rules and how far one has accepted them, to whoever sees the community's card."""
        actor = actor_of(request)
        community = get_community_for(actor, CommunityId(community_id), Permission.VIEW_CARD)
        return Response(get_my_rules(community, actor.user_id))

    @extend_schema(request=RulesSerializer, responses={200: RulesPayload})
    def put(self, request: Request, community_id: UUID) -> Response:
        """Make a new version of the rules, which everybody must accept before they write again, unless it says otherwise."""
        body = body_of(request, RulesSerializer)
        return Response(put_rules(actor_of(request), community_id=CommunityId(community_id), **body))


class RulesAcceptView(APIView):
    """Agreeing."""

    @extend_schema(request=AcceptanceSerializer, responses={200: MyRules})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Accept the newest rules, by the number of the version that was read."""
        body = body_of(request, AcceptanceSerializer)
        return Response(accept_rules(actor_of(request), community_id=CommunityId(community_id), **body))


class RulesVersionsView(APIView):
    """What was allowed before."""

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[RulesPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the versions of the rules, the newest first, to members."""
        get_community_for(actor_of(request), CommunityId(community_id), Permission.VIEW_COMMUNITY)
        query_of(request)
        return Response(list_rules(CommunityId(community_id), page=page_request_of(request)))


class RulesAcceptancesView(APIView):
    """Who has agreed."""

    @extend_schema(parameters=[*PAGE_PARAMETERS, _NUMBER], responses={200: Page[RulesAcceptancePayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List who accepted the rules, the last one first, to who manages the community."""
        get_community_for(actor_of(request), CommunityId(community_id), Permission.MANAGE_COMMUNITY)
        number = _number(query_of(request, allowed=("number",)).get("number"))
        page = page_request_of(request)
        return Response(list_rules_acceptances(CommunityId(community_id), page=page, number=number))


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise InvalidInput("This is not the number of a version.", field="number")
    return int(text)
