"""May an answer that was kept for a repeated request still be shown? What its address names is asked about anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chat.constants import ChatPermission
from chat.policies import get_message_for, get_room_for
from communities.constants import Permission
from communities.policies import get_application_for, get_community_for
from kernel.actor import Actor
from kernel.ids import ApplicationId, CommunityId, MessageId, RoomId

_FROM_OUTSIDE = frozenset({"join-community", "applications", "start-trial", "accept-rules"})
"""Routes for who is not inside, or not let in: their answers tell of the card and of the caller."""


def require_still_shown(actor: Actor, route: str, ids: Mapping[str, Any]) -> None:
    """Return when the actor still sees what a request to the route with these ids was about. At most four statements.

    Raises as the loaders of what the address names: the request is refused now as if it were new.
    """
    if "message_id" in ids:
        get_message_for(actor, MessageId(ids["message_id"]), ChatPermission.READ_MESSAGES)
    if "room_id" in ids:
        get_room_for(actor, RoomId(ids["room_id"]), ChatPermission.READ_MESSAGES)
    if "community_id" in ids:
        _require_community(actor, CommunityId(ids["community_id"]), route, ids)


def _require_community(actor: Actor, community_id: CommunityId, route: str, ids: Mapping[str, Any]) -> None:
    if "application_id" in ids:
        get_application_for(actor, community_id, ApplicationId(ids["application_id"]))
    elif route in _FROM_OUTSIDE:
        get_community_for(actor, community_id, Permission.VIEW_CARD)
    else:
        get_community_for(actor, community_id, Permission.VIEW_COMMUNITY)
