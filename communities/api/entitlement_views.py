"""The routes of entitlements and trials: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.parameters import PAGE_PARAMETERS
from accounts.api.requests import actor_of, body_of, page_request_of, query_of
from communities.actions.entitlements import (
    grant_entitlement,
    put_trial_offer,
    revoke_entitlement,
    start_trial,
    withdraw_trial_offer,
)
from communities.api.entitlement_serializers import NewEntitlementSerializer, TrialOfferSerializer
from communities.constants import Permission
from communities.events import EntitlementPayload, MyEntitlementPayload, TrialOfferPayload
from communities.policies import get_community_for
from communities.queries.entitlements import list_entitlements, list_my_entitlements, list_trial_offers
from kernel.errors import InvalidInput
from kernel.ids import CommunityId, EntitlementId, UserId
from kernel.wire import Page

_FILTERS = [
    OpenApiParameter("user", UUID, description="Those of one user."),
    OpenApiParameter("key", str, description="Those of one key."),
]


class EntitlementsView(APIView):
    """Who has which rights in a community."""

    @extend_schema(parameters=[*PAGE_PARAMETERS, *_FILTERS], responses={200: Page[EntitlementPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the entitlements, those that are over as well, the newest first."""
        community = CommunityId(community_id)
        get_community_for(actor_of(request), community, Permission.MANAGE_ENTITLEMENTS)
        query = query_of(request, allowed=("user", "key"))
        page = page_request_of(request)
        user_id = _user(query.get("user"))
        return Response(list_entitlements(community, page=page, user_id=user_id, key=query.get("key")))

    @extend_schema(request=NewEntitlementSerializer, responses={201: EntitlementPayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Give a user a key, from now or later on, until some time or for good."""
        body = body_of(request, NewEntitlementSerializer)
        granted = grant_entitlement(actor_of(request), community_id=CommunityId(community_id), **body)
        return Response(granted, status=status.HTTP_201_CREATED)


class EntitlementView(APIView):
    """One entitlement."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, entitlement_id: UUID) -> Response:
        """End the entitlement now; it stays in the list."""
        which = EntitlementId(entitlement_id)
        revoke_entitlement(actor_of(request), community_id=CommunityId(community_id), entitlement_id=which)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TrialOffersView(APIView):
    """What can be tried."""

    @extend_schema(responses={200: Page[TrialOfferPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List what whoever sees the community may try, once each; their number is limited, so there is one page."""
        get_community_for(actor_of(request), CommunityId(community_id), Permission.VIEW_CARD)
        return Response(list_trial_offers(CommunityId(community_id)))

    @extend_schema(request=TrialOfferSerializer, responses={200: TrialOfferPayload})
    def put(self, request: Request, community_id: UUID) -> Response:
        """Offer a key for some days, or other days for a key that is offered already."""
        body = body_of(request, TrialOfferSerializer)
        return Response(put_trial_offer(actor_of(request), community_id=CommunityId(community_id), **body))


class TrialOfferView(APIView):
    """One thing that can be tried."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, offer_id: UUID) -> Response:
        """Withdraw the offer; who is trying goes on."""
        withdraw_trial_offer(actor_of(request), community_id=CommunityId(community_id), offer_id=offer_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TrialView(APIView):
    """Trying."""

    @extend_schema(request=None, responses={200: MyEntitlementPayload})
    def post(self, request: Request, community_id: UUID, offer_id: UUID) -> Response:
        """Have what is offered for its days, from now on; nobody has it twice."""
        community = CommunityId(community_id)
        return Response(start_trial(actor_of(request), community_id=community, offer_id=offer_id))


class MyEntitlementsView(APIView):
    """What the signed-in user has."""

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[MyEntitlementPayload]})
    def get(self, request: Request) -> Response:
        """List one's own entitlements that are not over, the newest first."""
        user_id = actor_of(request).require_user()
        query_of(request)
        return Response(list_my_entitlements(user_id, page=page_request_of(request)))


def _user(text: str | None) -> UserId | None:
    try:
        return UserId(UUID(text)) if text is not None else None
    except ValueError as error:
        raise InvalidInput("This is not the id of a user.", field="user") from error
