"""The versions of a community's application form."""

from __future__ import annotations

from communities.events import ApplicationFormPayload
from communities.models import ApplicationForm
from communities.payloads import application_form_payload
from communities.queries.keyset import SortKey, cut_page, parse_time
from kernel.ids import CommunityId
from kernel.pagination import PageRequest
from kernel.wire import Page

FORM_SORTS = {"created_at": SortKey("created_at", parse_time)}


def newest_form(community_id: CommunityId) -> ApplicationForm | None:
    """Return the version that counts, open or closed."""
    return ApplicationForm.objects.filter(community_id=community_id).order_by("-number").first()


def list_forms(
    community_id: CommunityId, *, page: PageRequest, sort: str = "-created_at"
) -> Page[ApplicationFormPayload]:
    """Return the versions that there were. One query."""
    rows = ApplicationForm.objects.filter(community_id=community_id)
    found, following = cut_page(rows, sort=sort, sorts=FORM_SORTS, page=page)
    return Page(items=[application_form_payload(form) for form in found], next=following)
