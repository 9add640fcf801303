"""What the log and its consumers count and measure."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

EVENTS_APPENDED = Counter(
    "portcullis_events_appended", "Durable events that were appended; the transaction may still fail."
)
APPEND_SECONDS = Histogram(
    "portcullis_append_seconds",
    "Time to number and insert the events of one append, waiting for the topics' locks included.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
EVENTS_CONSUMED = Counter("portcullis_events_consumed", "Events that a consumer has handled.", ["consumer"])
CONSUMER_FAILURES = Counter(
    "portcullis_consumer_failures", "Pages of a consumer that failed and are tried again.", ["consumer"]
)
