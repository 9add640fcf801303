"""The protocol under any order of acts: sockets on two gateway nodes against a model that predicts every answer, event and close.

The default budget takes seconds, with a fixed seed where `CI` is set (Hypothesis' own profile). To look for an hour or more, 1,000 times
50 acts: `pytest tests/gateway/test_protocol_machine.py --hypothesis-profile=long`, which is registered in `tests/conftest.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.actions.sessions import revoke_session
from accounts.models import User
from chat.actions.messages import post_message
from chat.actions.room_members import add_room_member, remove_room_member
from chat.actions.rooms import archive_room
from communities.actions import memberships
from communities.actions.communities import update_community
from eventlog.replay import read_events, read_heads
from eventlog.topics import Topic
from kernel.actor import Actor, user_actor
from kernel.errors import DomainError
from kernel.ids import CommunityId, RoomId, SessionId, UserId
from kernel.rate_limits import RateLimit
from tests.conftest import CountingLimiter
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.chat import make_room
from tests.factories.communities import make_community, make_member
from tests.gateway import protocol_model as model
from tests.gateway.protocol_lab import Client, Lab, Relay
from tests.gateway.protocol_model import Member, Message, Model, Refused, Room, Socket, digest

NODES = 2
BACKLOG_BYTES = 65_536
LARGE_BODY = "x" * 4_000

picks = st.integers(0, 11)
bodies = st.sampled_from(["Ahoy", "Land in sight", "  Ahoy ", "   "])
nonces = st.sampled_from(["a", "b", "c", "d", "e", "f"])
NOWHERE = "00000000-0000-0000-0000-000000000000"
FRAMES_THAT_ARE_BAD = ["nonsense", '{"t":7}', '{"t":"volcano"}', '{"t":"topic.follow","d":{"topic":7}}']


class Session:
    """A signed-in device: what it needs to connect, and the cursors that it keeps."""

    def __init__(self, user: User) -> None:
        self.user = str(user.pk)
        self.token = sign_in(user).access
        self.id = str(user.sessions.latest("id").pk)
        self.cursors: dict[str, int] = {}


class ProtocolMachine(RuleBasedStateMachine):
    """Every rule does one thing and tells the model of it; the invariant waits for what must come and compares."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self.lab = lab
        self.sockets: list[tuple[Socket, Client, Session]] = []
        self.numbers = count()

    @initialize()
    def begin(self) -> None:
        self.users = [make_user() for _ in range(3)]
        community = make_community(owner=self.users[0])
        for user in self.users[1:]:
            make_member(community, user)
        rooms = [make_room(community), make_room(community, *self.users, private=True)]
        self.community = CommunityId(community.pk)
        self.model = Model(
            str(community.pk),
            [Room(str(room.pk), room.visibility == "private") for room in rooms],
            [Member(str(user.pk), is_owner=user is self.users[0]) for user in self.users],
            NODES,
        )
        self.sessions: list[Session] = []
        for user in self.users:
            self._sign_in(user)
        for room, known in zip(rooms, self.model.rooms.values(), strict=True):
            self.model.append(known.topic, "room.created", known.id)
            for user in self.users if known.is_private else ():
                self.model.members[str(user.pk)].rooms[str(room.pk)] = ("member", 0)
        for number in range(NODES):
            self.model.restart(number)
        self.checked: dict[str, int] = {}

    # Sockets ---------------------------------------------------------------------------------------------------------

    @rule(pick=picks, node=st.integers(0, NODES - 1), direct=st.booleans())
    def connect(self, pick: int, node: int, direct: bool) -> None:
        self._connect(self.sessions[pick % len(self.sessions)], node, direct=direct)

    @rule(pick=picks, node=st.integers(0, NODES - 1), direct=st.booleans())
    def come_back(self, pick: int, node: int, direct: bool) -> None:
        """Connect to any node and follow everything again from the cursors that the device kept."""
        session = self.sessions[pick % len(self.sessions)]
        connected = self._connect(session, node, direct=direct)
        for topic, after in list(session.cursors.items())[: model.TOPICS] if connected else ():
            self._follow(*connected, topic, after)

    @precondition(lambda self: self.sockets)
    @rule(pick=picks)
    def go(self, pick: int) -> None:
        _, client, session = self.sockets.pop(pick % len(self.sockets))
        self.lab.run(client.leave())
        self._keep(client, session)

    @rule(pick=picks)
    def sign_in_again(self, pick: int) -> None:
        self.lab.commit_through(next(self.numbers) % NODES)
        self._sign_in(self.users[pick % len(self.users)])

    @rule(pick=picks)
    def log_out(self, pick: int) -> None:
        session = self.sessions[pick % len(self.sessions)]
        actor = user_actor(UserId(UUID(session.user)), SessionId(UUID(session.id)))
        self._act(lambda: revoke_session(actor, session_id=SessionId(UUID(session.id))), None)
        self.model.log_out(session.user, session.id)
        if len(self.sessions) > len(self.users):
            self.sessions.remove(session)

    def _sign_in(self, user: User) -> None:
        session = Session(user)
        self.sessions.append(session)
        self.model.sign_in(session.user, session.id)

    def _connect(self, session: Session, node: int, *, direct: bool) -> tuple[Socket, Client] | None:
        client = self.lab.run(self.lab.connect(node, session.token, direct=direct))
        if session.id in self.model.ended_sessions:
            assert (client.hello, client.code) == (None, 4501)
            assert [frame["d"]["code"] for frame in client.unasked] == ["auth.session_ended"]
            return None
        assert client.hello is not None
        assert client.hello["d"]["user"]["id"] == session.user
        socket = Socket(session.user, session.id, node)
        self.sockets.append((socket, client, session))
        return socket, client

    def _keep(self, client: Client, session: Session) -> None:
        assert client.faults == []
        session.cursors.update(client.cursors)

    # Commands --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self._free())
    @rule(pick=picks, which=picks, after=st.sampled_from(["no", "kept", "start", "older", "ahead"]))
    def follow(self, pick: int, which: int, after: str) -> None:
        socket, client = self._pick(pick)
        topics = [*self.model.logs, f"room:{NOWHERE}"]
        topic = topics[which % len(topics)]
        head = self.model.logs[topic].head if topic in self.model.logs else 0
        kept = client.cursors.get(topic, head)
        position = {"no": None, "kept": kept, "start": 0, "older": max(0, kept - 2), "ahead": head + 3}[after]
        self._follow(socket, client, topic, position)

    @precondition(lambda self: self._free())
    @rule(pick=picks, which=picks)
    def unfollow(self, pick: int, which: int) -> None:
        socket, client = self._pick(pick)
        topic = list(self.model.logs)[which % len(self.model.logs)]
        assert self._ask(socket, client, "topic.unfollow", topic=topic) == {}
        socket.readings.pop(topic, None)

    @precondition(lambda self: self._free())
    @rule(pick=picks, room=picks, body=bodies, nonce=nonces)
    def send(self, pick: int, room: int, body: str, nonce: str) -> None:
        socket, client = self._pick(pick)
        room_id = self._room(room)
        answer = self._ask(socket, client, "message.send", room=room_id, body=body, nonce=nonce)
        self._check_sent(socket.user, answer, room_id, body, nonce)

    @precondition(lambda self: self._free())
    @rule(pick=picks, sent=st.lists(st.tuples(picks, bodies, nonces), min_size=2, max_size=5))
    def send_several_in_one_message(self, pick: int, sent: list[tuple[int, str, str]]) -> None:
        socket, client = self._pick(pick)
        wanted = [{"room": self._room(room), "body": body, "nonce": nonce} for room, body, nonce in sent]
        self.lab.commit_through(socket.node)
        for d, answer in zip(wanted, self.lab.run(_answers(client, wanted)), strict=True):
            self._check_sent(socket.user, answer, d["room"], d["body"], d["nonce"])

    @precondition(lambda self: self._free())
    @rule(pick=picks, which=picks, body=bodies)
    def edit(self, pick: int, which: int, body: str) -> None:
        socket, client = self._pick(pick)
        message_id = self._message(which)
        refused = self.model.edit(socket.user, message_id, body)
        answer = self._ask(socket, client, "message.edit", message=message_id, body=body)
        assert answer == refused if refused else answer["body"] == body.strip()

    @precondition(lambda self: self._free())
    @rule(pick=picks, which=picks)
    def delete(self, pick: int, which: int) -> None:
        socket, client = self._pick(pick)
        refused = self.model.delete(socket.user, self._message(which))
        assert self._ask(socket, client, "message.delete", message=self._message(which)) == (refused or {})

    @precondition(lambda self: self._free())
    @rule(pick=picks, room=picks, seq=st.integers(-1, 12))
    def mark_read(self, pick: int, room: int, seq: int) -> None:
        socket, client = self._pick(pick)
        expected = self.model.read(socket.user, self._room(room), seq)
        assert self._ask(socket, client, "room.read", room=self._room(room), seq=seq) == expected

    @precondition(lambda self: self._free())
    @rule(pick=picks, room=picks)
    def type(self, pick: int, room: int) -> None:
        socket, client = self._pick(pick)
        topic = f"room:{self._room(room)}"
        refused = self.model.type(socket.user, self._room(room))
        assert self._ask(socket, client, "typing.start", room=self._room(room)) == (refused or {})
        self.lab.run(self._check_typing(topic, None if refused else socket.user))

    @precondition(lambda self: self._free())
    @rule(pick=picks, text=st.sampled_from(FRAMES_THAT_ARE_BAD))
    def send_a_bad_frame(self, pick: int, text: str) -> None:
        socket, client = self._pick(pick)
        socket.bad_frames += 1
        client.post_text(text)
        self.lab.run(client.until(lambda: bool(client.unasked)))
        assert [frame["t"] for frame in client.unasked] == ["problem"]
        client.unasked.clear()

    def _follow(self, socket: Socket, client: Client, topic: str, after: int | None) -> None:
        expected = self.model.follow(socket, topic, after)
        asked = {"topic": topic} if after is None else {"topic": topic, "after": after}
        answer = self._ask(socket, client, "topic.follow", **asked)
        if isinstance(expected, Refused):
            assert answer == expected
        else:
            assert answer in expected
            self.model.followed(socket, answer, after)

    def _check_sent(self, user: str, answer: Any, room_id: str, body: str, nonce: str) -> None:
        expected = self.model.send(user, room_id, body, nonce)
        if expected is None:
            assert not isinstance(answer, Refused), answer
            expected = self.model.sent_as(answer["id"], user, room_id, body, nonce)
        if isinstance(expected, Message):
            assert answer == {"id": expected.id, "topic": f"room:{room_id}", "seq": expected.seq}
        else:
            assert answer == expected

    # What others do, over REST or in the admin panel -------------------------------------------------------------------

    @rule(pick=picks, act=st.sampled_from(["remove", "ban", "unban", "add", "time_out", "lift", "leave"]))
    def change_membership(self, pick: int, act: str) -> None:
        user = self._member(pick)
        self._act(lambda: self._really(act, user), self._in_the_model(act, str(user.pk)))

    @rule(pick=picks, room=picks, act=st.sampled_from(["add", "remove"]))
    def change_participation(self, pick: int, room: int, act: str) -> None:
        user, room_id = self._member(pick), list(self.model.rooms)[room % 2]
        really = add_room_member if act == "add" else remove_room_member
        modelled = self.model.add_to_room if act == "add" else self.model.remove_from_room
        expected = modelled(str(user.pk), room_id)
        self._act(lambda: really(self._owner, room_id=_room_id(room_id), user_id=UserId(user.pk)), expected)

    @rule(name=st.uuids())
    def rename(self, name: Any) -> None:
        self._act(lambda: update_community(self._owner, community_id=self.community, name=str(name)), None)
        self.model.append(f"community:{self.community}", "community.updated", str(name))

    @rule(room=picks, sure=st.integers(0, 4))
    def archive(self, room: int, sure: int) -> None:
        """Rarely: an archived room is a quiet one."""
        if sure == 0:
            room_id = list(self.model.rooms)[room % 2]
            self._act(lambda: archive_room(self._owner, room_id=_room_id(room_id)), self.model.archive(room_id))

    @rule(pick=picks)
    def remove_and_add_at_once(self, pick: int) -> None:
        """Who is back before anybody was told follows again without waiting."""
        user = self._member(pick)
        for act in ("remove", "add"):
            self._act(lambda act=act: self._really(act, user), self._in_the_model(act, str(user.pk)))
        topic = f"community:{self.community}"
        for socket, client, _ in self.sockets:
            if socket.user == str(user.pk) and not socket.stalled and topic in socket.readings:
                self._follow(socket, client, topic, None)

    @precondition(lambda self: self._free())
    @rule(pick=picks, room=picks, act=st.sampled_from(["remove", "ban", "time_out", "leave"]), amount=st.integers(1, 4))
    def send_while_access_ends(self, pick: int, room: int, act: str, amount: int) -> None:
        """One socket of each user sends while access ends for one of them: the log says who came first, and every answer must agree."""
        user, room_id = self._member(pick), list(self.model.rooms)[room % 2]
        senders = {socket.user: (socket, client) for socket, client in self._free()}
        sent = {
            member: [{"room": room_id, "body": "Now", "nonce": f"race-{next(self.numbers)}"} for _ in range(amount)]
            for member in senders
        }
        self.lab.commit_through(pick % NODES)
        answers, refused = self.lab.run(
            _race({member: (senders[member][1], sent[member]) for member in senders}, lambda: self._really(act, user))
        )
        self._replay_race(room_id, sent, answers, lambda: self._agree(refused, self._in_the_model(act, str(user.pk))))

    def _replay_race(
        self, room_id: str, sent: dict[str, Any], answers: dict[str, list[Any]], act: Callable[[], None]
    ) -> None:
        """Tell the model what happened in the order of the room's log, and hold every answer against it."""
        topic = f"room:{room_id}"
        before = {user: self.model.may_send(user, room_id) for user in sent}
        outcomes = {
            d["nonce"]: (user, d, answer) for user in sent for d, answer in zip(sent[user], answers[user], strict=True)
        }
        acted = False
        for event in read_events(Topic(topic), after=self.model.logs[topic].head, limit=1_000):
            body = msgspec.json.decode(event.data)
            if event.type == "message.created":
                user, d, answer = outcomes.pop(body["message"]["nonce"])
                self._check_sent(user, answer, room_id, d["body"], d["nonce"])
            elif not acted:
                act()
                acted = True
        if not acted:
            act()
        for user, d, answer in outcomes.values():
            after = self.model.send(user, room_id, d["body"], d["nonce"])
            assert isinstance(answer, Refused), answer
            assert answer in {after, before[user]}

    # Slow clients ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self._free())
    @rule(pick=picks)
    def stall(self, pick: int) -> None:
        socket, client = self._pick(pick)
        client.stall()
        socket.stalled = True

    @precondition(lambda self: any(socket.stalled for socket, _, _ in self.sockets))
    @rule()
    def read_on(self) -> None:
        self._resume_all()

    def _resume_all(self) -> None:
        for socket, client, _ in self.sockets:
            client.resume()
            socket.stalled = False

    @rule(room=picks)
    def flood(self, room: int) -> None:
        """More than the backlog, in parts that a client which reads takes easily."""
        room_id = list(self.model.rooms)[room % 2]
        if self.model.rooms[room_id].is_archived:
            return
        for number in range(model.LARGE_MESSAGES):
            self._post_large(room_id)
            if number % 4 == 3:
                self.lab.run(self._settle())
        for node in self.model.nodes:
            if node.is_deaf:
                node.flooded.add(f"room:{room_id}")

    def _post_large(self, room_id: str) -> None:
        nonce = f"large-{next(self.numbers)}"
        owner = str(self.users[0].pk)
        posted = post_message(self._owner, room_id=_room_id(room_id), body=LARGE_BODY, nonce=nonce)
        assert self.model.sent_as(str(posted.id), owner, room_id, LARGE_BODY, nonce).seq == posted.seq
        for socket, _, _ in self.sockets:
            socket.large += socket.stalled and self.model.delivers(socket, f"room:{room_id}")

    # The nodes, the relay and the log ----------------------------------------------------------------------------------

    @rule(node=st.integers(0, NODES - 1))
    def lose_rings(self, node: int) -> None:
        self.lab.nodes[node].is_deaf = self.model.nodes[node].is_deaf = True

    @precondition(lambda self: any(node.is_deaf for node in self.model.nodes))
    @rule(node=st.integers(0, NODES - 1))
    def hear_again(self, node: int) -> None:
        self._hear_again(node)

    def _hear_again(self, node: int) -> None:
        self.lab.nodes[node].is_deaf = self.model.nodes[node].is_deaf = False

    @precondition(lambda self: any(self.model.is_behind(node) for node in self.model.nodes))
    @rule(node=st.integers(0, NODES - 1))
    def sweep(self, node: int) -> None:
        self.lab.run(self.lab.nodes[node].hub.check_heads())
        self.model.sweep(node)

    @rule(node=st.integers(0, NODES - 1))
    def restart(self, node: int) -> None:
        self._resume_all()
        self.lab.run(self._settle())
        here = [entry for entry in self.sockets if entry[0].node == node]
        self.sockets = [entry for entry in self.sockets if entry not in here]
        self.lab.run(self.lab.restart(node))
        self.model.restart(node)
        for _, client, session in here:
            assert (client.code, [frame["t"] for frame in client.unasked]) == (4001, ["reconnect"])
            self._keep(client, session)

    @rule(which=picks, kept=st.integers(0, 5))
    def forget_old_events(self, which: int, kept: int) -> None:
        """Drop all but the newest events of a topic, as when they are older than the log keeps."""
        topics = [topic for topic in self.model.logs if not topic.startswith("user:")]
        topic = topics[which % len(topics)]
        floor = self.model.forget(topic, kept)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM eventlog_event WHERE topic = %s AND seq <= %s", [topic, floor])

    # What must be so after every step ----------------------------------------------------------------------------------

    @invariant()
    def all_is_as_predicted(self) -> None:
        self.lab.run(self._settle())
        self._check_log()

    async def _settle(self) -> None:
        """Wait for what must come, let a ping of every socket bring what must not, then compare."""
        for socket, client, session in tuple(self.sockets):
            if socket.stalled:
                self.model.note_losses(socket)
                continue
            await client.reaches(lambda socket=socket, client=client: self._has_arrived(socket, client))
            await client.ping()
            self._compare(socket, client)
            if client.code is not None:
                self.sockets.remove((socket, client, session))
                self._keep(client, session)
        for number in range(NODES):
            self.model.settled(number)

    def _has_arrived(self, socket: Socket, client: Client) -> bool:
        if client.code is not None:
            return True
        return not self.model.must_close(socket, client.cursors) and all(
            topic in client.notices
            if self.model.must_end(socket, topic)
            else len(client.seen[topic]) >= self.model.must_see(socket, topic)
            for topic in socket.readings
            if topic in client.seen or topic in client.notices
        )

    def _compare(self, socket: Socket, client: Client) -> None:
        assert client.faults == []
        must, may = self.model.must_close(socket, client.cursors), self.model.may_close(socket)
        assert client.code in must if must else client.code is None or client.code in may
        if client.code is None or client.code == 4500:
            assert [frame["t"] for frame in client.unasked] == []
        for topic in tuple(socket.readings):
            self._compare_topic(socket, client, topic)

    def _compare_topic(self, socket: Socket, client: Client, topic: str) -> None:
        due = [(seq, entry[:2]) for seq, entry in self.model.due(socket, topic)]
        told = client.notices.pop(topic, None)
        seen = [(seq, entry[:2]) for seq, entry in (client.ended.pop(topic) if told else client.seen[topic])]
        assert seen == due[: len(seen)]
        if client.code is None:
            assert len(seen) >= self.model.must_see(socket, topic)
            assert told if self.model.must_end(socket, topic) else True
        if told:
            assert self.model.may_end(socket, topic)
            assert told in self.model.losses(socket, topic)
            del socket.readings[topic]

    async def _check_typing(self, topic: str, user: str | None) -> None:
        for socket, client, _ in self.sockets:
            if socket.stalled or client.code is not None:
                continue
            expected = [(topic, user)] if user and self.model.delivers(socket, topic) else []
            await client.reaches(lambda client=client, expected=expected: client.typing == expected)
            await client.ping()
            if client.typing and self.model.nodes[socket.node].heard.get(topic, 0) < self.model.logs[topic].head:
                expected = [(topic, user)]  # a node that is behind does not know yet who lost the topic
            assert client.typing == expected
            client.typing.clear()

    def _check_log(self) -> None:
        heads = read_heads([Topic(topic) for topic in self.model.logs])
        assert heads == {topic: log.head for topic, log in self.model.logs.items()}
        for topic, log in self.model.logs.items():
            start = max(self.checked.get(topic, 0), log.floor)
            if start == log.head:
                continue
            stored = [
                (event.seq, (event.type, digest(event.type, msgspec.json.decode(event.data))))
                for event in read_events(Topic(topic), after=start, limit=1_000)
            ]
            assert stored == [(seq, entry[:2]) for seq, entry in log.after(start)]
            self.checked[topic] = log.head

    def teardown(self) -> None:
        self._resume_all()
        for _, client, _ in self.sockets:
            self.lab.run(client.leave())
        for number in range(NODES):
            if self.lab.nodes[number].is_deaf:
                self._hear_again(number)

    # Small things ----------------------------------------------------------------------------------------------------

    @property
    def _owner(self) -> Actor:
        return actor_for(self.users[0])

    def _free(self) -> list[tuple[Socket, Client]]:
        return [(socket, client) for socket, client, _ in self.sockets if not socket.stalled]

    def _pick(self, pick: int) -> tuple[Socket, Client]:
        free = self._free()
        return free[pick % len(free)]

    def _member(self, pick: int) -> User:
        """Return a user who may lose their membership: not the owner."""
        return self.users[1 + pick % (len(self.users) - 1)]

    def _room(self, pick: int) -> str:
        rooms = [*self.model.rooms, NOWHERE]
        return rooms[pick % len(rooms)]

    def _message(self, pick: int) -> str:
        messages = [*self.model.messages, NOWHERE]
        return messages[pick % len(messages)]

    def _ask(self, socket: Socket, client: Client, t: str, **d: Any) -> Any:
        self.lab.commit_through(socket.node)
        return _outcome(self.lab.run(client.ask(t, **d)))

    def _act(self, really: Callable[[], object], expected: Refused | None) -> None:
        self.lab.commit_through(next(self.numbers) % NODES)
        self._agree(_refusal_of(really), expected)

    def _agree(self, refused: Refused | None, expected: Refused | None) -> None:
        assert refused == expected

    def _really(self, act: str, user: User) -> None:
        whom = {"community_id": self.community, "user_id": UserId(user.pk)}
        match act:
            case "remove":
                memberships.remove_member(self._owner, **whom)
            case "ban":
                memberships.ban_member(self._owner, **whom)
            case "unban":
                memberships.unban_member(self._owner, **whom)
            case "add":
                memberships.add_member(self._owner, community_id=self.community, username=user.username)
            case "time_out":
                memberships.time_out_member(self._owner, **whom, seconds=3_600)
            case "lift":
                memberships.lift_time_out(self._owner, **whom)
            case "leave":
                memberships.leave_community(actor_for(user), community_id=self.community)

    def _in_the_model(self, act: str, user: str) -> Refused | None:
        match act:
            case "remove" | "leave":
                return self.model.end_membership(user, "removed")
            case "time_out" | "lift":
                return self.model.time_out(user, is_over=act == "lift")
        return {"ban": self.model.ban, "unban": self.model.unban, "add": self.model.add}[act](user)


