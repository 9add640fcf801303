"""The users whose devices (sockets) are at this process: in use or not, gone for good or about to come back. No input or output.

Time is handed in, in seconds of any clock that only goes forward.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from math import inf

import msgspec

from kernel.ids import UserId


class Device:
    """One socket of a user. It is in use until it was silent for a while, or its client says that it is not.

    `leaves` is the end of its time of grace, once its socket is gone.
    """

    __slots__ = ("active", "last_used", "leaves", "user_id")

    def __init__(self, user_id: UserId) -> None:
        self.user_id = user_id
        self.active = False
        self.leaves = inf
        self.last_used = 0.0


class Change(msgspec.Struct, frozen=True):
    """What is to be told of a user: whether a device of theirs is in use here, or None when the last has gone for good.

    With `preference_due`, what the user prefers is to be looked up and told too. `again` means that it was tried before: it may have
    been told then, and the answer, with which others would have been told, was lost.
    """

    user_id: UserId
    active: bool | None
    preference_due: bool
    again: bool = False


class Roster:
    """Knows of each user what to tell and what was told already: what goes and comes back in between is never told.

    A device that goes stays as it was for the time of grace, `offline_after`; another that comes instead hides that it went.
    """

    def __init__(self, *, idle_after: float, offline_after: float) -> None:
        self._idle_after = idle_after
        self._offline_after = offline_after
        self._devices: dict[UserId, list[Device]] = {}  # most have one: a set would take 150 bytes more
        self._departures: deque[Device] = deque()
        # Silent for longest first. Not a plain dictionary: to find the first in one, those that have gone are passed by again and again.
        self._in_use: OrderedDict[Device, None] = OrderedDict()
        self._told: dict[UserId, bool | None] = {}
        self._due: dict[UserId, None] = {}
        self._preference_due: set[UserId] = set()

    @property
    def due(self) -> bool:
        """Whether there may be something to tell."""
        return bool(self._due)

    @property
    def devices(self) -> int:
        """How many devices are here or have gone and are in their time of grace."""
        return sum(map(len, self._devices.values()))

    def open(self, user_id: UserId, now: float) -> Device:
        """Take in a device of a user, in use from now on."""
        others = self._devices.setdefault(user_id, [])
        same_id = others[0].user_id if others else user_id  # the same object: an id takes more room than a device
        device = Device(same_id)
        others.append(device)
        self._use(device, now)
        self._due[user_id] = None
        return device

    def close(self, device: Device, now: float) -> None:
        """Let a device go, at the end of its time of grace."""
        if device.leaves == inf:
            device.leaves = now + self._offline_after
            self._departures.append(device)

    def use(self, device: Device, now: float) -> None:
        """Note that a device is in use."""
        if not device.active:
            self._due[device.user_id] = None
        self._use(device, now)

    def rest(self, device: Device) -> None:
        """Note that a device is not in use, until it is again."""
        if device.active:
            device.active = False
            del self._in_use[device]
            self._due[device.user_id] = None

    def doubt_preference(self, user_id: UserId) -> None:
        """Have the user's preference looked up and told again, if they are here."""
        if user_id in self._devices:
            self._preference_due.add(user_id)
            self._due[user_id] = None

    def forget_told(self) -> None:
        """Have everything told again: it was forgotten elsewhere."""
        self._told.clear()
        self._due = dict.fromkeys(self._devices)

    def pass_time(self, now: float) -> None:
        """Let devices rest that were silent for too long, and those go whose time of grace is over."""
        while self._in_use and (silent := next(iter(self._in_use))).last_used + self._idle_after <= now:
            self.rest(silent)
        while self._departures and self._departures[0].leaves <= now:
            self._remove(self._departures.popleft())

    def take_changes(self, limit: int) -> list[Change]:
        """Return what is to be told of up to so many users. What could not be told is to be given back."""
        changes: list[Change] = []
        while self._due and len(changes) < limit:
            user_id = next(iter(self._due))
            del self._due[user_id]
            change = self._change_of(user_id)
            if change is not None:
                changes.append(change)
        return changes

    def told(self, changes: Sequence[Change]) -> None:
        """Remember what was told."""
        for change in changes:
            if change.active is None:
                self._told.pop(change.user_id, None)
            else:
                self._told[change.user_id] = change.active

    def give_back(self, changes: Sequence[Change]) -> None:
        """Have changes taken again: telling them has failed, or only the answer was lost, so what was told is not known."""
        for change in changes:
            self._due[change.user_id] = None
            self._told[change.user_id] = None
            if change.preference_due:
                self._preference_due.add(change.user_id)

    def _change_of(self, user_id: UserId) -> Change | None:
        """Compare what is with what was told, which is None when nothing was or when nobody knows."""
        devices, told = self._devices.get(user_id), self._told.get(user_id)
        again = told is None and user_id in self._told
        wanted = user_id in self._preference_due
        self._preference_due.discard(user_id)
        if devices is None:
            return Change(user_id, None, preference_due=False, again=again) if user_id in self._told else None
        active = any(device.active for device in devices)
        if active == told and not wanted:
            return None
        return Change(user_id, active, preference_due=wanted or told is None, again=again)

    def _remove(self, device: Device) -> None:
        self._in_use.pop(device, None)
        devices = self._devices[device.user_id]
        devices.remove(device)
        if not devices:
            del self._devices[device.user_id]
        self._due[device.user_id] = None

    def _use(self, device: Device, now: float) -> None:
        device.last_used = now
        if device.active:
            self._in_use.move_to_end(device)
        else:
            device.active = True
            self._in_use[device] = None
