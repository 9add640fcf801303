"""UUIDv7: the layout of RFC 9562, and an order that follows creation."""

from __future__ import annotations

import os
import threading
from unittest.mock import patch

import pytest

from kernel import ids
from kernel.ids import uuid7


def test_an_id_has_version_seven_the_right_variant_and_the_time_it_was_made():
    with patch.object(ids.time, "time_ns", return_value=4_102_444_800_000 * 1_000_000):
        made = uuid7()
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == 4_102_444_800_000
    ids._last_millisecond = 0


def test_ids_sort_in_the_order_they_were_made_even_when_the_clock_steps_back():
    times = [2_000_000_000_000_000_000 - step * 1_000_000 for step in range(10_000)]
    with patch.object(ids.time, "time_ns", side_effect=times):
        made = [uuid7() for _ in times]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    ids._last_millisecond = 0


def test_threads_never_get_the_same_id():
    made: list[object] = []
    threads = [threading.Thread(target=lambda: made.extend([uuid7() for _ in range(2_000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_draws_random_bits_of_its_own():
    uuid7()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, ids._take_random(64))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 64) != ids._take_random(64)
    os.close(reader)
    os.close(writer)
