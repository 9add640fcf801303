"""Who is there, seen from another process: while people come and go, and while processes and Redis die under them."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.people import Person, Place
from tests.servers import ServerGroup
from tests.socket_client import SocketClient
from tests.web_sockets import Problem

WITHIN_SECONDS = 60.0


@pytest.fixture
async def viewer(place: Place) -> SocketClient:
    """Ann is on the first process and looks at Ben."""
    socket = await place.people[0].connect(0)
    await look(socket, place, place.people[1])
    return socket


async def look(socket: SocketClient, place: Place, *people: Person) -> dict[str, str]:
    """Look at people, and return how they are shown."""
    await socket.follow(f"community:{place.community}")
    answer = await socket.command("presence.watch", community=place.community, users=[person.id for person in people])
    return {member["user"]: member["status"] for member in answer["members"]}


def changes(socket: SocketClient, person: Person) -> list[str]:
    """Return how a person was shown, one change after the other."""
    shown = [frame["d"]["presence"] for frame in socket.of_type("presence.changed")]
    return [presence["status"] for presence in shown if presence["user"] == person.id]


async def shown(socket: SocketClient, person: Person, *statuses: str) -> None:
    """Wait until a person was shown like this since the beginning, and never otherwise."""
    await socket._until(lambda: len(changes(socket, person)) >= len(statuses), WITHIN_SECONDS)
    assert changes(socket, person) == [*statuses]


async def test_people_are_seen_from_another_process_until_they_are_gone_for_good(place, viewer):
    ben = place.people[1]
    phone = await ben.connect(1)
    await shown(viewer, ben, "online")
    await phone.command("presence.set", status="dnd", custom={"text": "At sea"})
    await shown(viewer, ben, "online", "dnd")
    assert viewer.of_type("presence.changed")[-1]["d"]["presence"]["custom"]["text"] == "At sea"
    phone.abort()
    await shown(viewer, ben, "online", "dnd", "offline")


async def test_somebody_invisible_is_not_seen_from_another_process_not_even_when_redis_forgets(place, servers, viewer):
    ben = place.people[1]
    phone = await ben.connect(1)
    await shown(viewer, ben, "online")
    await phone.command("presence.set", status="invisible")
    await shown(viewer, ben, "online", "offline")
    servers.redis.child.kill()
    servers.revive()
    ann = await seen_again(place, viewer)
    assert await look(viewer, place, ben, ann) == {ben.id: "offline", ann.id: "online"}
    await shown(viewer, ben, "online", "offline")


async def seen_again(place: Place, viewer: SocketClient) -> Person:
    """Wait until presence works again: Ann, who comes to the second process, is seen from the first."""
    ann = place.people[0]
    await ann.connect(1)
    async with asyncio.timeout(WITHIN_SECONDS):
        while await status_of(viewer, place, ann) != "online":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return ann


async def status_of(viewer: SocketClient, place: Place, person: Person) -> str | None:
    """Return how a person is shown, or None while Redis is away."""
    try:
        return (await look(viewer, place, person))[person.id]
    except Problem as problem:
        if problem.code != "service.unavailable":
            raise
        return None


async def test_the_users_of_a_killed_process_are_offline_when_its_lease_is_over(place, servers, viewer):
    ben = place.people[1]
    await ben.connect(1)
    await shown(viewer, ben, "online")
    servers.gateways[1].kill()
    await shown(viewer, ben, "online", "offline")


async def test_who_comes_back_from_a_killed_process_in_time_never_went(place, servers, new_person, viewer):
    ben, cat = place.people[1], await new_person("cat")
    await place.admit(cat)
    await ben.connect(1, 0, reconnect=True)
    await cat.connect(1)
    await shown(viewer, ben, "online")
    assert await look(viewer, place, ben, cat) == {ben.id: "online", cat.id: "online"}
    servers.gateways[1].kill()
    await shown(viewer, cat, "offline")
    await shown(viewer, ben, "online")


async def test_a_restarted_process_takes_nobody_offline_who_comes_back_in_time(place, servers: ServerGroup, viewer):
    ben, ann = place.people[1], place.people[0]
    await ben.connect(1, 0, reconnect=True)
    await shown(viewer, ben, "online")
    leaver = await ann.connect(1)
    servers.gateways[1].child.stop()
    await leaver.close_code()
    servers.revive()
    phone = await ben.connect(1)
    await phone.command("presence.set", status="dnd")
    await shown(viewer, ben, "online", "dnd")
