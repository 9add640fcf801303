"""Sockets of API keys: how one is opened, what it may do, and that it ends with its key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts.actions.api_keys import revoke_api_key, rotate_api_key
from accounts.actions.bots import delete_bot
from accounts.actions.tickets import issue_ticket
from accounts.actions.users import deactivate_user
from accounts.authentication import actor_of_access_token
from accounts.models import ApiKey
from gateway.handshake import read_handshake
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.scopes import Scope
from tests.factories.accounts import actor_for, actor_with_session, make_bot, make_key, make_user
from tests.factories.chat import make_room
from tests.factories.communities import make_community, make_member


class Machine:
    """A bot that is a member, with a key."""

    def __init__(self, *scopes: Scope) -> None:
        self.owner = make_user()
        self.bot = make_bot(self.owner)
        self.community = make_community()
        make_member(self.community, self.bot)
        self.room = make_room(self.community)
        self.text, self.key = make_key(self.bot, *scopes)


@pytest.fixture
def machine(transactional_db):
    return Machine()


def by_header(text: str) -> dict[str, object]:
    return {"headers": ((b"authorization", f"Bearer {text}".encode()),)}


def by_subprotocol(text: str) -> dict[str, object]:
    return {"subprotocols": ("portcullis.v1", f"bearer.{text}")}


@pytest.mark.parametrize("proof", [by_header, by_subprotocol])
async def test_a_key_opens_a_socket_for_as_long_as_it_is_good(open_socket, machine, proof):
    client = await open_socket(**proof(machine.text))
    hello = await client.frame()
    assert (hello["t"], hello["d"]["user"]["id"], hello["d"]["user"]["bot"]) == ("hello", str(machine.bot.id), True)
    assert hello["d"]["expires_at"] == machine.key.expires_at.isoformat().replace("+00:00", "Z")
    assert [entry["id"] for entry in hello["d"]["communities"]] == [str(machine.community.id)]


async def test_a_key_opens_a_socket_by_its_first_frame_and_by_a_ticket(open_socket, machine):
    client = await open_socket()
    assert (await client.command("auth", token=machine.text))["t"] == "ok"
    assert (await client.frame())["t"] == "hello"
    actor = (await sync_to_async(actor_of_access_token)(machine.text)).actor
    ticket = (await sync_to_async(issue_ticket)(actor)).ticket
    other = await open_socket(f"/ws/v1?ticket={ticket}")
    assert (await other.frame())["d"]["user"]["id"] == str(machine.bot.id)


@pytest.mark.parametrize("parameter", ["key", "api_key", "ticket", "whatever"])
async def test_a_key_in_the_address_is_refused_even_when_it_is_good(open_socket, machine, parameter):
    client = await open_socket(f"/ws/v1?{parameter}={machine.text}")
    assert (await client.frame())["d"]["code"] == "handshake.invalid"
    assert await client.close_code() == 4500


async def test_a_wrong_key_opens_nothing(open_socket, machine):
    client = await open_socket(**by_header(machine.text[:-1] + "-"))
    assert (await client.frame())["d"]["code"] == "auth.key_invalid"
    assert await client.close_code() == 4501


async def test_a_header_of_another_scheme_is_no_proof():
    scope = {"subprotocols": ["portcullis.v1"], "headers": [(b"authorization", b"Basic eDp5")]}
    assert not read_handshake(scope).has_proof


async def test_a_socket_does_what_the_scopes_of_its_key_name_and_nothing_else(open_socket, transactional_db):
    machine = await sync_to_async(Machine)(Scope.CHAT_READ)
    client = await open_socket(**by_header(machine.text))
    hello = await client.frame()
    assert (hello["d"]["user"]["email"], hello["d"]["communities"]) == ("", [])
    assert (await client.command("topic.follow", topic=f"room:{machine.room.id}"))["t"] == "ok"
    refused = [
        await client.command("topic.follow", topic=f"community:{machine.community.id}"),
        await client.command("topic.follow", topic=f"user:{machine.bot.id}"),
        await client.command("message.send", room=str(machine.room.id), body="Hello", nonce="n"),
        await client.command("presence.set", status="dnd"),
    ]
    assert {frame["d"]["code"] for frame in refused} == {"auth.scope_missing"}
    assert [frame["d"]["message"] for frame in refused] == [
        f"This takes an API key with the scope {scope}."
        for scope in ("communities:read", "profile:read", "chat:write", "profile:write")
    ]
    assert await client.quiet()


async def test_a_bot_writes_where_it_is_a_member_and_nowhere_else(open_socket, machine):
    elsewhere = await sync_to_async(make_room)(await sync_to_async(make_community)())
    client = await open_socket(**by_header(machine.text))
    await client.frame()
    sent = await client.command("message.send", room=str(machine.room.id), body="High water", nonce="1")
    assert sent["t"] == "ok"
    refused = await client.command("message.send", room=str(elsewhere.id), body="High water", nonce="2")
    assert (refused["t"], refused["d"]["code"]) == ("problem", "not_found")


@pytest.mark.parametrize(
    "end",
    [
        lambda m: revoke_api_key(actor_with_session(m.owner), key_id=m.key.id),
        lambda m: rotate_api_key(actor_with_session(m.owner), key_id=m.key.id, overlap_hours=0),
        lambda m: delete_bot(actor_for(m.owner), bot_id=m.bot.id),
        lambda m: deactivate_user(SYSTEM, user_id=m.owner.id),
    ],
    ids=["revoked", "rotated without overlap", "bot deleted", "owner shut out"],
)
async def test_a_socket_ends_with_its_key_and_that_of_another_key_does_not(open_socket, machine, end):
    other = await sync_to_async(Machine)()
    client, bystander = [await open_socket(**by_header(one.text)) for one in (machine, other)]
    assert (await client.frame())["t"] == (await bystander.frame())["t"] == "hello"
    await sync_to_async(end)(machine)
    assert await client.close_code() == 4504
    assert (await bystander.command("ping"))["t"] == "ok"


async def test_a_socket_of_a_rotated_key_lives_until_the_overlap_ends(open_socket, gateway, machine):
    client = await open_socket(**by_header(machine.text))
    await client.frame()
    (connection,) = gateway.connections
    before = connection.expires
    await sync_to_async(rotate_api_key)(
        await sync_to_async(actor_with_session)(machine.owner), key_id=machine.key.id, overlap_hours=1
    )
    assert (await client.command("ping"))["t"] == "ok"
    assert connection.expires < before
    assert connection.expires - gateway.now() <= 3600


async def test_a_socket_is_closed_when_its_key_expires(open_socket, gateway, machine):
    await sync_to_async(ApiKey.objects.update)(expires_at=now() + timedelta(hours=1))
    client = await open_socket(**by_header(machine.text))
    assert (await client.frame())["t"] == "hello"
    (connection,) = gateway.connections
    assert 3_500 < connection.expires - gateway.now() <= 3_600
    connection.expires = gateway.now()
    assert (await client.frame())["d"]["code"] == "auth.token_expired"
    assert await client.close_code() == 4501


async def test_a_key_that_ends_between_proof_and_watch_gets_no_greeting(open_socket, gateway, machine, monkeypatch):
    hold = gateway.hub.hold

    async def hold_after_the_end(topic):
        await sync_to_async(revoke_api_key)(SYSTEM, key_id=machine.key.id)
        return await hold(topic)

    monkeypatch.setattr(gateway.hub, "hold", hold_after_the_end)
    client = await open_socket(**by_header(machine.text))
    assert (await client.frame())["d"]["code"] == "auth.key_ended"
    assert await client.close_code() == 4501


async def test_a_key_proves_itself_again_and_no_other_takes_its_place(open_socket, machine):
    other_text, _ = await sync_to_async(make_key)(machine.bot)
    client = await open_socket(**by_header(machine.text))
    await client.frame()
    assert (await client.command("auth", token=machine.text))["t"] == "ok"
    assert (await client.command("auth", token=other_text))["d"]["code"] == "auth.other_session"
