"""The hub with a log and a relay that the test controls: one read for a gap however many wait, failures that mend themselves."""

from __future__ import annotations

import asyncio
from math import inf

import msgspec
import pytest

from chat.constants import TYPING_WATCHERS_MAX
from eventlog.doorbell import EphemeralEvent, LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.topics import Topic, topic_for
from gateway import stream
from gateway.hub import Hub
from kernel.errors import Unavailable
from kernel.ids import UserId, uuid7
from tests.gateway.followers import Follower

TOPIC = Topic("room:01900000-0000-7000-8000-000000000001")


class MemoryLog:
    def __init__(self) -> None:
        self.kept: list[LoggedEvent] = []
        self.reads = 0
        self.away = False

    async def head(self, topic):
        self._check()
        return self.kept[-1].seq if self.kept else 0

    async def moved(self, known):
        self._check()
        head = self.kept[-1].seq if self.kept else 0
        return {topic: head for topic, known_head in known.items() if head > known_head}

    async def events(self, topic, after):
        self._check()
        self.reads += 1
        await asyncio.sleep(0)
        return [event for event in self.kept if event.seq > after][:3]

    def _check(self) -> None:
        if self.away:
            raise Unavailable

    def append(self, amount: int) -> list[LoggedEvent]:
        start = self.kept[-1].seq + 1 if self.kept else 1
        added = [LoggedEvent(TOPIC, seq, "tests.numbered", b"{}") for seq in range(start, start + amount)]
        self.kept += added
        return added

    def revoke(self, user_id: UserId) -> None:
        seq = self.kept[-1].seq + 1 if self.kept else 1
        data = msgspec.json.encode(AccessRevoked(user=user_id))
        self.kept.append(LoggedEvent(TOPIC, seq, "access.revoked", data))


class NoRelay:
    def __init__(self) -> None:
        self.joined: set[Topic] = set()
        self.joins = 0

    async def join(self, topic):
        self.joins += 1
        self.joined.add(topic)

    def leave(self, topic):
        self.joined.discard(topic)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def relay() -> NoRelay:
    return NoRelay()


@pytest.fixture
async def hub(log, relay):
    hub = Hub(log, relay, linger_seconds=0)
    yield hub
    await hub.close()


async def follow(hub: Hub, follower: Follower, position: int) -> None:
    stream = await hub.hold(TOPIC)
    await hub.catch_up(stream, follower, position)
    hub.release(stream)


async def settled(condition) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_gap_is_read_once_however_many_sockets_wait_for_it(hub, log):
    followers = [Follower() for _ in range(50)]
    for follower in followers:
        await follow(hub, follower, 0)
    events = log.append(3)
    hub.deliver(events[2:])
    hub.deliver(events[2:])
    await settled(lambda: followers[-1].seen == [1, 2, 3])
    assert all(follower.seen == [1, 2, 3] for follower in followers)
    assert log.reads == 1


async def test_it_knows_when_somebody_was_last_given_something(hub, log):
    hub.deliver(log.append(1))
    stream = await hub.hold(TOPIC)
    hub.deliver(log.append(1))
    await settled(lambda: not stream.gathered)
    assert hub.delivered_at == -inf  # nobody was there
    follower, began = Follower(), asyncio.get_running_loop().time()
    await follow(hub, follower, 2)
    hub.deliver(log.append(1))
    await settled(lambda: follower.seen == [3])
    assert hub.delivered_at >= began
    hub.release(stream)


async def test_a_gap_that_closes_by_itself_is_not_read_at_all(hub, log):
    follower = Follower()
    await follow(hub, follower, 0)
    first, second = log.append(2)
    hub.deliver([second])
    hub.deliver([first])
    await asyncio.sleep(0.05)
    assert (follower.seen, log.reads) == ([1, 2], 0)


async def test_a_subscriber_far_behind_is_brought_up_page_by_page_while_events_keep_coming(hub, log):
    log.append(10)
    follower = Follower()
    following = asyncio.create_task(follow(hub, follower, 0))
    await asyncio.sleep(0)
    hub.deliver(log.append(5))
    await following
    hub.deliver(log.append(1))
    await settled(lambda: follower.seen == list(range(1, 17)))


async def test_a_crowd_that_missed_the_same_is_caught_up_by_one_read_of_the_log(hub, log):
    log.append(3)
    crowd = [Follower() for _ in range(50)]
    await asyncio.gather(*(follow(hub, follower, 0) for follower in crowd))
    assert all(follower.seen == [1, 2, 3] for follower in crowd)
    assert log.reads == 1


