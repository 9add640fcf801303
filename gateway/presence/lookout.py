"""Shows the sockets of this process whom they look at: a snapshot when a window opens, then what changes in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import msgspec
import structlog
from django.conf import settings

from eventlog.topics import Topic
from gateway.errors import NotFollowing, TooManyMembers, TooManyWindows
from gateway.pool import DatabasePool
from gateway.presence.display import Behind, Display
from gateway.presence.doubts import Doubts
from gateway.presence.events import PresencePayload, presence_payload
from gateway.presence.reporter import AWAY
from gateway.presence.statuses import Record, Sighting, presence_of
from gateway.presence.store import PresenceStore
from gateway.presence.windows import Window, Windows
from gateway.relay import ChannelLayerRelay
from kernel.errors import NotFound, Unavailable
from kernel.ids import UserId
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
        self,
        store: PresenceStore,
        relay: ChannelLayerRelay,
        pool: DatabasePool,
        *,
        settled: Callable[[], bool],
        behind: Behind,
    ) -> None:
        self._store = store
        self._relay = relay
        self._settled = settled
        self._windows: Windows[Connection] = Windows()
        self._display = Display(self._windows, behind)
        self._doubts = Doubts(self._windows, pool, lambda window: self._display.show(window, window.users))

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
            await self._read_unseen(user_ids)
            allowed = await self._doubts.decide(window)
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

    def doubt(self, topic: Topic, user_id: UserId) -> None:
        """A user may see less of a community than before: show nothing until it was asked again."""
        self._doubts.doubt(topic, user_id)

    def doubt_all(self, topic: Topic) -> None:
        """Anybody may see less of a community than before, or be seen by fewer: show nothing until it was asked again."""
        self._doubts.doubt_all(topic)

    def stop(self) -> None:
        """Ask and show nothing any more."""
        self._doubts.stop()
        self._display.stop()

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
            self._show(sighting, windows)

    async def refresh(self) -> None:
        """Ask again who may look, and compare everybody who is looked at with Redis: a lost announcement is made good.

        No comparison while Redis is so young that processes may not have told it of their users yet.
        """
        await self._doubts.ask_again()
        self._leave_if_unused()
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
                    self._show(sighting, windows)

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

    def _show(self, sighting: Sighting, windows: Sequence[Window[Connection]]) -> None:
        for window in windows:
            self._display.show(window, (sighting.user_id,))

    def _payload(self, user_id: UserId) -> PresencePayload:
        return presence_payload(user_id, self._windows.presence(user_id))

    def _leave_if_unused(self) -> None:
        if not self._windows:
            self._relay.leave(ALL_SIGHTINGS)


def _sighting(user_id: UserId, record: Record) -> Sighting:
    return Sighting(user_id, record.version, presence_of(record))
