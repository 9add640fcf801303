"""Is what the clients saw what the log says? Pure: a history and the log in, violations and counts out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from tests.torture.history import NEVER, Begin, Closed, Frame, History, Removal, Row, Sent, Truth, View, Violation
from tests.torture.whisper_checker import of_whispers


class Verdict(msgspec.Struct):
    """`expected` events should have reached their followers, `delivered` did."""

    expected: int
    delivered: int
    violations: list[Violation]


def judge(history: History, truth: Truth) -> Verdict:
    """Check everything. The clients were still connected, and had time to catch up, when the last record was made."""
    checks = [_ViewCheck(view, truth, history) for view in history.views]
    violations = [
        *history.violations,
        *_of_the_log(history, truth),
        *_of_the_acks(history, truth),
        *_of_outsiders(history, truth),
        *_of_refusals(history),
        *of_whispers(history),
        *(found for check in checks for found in check.run()),
    ]
    return Verdict(sum(check.expected for check in checks), sum(check.delivered for check in checks), violations)


def _of_the_log(history: History, truth: Truth) -> Iterator[Violation]:
    """The log itself: numbers without a gap, each message once, and only what somebody sent, as they sent it."""
    for topic, rows in truth.rows.items():
        if [row.seq for row in rows] != list(range(1, len(rows) + 1)):
            yield Violation("log numbers", f"{topic} does not count from 1 to {len(rows)}")
        nonces = Counter(row.data["message"]["nonce"] for row in rows if row.type == "message.created")
        yield from (
            Violation("doubled in log", f"{topic} has {nonce} {count} times")
            for nonce, count in nonces.items()
            if count > 1
        )
        for row in rows:
            if row.type == "message.created":
                yield from _of_a_message(topic, row, history.sent.get(row.data["message"]["nonce"]))


def _of_a_message(topic: str, row: Row, sent: Sent | None) -> Iterator[Violation]:
    message = row.data["message"]
    if sent is None:
        yield Violation("not sent", f"{topic} {row.seq} was sent by nobody")
    elif (sent.topic, sent.user, sent.body) != (topic, message["author"]["id"], message["body"]):
        yield Violation("wrong message", f"{topic} {row.seq} differs from what was sent as {sent.nonce}")


def _of_the_acks(history: History, truth: Truth) -> Iterator[Violation]:
    """Every acknowledged message is in the log, where the ack says, and so is every acknowledged edit."""
    for ack in history.acks:
        row = truth.row(ack.topic, ack.seq)
        if row is None:
            yield Violation("lost acked", f"{ack.nonce} was acknowledged as {ack.topic} {ack.seq}: not in the log")
            continue
        message = row.data.get("message", {})
        if (row.type, message.get("id"), message.get("nonce")) != ("message.created", ack.id, ack.nonce):
            yield Violation("wrong ack", f"{ack.nonce} was acknowledged as {ack.topic} {ack.seq}: something else")
    logged = {
        (topic, row.data["message"]["id"], row.data["message"]["body"])
        for topic, rows in truth.rows.items()
        for row in rows
        if row.type == "message.edited"
    }
    for edit in history.edits:
        if (edit.topic, edit.id, edit.body) not in logged:
            yield Violation("lost acked", f"the edit of {edit.id} on {edit.topic} was acknowledged: not in the log")


def _of_outsiders(history: History, truth: Truth) -> Iterator[Violation]:
    """Who is not a member hears nothing and says nothing."""
    outsiders = {view.user for view in history.outsiders}
    for topic, rows in truth.rows.items():
        for row in rows:
            if row.type == "message.created" and row.data["message"]["author"]["id"] in outsiders:
                yield Violation("not a member", f"{topic} {row.seq} was said by an outsider")
    for view in history.outsiders:
        if any(isinstance(mark, Begin) for mark in view.marks):
            yield Violation("not a member", f"{view.client} was let into {view.topic}")
        yield from (Violation("not a member", f"{view.client} received {view.topic} {seq}") for seq in view.seqs)


def _of_refusals(history: History) -> Iterator[Violation]:
    """Who is entitled is not refused for good: a refusal overlaps a removal, from its call to the end of its undoing."""
    removals = _by_user(history)
    for refusal in history.refusals:
        if not any(
            removal.asked_at <= refusal.at and refusal.asked_at <= removal.back_done_at
            for removal in removals[refusal.user]
            if refusal.topic in removal.topics
        ):
            yield Violation(
                "wrongly refused",
                f"{refusal.user} on {refusal.topic}: {refusal.what} got {refusal.code} at {refusal.at:.3f}",
            )


def _by_user(history: History) -> dict[str, list[Removal]]:
    removals: dict[str, list[Removal]] = defaultdict(list)
    for removal in history.removals:
        removals[removal.user].append(removal)
    return removals


def _nonce_of(frame: Frame) -> str | None:
    """Return the nonce of what somebody said, in a room or to the whole community."""
    if frame["t"] == "message.created":
        return str(frame["d"]["message"]["nonce"])
    return str(frame["d"]["community"]["description"]) if frame["t"] == "community.updated" else None


class _ViewCheck:
    """Walks through one view in order of arrival; `expected` and `delivered` are known after `run`."""

    def __init__(self, view: View, truth: Truth, history: History) -> None:
        self.expected = 0
        self.delivered = len(set(view.seqs))
        self._view = view
        self._truth = truth
        self._sent = history.sent
        self._removals = [one for one in history.removals if one.user == view.user and view.topic in one.topics]
        self._absences = truth.absences(view.topic, view.user)
        self._seen: set[int] = set()
        self._position: int | None = None
        self._begun_at: float | None = None

    def run(self) -> Iterator[Violation]:
        """Yield what is wrong."""
        if not self._view.marks:
            yield self._wrong("never followed", "in the whole run")
            return
        heard = 0
        for mark in self._view.marks:
            yield from self._events(heard, mark.index)
            heard = mark.index
            yield from self._ended() if isinstance(mark, Closed) else self._begun(mark)
        yield from self._events(heard, len(self._view.seqs))
        yield from self._the_end()
        yield from self._snapshots()

    def _wrong(self, kind: str, text: str) -> Violation:
        return Violation(kind, f"{self._view.client} on {self._view.topic}: {text}")

    def _ended(self) -> Iterator[Violation]:
        self._begun_at = None
        if not any(absence.out > (self._position or 0) for absence in self._absences):
            yield self._wrong("wrongly shut out", "there is no revocation in the log")

    def _begun(self, begin: Begin) -> Iterator[Violation]:
        """A follow was granted: what it promised must fit what the log says of the time since the cursor."""
        before, self._begun_at = self._position, begin.at
        if begin.after is None or before is None:
            self._position = begin.head
            return
        revoked = any(before < absence.out <= begin.head for absence in self._absences)
        revoked = revoked or self._truth.is_reviewed(self._view.topic, before, begin.head)
        if begin.recovered:
            if revoked:
                yield self._wrong("recovered over a revocation", f"from {before} to {begin.head}")
            if begin.after != before:
                yield self._wrong("harness", f"asked from {begin.after}, was at {before}")
            return
        if begin.reason != "access_changed" or not revoked:
            yield self._wrong("resume refused", f"{begin.reason} from {before} to {begin.head}")
        self._position = max(before, begin.head)

    def _events(self, first: int, last: int) -> Iterator[Violation]:
        view = self._view
        for seq, at, frame in zip(view.seqs[first:last], view.times[first:last], view.frames[first:last], strict=True):
            yield from self._event(seq, at, frame)

    def _event(self, seq: int, at: float, frame: Frame) -> Iterator[Violation]:
        if self._position is None or self._begun_at is None:
            yield self._wrong("uninvited", f"{seq} came while nothing was followed")
            self._position = max(self._position or 0, seq)
            return
        yield from self._place(seq)
        yield from self._content(seq, frame)
        yield from self._entitlement(seq, at, frame)

    def _place(self, seq: int) -> Iterator[Violation]:
        """Contiguous, or it is a duplicate, an inversion or a gap."""
        before = self._position or 0
        self._position = max(before, seq)
        if seq == before + 1:
            self.expected += 1
        elif seq > before + 1:
            self.expected += seq - before
            yield self._wrong("gap", f"{seq} came after {before}")
        elif seq in self._seen:
            yield self._wrong("duplicate", f"{seq} came again at {before}")
        else:
            yield self._wrong("inversion", f"{seq} came after {before}")
        self._seen.add(seq)

    def _content(self, seq: int, frame: Frame) -> Iterator[Violation]:
        row = self._truth.row(self._view.topic, seq)
        if row is None:
            yield self._wrong("not in the log", f"{seq}, {frame['t']}")
        elif (row.type, row.data) != (frame["t"], frame["d"]):
            yield self._wrong("wrong content", f"{seq}, {frame['t']}")

    def _entitlement(self, seq: int, at: float, frame: Frame) -> Iterator[Violation]:
        """Neither by the log's order nor by the clock does anything reach a user who is shut out.

        Who was let in again may see what was said a moment before: a follow reads the head first, and then asks.
        """
        for number, absence in enumerate(self._absences):
            if absence.covers(seq) and not self._let_in_again(number):
                yield self._wrong("after a revocation", f"{seq}, shut out from {absence.out} to {absence.back}")
        sent = self._sent.get(_nonce_of(frame) or "")
        for removal in self._removals:
            if sent is not None and removal.done_at < sent.first_at and at < removal.back_asked_at:
                yield self._wrong(
                    "after a removal returned", f"{seq} was sent {sent.first_at - removal.done_at:.3f} s later"
                )

    def _let_in_again(self, number: int) -> bool:
        """Tell whether this following began when the removal behind an absence was being undone; they come in the same order."""
        begun_at = self._begun_at or 0.0
        return number < len(self._removals) and self._removals[number].back_asked_at <= begun_at

    def _is_back(self, number: int) -> bool:
        """Tell whether the removal behind an absence was undone."""
        return number < len(self._removals) and self._removals[number].back_done_at < NEVER

    def _the_end(self) -> Iterator[Violation]:
        """Who is entitled at the end has everything."""
        head = self._truth.head(self._view.topic)
        entitled = all(
            absence.back is not None or self._is_back(number) for number, absence in enumerate(self._absences)
        )
        if entitled and self._position is not None and self._position < head:
            self.expected += head - self._position
            yield self._wrong("not caught up", f"at {self._position}, the log is at {head}")

    def _snapshots(self) -> Iterator[Violation]:
        rows: Sequence[Row] = self._truth.rows[self._view.topic]
        for snapshot in self._view.snapshots:
            wanted = {
                row.data["message"]["id"] for row in rows[snapshot.low : snapshot.head] if row.type == "message.created"
            }
            if missing := wanted - snapshot.ids:
                yield self._wrong("snapshot incomplete", f"{len(missing)} of {len(wanted)} up to {snapshot.head}")
