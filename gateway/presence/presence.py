"""Presence as the rest of the gateway sees it: told of sockets, events and messages, and made of its two halves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.conf import settings

from accounts.queries.presence import RevisedPreference, presence_preferences
from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.topics import Topic, parse_topic, topic_for
from gateway.pool import DatabasePool
from gateway.presence.audience import whose_standing
from gateway.presence.display import Behind
from gateway.presence.events import PresencePayload
from gateway.presence.lookout import Lookout
from gateway.presence.reporter import Reporter
from gateway.presence.roster import Device, Roster
from gateway.presence.store import PresenceStore
from gateway.relay import ChannelLayerRelay
from gateway.timers import ending, logged
from kernel.ids import UserId

if TYPE_CHECKING:
    from gateway.connection import Connection


class Presence:
    """The presence of one process. Everything but `start`, `stop` and `watch` returns at once."""

    def __init__(
        self, *, relay: ChannelLayerRelay, pool: DatabasePool, clock: Callable[[], float], behind: Behind
    ) -> None:
        self._pool = pool
        self._store = PresenceStore(
            settings.REDIS_URL, timeout=settings.REDIS_TIMEOUT, lease_seconds=settings.PRESENCE_LEASE_SECONDS
        )
        self.lookout = Lookout(self._store, relay, pool, settled=lambda: self.reporter.settled, behind=behind)
        self.reporter = Reporter(
            self._store,
            Roster(idle_after=settings.PRESENCE_IDLE_SECONDS, offline_after=settings.PRESENCE_OFFLINE_SECONDS),
            clock=clock,
            preferences=self._preferences,
            announce=self.lookout.announce,
        )
        self._devices: dict[Connection, Device] = {}
        self._missed = asyncio.Event()
        self._refreshing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to report and to look."""
        self.reporter.start(lease_seconds=settings.PRESENCE_LEASE_SECONDS)
        self._refreshing = asyncio.create_task(self._keep_fresh())

    async def stop(self) -> None:
        """Stop; the users stay online for the time of grace."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        self.lookout.stop()
        await self.reporter.stop(offline_after=settings.PRESENCE_OFFLINE_SECONDS)
        await self._store.close()

    @property
    def devices(self) -> int:
        """How many sockets presence knows of, those in their time of grace included."""
        return self.reporter.devices

    # Sockets ---------------------------------------------------------------------------------------------------------

    def greeted(self, connection: Connection) -> None:
        """A socket's user is known and was greeted."""
        self._devices[connection] = self.reporter.open(connection.user_id)

    def gone(self, connection: Connection) -> None:
        """A socket has gone, greeted or not."""
        device = self._devices.pop(connection, None)
        if device is not None:
            self.reporter.close(device)
        self.lookout.close_all(connection)

    def used(self, connection: Connection) -> None:
        """A client did something that a person asked for."""
        self.reporter.use(self._devices[connection])

    def report(self, connection: Connection, *, active: bool) -> None:
        """A client says whether somebody uses it."""
        device = self._devices[connection]
        if active:
            self.reporter.use(device)
        else:
            self.reporter.rest(device)

    async def watch(self, connection: Connection, community: UUID, users: Sequence[UUID]) -> list[PresencePayload]:
        """Open a window; see `Lookout.open`."""
        topic = topic_for("community", community)
        return await self.lookout.open(connection, topic, [UserId(user) for user in users])

    def unwatch(self, connection: Connection, topic: Topic) -> None:
        """A socket does not follow a topic any more, or does not look there."""
        self.lookout.close(connection, topic)

    # Events and messages ---------------------------------------------------------------------------------------------

    def noticed(self, event: LoggedEvent) -> None:
        """An event that the gateway itself acts on was reached, on a topic that somebody here follows."""
        if event.type == "access.revoked":
            user = msgspec.json.decode(event.data, type=AccessRevoked).user
            self.lookout.remove(event.topic, UserId(user))
        elif event.type == "access.reviewed":
            self.lookout.doubt_all(event.topic)
        elif event.type == "user.updated":
            self.reporter.doubt_preference(UserId(parse_topic(event.topic)[1]))
        elif (whose := whose_standing(event)) is not None:
            self.lookout.doubt(event.topic, whose)

    def heard(self, sightings: bytes) -> None:
        """Another process announced something."""
        self.lookout.hear(sightings)

    def rejoined(self) -> None:
        """Announcements of other processes may have been lost."""
        self._missed.set()

    async def _keep_fresh(self) -> None:
        """Refresh now and then, at once when announcements may have been lost, and again after a lease when Redis is too young for it."""
        while not ending():
            with suppress(TimeoutError):
                settled = self.reporter.settled
                async with asyncio.timeout(
                    settings.PRESENCE_REFRESH_SECONDS if settled else settings.PRESENCE_LEASE_SECONDS
                ):
                    await self._missed.wait()
            self._missed.clear()
            await self.reporter.beat()  # Redis may have come back empty since the last one
            await logged(self.lookout.refresh)

    async def _preferences(self, user_ids: Collection[UserId]) -> dict[UserId, RevisedPreference]:
        return await self._pool.run(presence_preferences, user_ids)
