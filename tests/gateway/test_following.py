"""What a follow asks of the database: in the order that revocation needs, and for many sockets with the statements of one."""

from __future__ import annotations

import asyncio
import threading

import msgspec
import pytest
from asgiref.sync import sync_to_async

from communities.actions.communities import update_community
from communities.actions.memberships import remove_member
from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.replay import Resumption
from eventlog.topics import authorise_follows
from gateway import following, process
from gateway.following import Admission, Following, admit_all
from gateway.memory import Memories
from gateway.pool import DatabasePool
from gateway.stream import Stream
from kernel.actor import user_actor
from kernel.errors import NotFound
from kernel.ids import CommunityId, UserId, uuid7
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import acting, make_member


@pytest.fixture
def remove(owner, member, community):
    """Return a function that takes the community from the member."""
    ids = {"community_id": CommunityId(community.id), "user_id": UserId(member.id)}
    return lambda: remove_member(actor_for(owner), **ids)


@pytest.fixture
async def asking(transactional_db):
    pool = DatabasePool("test", 1)
    yield Following(pool)
    pool.close()


async def test_a_revocation_between_head_and_question_is_seen_by_the_question(
    connect, member, topic, remove, monkeypatch
):
    def removed_before(asked):
        remove()
        return authorise_follows(asked)

    client = await connect(member)
    monkeypatch.setattr(following, "authorise_follows", removed_before)
    assert (await client.command("topic.follow", topic=topic))["d"]["code"] == "not_found"
    assert await client.quiet()


async def test_a_revocation_after_the_question_reaches_the_follower_as_an_event(
    connect, member, topic, remove, monkeypatch
):
    def removed_after(asked):
        answers = authorise_follows(asked)
        remove()
        return answers

    client = await connect(member)
    monkeypatch.setattr(following, "authorise_follows", removed_after)
    answer = await client.command("topic.follow", topic=topic)
    assert (answer["d"]["head"], answer["d"]["recovered"]) == (0, True)
    told = await client.frame()
    assert (told["t"], told["topic"], told["d"]["code"]) == ("access.revoked", topic, "membership.required")
    assert "seq" not in told
    assert await client.quiet()


async def test_a_revocation_after_the_question_ends_a_resumption_too(
    connect, member, owner, community, topic, remove, monkeypatch
):
    def removed_after(asked):
        answers = authorise_follows(asked)
        remove()
        return answers

    await sync_to_async(update_community)(actor_for(owner), community_id=CommunityId(community.id), name="Seen")
    client = await connect(member)
    monkeypatch.setattr(following, "authorise_follows", removed_after)
    answer = await client.command("topic.follow", topic=topic, after=0)
    assert (answer["d"]["head"], answer["d"]["recovered"], answer["d"]["reason"]) == (1, False, "access_changed")
    told = await client.frame()
    assert (told["t"], told["topic"], "seq" in told) == ("access.revoked", topic, False)
    assert await client.quiet()


def test_admitting_fifty_costs_the_statements_of_one(owner, community, topic, django_assert_num_queries):
    members = [acting(make_member(community)) for _ in range(25)]
    strangers = [actor_for(make_user()) for _ in range(25)]
    update_community(actor_for(owner), community_id=CommunityId(community.id), name="Other")
    with django_assert_num_queries(3):
        assert admit_all([Admission(members[0], topic)]) == [1]
    with django_assert_num_queries(3):
        answers = admit_all([Admission(actor, topic) for actor in (*members, *strangers)])
    assert answers[:25] == [1] * 25
    assert all(isinstance(answer, NotFound) for answer in answers[25:])


def test_of_a_topic_that_is_followed_here_no_head_is_read(owner, topic, django_assert_num_queries):
    """The question comes after what this process has reached, which is all that the order needs."""
    with django_assert_num_queries(2):
        assert admit_all([Admission(actor_for(owner), topic, 7)]) == [7]


@pytest.mark.parametrize(
    ("reached", "after", "read"), [(None, None, True), (None, 3, True), (5, None, False), (5, 5, False), (5, 6, True)]
)
async def test_the_log_is_asked_how_far_a_topic_is_where_this_process_does_not_know(
    asking, owner, topic, monkeypatch, reached, after, read
):
    reads = []
    monkeypatch.setattr(following, "read_heads", lambda topics: reads.append(1) or dict.fromkeys(topics, 9))
    head = await asking.admit(actor_for(owner), topic, reached, after)
    assert (head, bool(reads)) == ((9, True) if read else (5, False))


