"""How presence looks on the wire: the payload of a member, and the event that tells who looks at them of a change."""

from __future__ import annotations

from uuid import UUID

from accounts.events import CustomStatus
from eventlog.doorbell import EphemeralEvent
from eventlog.events import Event, ephemeral_event
from eventlog.topics import Topic
from gateway.frames import Frame, frame_of_ephemeral
from gateway.presence.statuses import Presence, ShownStatus
from kernel.ids import UserId
from kernel.wire import WireStruct, encode_json


class PresencePayload(WireStruct, frozen=True):
    """How a user is shown. Offline may mean that they are not there, or that they do not want to be seen."""

    user: UUID
    status: ShownStatus
    custom: CustomStatus | None


@ephemeral_event("presence.changed", delivery="coalesced")
class PresenceChanged(Event, frozen=True):
    """On `community:<id>`, to those alone who look at this member: how they are shown now."""

    presence: PresencePayload


def presence_payload(user_id: UserId, presence: Presence) -> PresencePayload:
    """Return a user's presence as it goes to the wire."""
    return PresencePayload(user=user_id, status=presence.status, custom=presence.custom)


def frame_of_change(topic: Topic, user_id: UserId, presence: Presence) -> Frame:
    """Return the frame that tells of a change; a slow client needs only the newest of each user."""
    event = PresenceChanged(presence=presence_payload(user_id, presence))
    key = f"presence {user_id}"
    return frame_of_ephemeral(EphemeralEvent(topic, "presence.changed", encode_json(event), key))
