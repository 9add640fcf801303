"""Who at this process looks at whom: a window per socket and community, and how the users in it are shown. No input or output."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from eventlog.topics import Topic
from gateway.presence.statuses import OFFLINE, Presence, Sighting
from kernel.ids import UserId

V = TypeVar("V")


class Window(Generic[V]):
    """What one viewer looks at in one community. Until it is open, the viewer hears nothing, but removals take effect.

    One that was `granted` may be shut for a while; `doubts` counts how often it was doubted that the viewer may look.
    """

    __slots__ = ("doubts", "granted", "is_open", "topic", "users", "viewer")

    def __init__(self, viewer: V, topic: Topic, users: Collection[UserId]) -> None:
        self.viewer = viewer
        self.topic = topic
        self.users = set(users)
        self.is_open = False
        self.doubts = 0
        self.granted = False


class Windows(Generic[V]):
    """All windows, by viewer and by watched user. Of each watched user it keeps what was seen last, once for the process."""

    def __init__(self) -> None:
        self._by_viewer: dict[V, dict[Topic, Window[V]]] = {}
        self._by_topic: dict[Topic, set[Window[V]]] = {}
        self._watching: dict[UserId, set[Window[V]]] = {}
        self._seen: dict[UserId, Sighting] = {}

    def __bool__(self) -> bool:
        return bool(self._by_viewer)

    def of(self, viewer: V) -> Collection[Topic]:
        """Return the communities in which a viewer has a window."""
        return self._by_viewer.get(viewer, {}).keys()

    # Windows ---------------------------------------------------------------------------------------------------------

    def prepare(self, viewer: V, topic: Topic, users: Collection[UserId]) -> Window[V]:
        """Return a window, not open yet, in place of the one that the viewer had in this community."""
        before = self._by_viewer.get(viewer, {}).get(topic)
        window = Window(viewer, topic, users)
        self._by_viewer.setdefault(viewer, {})[topic] = window
        self._by_topic.setdefault(topic, set()).add(window)
        for user_id in users:
            self._watching.setdefault(user_id, set()).add(window)
        if before is not None:
            self._forget(before)
        return window

    def open(self, window: Window[V], allowed: Collection[UserId]) -> bool:
        """Narrow a window to those whom the viewer may see, and open it; False when it was closed or replaced meanwhile."""
        if self._by_viewer.get(window.viewer, {}).get(window.topic) is not window:
            return False
        self._stop_watching(window, window.users.difference(allowed))
        window.is_open = window.granted = True
        return True

    def discard(self, window: Window[V]) -> None:
        """Close a window unless another took its place."""
        if self._by_viewer.get(window.viewer, {}).get(window.topic) is window:
            self.close(window.viewer, window.topic)

    def close(self, viewer: V, topic: Topic) -> None:
        """Close a viewer's window in a community, if there is one."""
        windows = self._by_viewer.get(viewer, {})
        window = windows.pop(topic, None)
        if window is not None:
            self._forget(window)
        if not windows:
            self._by_viewer.pop(viewer, None)

    def close_all(self, viewer: V) -> None:
        """Close every window of a viewer."""
        for topic in tuple(self.of(viewer)):
            self.close(viewer, topic)

    def remove(self, topic: Topic, user_id: UserId) -> None:
        """Take a user, who has lost a community, out of every window in it."""
        for window in tuple(self._watching.get(user_id, ())):
            if window.topic == topic:
                self._stop_watching(window, (user_id,))

    # Windows in doubt ------------------------------------------------------------------------------------------------

    def of_topic(self, topic: Topic) -> tuple[Window[V], ...]:
        """Return every window in a community."""
        return tuple(self._by_topic.get(topic, ()))

    def granted(self) -> list[Window[V]]:
        """Return every window that is open, or was and is shut for a while."""
        return [window for windows in self._by_topic.values() for window in windows if window.granted]

    def shut(self, window: Window[V]) -> bool:
        """Show nothing through a window until it is opened again; False when it never was: then its first answer is still awaited."""
        window.doubts += 1
        window.is_open = False
        return window.granted

    # What is seen through them ---------------------------------------------------------------------------------------

    def watched(self) -> list[UserId]:
        """Return everybody whom somebody looks at."""
        return list(self._watching)

    def unseen(self, user_ids: Iterable[UserId]) -> list[UserId]:
        """Return those of these users of whom nothing is known yet."""
        return [user_id for user_id in user_ids if user_id not in self._seen]

    def presence(self, user_id: UserId) -> Presence:
        """Return how a user was seen last."""
        sighting = self._seen.get(user_id)
        return sighting.presence if sighting else OFFLINE

    def version(self, user_id: UserId) -> int | None:
        """Return the version of what was seen last of a user."""
        sighting = self._seen.get(user_id)
        return sighting.version if sighting else None

    def see(self, sightings: Sequence[Sighting]) -> Iterator[tuple[Sighting, list[Window[V]]]]:
        """Take what was seen, unless something newer was seen before; yield it with the windows that it changes."""
        for sighting in sightings:
            known = self.version(sighting.user_id)
            if known is None or sighting.version > known:
                yield from self.correct(sighting)

    def correct(self, sighting: Sighting) -> Iterator[tuple[Sighting, list[Window[V]]]]:
        """Take what was seen whatever its version; yield it with the windows that it changes."""
        windows = self._watching.get(sighting.user_id)
        if windows is None:
            return
        before = self.presence(sighting.user_id)
        self._seen[sighting.user_id] = sighting
        if sighting.presence != before and (changed := [window for window in windows if window.is_open]):
            yield sighting, changed

    def _forget(self, window: Window[V]) -> None:
        self._stop_watching(window, tuple(window.users))
        in_topic = self._by_topic[window.topic]
        in_topic.discard(window)
        if not in_topic:
            del self._by_topic[window.topic]

    def _stop_watching(self, window: Window[V], users: Iterable[UserId]) -> None:
        for user_id in users:
            window.users.discard(user_id)
            watching = self._watching[user_id]
            watching.discard(window)
            if not watching:
                del self._watching[user_id]
                self._seen.pop(user_id, None)
