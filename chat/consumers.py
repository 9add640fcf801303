"""What chat does about events of other apps."""

from __future__ import annotations

import msgspec

from chat.actions.room_members import unchecked_end_participations
from communities.events import MemberRemoved
from eventlog.consumers import consumer
from eventlog.doorbell import LoggedEvent
from eventlog.topics import parse_topic
from kernel.ids import CommunityId, UserId


@consumer("chat.removed_members", kinds=("community",))
def end_participations(event: LoggedEvent) -> None:
    """Take who left a community out of its private rooms, so that their members' lists are true."""
    if event.type != "member.removed":
        return
    _, community_id = parse_topic(event.topic)
    removed = msgspec.json.decode(event.data, type=MemberRemoved)
    unchecked_end_participations(CommunityId(community_id), UserId(removed.user))