async def test_a_client_that_is_ahead_of_this_process_goes_on_where_it_is(
    connect, member, owner, community, topic, monkeypatch
):
    """Another process has told it more than this one has heard yet; this one learns of it by the follow."""
    rename = sync_to_async(update_community)
    first = await connect(member)
    await first.command("topic.follow", topic=topic)
    monkeypatch.setattr("eventlog.append.ring", lambda events: None)
    for name in ("One", "Two", "Three"):
        await rename(actor_for(owner), community_id=CommunityId(community.id), name=name)
    second = await connect(member)
    answer = await second.command("topic.follow", topic=topic, after=2)
    assert (answer["d"]["head"], answer["d"]["recovered"], answer["d"]["reason"]) == (3, True, None)
    assert (await second.frame())["seq"] == 3
    assert [frame["seq"] for frame in await first.frames(3)] == [1, 2, 3]
    assert await second.quiet()


async def test_what_many_sockets_ask_while_a_call_runs_is_one_call(asking, owner, topic, monkeypatch):
    calls, begun, let_go = [], threading.Event(), threading.Event()

    def authorise(asked):
        calls.append(len(asked))
        begun.set()
        let_go.wait(60)
        return authorise_follows(asked)

    monkeypatch.setattr(following, "authorise_follows", authorise)
    actor = actor_for(owner)
    first = asyncio.create_task(asking.admit(actor, topic, None, None))
    await asyncio.to_thread(begun.wait, 60)
    others = [asyncio.create_task(asking.admit(actor, topic, None, None)) for _ in range(50)]
    await asyncio.sleep(0)
    let_go.set()
    assert await asyncio.gather(first, *others) == [0] * 51
    assert calls == [1, 50]


async def test_a_reader_at_the_head_is_not_asked_about(asking, owner, topic, monkeypatch):
    monkeypatch.setattr(DatabasePool, "run", None)
    for after in (None, 7):
        assert (await asking.resume(actor_for(owner), Stream(topic, Memories()), 7, after)).reason is None


async def test_a_resumption_within_memory_is_answered_without_the_log(asking, owner, topic, monkeypatch):
    """Memory proves it only when it holds everything from the cursor to the head that was read."""
    actor, other = actor_for(owner), uuid7()
    stream = Stream(topic, Memories())
    stream.open_at(4)
    stream.advance(
        [LoggedEvent(topic, 5, "access.revoked", msgspec.json.encode(AccessRevoked(user=other)))]
        + [LoggedEvent(topic, seq, "tests.numbered", b"{}") for seq in (6, 7)]
    )
    with monkeypatch.context() as without_pool:
        without_pool.setattr(DatabasePool, "run", None)
        assert await asking.resume(actor, stream, 7, 4) == Resumption(7, None)
        assert await asking.resume(user_actor(other), stream, 7, 4) == Resumption(7, "access_changed")
        assert await asking.resume(user_actor(other), stream, 7, 5) == Resumption(7, None)
    for head, after in ((8, 5), (7, 3), (7, 9)):
        assert (await asking.resume(actor, stream, head, after)).reason == "too_old"


async def test_a_crowd_that_returns_at_once_is_caught_up_with_a_constant_number_of_statements(
    gateway, connect, member, owner, community, topic, monkeypatch
):
    """The first call is held back until all have asked: two calls at most, however many they are."""
    for name in ("One", "Two", "Three"):
        await sync_to_async(update_community)(actor_for(owner), community_id=CommunityId(community.id), name=name)
    crowd = [await connect(member) for _ in range(20)]
    calls, asked_first, let_go = [], [], threading.Event()

    def counted(module, name):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, **options: calls.append(name) or real(*args, **options))

    def authorise(asked):
        asked_first.extend(asked)
        let_go.wait(60)
        return authorise_follows(asked)

    monkeypatch.setattr(following, "authorise_follows", authorise)
    for module, name in ((following, "authorise_follows"), (following, "read_heads"), (process, "read_heads")):
        counted(module, name)
    counted(process, "read_events")
    resuming = [asyncio.create_task(client.command("topic.follow", topic=topic, after=1)) for client in crowd]
    async with asyncio.timeout(60):
        while len(asked_first) + len(gateway.following._admissions._waiting) < len(crowd):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    let_go.set()
    answers = await asyncio.gather(*resuming)
    assert all(answer["d"]["recovered"] for answer in answers)
    for client in crowd:
        assert [frame["seq"] for frame in await client.frames(2)] == [2, 3]
    assert calls.count("authorise_follows") <= 2
    assert calls.count("read_events") == 1
    assert calls.count("read_heads") <= 4  # for each of the two calls, before the question and when the topic is opened
