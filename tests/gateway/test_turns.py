"""A crowd goes on a few at a time, in order, and whatever else the loop has to do gets in between."""

from __future__ import annotations

import asyncio

from gateway.turns import Turns


async def test_so_many_go_on_in_one_round_and_the_others_in_the_next_ones_in_order():
    turns, order = Turns(3), []

    async def go_on(number):
        await turns.turn()
        order.append(number)

    async def other_work():
        for _ in range(4):
            await asyncio.sleep(0)
            order.append("other")

    await asyncio.gather(other_work(), *(go_on(number) for number in range(8)))
    assert [one for one in order if one != "other"] == list(range(8))
    longest = max(len(crowd.split()) for crowd in " ".join(map(str, order)).split("other"))
    assert longest <= 3 + 3  # the first round's and, beside them, those whose turn was given at the end of it


async def test_who_gave_up_waiting_takes_nobodys_turn():
    turns, order = Turns(1), []

    async def go_on(number):
        await turns.turn()
        order.append(number)

    tasks = [asyncio.create_task(go_on(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [0, 1, 3]


async def test_a_single_one_never_waits():
    turns = Turns(1)
    for _ in range(3):
        coroutine = turns.turn()
        try:
            coroutine.send(None)
        except StopIteration:
            pass
        else:
            raise AssertionError("it waited")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
