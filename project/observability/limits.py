"""Which metric shows that a limit was hit: every number that an operator or the code sets as a bound is in one of these tables.

A test walks the settings and the constants of the gateway, and fails for one that is in none.
"""

from __future__ import annotations

LIMIT_OF_SETTING = {
    "message_max_characters": "message.characters",
    "message_edit_window_hours": "message.edit_window",
    "nonce_max_characters": "nonce.characters",
    "member_timeout_max_days": "member.timeout",
    "events_kept_days": "events.kept",
    "request_body_bytes": "rest.body_bytes",
    "heartbeat_dead_seconds": "heartbeat.dead_seconds",
    "socket_auth_seconds": "socket.auth_seconds",
    "socket_frame_bytes": "socket.frame_bytes",
    "socket_backlog_bytes": "socket.backlog_bytes",
    "socket_topics_max": "socket.topics",
    "socket_connections_max": "socket.connections",
    "socket_admission_rate": "socket.admission",
    "socket_admission_burst": "socket.admission",
    "gateway_thread_pool_size": "pool.commands",
    "presence_window_members": "presence.window_members",
    "gateway_drain_seconds": "drain.seconds",
    "api_keys_max": "account.api_keys",
    "bots_max": "account.bots",
    "community_roles_max": "community.roles",
    "member_roles_max": "member.roles",
    "invite_hours_max": "invite.number",
    "invite_uses_max": "invite.number",
    "invites_max": "invite.open",
    "external_services_max": "external_service.number",
    "external_services_at_once": "external_service.at_once",
    "external_service_seconds": "external_service.seconds",
    "lockout_free_failures": "login.account",
    "lockout_first_seconds": "login.account",
    "lockout_longest_seconds": "login.account",
    "lockout_strangers_max": "login.account",
}
"""Names of `portcullis_limit_hits`. The rate limits (`RATE_...`) are there under the names that clients see, as in `message.create`."""

METRIC_OF_SETTING = {
    "database_pool_max_size": "portcullis_database_pool",
    "database_pool_timeout": "portcullis_database_pool_errors",
    "redis_timeout": "portcullis_limiter_failures_total",
    "mail_timeout": "portcullis_outgoing_messages_total",
    "sms_timeout": "portcullis_outgoing_messages_total",
    "replay_page_size": "portcullis_events_replayed_total",
    "gateway_sweep_seconds": "portcullis_lost_rings_total",
}
"""Bounds that have a metric of their own."""

NOT_LIMITS = {
    "hsts_seconds",
    "access_changes_at_once",
    "application_claim_minutes",
    "invite_hours",
    "invite_uses",
    "trusted_proxy_count",
    "worker_metrics_port",
    "smtp_port",
    "database_pool_min_size",
    "idempotency_kept_hours",
    "external_service_batch",
    "external_answer_seconds_min",
    "external_answer_seconds_max",
    "shadow_differences_kept_days",
    "compression_min_bytes",
    "access_token_seconds",
    "refresh_token_days",
    "staff_sign_in_hours",
    "session_check_seconds",
    "token_leeway_seconds",
    "refresh_grace_seconds",
    "sessions_kept_days",
    "api_key_max_days",
    "api_key_overlap_max_hours",
    "api_key_use_noted_minutes",
    "api_keys_kept_days",
    "recent_sign_in_minutes",
    "deletion_grace_days",
    "username_reserved_days",
    "socket_ticket_seconds",
    "lockout_kept_seconds",
    "known_device_days",
    "trusted_device_days",
    "challenge_after_failures",
    "heartbeat_seconds",
    "presence_idle_seconds",
    "presence_offline_seconds",
    "presence_lease_seconds",
    "presence_refresh_seconds",
}
"""Numbers that bound nothing that could be used up: a lifetime, a rhythm, a threshold."""

LIMIT_OF_CONSTANT = {
    "batching.QUEUE_SIZE": "batch.queue",
    "batching.IN_FLIGHT_MAX": "socket.in_flight",
    "gathering.QUEUE_SIZE": "gather.queue",
    "relay.QUEUE_BYTES": "relay.queue",
    "rings.INLINE_BYTES": "relay.inline_bytes",
    "process.REPLAY_THREADS": "pool.replays",
    "stream.PENDING_EVENTS": "stream.pending",
    "stream.EARLY_EVENTS": "stream.early",
    "memory.REMEMBERED_BYTES": "memory.bytes",
    "memory.PREPARED_RUNS": "memory.prepared_runs",
    "lingering.LINGERING_TOPICS": "lingering.topics",
    "bounded_protocol.EXTRA_FRAMES_MAX": "socket.extra_frames",
    "bounded_protocol.LATE_BYTES_MAX": "socket.late_bytes",
    "deflate_extension.INFLATED_BYTES_MAX": "socket.inflated_bytes",
    "presence.online.ONLINE_MAX": "presence.online",
    "presence.online._PROCESSES_MAX": "presence.online",
    "presence.lookout.WINDOWS_MAX": "presence.windows",
    "presence.doubts.QUESTIONS_MAX": "presence.questions",
}
"""Bounds that are constants of the gateway's modules."""

METRIC_OF_CONSTANT = {
    "batching.BATCH_SIZE": "portcullis_batch_commands",
    "memory.RECENT_EVENTS": "portcullis_events_replayed_total",
    "memory.RECENT_BYTES": "portcullis_events_replayed_total",
}

NOT_LIMITS_OF_CONSTANTS = {
    "frames.MESSAGE_BYTES",
    "gathering.CALL_SIZE",
    "rings.SENDER_BYTES",
    "bounded_protocol.SLICE_BYTES",
    "compression.MIN_BYTES",
    "presence.reporter.BATCH_USERS",
    "presence.reporter.SWEEPS_MAX",
    "presence.store.SWEEP_USERS",
    "presence.lookout.READ_USERS",
}
"""How much goes into one message or call: what is more goes into the next."""
