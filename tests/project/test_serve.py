"""What a gateway process does when it begins to serve."""

from __future__ import annotations

import gc
import os

import pytest

from project.serve import COLLECTOR_THRESHOLDS, tell_ready


@pytest.fixture
def collector():
    thresholds = gc.get_threshold()
    gc.unfreeze()
    gc.disable()
    yield
    gc.enable()
    gc.set_threshold(*thresholds)


def test_who_started_it_is_told_and_the_collector_leaves_the_program_alone(collector):
    read, write = os.pipe()
    tell_ready(write)
    assert os.read(read, 1) == b"1"
    os.close(read)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == COLLECTOR_THRESHOLDS
