"""What a follow asks of the database: in the order that revocation needs, and for many sockets with the statements of one."""

from __future__ import annotations

import asyncio
import threading

import msgspec
import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from communities.actions.communities import update_community
from communities.actions.memberships import remove_member
from communities.models import Community
from eventlog.doorbell import LoggedEvent
from eventlog.events import AccessRevoked
from eventlog.replay import Resumption
from eventlog.topics import authorise_follows, topic_for
from gateway import following
from gateway.following import Following, admit_all
from gateway.memory import Memories
from gateway.pool import DatabasePool
from gateway.stream import Stream
from kernel.actor import user_actor
from kernel.errors import NotFound
from kernel.ids import CommunityId, UserId, uuid7
from tests.factories.accounts import actor_for, make_user
from tests.factories.communities import acting, make_community, make_member


@pytest.fixture
def owner(transactional_db) -> User:
    return make_user()


@pytest.fixture
def member(transactional_db) -> User:
    return make_user()


@pytest.fixture
def community(owner, member) -> Community:
    community = make_community(owner=owner)
    make_member(community, member)
    return community


@pytest.fixture
def topic(community) -> str:
    return topic_for("community", community.id)


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
        assert admit_all([(members[0], topic)]) == [1]
    with django_assert_num_queries(3):
        answers = admit_all([(actor, topic) for actor in (*members, *strangers)])
    assert answers[:25] == [1] * 25
    assert all(isinstance(answer, NotFound) for answer in answers[25:])


async def test_what_many_sockets_ask_while_a_call_runs_is_one_call(asking, owner, topic, monkeypatch):
    calls, begun, let_go = [], threading.Event(), threading.Event()

    def authorise(asked):
        calls.append(len(asked))
        begun.set()
        let_go.wait(5)
        return authorise_follows(asked)

    monkeypatch.setattr(following, "authorise_follows", authorise)
    actor = actor_for(owner)
    first = asyncio.create_task(asking.admit(actor, topic))
    await asyncio.to_thread(begun.wait, 5)
    others = [asyncio.create_task(asking.admit(actor, topic)) for _ in range(50)]
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