async def test_what_was_read_for_one_serves_those_who_come_later_from_memory(hub, log):
    log.append(3)
    first, second, third = Follower(), Follower(), Follower()
    await follow(hub, first, 0)
    hub.deliver(log.append(1))
    await follow(hub, second, 1)
    await follow(hub, third, 0)
    assert (second.seen, third.seen, log.reads) == ([2, 3, 4], [1, 2, 3, 4], 1)


async def test_who_missed_the_same_is_given_the_same_encoded_burst(hub, log):
    log.append(3)
    crowd = [Follower() for _ in range(3)]
    for follower in crowd:
        await follow(hub, follower, 1)
    assert [len(follower.bursts) for follower in crowd] == [1, 1, 1]
    assert crowd[1].bursts[0] is crowd[2].bursts[0]


async def test_a_page_larger_than_a_socket_may_have_waiting_is_handed_over_in_parts_as_room_allows(hub, log):
    log.append(3)
    log.kept = [LoggedEvent(TOPIC, event.seq, event.type, b'"' + b"x" * 200_000 + b'"') for event in log.kept]
    follower = Follower()
    await follow(hub, follower, 0)
    assert follower.seen == [1, 2, 3]
    assert [len(burst.frames) for burst in follower.bursts] == [2, 1]
    assert follower.seen_when_asked_for_room == [0, 2, 3]


async def test_what_is_in_memory_waits_for_room_too(hub, log):
    """Else a client that follows many topics at once is closed as too slow, again each time it comes back."""
    await follow(hub, Follower(), 0)
    hub.deliver(log.append(3))
    follower = Follower()
    await follow(hub, follower, 0)
    assert follower.seen == [1, 2, 3]
    assert (follower.seen_when_asked_for_room, log.reads) == ([0], 0)


async def test_a_log_that_is_empty_after_a_cursor_makes_a_subscriber_resume(hub, log):
    log.append(3)
    holding = await hub.hold(TOPIC)
    log.kept = []
    late = Follower()
    await hub.catch_up(holding, late, 1)
    hub.release(holding)
    assert (late.seen, late.resumes, hub.watchers(TOPIC)) == ([], 1, 0)


