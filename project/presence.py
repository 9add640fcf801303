"""Whom a socket may look at, and who is online: the wiring between the gateway, which knows no domain, and communities."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from communities.events import MemberUpdated
from communities.policies import members_visible_to
from communities.registries.online import use_online_users
from eventlog.doorbell import LoggedEvent
from gateway.presence.audience import AudienceQuestion, use_audience
from gateway.presence.online import online_users
from kernel.errors import DomainError
from kernel.ids import UserId


def wire_presence() -> None:
    """Let members of a community see one another, and ask again when the role or the status of one changed; tell who is online."""
    use_audience(_visible, standings={"member.updated": _updated_member})
    use_online_users(online_users)


def _updated_member(event: LoggedEvent) -> UserId:
    return UserId(msgspec.json.decode(event.data, type=MemberUpdated).member.user.id)


def _visible(questions: Sequence[AudienceQuestion]) -> Sequence[Collection[UserId] | DomainError]:
    return members_visible_to([(question.viewer, question.community_id, question.user_ids) for question in questions])
