"""The one metric that every layer raises: a published limit was hit; and what is looked at every few seconds.

Each subsystem's own metrics are in its own `metrics` module.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Counter

LIMIT_HITS = Counter("portcullis_limit_hits", "Times that a limit was hit, by the limit's name.", ["limit"])


def limit_hit(limit: str, times: int = 1) -> None:
    """Count that a limit refused, cut or delayed something. `limit` is a name of the code's own, never a client's."""
    LIMIT_HITS.labels(limit).inc(times)


_samplers: list[Callable[[], None]] = []


def register_sampler(sampler: Callable[[], None]) -> None:
    """Have a function called by every long-lived process every few seconds, to set gauges; it must not block."""
    _samplers.append(sampler)


def sample() -> None:
    """Call every registered sampler; for the timers of gateway and worker."""
    for sampler in _samplers:
        sampler()
