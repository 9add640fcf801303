"""A subscriber that remembers what it was given."""

from __future__ import annotations

import msgspec

from eventlog.doorbell import LoggedEvent
from eventlog.topics import Topic
from gateway.bursts import Burst
from gateway.frames import Frame
from gateway.memory import Delivery
from kernel.ids import UserId, uuid7


class Follower:
    straight = None
    encoding = "json"

    def __init__(self) -> None:
        self.user_id = UserId(uuid7())
        self.seen: list[int] = []
        self.ephemeral: list[str] = []
        self.revoked: list[Topic] = []
        self.reviewed: list[tuple[Topic, int]] = []
        self.resumes = 0
        self.bursts: list[Burst] = []
        self.seen_when_asked_for_room: list[int] = []

    def offer(self, frame: Frame) -> None:
        body = msgspec.json.decode(frame.json)
        if "seq" in body:
            self.seen.append(body["seq"])
        else:
            self.ephemeral.append(body["t"])

    def deliver(self, burst: Burst) -> None:
        self.bursts.append(burst)
        for frame in burst.frames:
            self.offer(frame)

    def observe(self, event: LoggedEvent) -> None: ...

    def access_revoked(self, topic: Topic) -> None:
        self.revoked.append(topic)

    def access_reviewed(self, topic: Topic, delivery: Delivery) -> None:
        self.reviewed.append((topic, delivery.seq))

    def must_resume(self) -> None:
        self.resumes += 1

    async def ready(self) -> None:
        self.seen_when_asked_for_room.append(len(self.seen))
