"""Signing in many sockets: few statements for all of them, an outcome for each, and no gap in which a session ends unnoticed."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

import pytest
from asgiref.sync import sync_to_async
from django.db.backends.utils import CursorWrapper

from accounts.actions.sessions import revoke_session
from accounts.actions.tickets import issue_ticket
from accounts.models import Session
from gateway import process
from gateway.hello import greet_all
from kernel.clock import now
from tests.factories.accounts import actor_with_session, make_user, sign_in
from tests.factories.communities import make_community, make_member

SOCKETS = 50


@pytest.fixture
def statements(monkeypatch):
    """Count the statements of every thread."""
    counted: Counter[str] = Counter()
    execute = CursorWrapper.execute

    def counting(self, sql, params=None):
        counted[str(sql).split()[0]] += 1
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", counting)
    return counted


@sync_to_async
def members(amount: int) -> list[str]:
    community = make_community()
    users = [make_user() for _ in range(amount)]
    for user in users:
        make_member(community, user)
    return [sign_in(user).access for user in users]


async def test_many_sockets_at_once_are_signed_in_with_a_constant_number_of_statements(
    gateway, open_socket, monkeypatch, statements
):
    """The first look at the log is held until everybody else has asked for one: then two calls answer all."""
    tokens = await members(SOCKETS)
    first, go_on = threading.Event(), threading.Event()
    read_heads = process.read_heads

    def held(topics):
        if not first.is_set():
            first.set()
            go_on.wait(60)
        return read_heads(topics)

    asked = 0
    everybody_asked = asyncio.Event()
    log = gateway.hub._log
    head = log.head

    async def head_for_one(topic):
        nonlocal asked
        asked += 1
        if asked == SOCKETS:
            everybody_asked.set()
        return await head(topic)

    monkeypatch.setattr(process, "read_heads", held)
    monkeypatch.setattr(log, "head", head_for_one)
    statements.clear()
    opening = [asyncio.create_task(open_socket(subprotocols=("portcullis.v1", f"bearer.{token}"))) for token in tokens]
    clients = await asyncio.gather(*opening)
    async with asyncio.timeout(60):
        await everybody_asked.wait()
    go_on.set()
    hellos = [await client.frame() for client in clients]
    assert {hello["t"] for hello in hellos} == {"hello"}
    assert len({hello["d"]["user"]["id"] for hello in hellos}) == SOCKETS
    assert all(len(hello["d"]["communities"]) == 1 for hello in hellos)
    assert sum(statements.values()) <= 2 + 3 * 3  # heads twice; greetings at most three times


async def test_one_bad_proof_among_many_harms_nobody(open_socket):
    tokens = await members(3)
    ended = await sync_to_async(actor_with_session)(await sync_to_async(make_user)())
    ticket = (await sync_to_async(issue_ticket)(ended)).ticket
    await sync_to_async(revoke_session)(ended, session_id=ended.session_id)
    paths = ["/ws/v1", f"/ws/v1?ticket={ticket}", "/ws/v1?ticket=unknown", "/ws/v1", "/ws/v1", "/ws/v1"]
    proofs = [tokens[0], None, None, "x", tokens[1], tokens[2]]
    clients = await asyncio.gather(
        *(
            open_socket(path, subprotocols=("portcullis.v1", *([f"bearer.{proof}"] if proof else [])))
            for path, proof in zip(paths, proofs, strict=True)
        )
    )
    frames = [await client.frame() for client in clients]
    assert [frame["d"].get("code", "hello") for frame in frames] == [
        "hello",
        "auth.session_ended",
        "auth.ticket_invalid",
        "auth.token_invalid",
        "hello",
        "hello",
    ]
    assert [await clients[place].close_code() for place in (1, 2, 3)] == [4501] * 3
    assert (await clients[0].command("ping"))["t"] == "ok"


async def test_a_session_that_ends_between_proof_and_watch_gets_no_greeting(open_socket, gateway, monkeypatch):
    """The proof is good and was not asked about in the database yet; what counts is the look after the watch has begun."""
    user = await sync_to_async(make_user)()
    actor = await sync_to_async(actor_with_session)(user)
    ticket = (await sync_to_async(issue_ticket)(actor)).ticket
    hold = gateway.hub.hold

    async def hold_after_the_end(topic):
        await sync_to_async(revoke_session)(actor, session_id=actor.session_id)
        return await hold(topic)

    monkeypatch.setattr(gateway.hub, "hold", hold_after_the_end)
    client = await open_socket(f"/ws/v1?ticket={ticket}")
    frame = await client.frame()
    assert (frame["t"], frame["d"]["code"]) == ("problem", "auth.session_ended")
    assert await client.close_code() == 4501


async def test_a_socket_that_may_have_missed_the_end_of_its_session_is_closed_with_a_code_that_brings_it_back(
    open_socket, gateway
):
    """Who was signed out learns that from the next proof; the others go on."""
    user = await sync_to_async(make_user)()
    actor = await sync_to_async(actor_with_session)(user)
    client = await open_socket(f"/ws/v1?ticket={(await sync_to_async(issue_ticket)(actor)).ticket}")
    assert (await client.frame())["t"] == "hello"
    (connection,) = gateway.connections
    connection.watch.must_resume()
    assert await client.close_code() == 4000


async def test_a_session_that_ends_between_the_look_and_the_greeting_closes_the_socket(
    open_socket, gateway, monkeypatch
):
    """The look found it alive, so only the watch, which began before the look, can notice."""
    user = await sync_to_async(make_user)()
    actor = await sync_to_async(actor_with_session)(user)
    ticket = (await sync_to_async(issue_ticket)(actor)).ticket
    greet = gateway.signing_in.greet

    async def greet_before_the_end(*arrival):
        hello = await greet(*arrival)
        await sync_to_async(revoke_session)(actor, session_id=actor.session_id)
        return hello

    monkeypatch.setattr(gateway.signing_in, "greet", greet_before_the_end)
    client = await open_socket(f"/ws/v1?ticket={ticket}")
    assert await client.close_code() == 4504


async def test_a_first_frame_of_an_ended_session_is_not_acknowledged(open_socket):
    user = await sync_to_async(make_user)()
    access = (await sync_to_async(sign_in)(user)).access
    await sync_to_async(Session.objects.update)(revoked_at=now())
    client = await open_socket()
    await client.send(f'{{"t":"auth","ref":"1","d":{{"token":"{access}"}}}}')
    frame = await client.frame()
    assert (frame["t"], frame["d"]["code"]) == ("problem", "auth.session_ended")
    assert await client.close_code() == 4501


@pytest.mark.django_db
def test_greeting_nobody_is_no_error():
    assert greet_all([]) == []
