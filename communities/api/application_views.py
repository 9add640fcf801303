"""The routes of applications and their form: parse, call one action, or a loader and one query, return."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.parameters import PAGE_PARAMETERS
from accounts.api.requests import actor_of, body_of, page_request_of, query_of
from communities.actions.application_forms import close_application_form, put_application_form
from communities.actions.application_reviews import (
    claim_application,
    decide_application,
    decide_applications,
    release_application,
    vote_on_application,
)
from communities.actions.applications import submit_application, withdraw_application
from communities.api.application_serializers import (
    DecisionSerializer,
    DecisionsSerializer,
    FormSerializer,
    NewApplicationSerializer,
    VoteSerializer,
)
from communities.constants import ApplicationStatus, Permission
from communities.events import (
    ApplicationFormPayload,
    ApplicationPayload,
    DecisionOutcomes,
    MyApplicationPayload,
    ReviewedApplication,
    VotePayload,
)
from communities.payloads import application_form_payload
from communities.policies import get_application_for, get_application_form_for, get_community_for
from communities.queries.application_forms import list_forms
from communities.queries.applications import get_reviewed_application, list_applications, list_my_applications
from kernel.errors import InvalidInput
from kernel.ids import ApplicationId, CommunityId
from kernel.wire import Page

_STATUSES = OpenApiParameter("status", str, enum=[value.value for value in ApplicationStatus])


class ApplicationFormView(APIView):
    """What people answer who want to come in."""

    @extend_schema(responses={200: ApplicationFormPayload})
    def get(self, request: Request, community_id: UUID) -> Response:
        """Return the newest version of the form, to whoever sees the community's card."""
        form = get_application_form_for(actor_of(request), CommunityId(community_id))
        return Response(application_form_payload(form))

    @extend_schema(request=FormSerializer, responses={200: ApplicationFormPayload})
    def put(self, request: Request, community_id: UUID) -> Response:
        """Make a new version of the form, and take applications by it."""
        body = body_of(request, FormSerializer)
        return Response(put_application_form(actor_of(request), community_id=CommunityId(community_id), **body))

    @extend_schema(responses={200: ApplicationFormPayload})
    def delete(self, request: Request, community_id: UUID) -> Response:
        """Take no more applications; those that wait stay, and so do all versions."""
        return Response(close_application_form(actor_of(request), community_id=CommunityId(community_id)))


class ApplicationFormsView(APIView):
    """What people were asked before."""

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[ApplicationFormPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the versions of the form, the newest first, to reviewers."""
        get_community_for(actor_of(request), CommunityId(community_id), Permission.REVIEW_APPLICATIONS)
        query_of(request)
        return Response(list_forms(CommunityId(community_id), page=page_request_of(request)))


class ApplicationsView(APIView):
    """Who wants to come in."""

    @extend_schema(parameters=[*PAGE_PARAMETERS, _STATUSES], responses={200: Page[ApplicationPayload]})
    def get(self, request: Request, community_id: UUID) -> Response:
        """List the applications, the oldest first, to reviewers."""
        get_community_for(actor_of(request), CommunityId(community_id), Permission.REVIEW_APPLICATIONS)
        wanted = _status(query_of(request, allowed=("status",)).get("status"))
        page = page_request_of(request)
        return Response(list_applications(CommunityId(community_id), page=page, status=wanted))

    @extend_schema(request=NewApplicationSerializer, responses={201: MyApplicationPayload})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Apply, by answers to the version of the form that was read."""
        body = body_of(request, NewApplicationSerializer)
        made = submit_application(actor_of(request), community_id=CommunityId(community_id), **body)
        return Response(made, status=status.HTTP_201_CREATED)


class ApplicationDecisionsView(APIView):
    """Many decisions at once."""

    @extend_schema(request=DecisionsSerializer, responses={200: DecisionOutcomes})
    def post(self, request: Request, community_id: UUID) -> Response:
        """Approve or refuse several applications alike; the answer says what became of each."""
        body = body_of(request, DecisionsSerializer)
        wanted = [ApplicationId(one) for one in body.pop("applications")]
        community = CommunityId(community_id)
        decided = decide_applications(actor_of(request), community_id=community, application_ids=wanted, **body)
        return Response(DecisionOutcomes(outcomes=tuple(decided)))


class ApplicationView(APIView):
    """One application."""

    @extend_schema(responses={200: ReviewedApplication})
    def get(self, request: Request, community_id: UUID, application_id: UUID) -> Response:
        """Return the application with its answers and votes, to reviewers."""
        actor = actor_of(request)
        application = get_application_for(actor, CommunityId(community_id), ApplicationId(application_id))
        return Response(get_reviewed_application(application))


class ApplicationClaimView(APIView):
    """Who is at an application."""

    @extend_schema(request=None, responses={200: ApplicationPayload})
    def post(self, request: Request, community_id: UUID, application_id: UUID) -> Response:
        """Take the application on for a while, so that nobody else decides meanwhile."""
        return Response(claim_application(actor_of(request), **_one(community_id, application_id)))

    @extend_schema(responses={200: ApplicationPayload})
    def delete(self, request: Request, community_id: UUID, application_id: UUID) -> Response:
        """Leave the application to others again."""
        return Response(release_application(actor_of(request), **_one(community_id, application_id)))


class ApplicationVoteView(APIView):
    """What a reviewer thinks."""

    @extend_schema(request=VoteSerializer, responses={200: VotePayload})
    def put(self, request: Request, community_id: UUID, application_id: UUID) -> Response:
        """Say what one thinks of the application; it decides nothing by itself."""
        body = body_of(request, VoteSerializer)
        return Response(vote_on_application(actor_of(request), **_one(community_id, application_id), **body))


class ApplicationDecisionView(APIView):
    """The answer to an application."""

    @extend_schema(request=DecisionSerializer, responses={200: ApplicationPayload})
    def post(self, request: Request, community_id: UUID, application_id: UUID) -> Response:
        """Let the applicant in, or refuse them with a reason."""
        body = body_of(request, DecisionSerializer)
        return Response(decide_application(actor_of(request), **_one(community_id, application_id), **body))


class MyApplicationsView(APIView):
    """What the signed-in user applied for."""

    @extend_schema(parameters=[*PAGE_PARAMETERS], responses={200: Page[MyApplicationPayload]})
    def get(self, request: Request) -> Response:
        """List one's own applications, the newest first."""
        user_id = actor_of(request).require_user()
        query_of(request)
        return Response(list_my_applications(user_id, page=page_request_of(request)))


class WithdrawalView(APIView):
    """Thinking better of it."""

    @extend_schema(request=None, responses={200: MyApplicationPayload})
    def post(self, request: Request, application_id: UUID) -> Response:
        """Take one's own application back while it waits."""
        return Response(withdraw_application(actor_of(request), application_id=ApplicationId(application_id)))


class _One(TypedDict):
    """Which application an action is about, as its keyword arguments."""

    community_id: CommunityId
    application_id: ApplicationId


def _one(community_id: UUID, application_id: UUID) -> _One:
    return {"community_id": CommunityId(community_id), "application_id": ApplicationId(application_id)}


def _status(text: str | None) -> ApplicationStatus | None:
    try:
        return ApplicationStatus(text) if text is not None else None
    except ValueError as error:
        raise InvalidInput(f"Filter by one of {', '.join(ApplicationStatus)}.", field="status") from error
