"""Tells Redis who is at this process, in batches, keeps the process' lease, sweeps the dead, and announces what it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog
from redis.exceptions import RedisError

from accounts.queries.presence import RevisedPreference
from gateway.metrics import PRESENCE_SECONDS
from gateway.presence.roster import Change, Device, Roster
from gateway.presence.statuses import Sighting, Transition, sightings_of
from gateway.presence.store import LeaseLost, PresenceStore
from gateway.timers import ending, every
from kernel.errors import Unavailable
from kernel.ids import UserId, uuid7

logger = structlog.get_logger(__name__)

GATHER_SECONDS = 0.05
"""How long changes gather before they are told together."""
TICK_SECONDS = 1.0
"""How exact the times of idle and offline are."""
RETRY_SECONDS = 1.0
BATCH_USERS = 256
BEATS_PER_LEASE = 3
SWEEPS_MAX = 100
"""Calls of one sweep at most; what is left is found by the next beat, of this process or another."""
LEAVE_WAIT_SECONDS = 2.0

AWAY = (RedisError, OSError, Unavailable)


Preferences = Callable[[Collection[UserId]], Awaitable[dict[UserId, RevisedPreference]]]
"""Returns the preference of each user who exists, without blocking the event loop. Raises `Unavailable`."""


class Reporter:
    """The writing half of presence. In steady state one call of Redis per third of a lease, whatever the number of sockets.

    While Redis or the database is away, changes wait, one per user at most, and are told when both are back.
    """

    def __init__(
        self,
        store: PresenceStore,
        roster: Roster,
        *,
        clock: Callable[[], float],
        preferences: Preferences,
        announce: Callable[[Sequence[Sighting]], None],
    ) -> None:
        self.name = uuid7().hex
        self.settled = False
        self._store = store
        self._roster = roster
        self._clock = clock
        self._preferences = preferences
        self._announce = announce
        self._begun = False
        self._wake = asyncio.Event()
        self._telling = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *, lease_seconds: float) -> None:
        """Begin to tell, to beat and to let time pass."""
        self._tasks = [
            asyncio.create_task(self._tell_when_due()),
            asyncio.create_task(every(lease_seconds / BEATS_PER_LEASE, self.beat)),
            asyncio.create_task(every(TICK_SECONDS, self._tick)),
        ]

    async def stop(self, *, offline_after: float) -> None:
        """Stop, and leave the users to the other processes: who does not come back within the time of grace is swept by them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(LEAVE_WAIT_SECONDS):
                await self._store.leave(self.name, seconds=offline_after)
        except (TimeoutError, *AWAY):
            logger.info("presence.left_without_a_word")

    @property
    def devices(self) -> int:
        """How many devices are at this process, those in their time of grace included."""
        return self._roster.devices

    # What the sockets tell -------------------------------------------------------------------------------------------

    def open(self, user_id: UserId) -> Device:
        """Take in a socket of a user."""
        device = self._roster.open(user_id, self._clock())
        self._wake.set()
        return device

    def close(self, device: Device) -> None:
        """Learn that a socket is gone."""
        self._roster.close(device, self._clock())

    def use(self, device: Device) -> None:
        """Learn that somebody uses a device. Called for nearly every frame of a client."""
        woken = not device.active
        self._roster.use(device, self._clock())
        if woken:
            self._wake.set()

    def rest(self, device: Device) -> None:
        """Learn that nobody uses a device."""
        self._roster.rest(device)
        self._wake.set()

    def doubt_preference(self, user_id: UserId) -> None:
        """Learn that a user chose anew what to be shown as."""
        self._roster.doubt_preference(user_id)
        self._wake.set()

    # What Redis is told ----------------------------------------------------------------------------------------------

    async def tell(self) -> None:
        """Tell everything that is due. Raises one of `AWAY` when that fails; then it is due again.

        One call at a time: what is told of a user twice must arrive in that order.
        """
        async with self._telling:
            await self._tell_due()

    async def _tell_due(self) -> None:
        while changes := self._roster.take_changes(BATCH_USERS):
            try:
                transitions = await self._tell(changes)
            except LeaseLost:
                self._begin_again()
            except BaseException:
                self._roster.give_back(changes)
                raise
            else:
                self._roster.told(changes)
                repeated = {change.user_id for change in changes if change.again}
                self._announce(sightings_of(transitions, repeated))

    async def beat(self) -> None:
        """Renew the lease and sweep, as long as there is something to sweep."""
        for _ in range(SWEEPS_MAX):
            try:
                beat = await self._store.beat(self.name, begin=not self._begun)
            except AWAY as error:
                logger.warning("presence.beat_failed", error=type(error).__name__)
                return
            self._begun = True
            self.settled = beat.settled
            self._announce(sightings_of(beat.transitions))
            if not beat.alive:
                self._begin_again()
            elif not beat.more:
                return

    def pass_time(self) -> None:
        """Look who has become idle or is gone for good."""
        self._roster.pass_time(self._clock())
        if self._roster.due:
            self._wake.set()

    async def _tick(self) -> None:
        self.pass_time()

    async def _tell_when_due(self) -> None:
        due_since: float | None = None
        while not ending():
            await self._wake.wait()
            due_since = self._clock() if due_since is None else due_since
            await asyncio.sleep(GATHER_SECONDS)
            self._wake.clear()
            try:
                await self.tell()
                PRESENCE_SECONDS.labels("told").observe(self._clock() - due_since)
                due_since = None
            except Exception as error:  # whatever it is: what was not told is due again
                logger.warning("presence.tell_failed", error=type(error).__name__, exc_info=not isinstance(error, AWAY))
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()

    async def _tell(self, changes: Sequence[Change]) -> list[Transition]:
        wanted = [change.user_id for change in changes if change.preference_due]
        preferences = await self._preferences(wanted) if wanted else {}
        if not self._begun:
            await self.beat()
        return await self._store.apply(self.name, changes, preferences)

    def _begin_again(self) -> None:
        """A name that was given up never lives again, so what is swept of it cannot be what is told now."""
        logger.info("presence.lease_lost", process=self.name)
        self.name = uuid7().hex
        self._begun = False
        self._roster.forget_told()
        self._wake.set()
