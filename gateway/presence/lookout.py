"""Shows the sockets of this process whom they look at: a snapshot when a window opens, then what changes in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import msgspec
import structlog
from django.conf import settings

from eventlog.topics import Topic, parse_topic
from gateway.errors import NotFollowing, TooManyMembers, TooManyWindows
from gateway.gathering import Gatherer
from gateway.pool import DatabasePool
from gateway.presence.audience import AudienceQuestion, ask_audience
from gateway.presence.events import PresencePayload, frame_of_change, presence_payload
from gateway.presence.reporter import AWAY
from gateway.presence.statuses import Record, Sighting, presence_of
from gateway.presence.store import PresenceStore
from gateway.presence.windows import Window, Windows
from gateway.relay import ChannelLayerRelay
from kernel.errors import NotFound, Unavailable
from kernel.ids import CommunityId, UserId
from kernel.metrics import limit_hit

if TYPE_CHECKING:
    from gateway.connection import Connection

logger = structlog.get_logger(__name__)

ALL_SIGHTINGS = Topic("presence:all")
"""One group for all processes: see ADR 18."""
WINDOWS_MAX = 10
"""Windows of one socket."""
READ_USERS = 256
RETRY_SECONDS = 1.0

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Sighting])


class Lookout:
    """The reading half of presence. A change costs one look-up per process, and one frame per socket that looks at the user."""

    def __init__(
        self, store: PresenceStore, relay: ChannelLayerRelay, pool: DatabasePool, *, settled: Callable[[], bool]
    ) -> None:
        self._store = store
        self._relay = relay
        self._settled = settled
        self._audience: Gatherer[AudienceQuestion, Collection[UserId]] = Gatherer(pool, ask_audience)
        self._windows: Windows[Connection] = Windows()

    # Windows ---------------------------------------------------------------------------------------------------------

    async def open(self, viewer: Connection, topic: Topic, user_ids: Sequence[UserId]) -> list[PresencePayload]:
        """Let a socket look at members of a community that it follows, in place of its window there; return how they are shown.

        The window stands before the question whom it may show: who is removed after the answer is taken out of it. Raises
        `NotFollowing`, `TooManyMembers`, `TooManyWindows`, what the audience raises, and `Unavailable` while Redis is away.
        """
        self._check(viewer, topic, user_ids)
        window = self._windows.prepare(viewer, topic, user_ids)
        try:
            await self._relay.join(ALL_SIGHTINGS)
            question = AudienceQuestion(viewer.actor, CommunityId(parse_topic(topic)[1]), frozenset(user_ids))
            allowed = await self._audience.ask(question)
            await self._read_unseen(allowed)
        except BaseException:
            self._windows.discard(window)
            self._leave_if_unused()
            raise
        if not self._windows.open(window, allowed):
            raise NotFound
        return [self._payload(user_id) for user_id in dict.fromkeys(user_ids) if user_id in window.users]

    def close(self, viewer: Connection, topic: Topic) -> None:
        """Close a socket's window in a community, if there is one."""
        self._windows.close(viewer, topic)
        self._leave_if_unused()

    def close_all(self, viewer: Connection) -> None:
        """Close every window of a socket that is gone."""
        self._windows.close_all(viewer)
        self._leave_if_unused()

    def remove(self, topic: Topic, user_id: UserId) -> None:
        """Show a user who lost a topic to nobody there any more."""
        self._windows.remove(topic, user_id)

    # Sightings -------------------------------------------------------------------------------------------------------

    def announce(self, sightings: Sequence[Sighting]) -> None:
        """Tell the sockets here, and the other processes, of what this process changed."""
        if sightings:
            self.see(sightings)
            self._relay.send_sightings(ALL_SIGHTINGS, _encoder.encode(sightings))

    def hear(self, sightings: bytes) -> None:
        """Take what another process announced."""
        self.see(_decoder.decode(sightings))

    def see(self, sightings: Sequence[Sighting]) -> None:
        """Tell the sockets here that look at these users."""
        for sighting, windows in self._windows.see(sightings):
            _show(sighting, windows)

    async def refresh(self) -> None:
        """Compare everybody who is looked at with Redis: a lost announcement is made good.

        Not while Redis is so young that processes may not have told it of their users yet.
        """
        watched = self._windows.watched() if self._settled() else []
        for start in range(0, len(watched), READ_USERS):
            try:
                await self._refresh(watched[start : start + READ_USERS])
            except AWAY as error:
                logger.warning("presence.refresh_failed", error=type(error).__name__)
                return

    async def _refresh(self, user_ids: Sequence[UserId]) -> None:
        before = {user_id: self._windows.version(user_id) for user_id in user_ids}
        for user_id, record in (await self._store.read(user_ids)).items():
            if self._windows.version(user_id) == before[user_id]:  # else something was seen meanwhile: that is newer
                for sighting, windows in self._windows.correct(_sighting(user_id, record)):
                    _show(sighting, windows)

    async def _read_unseen(self, user_ids: Collection[UserId]) -> None:
        unseen = self._windows.unseen(user_ids)
        if not unseen:
            return
        try:
            records = await self._store.read(unseen)
        except AWAY as error:
            raise Unavailable(retry_after=RETRY_SECONDS) from error
        self.see([_sighting(user_id, record) for user_id, record in records.items()])

    def _check(self, viewer: Connection, topic: Topic, user_ids: Sequence[UserId]) -> None:
        if topic not in viewer.topics:
            raise NotFollowing
        if len(user_ids) > settings.PRESENCE_WINDOW_MEMBERS:
            limit_hit("presence.window_members")
            raise TooManyMembers(f"A window shows at most {settings.PRESENCE_WINDOW_MEMBERS} members.", field="users")
        own = self._windows.of(viewer)
        if topic not in own and len(own) >= WINDOWS_MAX:
            limit_hit("presence.windows")
            raise TooManyWindows

    def _payload(self, user_id: UserId) -> PresencePayload:
        return presence_payload(user_id, self._windows.presence(user_id))

    def _leave_if_unused(self) -> None:
        if not self._windows:
            self._relay.leave(ALL_SIGHTINGS)


def _sighting(user_id: UserId, record: Record) -> Sighting:
    return Sighting(user_id, record.version, presence_of(record))


def _show(sighting: Sighting, windows: Sequence[Window[Connection]]) -> None:
    """Offer a change to every viewer; the frame is made once per community."""
    frames = {
        topic: frame_of_change(topic, sighting.user_id, sighting.presence)
        for topic in {window.topic for window in windows}
    }
    for window in windows:
        window.viewer.offer(frames[window.topic])
