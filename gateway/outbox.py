"""What waits for one socket, within a byte budget. Decides what a slow client loses first; writing is the connection's business."""

from __future__ import annotations

from collections import deque

from gateway.frames import MESSAGE_BYTES, Frame
from gateway.metrics import FRAMES_SHED


class Outbox:
    """A queue of frames for one socket.

    Lossless frames keep their order and are never dropped from the middle. Of coalesced frames with the same key only the
    newest is kept. When the budget is exceeded, droppable frames go first, then coalesced ones; then `put` says so.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lossless: deque[Frame] = deque()
        self._coalesced: dict[str, Frame] = {}
        self._droppable: deque[Frame] = deque()
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._lossless or self._coalesced or self._droppable)

    def put(self, frame: Frame) -> bool:
        """Queue a frame; return False when even without lossy frames the budget does not hold it."""
        if frame.delivery == "lossless":
            self._lossless.append(frame)
        elif frame.delivery == "coalesced":
            self._discard(self._coalesced.pop(frame.key, None))
            self._coalesced[frame.key] = frame
        else:
            self._droppable.append(frame)
        self.size += len(frame.json)
        return self.size <= self._budget or self._shrink()

    def take(self) -> list[Frame]:
        """Remove and return what goes into the next WebSocket message: lossless frames first, about 256 KiB at most."""
        taken: list[Frame] = []
        room = MESSAGE_BYTES
        while self._lossless and room > 0:
            taken.append(self._lossless.popleft())
            room -= len(taken[-1].json)
        if not self._lossless:
            taken += self._coalesced.values()
            taken += self._droppable
            self._coalesced.clear()
            self._droppable.clear()
        self.size -= sum(len(frame.json) for frame in taken)
        return taken

    def purge(self, topic: str) -> None:
        """Forget every queued frame of a topic."""
        self._lossless = deque(frame for frame in self._lossless if frame.topic != topic)
        self._coalesced = {key: frame for key, frame in self._coalesced.items() if frame.topic != topic}
        self._droppable = deque(frame for frame in self._droppable if frame.topic != topic)
        self._measure()

    def clear(self) -> None:
        """Forget everything."""
        self._lossless.clear()
        self._coalesced.clear()
        self._droppable.clear()
        self.size = 0

    def _shrink(self) -> bool:
        FRAMES_SHED.labels("droppable").inc(len(self._droppable))
        self._droppable.clear()
        self._measure()
        if self.size > self._budget:
            FRAMES_SHED.labels("coalesced").inc(len(self._coalesced))
            self._coalesced.clear()
            self._measure()
        return self.size <= self._budget

    def _measure(self) -> None:
        waiting = (*self._lossless, *self._coalesced.values(), *self._droppable)
        self.size = sum(len(frame.json) for frame in waiting)

    def _discard(self, frame: Frame | None) -> None:
        if frame is not None:
            self.size -= len(frame.json)
