"""The categories of a community's rooms."""

from __future__ import annotations

from chat.events import CategoryPayload
from chat.models import RoomCategory
from chat.payloads import category_payload
from kernel.ids import CategoryId, CommunityId
from kernel.wire import Page


def list_categories(community_id: CommunityId) -> Page[CategoryPayload]:
    """Return the categories in their order; their number is limited, so there is one page. One query."""
    rows = RoomCategory.objects.filter(community_id=community_id).order_by("position", "pk")
    return Page(items=[category_payload(category) for category in rows], next=None)


def find_category(community_id: CommunityId, category_id: CategoryId) -> RoomCategory | None:
    """Return a category of the community."""
    return RoomCategory.objects.filter(community_id=community_id, pk=category_id).first()