async def test_a_read_that_fails_is_the_fate_of_those_who_waited_for_it_and_the_next_is_tried_anew(hub, log):
    log.append(3)
    holding = await hub.hold(TOPIC)
    log.away = True
    failed = await asyncio.gather(*(hub.catch_up(holding, Follower(), 0) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in failed] == [Unavailable] * 3
    log.away = False
    follower = Follower()
    await hub.catch_up(holding, follower, 0)
    hub.release(holding)
    assert follower.seen == [1, 2, 3]


async def test_one_who_gives_up_does_not_take_the_page_from_the_others(hub, log):
    log.append(3)
    leaving, staying = Follower(), Follower()
    gone = asyncio.create_task(follow(hub, leaving, 0))
    kept = asyncio.create_task(follow(hub, staying, 0))
    for _ in range(3):
        await asyncio.sleep(0)
    gone.cancel()
    await kept
    assert (leaving.seen, staying.seen, log.reads) == ([], [1, 2, 3], 1)


async def test_while_the_log_is_away_live_events_flow_and_a_gap_heals_when_it_is_back(hub, log):
    follower = Follower()
    await follow(hub, follower, 0)
    log.away = True
    hub.deliver(log.append(1))
    await settled(lambda: follower.seen == [1])
    log.append(1)
    hub.deliver(log.append(1))
    await asyncio.sleep(0.05)
    assert follower.seen == [1]
    with pytest.raises(Unavailable):
        await hub.check_heads()
    log.away = False
    await hub.check_heads()
    await settled(lambda: follower.seen == [1, 2, 3])


async def test_the_relay_is_joined_with_the_first_follower_and_left_with_the_last(hub, relay):
    first, second = Follower(), Follower()
    await follow(hub, first, 0)
    await follow(hub, second, 0)
    assert (relay.joined, hub.watchers(TOPIC)) == ({TOPIC}, 2)
    hub.unfollow(TOPIC, first)
    assert relay.joined == {TOPIC}
    hub.unfollow(TOPIC, second)
    hub.close_lingering()
    assert (relay.joined, hub.watchers(TOPIC)) == (set(), 0)


async def test_a_topic_that_was_left_stays_warm_for_those_who_were_cut_off(log, relay):
    """It is still heard and kept contiguous, so they need neither the relay nor the log."""
    hub = Hub(log, relay)
    cut, back = Follower(), Follower()
    await follow(hub, cut, 0)
    hub.deliver(log.append(1))
    hub.unfollow(TOPIC, cut)
    hub.close_lingering()
    hub.deliver(log.append(2))
    log.away = True
    await follow(hub, back, 1)
    assert (back.seen, relay.joined, relay.joins) == ([2, 3], {TOPIC}, 1)
    await hub.close()


async def test_a_follow_that_fails_leaves_nothing_behind(hub, log, relay):
    log.away = True
    with pytest.raises(Unavailable):
        await follow(hub, Follower(), 0)
    assert (relay.joined, hub.watchers(TOPIC)) == (set(), 0)


async def test_events_that_were_dropped_from_the_log_make_a_subscriber_resume(hub, log):
    log.append(10)
    log.kept = log.kept[5:]
    late, waiting = Follower(), Follower()
    await follow(hub, late, 2)
    assert (late.seen, late.resumes) == ([], 1)
    await follow(hub, waiting, 10)
    log.append(5)
    log.kept = log.kept[-2:]
    await hub.check_heads()
    await settled(lambda: waiting.resumes == 1)


async def test_heads_of_many_topics_are_compared_in_parts_and_only_what_moved_is_told(hub, log, monkeypatch):
    monkeypatch.setattr("gateway.hub.HEADS_PER_QUERY", 2)
    log.append(1)
    topics = [TOPIC, *(topic_for("room", uuid7()) for _ in range(4))]
    for topic in topics:
        hub.release(await hub.hold(topic))
        stream = await hub.hold(topic)
        await hub.catch_up(stream, Follower(), 1)
    asked = []

    async def moved(known):
        asked.append(dict(known))
        return {TOPIC: 2} if TOPIC in known else {}

    monkeypatch.setattr(log, "moved", moved)
    log.append(1)
    await hub.check_heads()
    await settled(lambda: log.reads == 1)
    assert [len(part) for part in asked] == [2, 2, 1]
    assert {topic: head for part in asked for topic, head in part.items()} == dict.fromkeys(topics, 1)


async def test_an_event_for_small_audiences_is_not_sent_to_a_large_one(hub):
    typing = EphemeralEvent(TOPIC, "typing.started", b"{}", "k")
    followers = [Follower() for _ in range(TYPING_WATCHERS_MAX)]
    for follower in followers:
        await follow(hub, follower, 0)
    hub.announce(typing)
    assert all(follower.ephemeral == ["typing.started"] for follower in followers)
    await follow(hub, Follower(), 0)
    hub.announce(typing)
    assert all(follower.ephemeral == ["typing.started"] for follower in followers)


async def test_topics_that_nobody_follows_cost_nothing(hub, log):
    hub.deliver(log.append(1))
    hub.announce(EphemeralEvent(TOPIC, "typing.started", b"{}", "k"))
    hub.ring(TOPIC, 7)
    await hub.check_heads()
    assert log.reads == 0


async def test_who_types_is_told_to_nobody_who_lost_the_topic_before_they_typed(hub, log):
    """The doorbell of the revocation was lost; that somebody typed after it was heard all the same."""
    removed, stays = Follower(), Follower()
    for follower in (removed, stays):
        await follow(hub, follower, 0)
    log.revoke(removed.user_id)
    hub.announce(EphemeralEvent(TOPIC, "typing.started", b"{}", "k", after=1))
    assert (removed.ephemeral, stays.ephemeral) == ([], [])
    await settled(lambda: stays.ephemeral)
    assert (removed.ephemeral, removed.revoked) == ([], [TOPIC])
    assert (stays.seen, stays.ephemeral) == ([1], ["typing.started"])


async def test_who_types_is_not_told_that_they_do(hub):
    types, reads = Follower(), Follower()
    for follower in (types, reads):
        await follow(hub, follower, 0)
    hub.announce(EphemeralEvent(TOPIC, "typing.started", b"{}", "k", by=types.user_id))
    assert (types.ephemeral, reads.ephemeral) == ([], ["typing.started"])


async def test_of_what_came_too_early_only_so_much_waits_and_of_each_kind_the_newest(hub, log, monkeypatch):
    monkeypatch.setattr(stream, "EARLY_EVENTS", 2)
    reads = Follower()
    await follow(hub, reads, 0)
    for key in "abac":
        hub.announce(EphemeralEvent(TOPIC, "typing.started", b"{}", key, after=1))
    assert reads.ephemeral == []
    hub.deliver(log.append(1))
    assert reads.ephemeral == ["typing.started"] * 2
