"""The order of faults: given by the seed, complete before anything comes again, and never two on the same part."""

from __future__ import annotations

import itertools
import random

from tests.torture.faults import EVERYTHING, MENU, PARTS, SHORT_MENU
from tests.torture.run import schedule


def faults_of(seed: int, amount: int) -> list[tuple[str, ...]]:
    return list(itertools.islice(schedule(list(MENU), random.Random(seed)), amount))


def test_the_same_seed_gives_the_same_order_and_another_seed_another() -> None:
    assert faults_of(1, 100) == faults_of(1, 100)
    assert faults_of(1, 100) != faults_of(2, 100)


def test_everything_on_the_menu_comes_alone_before_anything_comes_again() -> None:
    assert sorted(faults_of(3, len(MENU))) == sorted((name,) for name in MENU)


def test_two_at_once_harm_different_parts_and_a_rolling_restart_is_alone() -> None:
    pairs = [names for names in faults_of(4, 1_000) if len(names) > 1]
    assert len(pairs) > 100
    assert all(PARTS[one] != PARTS[other] for one, other in pairs)
    assert EVERYTHING not in {PARTS[name] for pair in pairs for name in pair}


def test_the_short_menu_is_a_part_of_the_menu() -> None:
    assert set(SHORT_MENU) < set(MENU)
