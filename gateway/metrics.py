"""What the gateway counts and measures. Labels are commands, codes and reasons of the code's own: never a user, a room or a topic.

Hot paths count once per flush, batch or message, never per delivery.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
POWERS_OF_TWO = tuple(2.0**power for power in range(10))

SOCKETS = Gauge("portcullis_sockets", "Sockets that are open.", multiprocess_mode="livesum")
SOCKETS_MAX = Gauge("portcullis_sockets_max", "Sockets that may be open.", multiprocess_mode="livesum")
SOCKETS_REFUSED = Counter("portcullis_sockets_refused", "Sockets that were not accepted, by reason.", ["reason"])
SOCKETS_CLOSED = Counter("portcullis_sockets_closed", "Sockets that ended, by the server's close code.", ["code"])
TOPICS = Gauge("portcullis_topics", "Topics that are open, by process.", multiprocess_mode="livesum")
TOPICS_LINGERING = Gauge(
    "portcullis_topics_lingering",
    "Open topics that nobody follows: they wait for those who were cut off.",
    multiprocess_mode="livesum",
)
REMEMBERED_BYTES = Gauge(
    "portcullis_remembered_bytes", "Newest events of all topics in memory, as JSON.", multiprocess_mode="livesum"
)
DEVICES = Gauge(
    "portcullis_presence_devices",
    "Sockets that presence knows of, those that have gone and may come back included.",
    multiprocess_mode="livesum",
)

MESSAGES_RECEIVED = Counter(
    "portcullis_messages_received", "WebSocket messages from clients; one may carry several frames."
)
FRAMES_REFUSED = Counter(
    "portcullis_frames_refused", "Frames that broke the protocol, by the problem's code.", ["code"]
)
COMMANDS = Counter(
    "portcullis_commands", "Answered commands, by outcome: ok or the problem's code.", ["command", "outcome"]
)
COMMAND_SECONDS = Histogram(
    "portcullis_command_seconds",
    "From command to answer; of a batch, that of its oldest.",
    ["command"],
    buckets=SECONDS,
)
PRESENCE_SECONDS = Histogram(
    "portcullis_presence_seconds",
    "Presence: from a change here to Redis (told), from a change heard of to those who look (shown).",
    ["step"],
    buckets=SECONDS,
)
SIGN_IN_SECONDS = Histogram(
    "portcullis_sign_in_seconds",
    "From the upgrade, or from the first frame where the proof is in it, to the greeting.",
    buckets=SECONDS,
)
BATCH_COMMANDS = Histogram("portcullis_batch_commands", "Commands in a batch.", ["command"], buckets=POWERS_OF_TWO)

DELIVERIES = Counter("portcullis_deliveries", "Durable events times the sockets that they were given to live.")
EPHEMERAL_DELIVERIES = Counter(
    "portcullis_ephemeral_deliveries", "Ephemeral events times the sockets that they were given to."
)
EVENTS_REPLAYED = Counter("portcullis_events_replayed", "Events that were handed to returning sockets.")
FOLLOWS = Counter(
    "portcullis_follows",
    "Follows, by how a cursor was answered: live, recovered, too_old or access_changed.",
    ["answer"],
)
FRAMES_SHED = Counter("portcullis_frames_shed", "Frames that were dropped for a slow socket, by class.", ["delivery"])
BACKFILLS = Counter("portcullis_backfills", "Gaps of a topic that had to be read from the log.")
LOST_RINGS = Counter("portcullis_lost_rings", "Topics of which a sweep found events that no doorbell told of.")
EVENTS_GONE = Counter("portcullis_events_gone", "Times that followers waited for events that the log no longer has.")
RELAY_FAILURES = Counter("portcullis_relay_failures", "Times that Redis did not answer the relay, by step.", ["step"])

QUEUED = Gauge(
    "portcullis_queued", "What waits, by queue: commands, questions or rings.", ["queue"], multiprocess_mode="livesum"
)
CALLS = Gauge(
    "portcullis_pool_calls",
    "Calls of a thread pool, by state: running or waiting.",
    ["pool", "state"],
    multiprocess_mode="livesum",
)
THREADS = Gauge("portcullis_pool_threads", "Threads of a thread pool.", ["pool"], multiprocess_mode="livesum")
BACKLOG_BYTES = Gauge("portcullis_backlog_bytes", "Bytes that wait for slow sockets.", multiprocess_mode="livesum")
