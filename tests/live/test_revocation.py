"""Who loses access gets nothing later: not on any process, not on any socket, not over REST."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.people import PASSWORD, Person, bodies_of, new_nonce
from tests.web_sockets import Problem


@pytest.fixture
async def ben_everywhere(place):
    """Ben follows the room on both processes, and once more through MessagePack."""
    ben = place.people[1]
    sockets = [await ben.connect(0), await ben.connect(1), await ben.connect(1, wire="msgpack")]
    await place.follow(*sockets)
    return sockets


@pytest.fixture
async def cleo(place, new_person):
    """Cleo stays."""
    cleo = await new_person("cleo")
    await place.admit(cleo)
    socket = await cleo.connect(1)
    await place.follow(socket)
    return socket


async def remove_from_room(place):
    await place.founder.call("DELETE", f"rooms/{place.room}/members/{place.people[1].id}")


async def remove_from_community(place):
    await place.founder.call("DELETE", f"communities/{place.community}/members/{place.people[1].id}", at=1)


async def ban(place):
    await place.founder.call("POST", f"communities/{place.community}/members/{place.people[1].id}/ban")


async def leave(place):
    await place.people[1].call("POST", f"communities/{place.community}/leave", at=1)


ENDS = [remove_from_room, remove_from_community, ban, leave]


@pytest.mark.parametrize("end", ENDS)
async def test_nothing_that_is_written_after_a_removal_reaches_the_removed(place, ben_everywhere, cleo, end):
    await place.write(place.founder, "Before")
    await end(place)
    await place.write(place.founder, "After")
    assert (await cleo.event("message.created"))["topic"] == place.topic
    await cleo.events(place.topic, 3)
    for socket in ben_everywhere:
        revoked = await socket.event("access.revoked")
        assert revoked["topic"] == place.topic
        assert "seq" not in revoked
        assert await socket.quiet()
        assert bodies_of(socket.received[place.topic]) == ["Before"]
        assert socket.received[place.topic][-1]["t"] == "access.revoked"


@pytest.mark.parametrize("end", ENDS)
async def test_while_others_write_without_pause_a_removal_cuts_at_one_place_of_the_log(
    place, ben_everywhere, cleo, end
):
    """The removed see what everybody sees, and nothing behind the revocation; what was still queued for them may be missing."""
    writer = await place.founder.connect(0)
    writing = asyncio.create_task(write_until_told(writer, place))
    for socket in (cleo, *ben_everywhere):
        await socket.events(place.topic, 30)
    await end(place)
    for socket in ben_everywhere:
        await socket.event("access.revoked")
    await cleo.events(place.topic, len(cleo.received[place.topic]) + 30)
    writing.cancel()
    everything = cleo.received[place.topic]
    cut = [frame["t"] for frame in everything].index("access.revoked")
    for socket in ben_everywhere:
        seen = [frame for frame in socket.received[place.topic] if "seq" in frame]
        assert seen == everything[: len(seen)]
        assert 30 <= len(seen) <= cut


async def write_until_told(writer, place) -> None:
    number = 0
    while True:
        await writer.command("message.send", room=place.room, body=f"line {number}", nonce=new_nonce())
        number += 1


@pytest.mark.parametrize("end", ENDS)
async def test_after_a_removal_every_other_way_to_the_room_is_closed(place, ben_everywhere, end):
    ben = place.people[1]
    message = (await place.write(place.founder, "Secret"))[0]
    await end(place)
    for at in (0, 1):
        for path in (f"rooms/{place.room}/messages", f"rooms/{place.room}", f"messages/{message['id']}"):
            answer = await ben.request("GET", path, at=at)
            assert answer.status_code in (403, 404)
            assert "Secret" not in answer.text
        rooms = await ben.request("GET", f"communities/{place.community}/rooms", at=at)
        assert place.room not in rooms.text
        posted = await ben.request(
            "POST", f"rooms/{place.room}/messages", at=at, json={"body": "Still here", "nonce": new_nonce()}
        )
        assert posted.status_code in (403, 404)
    for socket in ben_everywhere:
        with pytest.raises(Problem):
            await socket.follow(place.topic, after=0)
        with pytest.raises(Problem):
            await socket.command("message.send", room=place.room, body="Still here", nonce=new_nonce())
    history = await place.founder.call("GET", f"rooms/{place.room}/messages")
    assert [item["body"] for item in history["items"]] == ["Secret"]


async def test_who_was_removed_and_came_back_does_not_resume_over_what_was_said_meanwhile(place):
    ben = place.people[1]
    socket = await ben.connect(0)
    await place.follow(socket)
    cursor = socket.cursors[place.topic]
    await remove_from_community(place)
    await place.write(place.founder, "Behind his back")
    await place.admit(ben)
    for at in (0, 1):
        again = await ben.connect(at)
        answer = await again.follow(place.topic, after=cursor)
        assert (answer["recovered"], answer["reason"]) == (False, "access_changed")
        assert await again.quiet()


async def test_a_logout_on_one_process_closes_the_session_s_sockets_on_the_other(place):
    ben = place.people[1]
    sockets = [await ben.connect(0), await ben.connect(1), await ben.connect(1, wire="msgpack")]
    other_session = await place.founder.connect(1)
    await ben.call("POST", "auth/logout", at=0)
    for socket in sockets:
        assert await socket.close_code() == 4504
    assert await other_session.command("ping") == {}


async def signed_in_again(person):
    """Return the same person on another device."""
    other = Person(person.servers, person.username, person.id)
    signed_in = await other.call("POST", "auth/login", {"login": person.username, "password": PASSWORD}, at=1)
    other.adopt(signed_in)
    return other


async def end_by_id(phone, laptop):
    (ended,) = [item["id"] for item in (await phone.call("GET", "me/sessions"))["items"] if not item["current"]]
    await phone.call("DELETE", f"me/sessions/{ended}")


async def end_all_others(phone, laptop):
    await phone.call("POST", "me/sessions/revoke-others")


async def log_out(phone, laptop):
    await laptop.call("POST", "auth/logout", at=0)


async def change_password(phone, laptop):
    body = {"current_password": PASSWORD, "new_password": f"another {PASSWORD}"}
    address = f"{phone.servers.gateways[0].url}/_allauth/app/v1/account/password/change"
    answer = await phone.http.post(address, json=body, headers={"Authorization": f"Bearer {phone.access}"})
    assert answer.is_success, answer.text


@pytest.mark.parametrize("end", [end_by_id, end_all_others, log_out, change_password])
async def test_a_session_that_every_process_has_just_let_in_is_refused_from_the_next_request_on_and_its_sockets_are_closed(
    new_person, leaving, end
):
    phone = await new_person()
    laptop = await signed_in_again(phone)
    leaving.push_async_callback(laptop.leave)
    for at in (0, 1, 0, 1):
        assert (await laptop.request("GET", "me", at=at)).status_code == 200
    sockets = [await laptop.connect(0), await laptop.connect(1)]
    kept = await phone.connect(1)
    await end(phone, laptop)
    for at in (1, 0):
        assert (await laptop.request("GET", "me", at=at)).json()["code"] == "auth.session_ended"
        assert (await phone.request("GET", "me", at=at)).status_code == 200
    for socket in sockets:
        assert await socket.close_code() == 4504
    assert await kept.command("ping") == {}


@pytest.mark.parametrize("end", [end_by_id, end_all_others, log_out])
async def test_with_redis_away_too_an_ended_session_is_refused_from_the_next_request_on_and_its_sockets_are_closed(
    new_person, leaving, servers, end
):
    """A process compares its followed topics with the log once a second here; that is when the other process hears of it."""
    phone = await new_person()
    laptop = await signed_in_again(phone)
    leaving.push_async_callback(laptop.leave)
    for at in (0, 1):
        assert (await laptop.request("GET", "me", at=at)).status_code == 200
    sockets = [await laptop.connect(0), await laptop.connect(1)]
    servers.redis.child.kill()
    await end(phone, laptop)
    for at in (1, 0):
        assert (await laptop.request("GET", "me", at=at)).json()["code"] == "auth.session_ended"
    for socket in sockets:
        assert await socket.close_code() == 4504
    servers.revive()
    for at in (1, 0):
        assert (await laptop.request("GET", "me", at=at)).json()["code"] == "auth.session_ended"


async def test_devices_hear_of_each_others_coming_and_going(new_person, leaving):
    phone = await new_person()
    socket = await phone.connect(0)
    await socket.follow(f"user:{phone.id}")
    laptop = await signed_in_again(phone)
    leaving.push_async_callback(laptop.leave)
    started = await socket.event("session.started")
    await laptop.call("POST", "auth/logout", at=1)
    revoked = await socket.event("session.revoked")
    assert revoked["d"]["session"] == started["d"]["session"]["id"]


async def test_a_removal_reaches_the_other_process_with_redis_away(place, servers, ben_everywhere, cleo):
    """The doorbell is lost; the log is compared every second, and the revocation is before what follows it."""
    servers.redis.child.kill()
    await remove_from_community(place)
    await place.write(place.founder, "After")
    for socket in ben_everywhere:
        await socket.event("access.revoked")
    await cleo.event("message.created")
    for socket in ben_everywhere:
        assert bodies_of(socket.received[place.topic]) == []
