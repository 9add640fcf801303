"""The rows of what leaves by other ways than routes and sockets: mails and SMS, and jobs. What is not there yet is named too."""

from __future__ import annotations

TEMPLATES = {
    "account/email": {
        "account_already_exists",
        "email_changed",
        "email_confirm",
        "email_confirmation",
        "email_confirmation_signup",
        "email_deleted",
        "password_changed",
        "password_reset",
        "password_reset_code",
        "password_reset_key",
        "password_set",
        "phone_changed",
        "security_note",
        "unknown_account",
    },
    "account/mail": {
        "account_deactivated",
        "account_deleted",
        "deletion_cancelled",
        "deletion_scheduled",
        "new_device",
        "session_replayed",
    },
    "account/sms": {"code"},
}
"""Every template of a mail or SMS, by folder. All are about the account that they go to."""
FRAMES = {"base.html", "base_message.txt", "base_notification.txt"}
"""What templates are put into."""
NAMED = frozenset(
    {
        "activate_url",
        "at",
        "code",
        "deleted_email",
        "device",
        "due_at",
        "email",
        "from_email",
        "ip",
        "minutes",
        "name",
        "network",
    }
    | {"password_reset_url", "phone", "sentence", "signup_url", "site_name", "subject", "text", "timestamp", "to_email"}
    | {"user.display_name", "user_agent"}
)
"""All that messages are filled with: nothing of a community. Whoever adds something of one decides anew when it is sent who may read it."""
SENDERS = {
    "accounts/actions/deactivations.py",
    "accounts/actions/mail.py",
    "accounts/actions/new_devices.py",
    "accounts/actions/security_notes.py",
    "accounts/actions/sms.py",
    "accounts/flows/adapter.py",
    "accounts/flows/mails.py",
}
"""The modules that send something, or have it sent."""

SILENT_JOBS = {
    "accounts.tasks.forget_idempotent_requests",
    "accounts.tasks.forget_reserved_usernames",
    "accounts.tasks.forget_trusted_devices",
    "accounts.tasks.forget_web_sessions",
    "accounts.tasks.prune_api_keys",
    "accounts.tasks.prune_sessions",
    "accounts.tasks.record_session_use",
    "accounts.tasks.remember_ended_sessions",
    "accounts.tasks.run_due_deletions",
    "communities.catch_up_with_time",
    "communities.spread_gate_change",
    "communities.tasks.follow_up_change_of_role",
    "communities.tasks.forget_shadow_differences",
    "communities.tasks.sweep_access",
    "communities.tasks.tell_ended_entitlements",
    "eventlog.tasks.keep_partitions",
    "project.tasks.forget_finished_jobs",
}
"""Jobs that write rows and events alone; what they tell is in the tables of topics and events."""
SENDING_JOBS = {
    "accounts.attempt_delivery": "a message that an action has filled, see `TEMPLATES`",
    "accounts.tasks.resume_deliveries": "the same, once more",
    "communities.ask_external_service": "the ids of a user and the community to the service that the community has named",
    "communities.tasks.resume_questions": "the same, once more",
}
"""Jobs that say something to somebody outside, and what."""

NOT_THERE_YET = {
    "media": "renditions and their addresses, which die with the epoch",
    "export": "what a user takes along, of communities that they are in no more",
    "search": "excerpts and counts",
    "push": "titles and previews on a locked screen",
    "mail digests": "what was missed, by now lost",
    "feed": "mentions of what is gated",
}
"""Surfaces that the product does not have, and what they could tell. A route, a template, a job or a model of theirs has to have a row."""
