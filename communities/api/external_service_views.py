"""The routes of external services, and of being asked about again: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.requests import actor_of, body_of, query_of
from communities.actions.external_answers import refresh_external_answers
from communities.actions.external_services import (
    create_external_service,
    delete_external_service,
    rotate_service_secret,
    update_external_service,
)
from communities.api.external_service_serializers import NewServiceSerializer, ServiceChangeSerializer
from communities.constants import Permission
from communities.events import ExternalServicePayload, ExternalServiceWithSecret
from communities.policies import get_community_for
from communities.queries.external_services import list_external_services
from kernel.ids import CommunityId, ExternalServiceId
from kernel.wire import Page


class ExternalServicesView(APIView):
    """The services that gates of a community may ask."""

    @extend_schema(responses={200: Page[ExternalServicePayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the services, and whether they answer; their number is limited, so there is one page."""
        query_of(request)
        get_community_for(actor_of(request), CommunityId(community_id), Permission.MANAGE_GATES)
        return Response(list_external_services(CommunityId(community_id)))

    @extend_schema(request=NewServiceSerializer, responses={201: ExternalServiceWithSecret})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Register a service. Its secret is shown this once."""
        body = body_of(request, NewServiceSerializer)
        made = create_external_service(actor_of(request), community_id=CommunityId(community_id), **body)
        return _with_secret(made, status.HTTP_201_CREATED)


class ExternalServiceView(APIView):
    """One service."""

    @extend_schema(request=ServiceChangeSerializer, responses={200: ExternalServicePayload})
    def patch(self, request: Request, community_id: UUID, service_id: UUID) -> Response:
        """Change where it is, and how long its answers count from now on."""
        body = body_of(request, ServiceChangeSerializer)
        changed = update_external_service(
            actor_of(request),
            community_id=CommunityId(community_id),
            service_id=ExternalServiceId(service_id),
            **body,
        )
        return Response(changed)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, community_id: UUID, service_id: UUID) -> Response:
        """Forget a service that no gate asks, and its answers."""
        which = ExternalServiceId(service_id)
        delete_external_service(actor_of(request), community_id=CommunityId(community_id), service_id=which)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ServiceSecretView(APIView):
    """The secret of a service."""

    @extend_schema(request=None, responses={200: ExternalServiceWithSecret})
    def post(self, request: Request, community_id: UUID, service_id: UUID) -> Response:
        """Make a new secret, which is shown this once; for a day questions are signed with the former one, too."""
        which = ExternalServiceId(service_id)
        made = rotate_service_secret(actor_of(request), community_id=CommunityId(community_id), service_id=which)
        return _with_secret(made, status.HTTP_200_OK)


class ExternalAnswersRefreshView(APIView):
    """What services say of oneself."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Have the services that the gates ask asked about oneself again, soon."""
        refresh_external_answers(actor_of(request), community_id=CommunityId(community_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _with_secret(made: ExternalServiceWithSecret, code: int) -> Response:
    return Response(made, status=code, headers={"Cache-Control": "no-store"})
