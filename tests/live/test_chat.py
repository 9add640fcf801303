"""Two people talk, each on a process of their own."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.people import bodies_of, new_nonce, seqs_of
from tests.web_sockets import Problem


@pytest.fixture
async def ann(place):
    socket = await place.people[0].connect(0)
    await place.follow(socket)
    return socket


@pytest.fixture
async def ben(place):
    socket = await place.people[1].connect(1)
    await place.follow(socket)
    return socket


async def test_each_hears_the_other_once_and_in_the_same_order(place, ann, ben):
    async def talk(socket, name):
        for number in range(20):
            await socket.command("message.send", room=place.room, body=f"{name} {number}", nonce=new_nonce())

    await asyncio.gather(talk(ann, "ann"), talk(ben, "ben"))
    heard = await ann.events(place.topic, 40)
    assert await ben.events(place.topic, 40) == heard
    assert len(heard) == 40
    for name in ("ann", "ben"):
        own = [body for body in bodies_of(heard) if body.startswith(name)]
        assert own == [f"{name} {number}" for number in range(20)]
    assert ann.violations == ben.violations == []


async def test_the_ack_carries_the_place_of_the_message_in_the_log(place, ann, ben):
    ack = await ann.command("message.send", room=place.room, body="Hello", nonce="one")
    (event,) = await ben.events(place.topic, 1)
    assert (ack["topic"], ack["seq"], ack["id"]) == (event["topic"], event["seq"], event["d"]["message"]["id"])
    assert event["d"]["message"]["author"]["id"] == place.people[0].id


async def test_a_message_that_is_sent_again_anywhere_is_the_same_message(place, ann, ben):
    first = await ann.command("message.send", room=place.room, body="Once", nonce="same")
    second = await (await place.people[0].connect(1)).command(
        "message.send", room=place.room, body="Once", nonce="same"
    )
    third = await place.people[0].call("POST", f"rooms/{place.room}/messages", {"body": "Once", "nonce": "same"})
    assert first == second
    assert (third["id"], third["seq"]) == (first["id"], first["seq"])
    assert await ben.quiet()
    assert bodies_of(ben.received[place.topic]) == ["Once"]


async def test_an_edit_and_a_deletion_reach_the_other(place, ann, ben):
    ack = await ann.command("message.send", room=place.room, body="Ebb at sx", nonce=new_nonce())
    await ann.command("message.edit", message=ack["id"], body="Ebb at six")
    await ann.command("message.delete", message=ack["id"])
    _, edited, deleted = await ben.events(place.topic, 3)
    assert edited["d"]["message"]["body"] == "Ebb at six"
    assert edited["d"]["message"]["edited_at"] is not None
    assert (deleted["t"], deleted["d"]) == ("message.deleted", {"id": ack["id"], "seq": ack["seq"]})
    shown = await place.people[1].call("GET", f"messages/{ack['id']}", at=1)
    assert (shown["body"], shown["deleted"]) == ("", True)


async def test_nobody_edits_the_message_of_another(place, ann, ben):
    ack = await ann.command("message.send", room=place.room, body="Mine", nonce=new_nonce())
    with pytest.raises(Problem) as refused:
        await ben.command("message.edit", message=ack["id"], body="Yours")
    assert refused.value.body["retryable"] is False
    assert (await place.people[0].call("GET", f"messages/{ack['id']}"))["body"] == "Mine"
    assert [frame["t"] for frame in await ben.events(place.topic, 1)] == ["message.created"]


async def test_typing_reaches_the_other_process_without_a_number(place, ann, ben):
    await ben.command("typing.start", room=place.room)
    typing = await ann.event("typing.started")
    assert (typing["topic"], typing["d"], "seq" in typing) == (place.topic, {"user": place.people[1].id}, False)


async def test_a_read_marker_moves_on_all_devices_of_its_owner_and_only_there(place, ann, ben):
    ben_himself = place.people[1]
    phone = await ben_himself.connect(0)
    await phone.follow(f"user:{ben_himself.id}")
    ack = await ann.command("message.send", room=place.room, body="Read me", nonce=new_nonce())
    assert (await rooms_of(place, 1))[place.room]["unread"] == 1
    await ben.command("room.read", room=place.room, seq=ack["seq"])
    moved = await phone.event("read_marker.moved")
    assert moved["d"] == {"room": place.room, "seq": ack["seq"]}
    assert (await rooms_of(place, 1))[place.room]["unread"] == 0
    assert ann.of_type("read_marker.moved") == []


async def rooms_of(place, person: int):
    rooms = await place.people[person].call("GET", f"communities/{place.community}/rooms", at=person)
    return {room["id"]: room for room in rooms["items"]}


async def test_history_and_then_following_have_no_gap_while_others_write(place, ann):
    """A client takes a snapshot over REST from one process and follows on the other, again and again while messages are written."""
    writing = asyncio.create_task(write_steadily(ann, place, 150))
    newcomers = []
    while not writing.done():
        newcomers.append(await snapshot_and_follow(place))
    await writing
    expected = [f"line {number}" for number in range(150)]
    assert len(newcomers) >= 3
    for snapshot, socket in newcomers:
        await socket.events(place.topic, 150 - len(snapshot))
        assert snapshot + bodies_of(socket.received[place.topic]) == expected
        assert socket.violations == []


async def write_steadily(socket, place, lines: int) -> None:
    for number in range(lines):
        await socket.command("message.send", room=place.room, body=f"line {number}", nonce=new_nonce())


async def snapshot_and_follow(place):
    """Read the whole history back to its beginning, then follow after the head that the first page named."""
    ben = place.people[1]
    page = await ben.call("GET", f"rooms/{place.room}/messages?limit=100", at=0)
    head, items = page["head"], page["items"]
    while page["next"]:
        page = await ben.call("GET", f"rooms/{place.room}/messages?limit=100&cursor={page['next']}", at=1)
        items += page["items"]
    socket = await ben.connect(1)
    await socket.follow(place.topic, head)
    return [message["body"] for message in reversed(items) if message["seq"] <= head], socket


async def test_messagepack_and_json_clients_are_told_the_same(place, ann):
    compact = await place.people[1].connect(1, wire="msgpack")
    await place.follow(compact)
    await compact.command("message.send", room=place.room, body="Grüße 🐚", nonce=new_nonce())
    await ann.command("message.send", room=place.room, body="zurück", nonce=new_nonce())
    assert await compact.events(place.topic, 2) == await ann.events(place.topic, 2)


async def test_a_direct_room_is_of_two_people_alone(place, new_person, ann, ben):
    cleo = await new_person("cleo")
    await place.admit(cleo)
    room = await place.people[0].call(
        "POST", f"communities/{place.community}/direct-rooms", {"user_id": place.people[1].id}
    )
    topic = f"room:{room['id']}"
    await ben.follow(topic)
    outsider = await cleo.connect(1)
    with pytest.raises(Problem) as refused:
        await outsider.follow(topic)
    assert refused.value.code == "not_found"
    await ann.command("message.send", room=room["id"], body="Between us", nonce=new_nonce())
    assert bodies_of(await ben.events(topic, 1)) == ["Between us"]
    assert seqs_of(outsider.received[topic]) == []
