"""Invites: lists of them and of who came by them, and which are open."""

from __future__ import annotations

from django.db.models import F, QuerySet

from communities.events import InviteUsePayload
from communities.models import Invite, InviteUse
from communities.payloads import invite_use_payload
from communities.queries.keyset import SortKey, cut_page, parse_time
from kernel.clock import now
from kernel.ids import CommunityId, InviteId, UserId
from kernel.pagination import PageRequest
from kernel.wire import Page

INVITE_SORTS = {"created_at": SortKey("created_at", parse_time)}
INVITE_USE_SORTS = {"used_at": SortKey("used_at", parse_time)}


def open_invites() -> QuerySet[Invite]:
    """Return the invites that have not expired and were neither revoked nor used up."""
    return Invite.objects.filter(revoked_at=None, expires_at__gt=now(), uses__lt=F("max_uses"))


def find_open_invite(code_hash: str) -> Invite | None:
    """Return the open invite with that code, with its community and maker. One query."""
    return open_invites().select_related("community", "created_by").filter(code_hash=code_hash).first()


def find_invite(community_id: CommunityId, invite_id: InviteId) -> Invite | None:
    """Return an invite of the community, with its maker. One query."""
    return Invite.objects.select_related("created_by").filter(community_id=community_id, pk=invite_id).first()


def cut_invites(
    community_id: CommunityId, *, created_by: UserId | None, page: PageRequest, sort: str = "-created_at"
) -> tuple[list[Invite], str | None]:
    """Return a page of the community's open invites, those of one maker or all, and the next page's cursor. One query."""
    rows = open_invites().select_related("created_by").filter(community_id=community_id)
    if created_by is not None:
        rows = rows.filter(created_by_id=created_by)
    return cut_page(rows, sort=sort, sorts=INVITE_SORTS, page=page)


def list_invite_uses(invite: Invite, *, page: PageRequest, sort: str = "-used_at") -> Page[InviteUsePayload]:
    """Return who came by an invite. One query."""
    rows = InviteUse.objects.filter(invite=invite).select_related("user")
    found, following = cut_page(rows, sort=sort, sorts=INVITE_USE_SORTS, page=page)
    return Page(items=[invite_use_payload(use) for use in found], next=following)
