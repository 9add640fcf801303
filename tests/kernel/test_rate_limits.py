"""Taking from a limit: what is left, and the refusal when nothing is."""

from __future__ import annotations

import pytest

from kernel import rate_limits
from kernel.errors import RateLimited
from kernel.rate_limits import Allowance, RateLimit, take, take_many

LIMIT = RateLimit("tests.limit", 1, 10)


class Fixed:
    def __init__(self, *, allowed: bool) -> None:
        self.allowed = allowed

    def take(self, limit, key):
        return Allowance(limit, self.allowed, 0, 10.0, 3.5)

    def take_many(self, limit, keys):
        return [Allowance(limit, key == "good", 0, 10.0, 3.5) for key in keys]


def test_what_the_limiter_says_is_returned(monkeypatch):
    monkeypatch.setattr(rate_limits, "_limiter", Fixed(allowed=True))
    assert take(LIMIT, "k") == Allowance(LIMIT, True, 0, 10.0, 3.5)


def test_a_used_up_limit_is_a_retryable_refusal_that_names_it_and_the_wait(monkeypatch):
    monkeypatch.setattr(rate_limits, "_limiter", Fixed(allowed=False))
    with pytest.raises(RateLimited) as refused:
        take(LIMIT, "k")
    assert (refused.value.retryable, refused.value.retry_after, refused.value.data) == (
        True,
        3.5,
        {"limit": "tests.limit"},
    )


def test_a_process_without_a_limiter_fails_loudly_instead_of_letting_everything_through(monkeypatch):
    monkeypatch.setattr(rate_limits, "_limiter", None)
    with pytest.raises(RuntimeError, match="no rate limiter is plugged in"):
        take(LIMIT, "k")


def test_of_many_each_is_answered_for_itself(monkeypatch):
    monkeypatch.setattr(rate_limits, "_limiter", Fixed(allowed=True))
    good, bad = take_many(LIMIT, ["good", "bad"])
    assert good == Allowance(LIMIT, True, 0, 10.0, 3.5)
    assert isinstance(bad, RateLimited)
    assert (bad.retry_after, bad.data) == (3.5, {"limit": "tests.limit"})
