"""Applications: the queue of reviewers, what one user applied for, and the single application."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from communities.constants import ApplicationStatus
from communities.events import ApplicationPayload, MyApplicationPayload, ReviewedApplication
from communities.models import Application, ApplicationVote
from communities.payloads import application_payload, my_application_payload, reviewed_application
from communities.queries.keyset import SortKey, cut_page, parse_time
from kernel.clock import now
from kernel.ids import ApplicationId, CommunityId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

APPLICATION_SORTS = {"submitted_at": SortKey("submitted_at", parse_time)}


def list_applications(
    community_id: CommunityId,
    *,
    page: PageRequest,
    status: ApplicationStatus | None = None,
    sort: str = "submitted_at",
) -> Page[ApplicationPayload]:
    """Return the applications to a community, the oldest first unless told. One query."""
    rows = _with_people().filter(community_id=community_id)
    if status is not None:
        rows = rows.filter(status=status)
    found, following = cut_page(rows, sort=sort, sorts=APPLICATION_SORTS, page=page)
    at = now()
    return Page(items=[application_payload(application, at=at) for application in found], next=following)


def list_my_applications(
    user_id: UserId, *, page: PageRequest, sort: str = "-submitted_at"
) -> Page[MyApplicationPayload]:
    """Return what a user applied for. One query."""
    rows = Application.objects.filter(user_id=user_id).select_related("form")
    found, following = cut_page(rows, sort=sort, sorts=APPLICATION_SORTS, page=page)
    return Page(items=[my_application_payload(application) for application in found], next=following)


def find_application(community_id: CommunityId, application_id: ApplicationId) -> Application | None:
    """Return an application to the community with all that its payload needs. One query."""
    return find_applications(community_id, [application_id]).get(application_id)


def find_applications(
    community_id: CommunityId, application_ids: Collection[ApplicationId]
) -> dict[ApplicationId, Application]:
    """Return those of the applications that are to the community, by id. One query."""
    rows = _with_people().filter(community_id=community_id, pk__in=application_ids)
    return {ApplicationId(row.pk): row for row in rows}


def get_reviewed_application(application: Application) -> ReviewedApplication:
    """Return all that a reviewer sees of an application that was found before. One query."""
    votes = ApplicationVote.objects.filter(application=application).select_related("reviewer")
    return reviewed_application(application, votes.order_by("voted_at", "pk"), at=now())


def has_pending_application(community_id: CommunityId, user_id: UserId) -> bool:
    """Return whether the user waits for an answer of the community."""
    pending = Application.objects.filter(status=ApplicationStatus.PENDING)
    return pending.filter(community_id=community_id, user_id=user_id).exists()


def last_refused_at(community_id: CommunityId, user_id: UserId) -> datetime | None:
    """Return when the community last refused the user."""
    refused = Application.objects.filter(community_id=community_id, user_id=user_id, status=ApplicationStatus.REFUSED)
    return refused.order_by("-decided_at").values_list("decided_at", flat=True).first()


def _with_people() -> QuerySet[Application]:
    return Application.objects.select_related("user", "form", "claimed_by", "decided_by")
