"""The routes of onboarding: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.requests import actor_of, body_of
from accounts.api.serializers import TextField
from accounts.models.users import validate_printable
from communities.actions.onboarding import answer_onboarding, put_onboarding
from communities.api.serializers import EnumField
from communities.constants import (
    MAX_CHOICE_LENGTH,
    MAX_CHOICES,
    MAX_LABEL_LENGTH,
    ONBOARDING_GIFTS_MAX,
    ONBOARDING_QUESTIONS_MAX,
    OnboardingKind,
    Permission,
)
from communities.events import MyOnboarding, OnboardingPayload
from communities.policies import get_community_for, get_onboarding_for
from communities.queries.onboarding import get_my_onboarding
from kernel.ids import CommunityId

_MAX_ID_LENGTH = 3


class NewOnboardingChoiceSerializer(serializers.Serializer[None]):
    """A choice, and what it gives: roles that are marked as self-assignable, and rooms."""

    label = TextField(max_length=MAX_CHOICE_LENGTH, validators=[validate_printable])  # type: ignore[assignment]  # DRF has a `label` too
    roles = serializers.ListField(child=serializers.UUIDField(), max_length=ONBOARDING_GIFTS_MAX, required=False)
    rooms = serializers.ListField(child=serializers.UUIDField(), max_length=ONBOARDING_GIFTS_MAX, required=False)


class NewOnboardingQuestionSerializer(serializers.Serializer[None]):
    """A question to ask: of one choice, or of as many as one likes."""

    kind = EnumField(OnboardingKind)
    label = TextField(max_length=MAX_LABEL_LENGTH, validators=[validate_printable])  # type: ignore[assignment]  # as above
    choices = serializers.ListField(child=NewOnboardingChoiceSerializer(), min_length=1, max_length=MAX_CHOICES)


class NewOnboardingSerializer(serializers.Serializer[None]):
    """All questions that are asked from now on; none for nothing."""

    questions = serializers.ListField(child=NewOnboardingQuestionSerializer(), max_length=ONBOARDING_QUESTIONS_MAX)


class OnboardingAnswersSerializer(serializers.Serializer[None]):
    """The version that was read, and by the ids of its questions the ids of choices; what is left out is not chosen."""

    number = serializers.IntegerField(min_value=1)
    answers = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=_MAX_ID_LENGTH), max_length=MAX_CHOICES)
    )


class OnboardingView(APIView):
    """What a community asks of its members."""

    @extend_schema(responses={200: MyOnboarding})
    def get(self, request: Request, community_id: UUID) -> Response:
        """Return what is asked, and what one has chosen."""
        actor = actor_of(request)
        community = get_community_for(actor, CommunityId(community_id), Permission.VIEW_COMMUNITY)
        return Response(get_my_onboarding(CommunityId(community.pk), actor.require_user()))


class OnboardingAnswersView(APIView):
    """What a member chooses."""

    @extend_schema(request=OnboardingAnswersSerializer, responses={200: MyOnboarding})
    def put(self, request: Request, community_id: UUID) -> Response:
        """Answer, in place of what one answered before."""
        body = body_of(request, OnboardingAnswersSerializer)
        return Response(answer_onboarding(actor_of(request), community_id=CommunityId(community_id), **body))


class OnboardingQuestionsView(APIView):
    """The questions with what their choices give, for who manages the community."""

    @extend_schema(responses={200: OnboardingPayload})
    def get(self, request: Request, community_id: UUID) -> Response:
        """Return the questions; of the rooms, those into which one may let people."""
        return Response(get_onboarding_for(actor_of(request), CommunityId(community_id)))

    @extend_schema(request=NewOnboardingSerializer, responses={200: OnboardingPayload})
    def put(self, request: Request, community_id: UUID) -> Response:
        """Ask other questions from now on."""
        body = body_of(request, NewOnboardingSerializer)
        return Response(put_onboarding(actor_of(request), community_id=CommunityId(community_id), **body))
