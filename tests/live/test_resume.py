"""After any break, on any process: what was missed follows, in order, none twice."""

from __future__ import annotations

import asyncio
from signal import SIGTERM

import pytest

from tests.live.people import bodies_of, seqs_of
from tests.web_sockets import Problem

LINES = 80


@pytest.fixture
async def ann(place):
    """Ann writes; her socket comes back by itself."""
    return await place.people[0].connect(1, reconnect=True)


async def write(socket, place, lines: int = LINES, *, pause: float = 0.005) -> list[str]:
    """Write lines one after the other, each until it is acknowledged, and return their bodies."""
    bodies = [f"line {number}" for number in range(lines)]
    for body in bodies:
        await socket.say(place.room, body, nonce=body)
        await asyncio.sleep(pause)
    return bodies


async def everything_came(socket, place, bodies: list[str]) -> None:
    """Check that a socket saw exactly these messages, in order, without a gap in the numbers."""
    frames = await socket.events(place.topic, len(bodies))
    assert bodies_of(frames) == bodies
    assert seqs_of(frames) == list(range(frames[0]["seq"], frames[0]["seq"] + len(bodies)))
    assert (socket.violations, socket.lost) == ([], [])


async def test_a_reader_whose_line_is_cut_again_and_again_misses_nothing(place, ann):
    ben = await place.people[1].connect(0, reconnect=True)
    await place.follow(ben)
    writing = asyncio.create_task(write(ann, place))
    for _ in range(4):
        await asyncio.sleep(0.1)
        ben.abort()
        await ben.live()
    await everything_came(ben, place, await writing)
    assert ben.closes == [1006] * 4


async def test_a_reader_who_resumes_on_the_other_process_misses_nothing(place, ann):
    ben = await place.people[1].connect(0, 1, reconnect=True)
    await place.follow(ben)
    writing = asyncio.create_task(write(ann, place))
    for _ in range(3):
        await asyncio.sleep(0.1)
        ben.abort()
        await ben.live()
    await everything_came(ben, place, await writing)


async def test_a_writer_whose_line_is_cut_loses_and_doubles_nothing(place, ann):
    ben = await place.people[1].connect(0)
    await place.follow(ben)
    writing = asyncio.create_task(write(ann, place, pause=0))
    for _ in range(6):
        await asyncio.sleep(0.05)
        ann.abort()
        await ann.live()
    await everything_came(ben, place, await writing)


async def test_after_a_process_was_killed_its_readers_resume_on_the_other(place, servers, ann):
    ben = await place.people[1].connect(0, 1, reconnect=True)
    await place.follow(ben)
    writing = asyncio.create_task(write(ann, place))
    await asyncio.sleep(0.2)
    servers.gateways[0].kill()
    await everything_came(ben, place, await writing)
    assert ben.closes == [1006]


async def test_after_a_process_was_killed_and_started_again_its_people_lose_and_double_nothing(place, servers):
    """Writer and reader are on the process that dies; messages that were on their way are sent again under their nonces."""
    ann, ben = await place.people[0].connect(0, reconnect=True), await place.people[1].connect(0, reconnect=True)
    cleo = await place.people[1].connect(1)
    await place.follow(ben, cleo)
    writing = asyncio.create_task(write(ann, place, pause=0))
    await asyncio.sleep(0.1)
    servers.gateways[0].kill()
    servers.revive()
    bodies = await writing
    await everything_came(ben, place, bodies)
    await everything_came(cleo, place, bodies)


async def test_a_process_that_is_asked_to_stop_sends_its_people_away_and_they_miss_nothing(place, servers, ann):
    ben = await place.people[1].connect(0, 1, reconnect=True)
    await place.follow(ben)
    writing = asyncio.create_task(write(ann, place))
    await asyncio.sleep(0.1)
    servers.gateways[0].child.ask_to_stop()
    await everything_came(ben, place, await writing)
    assert await asyncio.to_thread(servers.gateways[0].child.wait)
    assert servers.gateways[0].child.exit_code in (
        0,
        -SIGTERM,
    )  # uvicorn passes the signal on when it has done its work
    assert ben.closes == [4001]
    assert [notice["t"] for notice in ben.notices] == ["reconnect"]


async def test_a_resume_reaches_back_over_more_than_a_page_and_more_than_memory_holds(place, ann):
    bodies = await write(ann, place, 310, pause=0)
    ben = await place.people[1].connect(0)
    answer = await ben.follow(place.topic, after=1)
    assert answer == {"topic": place.topic, "head": 311, "recovered": True, "reason": None}
    await everything_came(ben, place, bodies)


@pytest.mark.parametrize("at", [0, 1])
async def test_a_cursor_from_the_future_is_told_to_take_a_snapshot(place, at):
    ben = await place.people[1].connect(at)
    answer = await ben.follow(place.topic, after=99)
    assert (answer["head"], answer["recovered"], answer["reason"]) == (1, False, "too_old")


async def test_a_session_that_ended_while_the_socket_was_away_does_not_come_back(place):
    ben = place.people[1]
    socket = await ben.connect(0)
    socket.abort()
    await socket.close_code()
    await ben.call("POST", "auth/logout")
    with pytest.raises(Problem) as refused:
        await ben.connect(1)
    assert refused.value.code == "auth.session_ended"
