"""What all parts of the matrix share: the world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.leaks.world import World, one_world


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Build everybody and everything once for all tests, which undo what they do."""
    with django_db_blocker.unblock(), one_world() as built:
        yield built
