"""What happened, as the clients saw it and as the log has it. Only records: who judges them is `tests.torture.checker`."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tests.torture.whispers import Portrait, Typing, Whisper

Frame = dict[str, Any]
Topic = str
UserId = str
NEVER = float("inf")


class Violation(msgspec.Struct, frozen=True):
    """One thing that must not happen: its kind, and what exactly was seen."""

    kind: str
    text: str


class Begin(msgspec.Struct, frozen=True):
    """A follow that was granted. `index` is how many events the view held then, `after` the cursor that was asked from."""

    at: float
    index: int
    after: int | None
    head: int
    recovered: bool
    reason: str | None = None


class Closed(msgspec.Struct, frozen=True):
    """The server said that the topic is closed to the user."""

    at: float
    index: int


class Snapshot(msgspec.Struct, frozen=True):
    """The history that a client read over REST: the ids of the messages with a seq from `low` up to `head`."""

    head: int
    low: int
    ids: frozenset[str]


class View:
    """One topic as one client saw it: every durable event in order of arrival, and where it began to follow and was shut out."""

    def __init__(self, client: str, user: UserId, topic: Topic) -> None:
        self.client = client
        self.user = user
        self.topic = topic
        self.seqs = array("q")
        self.times = array("d")
        self.frames: list[Frame] = []
        self.marks: list[Begin | Closed] = []
        self.snapshots: list[Snapshot] = []
        self.whispers: list[Whisper] = []
        self.cursor: int | None = None
        self.following = False

    def hear(self, frame: Frame, at: float) -> None:
        """Record an event."""
        seq = frame["seq"]
        self.seqs.append(seq)
        self.times.append(at)
        self.frames.append(frame)
        self.cursor = seq

    def begin(self, at: float, after: int | None, head: int, *, recovered: bool, reason: str | None = None) -> None:
        """Record that following was granted."""
        self.marks.append(Begin(at, len(self.seqs), after, head, recovered, reason))
        self.cursor = after if after is not None and recovered else head
        self.following = True

    def close(self, at: float) -> None:
        """Record that the topic was taken away."""
        self.marks.append(Closed(at, len(self.seqs)))
        self.following = False


class Sent(msgspec.Struct):
    """A message that somebody wanted to say, whatever became of it; `attempts` counts how often it went out."""

    nonce: str
    topic: Topic
    user: UserId
    body: str
    first_at: float
    attempts: int = 0


class Ack(msgspec.Struct, frozen=True):
    """The server said that a message is committed."""

    nonce: str
    topic: Topic
    seq: int
    id: str


class Edit(msgspec.Struct, frozen=True):
    """The server said that a message has another body now."""

    topic: Topic
    id: str
    body: str


class Refusal(msgspec.Struct, frozen=True):
    """The server refused a member for good, in answer to a command that was under way from `asked_at` to `at`."""

    user: UserId
    topic: Topic
    asked_at: float
    at: float
    what: str
    code: str


class Removal(msgspec.Struct):
    """A moderator took topics away, of one room or of the whole community, and gave them back.

    Times are of the calls' begin and successful end; NEVER while not yet.
    """

    user: UserId
    topics: frozenset[Topic]
    asked_at: float
    done_at: float = NEVER
    back_asked_at: float = NEVER
    back_done_at: float = NEVER


class Row(msgspec.Struct, frozen=True):
    """An event as the log has it."""

    seq: int
    type: str
    data: Any


class Absence(msgspec.Struct, frozen=True):
    """From the seq that shut a user out to the one that let them in again.

    None: they are still out, or the topic does not tell; a room knows nothing of who comes back to the community.
    """

    out: int
    back: int | None

    def covers(self, seq: int) -> bool:
        """Tell whether the event of this seq is not for the user."""
        return self.out <= seq and (self.back is None or seq < self.back)


class Truth:
    """The log at the end of the run, by topic, and who was shut out of it for how long."""

    def __init__(self, rows: Iterable[tuple[Topic, Row]]) -> None:
        self.rows: dict[Topic, list[Row]] = defaultdict(list)
        for topic, row in rows:
            self.rows[topic].append(row)
        self._absences: dict[tuple[Topic, UserId], list[Absence]] = defaultdict(list)
        self._reviews = {
            topic: [row.seq for row in of_topic if row.type == "access.reviewed"]
            for topic, of_topic in self.rows.items()
        }
        for topic, of_topic in self.rows.items():
            self._note_absences(topic, of_topic)

    def head(self, topic: Topic) -> int:
        """Return the newest seq of a topic."""
        return self.rows[topic][-1].seq if self.rows[topic] else 0

    def row(self, topic: Topic, seq: int) -> Row | None:
        """Return an event, None where the log has none of that number."""
        rows = self.rows[topic]
        return rows[seq - 1] if 0 < seq <= len(rows) else None

    def absences(self, topic: Topic, user: UserId) -> Sequence[Absence]:
        """Return when a user was shut out of a topic."""
        return self._absences[topic, user]

    def is_reviewed(self, topic: Topic, after: int, up_to: int) -> bool:
        """Tell whether it was asked anew about all followers somewhere behind a seq, up to another."""
        return any(after < seq <= up_to for seq in self._reviews.get(topic, ()))

    def _note_absences(self, topic: Topic, rows: Sequence[Row]) -> None:
        out: dict[UserId, int] = {}
        for row in rows:
            if row.type == "access.revoked":
                user = row.data["user"]
                if user in out:
                    self._absences[topic, user].append(Absence(out[user], None))
                out[user] = row.seq
            elif (user := _let_in(row)) in out:
                self._absences[topic, user].append(Absence(out.pop(user), row.seq))
        for user, seq in out.items():
            self._absences[topic, user].append(Absence(seq, None))


def _let_in(row: Row) -> UserId:
    """Return whom an event lets in; nobody in most of them."""
    if row.type == "room_member.added":
        return str(row.data["user"]["id"])
    return str(row.data["member"]["user"]["id"]) if row.type == "member.joined" else ""


class History:
    """Everything that was recorded in a run.

    Outsiders' views are those that must have stayed empty; `violations` is what was noticed while it ran.
    """

    def __init__(self) -> None:
        self.views: list[View] = []
        self.outsiders: list[View] = []
        self.sent: dict[str, Sent] = {}
        self.acks: list[Ack] = []
        self.edits: list[Edit] = []
        self.refusals: list[Refusal] = []
        self.removals: list[Removal] = []
        self.typings: list[Typing] = []
        self.portraits: dict[str, Portrait] = {}
        self.violations: list[Violation] = []
