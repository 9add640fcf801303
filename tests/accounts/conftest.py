"""What the tests of accounts share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own_limits(limiter: object, lockouts: object, unspent: None) -> None:
    """Let no test use up another one's limits."""
