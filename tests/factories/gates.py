"""Gates for tests: put by the system, as a seed would."""

from __future__ import annotations

from typing import Any

from chat.constants import ROOM_KIND
from chat.models import Room
from communities.access import COMMUNITY_KIND, GateDraft
from communities.actions.gates import put_gate
from communities.events import GateVersionPayload
from communities.models import Community
from kernel.actor import SYSTEM, Actor

PHONE = {"type": "verified_phone"}
EMAIL = {"type": "verified_email"}


def gate(
    thing: Community | Room, tree: dict[str, Any] | None, *, by: Actor = SYSTEM, **draft: Any
) -> GateVersionPayload:
    """Put a version of its gate on a community or a room."""
    kind = COMMUNITY_KIND if isinstance(thing, Community) else ROOM_KIND
    version = put_gate(by, kind=kind, resource_id=thing.pk, draft=GateDraft(tree=tree, **draft))
    thing.refresh_from_db()
    return version
