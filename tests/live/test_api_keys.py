"""Bots over the network: they talk by key alone, and their sockets end with the key on every process, with Redis or without."""

from __future__ import annotations

import pytest

from tests.live.people import new_nonce


@pytest.fixture
async def bot(place):
    """Ann's bot is a member; `secret` is its key."""
    ann = place.founder
    bot = await ann.call("POST", "me/bots", {"username": f"bot-{new_nonce()}"})
    scopes = ["chat:read", "chat:write", "communities:read", "profile:read"]
    made = await ann.call("POST", f"me/bots/{bot['id']}/keys", {"name": "live", "scopes": scopes})
    await ann.call("POST", f"communities/{place.community}/members", {"username": bot["username"]})
    return {**bot, "secret": made["secret"], "key": made["key"]["id"]}


async def socket_of(place, bot, at: int):
    client = await place.founder.connect(at, token=bot["secret"])
    await client.follow(place.topic)
    return client


async def test_a_bot_talks_by_its_key_and_is_seen_as_one(place, bot):
    ben = await place.people[1].connect(1)
    await place.follow(ben)
    socket = await socket_of(place, bot, 0)
    await socket.command("message.send", room=place.room, body="High water", nonce=new_nonce())
    author = (await ben.event("message.created"))["d"]["message"]["author"]
    assert (author["id"], author["bot"]) == (bot["id"], True)


async def test_a_revoked_key_closes_its_sockets_on_every_process(place, bot):
    sockets = [await socket_of(place, bot, at) for at in (0, 1)]
    other = await place.founder.connect(1)
    await place.founder.call("DELETE", f"me/keys/{bot['key']}", at=0)
    for socket in sockets:
        assert await socket.close_code() == 4504
    assert await other.command("ping") == {}


async def test_a_revoked_key_closes_its_sockets_with_redis_away(place, bot, servers):
    sockets = [await socket_of(place, bot, at) for at in (0, 1)]
    servers.redis.child.kill()
    await place.founder.call("DELETE", f"me/keys/{bot['key']}", at=0)
    for socket in sockets:
        assert await socket.close_code() == 4504
