"""What the protocol promises, as a plain model: who may do what, what each act appends, and what each socket must then see.

Nothing here knows hubs, streams or Redis. Ids and topics are the strings of the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

MESSAGES_PER_ROOM = 12
BAD_FRAMES = 4
TOPICS = 3
LARGE_MESSAGES = 20
"""Messages that together are more than a socket's backlog."""
NEVER = 2**63


class Refused(NamedTuple):
    """A problem: its code, and the field that it names."""

    code: str
    field: str | None = None


NOT_FOUND = Refused("not_found")


class Entry(NamedTuple):
    """A durable event: what it says (see `digest`), and whom or which session it ends."""

    type: str
    says: tuple[Any, ...] = ()
    revoked: str | None = None
    session: str | None = None


def digest(name: str, d: dict[str, Any]) -> tuple[Any, ...]:
    """Return what an event's body says, as far as the model predicts it."""
    match name:
        case "message.created" | "message.edited":
            return (d["message"]["id"], d["message"]["body"], d["message"]["deleted"])
        case "member.joined" | "member.updated":
            return (d["member"]["user"]["id"], d["member"]["status"])
        case "community.updated":
            return (d["community"]["name"],)
        case "room_member.added":
            return (d["user"]["id"],)
        case "room.created" | "room.archived":
            return (d["room"]["id"],)
        case "membership.changed":
            return (d["status"],)
        case "session.started":
            return (d["session"]["id"], d["new_device"])
    return tuple(d.values())


