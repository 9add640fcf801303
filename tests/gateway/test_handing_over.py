"""Calls from threads to the event loop: in order, those of a block in one go, and each by itself when one of them fails."""

from __future__ import annotations

import asyncio

import pytest

from gateway.handing_over import HandOver


@pytest.fixture
async def wake_ups(monkeypatch):
    """Return how often the loop was woken up by threads."""
    loop, woken = asyncio.get_running_loop(), []
    plain = loop.call_soon_threadsafe

    def call_soon_threadsafe(callback, *args, **kwargs):
        if callback.__module__ == HandOver.__module__:
            woken.append(callback)
        return plain(callback, *args, **kwargs)

    monkeypatch.setattr(loop, "call_soon_threadsafe", call_soon_threadsafe)
    return woken


async def settled() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_calls_of_a_block_are_made_in_order_and_wake_the_loop_once(wake_ups):
    made = []
    hand_over = HandOver(asyncio.get_running_loop())

    def in_a_thread():
        with hand_over.together():
            for number in range(3):
                hand_over.call_soon(lambda number=number: made.append(number))
            assert not wake_ups
        hand_over.call_soon(lambda: made.append("alone"))

    await asyncio.to_thread(in_a_thread)
    await settled()
    assert made == [0, 1, 2, "alone"]
    assert len(wake_ups) == 2


async def test_a_block_without_calls_wakes_nobody(wake_ups):
    hand_over = HandOver(asyncio.get_running_loop())
    with hand_over.together():
        pass
    assert not wake_ups


async def test_what_was_left_in_a_block_that_fails_is_handed_over(wake_ups):
    made = []
    hand_over = HandOver(asyncio.get_running_loop())
    with pytest.raises(ValueError, match="afterwards"), hand_over.together():
        hand_over.call_soon(lambda: made.append("committed"))
        raise ValueError("afterwards")
    await settled()
    assert made == ["committed"]
    assert len(wake_ups) == 1


async def test_a_call_that_fails_does_not_keep_the_others_from_being_made():
    made = []
    hand_over = HandOver(asyncio.get_running_loop())
    with hand_over.together():
        hand_over.call_soon(lambda: made.append(1 // 0))
        hand_over.call_soon(lambda: made.append("second"))
    await settled()
    assert made == ["second"]


async def test_a_block_of_one_thread_does_not_hold_back_the_calls_of_another(wake_ups):
    made = []
    hand_over = HandOver(asyncio.get_running_loop())
    with hand_over.together():
        hand_over.call_soon(lambda: made.append("later"))
        await asyncio.to_thread(hand_over.call_soon, lambda: made.append("at once"))
        await settled()
        assert made == ["at once"]
    await settled()
    assert made == ["at once", "later"]


def test_when_the_loop_has_ended_calls_are_dropped():
    loop = asyncio.new_event_loop()
    hand_over = HandOver(loop)
    loop.close()
    made = []
    hand_over.call_soon(lambda: made.append("never"))
    assert made == []
