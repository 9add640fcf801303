"""External services of communities, and which of their questions are due."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from communities.events import ExternalServicePayload
from communities.models import ExternalAnswer, ExternalService
from communities.payloads import external_service_payload
from kernel.ids import CommunityId, ExternalServiceId
from kernel.wire import Page


def list_external_services(community_id: CommunityId) -> Page[ExternalServicePayload]:
    """Return the services of a community by name; their number is limited, so there is one page. One query."""
    services = ExternalService.objects.filter(community_id=community_id).order_by("name")
    return Page(items=[external_service_payload(service) for service in services], next=None)


def find_external_service(community_id: CommunityId, service_id: ExternalServiceId) -> ExternalService | None:
    """Return a service of the community. One query."""
    return ExternalService.objects.filter(community_id=community_id, pk=service_id).first()


def names_of_services(community_id: CommunityId) -> set[str]:
    """Return what the services of a community are called. One query."""
    return set(ExternalService.objects.filter(community_id=community_id).values_list("name", flat=True))


def due_questions(service_id: ExternalServiceId, at: datetime) -> QuerySet[ExternalAnswer]:
    """Return what a service is to be asked by a moment, what has waited for longest first."""
    return ExternalAnswer.objects.filter(service_id=service_id, ask_at__lte=at).order_by("ask_at", "pk")


def next_question_at(service_id: ExternalServiceId) -> datetime | None:
    """Return when a service is to be asked next."""
    waiting = ExternalAnswer.objects.filter(service_id=service_id, ask_at__isnull=False).order_by("ask_at")
    return waiting.values_list("ask_at", flat=True).first()


def services_being_asked(at: datetime) -> int:
    """Return how many services are being asked at a moment, by all workers."""
    return ExternalService.objects.filter(busy_until__gt=at).count()


def services_to_ask(at: datetime, *, until: datetime, most: int) -> list[tuple[ExternalServiceId, datetime]]:
    """Return some of the services with questions that are due by a moment, and since or from when: what has waited for longest first.

    Without those that somebody asks, and those that are left alone.
    """
    waiting = ExternalAnswer.objects.filter(service=OuterRef("pk"), ask_at__lte=until).order_by("ask_at")
    free = (Q(busy_until=None) | Q(busy_until__lte=at)) & (Q(paused_until=None) | Q(paused_until__lte=at))
    services = ExternalService.objects.filter(free).annotate(due=Subquery(waiting.values("ask_at")[:1]))
    found = services.filter(due__isnull=False).order_by("due", "pk").values_list("pk", "due")[:most]
    return [(ExternalServiceId(pk), due) for pk, due in found if due is not None]