class Log:
    """One topic: its events from seq 1 on; those up to `floor` are no longer kept."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.floor = 0

    @property
    def head(self) -> int:
        return len(self.entries)

    def after(self, position: int) -> list[tuple[int, Entry]]:
        return list(enumerate(self.entries[position:], position + 1))


@dataclass
class Member:
    """A user in the community; `rooms` holds their own state in a room and the membership it dates from."""

    id: str
    is_owner: bool = False
    status: str = "active"
    timed_out: bool = False
    epoch: int = 0
    rooms: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def is_current(self) -> bool:
        return self.status in {"active", "timed_out"}


@dataclass
class Room:
    id: str
    is_private: bool
    is_archived: bool = False

    @property
    def topic(self) -> str:
        return f"room:{self.id}"


@dataclass
class Message:
    id: str
    room: str
    author: str
    body: str
    seq: int
    is_deleted: bool = False


@dataclass
class Node:
    """A gateway process. While it is deaf no doorbell reaches it; `heard` is how far it must have delivered each topic.

    `flooded`: topics of which more than a socket's backlog may come at once. `broken`: topics of which it missed events that are gone.
    """

    is_deaf: bool = False
    heard: dict[str, int] = field(default_factory=dict)
    flooded: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)


@dataclass
class Reading:
    """A socket follows a topic from behind `position`. `losses`: what its user may be told when it is taken away.

    When `loose`, the socket was slow as that happened, and what was queued of the topic is forgotten.
    """

    position: int
    losses: set[str] = field(default_factory=set)
    loose: bool = False


@dataclass
class Socket:
    user: str
    session: str
    node: int
    readings: dict[str, Reading] = field(default_factory=dict)
    bad_frames: int = 0
    stalled: bool = False
    large: int = 0


class Model:
    """One community with its rooms, members, logs and gateway nodes. The first member is its owner."""

    def __init__(self, community: str, rooms: list[Room], members: list[Member], nodes: int) -> None:
        self.community = community
        self.rooms = {room.id: room for room in rooms}
        self.members = {member.id: member for member in members}
        self.messages: dict[str, Message] = {}
        self.markers: dict[tuple[str, str], int] = {}
        self.sent: dict[tuple[str, str, str], Message] = {}
        self.taken: dict[tuple[str, str], int] = {}
        self.ended_sessions: set[str] = set()
        topics = [
            f"community:{community}",
            *(room.topic for room in rooms),
            *(f"user:{member}" for member in self.members),
        ]
        self.logs = {topic: Log() for topic in topics}
        self.nodes = [Node() for _ in range(nodes)]

    # The log ---------------------------------------------------------------------------------------------------------

    def append(self, topic: str, type_: str, *says: Any, revoked: str | None = None, session: str | None = None) -> int:
        log = self.logs[topic]
        log.entries.append(Entry(type_, says, revoked, session))
        for node in self.nodes:
            if not node.is_deaf:
                node.heard[topic] = log.head
        return log.head

    def sweep(self, number: int) -> None:
        """A node has compared its heads with the log."""
        self.nodes[number].heard = {topic: log.head for topic, log in self.logs.items()}

    def is_behind(self, node: Node) -> bool:
        return any(node.heard[topic] < log.head for topic, log in self.logs.items())

    def restart(self, number: int) -> None:
        self.nodes[number] = Node()
        self.sweep(number)

    def forget(self, topic: str, kept: int) -> int:
        """Keep only the newest events of a topic; return the last seq that is gone."""
        log = self.logs[topic]
        log.floor = max(log.floor, log.head - kept)
        for node in self.nodes:
            if node.heard[topic] < log.floor:
                node.broken.add(topic)
        return log.floor

    def settled(self, number: int) -> None:
        """What a node has caught up with lies behind it."""
        node = self.nodes[number]
        node.flooded = {topic for topic in node.flooded if node.heard[topic] < self.logs[topic].head}
        node.broken = {topic for topic in node.broken if node.heard[topic] < self.logs[topic].floor}

    # What a socket must see ------------------------------------------------------------------------------------------

    def due(self, socket: Socket, topic: str) -> list[tuple[int, Entry]]:
        """Return the events of a followed topic, up to the one that takes it away; a socket may see the end of its own session."""
        found = self.logs[topic].after(socket.readings[topic].position)
        end = self._end(socket, topic)
        return [(seq, entry) for seq, entry in found if end is None or seq < end]

    def must_see(self, socket: Socket, topic: str) -> int:
        """Return how many of those must have come by now."""
        if socket.readings[topic].loose:
            return 0
        return sum(seq <= self.nodes[socket.node].heard[topic] for seq, _ in self.due(socket, topic))

    def must_end(self, socket: Socket, topic: str) -> bool:
        end = self._end(socket, topic)
        return end is not None and end <= self.nodes[socket.node].heard[topic]

    def may_end(self, socket: Socket, topic: str) -> bool:
        return self._end(socket, topic) is not None

    def losses(self, socket: Socket, topic: str) -> set[str]:
        """Return the codes of which one tells the user that the topic is closed to them."""
        return socket.readings[topic].losses | {self.loss(socket.user, topic)}

    def note_losses(self, socket: Socket) -> None:
        """A socket that does not read is told later what was so in the meantime."""
        for topic, reading in socket.readings.items():
            if self.must_end(socket, topic):
                reading.losses.add(self.loss(socket.user, topic))
                reading.loose = True

    def delivers(self, socket: Socket, topic: str) -> bool:
        """Tell whether what happens in a topic now reaches the socket now."""
        node = self.nodes[socket.node]
        is_open = topic in socket.readings and self._end(socket, topic) is None and not self.must_close(socket, {})
        return is_open and not node.is_deaf

    def must_close(self, socket: Socket, cursors: dict[str, int]) -> set[int]:
        """Return the codes of which the server must have closed the socket with one; `cursors` is what the client has seen."""
        codes = {4500} if socket.bad_frames > BAD_FRAMES else set()
        if socket.large >= LARGE_MESSAGES:
            codes.add(4008)
        if self._session_end(socket) <= self.nodes[socket.node].heard[f"user:{socket.user}"]:
            codes.add(4504)
        if any(cursors.get(topic, log.floor) < log.floor for topic, log in self._broken(socket)):
            codes.add(4000)
        return codes

    def may_close(self, socket: Socket) -> set[int]:
        node = self.nodes[socket.node]
        codes = {4000} if self._broken(socket) else set()
        if any(topic in node.flooded for topic in socket.readings):
            codes.add(4008)
        return codes | {4504} if self._session_end(socket) < NEVER else codes

    def _end(self, socket: Socket, topic: str) -> int | None:
        found = self.logs[topic].after(socket.readings[topic].position)
        return next((seq for seq, entry in found if entry.revoked == socket.user), None)

    def _session_end(self, socket: Socket) -> int:
        found = self.logs[f"user:{socket.user}"].after(0)
        return next((seq for seq, entry in found if entry.session == socket.session), NEVER)

    def _broken(self, socket: Socket) -> list[tuple[str, Log]]:
        """Return the topics of a socket of which its node has found out that events are gone."""
        node = self.nodes[socket.node]
        found = [(topic, self.logs[topic]) for topic in socket.readings if topic in node.broken]
        return [(topic, log) for topic, log in found if node.heard[topic] >= log.floor]

    # Who may ---------------------------------------------------------------------------------------------------------

    def takes_part(self, user: str, room: Room) -> bool:
        state, epoch = self.members[user].rooms.get(room.id, ("", -1))
        if room.is_private:
            return state == "member" and epoch == self.members[user].epoch
        return state != "removed"

    def may_read(self, user: str, topic: str) -> bool:
        kind, _, object_id = topic.partition(":")
        if kind == "user":
            return object_id == user
        member = self.members[user]
        return member.is_current and (kind == "community" or self.takes_part(user, self.rooms[object_id]))

    def loss(self, user: str, topic: str) -> str:
        """Return the code that a user is told with when a topic is taken away."""
        member = self.members[user]
        if self.may_read(user, topic):
            return "access.changed"
        if not member.is_current:
            return "membership.banned" if member.status == "banned" else "membership.required"
        state, _ = member.rooms.get(topic.partition(":")[2], ("", 0))
        return "participation.removed" if state == "removed" else "not_found"

    def refusal(self, user: str, room_id: str, *, writing: bool, moderating: bool = False) -> Refused | None:
        room = self.rooms.get(room_id)
        member = self.members[user]
        if room is None or not self.may_read(user, room.topic):
            return NOT_FOUND
        if writing and member.status == "timed_out":
            return Refused("membership.timed_out")
        if moderating and not member.is_owner:
            return Refused("permission.denied")
        return None

    # What a socket asks ----------------------------------------------------------------------------------------------

    def follow(self, socket: Socket, topic: str, after: int | None) -> Refused | list[dict[str, Any]]:
        """Return the refusal, or the answers that are true; which one was given is told to `followed`."""
        if topic not in socket.readings and len(socket.readings) >= TOPICS:
            return Refused("topic.too_many")
        if topic not in self.logs or not self.may_read(socket.user, topic):
            return NOT_FOUND
        return [
            {"topic": topic, "head": head, "recovered": not reason, "reason": reason}
            for head in self._heads(socket, topic, after or 0)
            for reason in ([None] if after is None else self._reasons(topic, after, head, socket.user))
        ]

    def followed(self, socket: Socket, answer: dict[str, Any], after: int | None) -> None:
        resumes = answer["recovered"] and after is not None
        socket.readings[answer["topic"]] = Reading(after if resumes else answer["head"])

    def _heads(self, socket: Socket, topic: str, after: int) -> range:
        """A node that has not heard of everything may say how far it is itself, unless the client is ahead; the rest comes as events."""
        head = self.logs[topic].head
        heard = self.nodes[socket.node].heard.get(topic, head)
        return range(min(max(heard, after), head), head + 1)

    def _reasons(self, topic: str, after: int, head: int, user: str) -> list[str | None]:
        """What is gone from the log may still be in a node's memory: then a cursor before it is as good as any."""
        log = self.logs[topic]
        if after > log.head:
            return ["too_old"]
        lost = any(entry.revoked == user for seq, entry in log.after(after) if seq <= head)
        if after < log.floor:
            return ["too_old", "access_changed" if lost else None]
        return ["access_changed" if lost else None]

    def send(self, user: str, room_id: str, body: str, nonce: str) -> Refused | Message | None:
        """Return the refusal, the message of the first try, or None for a new message (see `sent_as`)."""
        self.taken[room_id, user] = self.taken.get((room_id, user), 0) + 1
        if self.taken[room_id, user] > MESSAGES_PER_ROOM:
            return Refused("rate.limited")
        refused = self.may_send(user, room_id)
        if refused:
            return refused
        if not body.strip():
            return Refused("request.invalid", "body")
        return self.sent.get((room_id, user, nonce))

    def may_send(self, user: str, room_id: str) -> Refused | None:
        return self.refusal(user, room_id, writing=True) or self._is_open(room_id)

    def sent_as(self, message_id: str, user: str, room_id: str, body: str, nonce: str) -> Message:
        """A new message got this id: return it with the seq that it must have."""
        seq = self.append(f"room:{room_id}", "message.created", message_id, body.strip(), False)
        message = Message(message_id, room_id, user, body.strip(), seq)
        self.messages[message_id] = self.sent[room_id, user, nonce] = message
        return message

    def edit(self, user: str, message_id: str, body: str) -> Refused | None:
        if not body.strip():
            return Refused("request.invalid", "body")
        message = self.messages.get(message_id)
        if message is None:
            return NOT_FOUND
        refused = self.refusal(user, message.room, writing=True) or self._is_open(message.room)
        if refused:
            return refused
        if message.author != user:
            return Refused("message.not_the_author")
        if message.is_deleted:
            return Refused("message.is_deleted")
        if message.body != body.strip():
            message.body = body.strip()
            self.append(f"room:{message.room}", "message.edited", message.id, message.body, False)
        return None

    def delete(self, user: str, message_id: str) -> Refused | None:
        message = self.messages.get(message_id)
        if message is None:
            return NOT_FOUND
        refused = self.refusal(user, message.room, writing=False) or self._is_open(message.room)
        if not refused and message.author != user:
            refused = self.refusal(user, message.room, writing=True, moderating=True)
        if refused:
            return refused
        if not message.is_deleted:
            message.is_deleted, message.body = True, ""
            self.append(f"room:{message.room}", "message.deleted", message.id, message.seq)
        return None

    def read(self, user: str, room_id: str, seq: int) -> Refused | dict[str, Any]:
        if seq < 0:
            return Refused("request.invalid", "seq")
        refused = self.refusal(user, room_id, writing=False)
        if refused:
            return refused
        target = min(seq, self.logs[f"room:{room_id}"].head)
        if target > self.markers.get((user, room_id), 0):
            self.markers[user, room_id] = target
            self.append(f"user:{user}", "read_marker.moved", room_id, target)
        return {"room": room_id, "seq": self.markers.get((user, room_id), 0)}

    def type(self, user: str, room_id: str) -> Refused | None:
        return self.may_send(user, room_id)

    def _is_open(self, room_id: str) -> Refused | None:
        return Refused("room.archived") if self.rooms[room_id].is_archived else None

    # What others do --------------------------------------------------------------------------------------------------

    def end_membership(self, user: str, status: str) -> Refused | None:
        """Remove, ban or leave: every topic is closed before anything else is said."""
        member = self.members[user]
        if not member.is_current:
            return NOT_FOUND
        rooms = [room for room in self.rooms.values() if self.takes_part(user, room)]
        for topic in [f"community:{self.community}", *(room.topic for room in rooms)]:
            self.append(topic, "access.revoked", user, revoked=user)
        self.append(f"community:{self.community}", "member.removed", user)
        self._changed(member, status)
        return None

    def ban(self, user: str) -> Refused | None:
        member = self.members[user]
        if member.is_current:
            return self.end_membership(user, "banned")
        if member.status != "banned":
            self._changed(member, "banned")
        return None

    def unban(self, user: str) -> None:
        if self.members[user].status == "banned":
            self._changed(self.members[user], "removed")

    def add(self, user: str) -> Refused | None:
        member = self.members[user]
        if member.status == "banned":
            return Refused("member.banned")
        if not member.is_current:
            member.epoch += 1
            member.status = "timed_out" if member.timed_out else "active"
            self.append(f"community:{self.community}", "member.joined", user, member.status)
            self.append(f"user:{user}", "membership.changed", member.status)
        return None

    def time_out(self, user: str, *, is_over: bool) -> Refused | None:
        member = self.members[user]
        if not member.is_current:
            return NOT_FOUND
        if is_over and member.status == "active":
            return None
        member.timed_out = not is_over
        member.status = "active" if is_over else "timed_out"
        self.append(f"community:{self.community}", "member.updated", user, member.status)
        self.append(f"user:{user}", "membership.changed", member.status)
        return None

    def remove_from_room(self, user: str, room_id: str) -> Refused | None:
        room = self.rooms[room_id]
        if room.is_archived:
            return Refused("room.archived")
        if not self.may_read(user, room.topic):
            return NOT_FOUND
        self.members[user].rooms[room_id] = ("removed", self.members[user].epoch)
        self.append(room.topic, "access.revoked", user, revoked=user)
        self.append(room.topic, "room_member.removed", user)
        self.append(f"user:{user}", "room.left", room_id)
        return None

    def add_to_room(self, user: str, room_id: str) -> Refused | None:
        room, member = self.rooms[room_id], self.members[user]
        if room.is_archived:
            return Refused("room.archived")
        if not member.is_current:
            return NOT_FOUND
        if not self.takes_part(user, room):
            member.rooms[room_id] = ("member", member.epoch)
            self.append(room.topic, "room_member.added", user)
            self.append(f"user:{user}", "room.joined", room_id, self.community)
        return None

    def archive(self, room_id: str) -> Refused | None:
        room = self.rooms[room_id]
        if room.is_archived:
            return Refused("room.archived")
        room.is_archived = True
        self.append(room.topic, "room.archived", room_id)
        return None

    def sign_in(self, user: str, session: str) -> None:
        """All devices are alike, and an account's first is not news: none is new."""
        self.append(f"user:{user}", "session.started", session, False)

    def log_out(self, user: str, session: str) -> None:
        if session not in self.ended_sessions:
            self.ended_sessions.add(session)
            self.append(f"user:{user}", "session.revoked", session, session=session)

    def _changed(self, member: Member, status: str) -> None:
        member.status = status
        self.append(f"user:{member.id}", "membership.changed", status)
