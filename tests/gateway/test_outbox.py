"""What waits for a slow socket, and what it loses first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.frames import MESSAGE_BYTES, Frame
from gateway.outbox import Outbox
from kernel.wire import WireStruct


class Body(WireStruct, frozen=True):
    text: str


def frame(text: str = "x", *, topic: str = "room:1", delivery: str = "lossless", key: str = "") -> Frame:
    return Frame(Body(text=text), topic=topic, delivery=delivery, key=key)


def texts(frames: list[Frame]) -> list[str]:
    return [item.json.decode().removeprefix('{"text":"').removesuffix('"}') for item in frames]


def test_lossless_frames_keep_their_order_and_leave_together():
    outbox = Outbox(1_000)
    assert all(outbox.put(frame(text)) for text in "abc")
    assert outbox
    assert texts(outbox.take()) == ["a", "b", "c"]
    assert not outbox
    assert outbox.size == 0


def test_of_coalesced_frames_with_one_key_the_newest_stays():
    outbox = Outbox(1_000)
    for text, key in (("old", "k"), ("other", "l"), ("new", "k")):
        outbox.put(frame(text, delivery="coalesced", key=key))
    assert texts(outbox.take()) == ["other", "new"]


def test_a_full_outbox_gives_up_droppable_frames_first_then_coalesced_ones_and_never_lossless_ones():
    size = len(frame("lossless").json)
    outbox = Outbox(size * 3)
    assert outbox.put(frame("droppabl", delivery="droppable"))
    assert outbox.put(frame("coalesce", delivery="coalesced", key="k"))
    assert outbox.put(frame("lossless"))
    assert outbox.put(frame("lossless"))
    assert outbox.size == size * 3
    assert outbox.put(frame("lossless"))
    assert texts(outbox.take()) == ["lossless"] * 3


def test_lossless_frames_over_the_budget_are_refused():
    size = len(frame("a").json)
    outbox = Outbox(size * 2)
    assert [outbox.put(frame("a")) for _ in range(3)] == [True, True, False]


def test_purging_a_topic_forgets_its_frames_of_every_class_and_no_others():
    outbox = Outbox(10_000)
    for topic in ("room:1", "room:2"):
        outbox.put(frame(topic, topic=topic))
        outbox.put(frame(topic, topic=topic, delivery="coalesced", key=topic))
        outbox.put(frame(topic, topic=topic, delivery="droppable"))
    outbox.purge("room:1")
    assert texts(outbox.take()) == ["room:2"] * 3


def test_one_message_holds_about_a_quarter_of_a_megabyte():
    outbox = Outbox(10 * MESSAGE_BYTES)
    for _ in range(4):
        outbox.put(frame("x" * (MESSAGE_BYTES // 2)))
    assert [len(outbox.take()), len(outbox.take()), len(outbox.take())] == [2, 2, 0]


@given(
    st.lists(st.tuples(st.sampled_from(["lossless", "coalesced", "droppable", "take", "purge"]), st.integers(0, 60)))
)
def test_the_size_is_always_that_of_what_waits_and_never_above_the_budget_after_an_accepted_put(steps):
    outbox = Outbox(300)
    for kind, number in steps:
        if kind == "take":
            outbox.take()
        elif kind == "purge":
            outbox.purge(f"room:{number % 3}")
        elif outbox.put(frame("x" * number, topic=f"room:{number % 3}", delivery=kind, key=str(number % 5))):
            assert outbox.size <= 300
        else:
            outbox.clear()
    waiting = outbox.size
    assert waiting == sum(len(item.json) for item in outbox.take())