def _outcome(frame: dict[str, Any]) -> Any:
    d = frame["d"]
    return d if frame["t"] == "ok" else Refused(d["code"], d["field"])


def _refusal_of(act: Callable[[], object]) -> Refused | None:
    try:
        act()
    except DomainError as error:
        return Refused(error.code, error.data.get("field"))
    return None


async def _answers(client: Client, sent: Sequence[dict[str, Any]]) -> list[Any]:
    refs = client.post_all([("message.send", d) for d in sent])
    return [_outcome(await client.answer(ref)) for ref in refs]


async def _race(
    sends: dict[str, tuple[Client, list[dict[str, Any]]]], act: Callable[[], object]
) -> tuple[dict[str, list[Any]], Refused | None]:
    """Let everybody send while a thread acts."""

    def act_and_disconnect() -> Refused | None:
        try:
            return _refusal_of(act)
        finally:
            connections.close_all()

    acting = asyncio.create_task(asyncio.to_thread(act_and_disconnect))
    answers = await asyncio.gather(*(_answers(client, sent) for client, sent in sends.values()))
    return dict(zip(sends, answers, strict=True)), await acting


def _room_id(text: str) -> RoomId:
    return RoomId(UUID(text))


@pytest.fixture
def lab(
    transactional_db: None, limiter: CountingLimiter, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """Two nodes with small limits, and timers that never come: whatever happens, the machine made it happen."""
    settings.SOCKET_BACKLOG_BYTES = BACKLOG_BYTES
    settings.SOCKET_TOPICS_MAX = model.TOPICS
    settings.GATEWAY_SWEEP_SECONDS = 3_600.0
    settings.RATE_LIMITS = {
        **settings.RATE_LIMITS,
        "message.create": RateLimit("message.create", model.MESSAGES_PER_ROOM, 10),
        "socket.frame": RateLimit("socket.frame", 1_000_000, 60),
        "socket.problem": RateLimit("socket.problem", model.BAD_FRAMES, 60),
    }
    monkeypatch.setattr("gateway.process.ChannelLayerRelay", Relay)
    for limit in ("memory.RECENT_BYTES", "bursts.MESSAGE_BYTES"):
        monkeypatch.setattr(f"gateway.{limit}", BACKLOG_BYTES // 4)  # in proportion, as by default
    monkeypatch.setattr("gateway.writing.STALLED_CLOSE_SECONDS", 3_600.0)
    with asyncio.Runner() as runner:
        lab = Lab(runner, NODES)
        yield lab
        lab.close()


@pytest.mark.long
def test_sockets_see_exactly_what_the_model_predicts_whatever_happens_in_whatever_order(lab: Lab) -> None:
    run_state_machine_as_test(lambda: ProtocolMachine(lab), settings=budget())


def budget() -> settings:
    """Return how far to look: as far as the profile says when it is `long`, else for a few seconds."""
    if settings.get_current_profile_name() == "long":
        return settings()
    return settings(max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
