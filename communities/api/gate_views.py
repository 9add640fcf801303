"""The routes of gates, the same for every kind of thing that one can hang on: parse, call one action or loader, return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.parameters import PAGE_PARAMETERS
from accounts.api.requests import actor_of, body_of, page_request_of, query_of
from accounts.api.serializers import TextField
from communities.access import COMMUNITY_KIND, GateDraft
from communities.access.gates import (
    compare_shadow,
    explain_gates,
    get_gate_for,
    list_gate_versions_for,
    simulate_gate,
)
from communities.actions.gates import put_gate, roll_back_gate
from communities.api.serializers import EnumField
from communities.constants import MAX_GATE_REASON_LENGTH, GateMode
from communities.events import (
    GateComparison,
    GatePayload,
    GateStanding,
    GateVersionPayload,
    GateVocabulary,
    ShadowReport,
)
from communities.gates.vocabulary import gate_vocabulary
from kernel.errors import InvalidInput
from kernel.ids import UserId
from kernel.wire import Page


class GateDraftSerializer(serializers.Serializer[None]):
    """A version of a gate. `tree` null lets everybody in; its form is in the page about gates."""

    tree = serializers.JSONField(allow_null=True)
    reason = TextField(max_length=MAX_GATE_REASON_LENGTH, required=False, allow_blank=True)
    mode = EnumField(GateMode, required=False)
    grace_days = serializers.DictField(child=serializers.IntegerField(), required=False)
    grandfathered_until = serializers.DateTimeField(required=False, allow_null=True)


class RollBackSerializer(serializers.Serializer[None]):
    """Which version comes back, and why."""

    number = serializers.IntegerField(min_value=1)
    reason = TextField(max_length=MAX_GATE_REASON_LENGTH, required=False, allow_blank=True)


class GateView(APIView):
    """The gate of a thing."""

    kind = COMMUNITY_KIND

    @extend_schema(responses={200: GatePayload})
    def get(self, request: Request, **ids: UUID) -> Response:
        """Return the version that decides and the one in the shadow, for who may change them."""
        return Response(get_gate_for(actor_of(request), self.kind, _thing(ids)))

    @extend_schema(request=GateDraftSerializer, responses={200: GateVersionPayload})
    def put(self, request: Request, **ids: UUID) -> Response:
        """Put a new version; a live one decides at once, one in the shadow is only compared."""
        draft = _draft(request)
        return Response(put_gate(actor_of(request), kind=self.kind, resource_id=_thing(ids), draft=draft))


class GateVersionsView(APIView):
    """The history of a gate."""

    kind = COMMUNITY_KIND

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[GateVersionPayload]})
    def get(self, request: Request, **ids: UUID) -> Response:
        """List every version, newest first, with who put it there and why."""
        query_of(request)
        page = page_request_of(request)
        return Response(list_gate_versions_for(actor_of(request), self.kind, _thing(ids), page=page))


class GateRollBackView(APIView):
    """The way back."""

    kind = COMMUNITY_KIND

    @extend_schema(request=RollBackSerializer, responses={200: GateVersionPayload})
    def post(self, request: Request, **ids: UUID) -> Response:
        """Put the tree of an old version again, as a new live version."""
        body = body_of(request, RollBackSerializer)
        return Response(roll_back_gate(actor_of(request), kind=self.kind, resource_id=_thing(ids), **body))


class GateSimulationView(APIView):
    """What a version would do."""

    kind = COMMUNITY_KIND

    @extend_schema(request=GateDraftSerializer, responses={200: GateComparison})
    def post(self, request: Request, **ids: UUID) -> Response:
        """Tell who would gain and who would lose access if this version were live. Nothing is changed."""
        return Response(simulate_gate(actor_of(request), self.kind, _thing(ids), _draft(request)))


class GateShadowView(APIView):
    """What the version in the shadow would do."""

    kind = COMMUNITY_KIND

    @extend_schema(responses={200: ShadowReport})
    def get(self, request: Request, **ids: UUID) -> Response:
        """Tell for whom the version in the shadow decides differently from the live one, now and while it was there."""
        return Response(compare_shadow(actor_of(request), self.kind, _thing(ids)))


class GateExplanationView(APIView):
    """Why somebody passes or does not."""

    kind = COMMUNITY_KIND

    @extend_schema(
        parameters=[OpenApiParameter("user", UUID, description="Somebody else, for who may change the gate.")],
        responses={200: GateStanding},
    )
    def get(self, request: Request, **ids: UUID) -> Response:
        """Explain how the signed-in user, or a member, stands before the gates, and what to do next."""
        user = query_of(request, allowed=("user",)).get("user")
        return Response(explain_gates(actor_of(request), self.kind, _thing(ids), _user_id(user)))


class GateVocabularyView(APIView):
    """What gates can be made of."""

    @extend_schema(responses={200: GateVocabulary})
    def get(self, request: Request) -> Response:
        """List the requirements that there are, with their parameters. The same for everybody."""
        actor_of(request).require_user()
        query_of(request)
        return Response(gate_vocabulary())


def _thing(ids: Mapping[str, UUID]) -> UUID:
    """Return the one id in the route, whatever the kind of thing calls it."""
    (resource_id,) = ids.values()
    return resource_id


def _draft(request: Request) -> GateDraft:
    body: dict[str, Any] = body_of(request, GateDraftSerializer)
    return GateDraft(**body)


def _user_id(text: str | None) -> UserId | None:
    try:
        return None if text is None else UserId(UUID(text))
    except ValueError as error:
        raise InvalidInput("A user is named by their id.", field="user") from error


def gate_urls(prefix: str, kind: str, name: str) -> list[URLPattern]:
    """Return the routes of the gates of a kind of thing, below its own route, which has its id."""
    return [
        path(f"{prefix}/{route}", view.as_view(kind=kind), name=f"{name}-{suffix}")
        for route, view, suffix in (
            ("gate", GateView, "gate"),
            ("gate/versions", GateVersionsView, "gate-versions"),
            ("gate/roll-back", GateRollBackView, "gate-roll-back"),
            ("gate/simulate", GateSimulationView, "gate-simulation"),
            ("gate/shadow", GateShadowView, "gate-shadow"),
            ("gate/explanation", GateExplanationView, "gate-explanation"),
        )
    ]
