"""Jobs of accounts: handing over mails and SMS, forgetting what is past its time, and telling others what has happened.

Thin wrappers; the work is in the actions.
"""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts.actions import api_keys, deliveries, session_upkeep
from accounts.actions.deletions import run_due_deletions as carry_out_due_deletions
from accounts.actions.erasure import prune_reserved_usernames
from accounts.actions.idempotent_requests import prune_idempotent_requests
from accounts.actions.sessions import remember_ended_sessions as tell_ended_sessions
from accounts.actions.trusted_devices import prune_trusted_devices
from accounts.actions.web_sessions import prune_web_sessions
from kernel.errors import Unavailable
from kernel.ids import DeliveryId, SessionId

AS_LONG_AS_IT_MATTERS = RetryStrategy(max_attempts=60, wait=1, retry_exceptions=[Unavailable])
"""By then nothing is remembered any more that could let an ended session in (`SESSION_CHECK_SECONDS` is 60 at most)."""


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="accounts.forget_idempotent_requests", pass_context=False)
def forget_idempotent_requests(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete the answers of keyed requests that are older than they are kept, every hour."""
    prune_idempotent_requests()


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="accounts.record_session_use", pass_context=False)
def record_session_use(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Write down when sessions were last used, every five minutes."""
    session_upkeep.record_session_use()


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="accounts.prune_sessions", pass_context=False)
def prune_sessions(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete sessions that ended long ago, every night."""
    session_upkeep.prune_sessions()


@app.periodic(cron="47 3 * * *")
@app.task(queueing_lock="accounts.prune_api_keys", pass_context=False)
def prune_api_keys(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete API keys that ended long ago, every night."""
    api_keys.prune_api_keys()


@app.periodic(cron="37 4 * * *")
@app.task(queueing_lock="accounts.forget_trusted_devices", pass_context=False)
def forget_trusted_devices(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete the trusted devices that are past their time, every day."""
    prune_trusted_devices()


@app.task(retry=AS_LONG_AS_IT_MATTERS)
def remember_ended_sessions(session_ids: list[str]) -> None:
    """Have ended sessions refused on every process, when Redis could not be told as they ended."""
    tell_ended_sessions([SessionId(UUID(session_id)) for session_id in session_ids])


@app.task(name=deliveries.JOB, pass_context=False)
def attempt_delivery(delivery_id: str) -> None:
    """Try to hand one mail or SMS to its provider; the next try is a job of its own."""
    deliveries.attempt_delivery(DeliveryId(UUID(delivery_id)))


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="accounts.resume_deliveries", pass_context=False)
def resume_deliveries(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Take up what a crashed worker left behind, every minute."""
    deliveries.resume_deliveries()


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="accounts.run_due_deletions", pass_context=False)
def run_due_deletions(timestamp: int) -> None:  # noqa: ARG001
    """Delete the accounts whose grace is over, and go on with what was interrupted, every ten minutes."""
    carry_out_due_deletions()


@app.periodic(cron="41 4 * * *")
@app.task(queueing_lock="accounts.forget_reserved_usernames", pass_context=False)
def forget_reserved_usernames(timestamp: int) -> None:  # noqa: ARG001
    """Let names of deleted users be taken again whose time is over, every night."""
    prune_reserved_usernames()


@app.periodic(cron="37 * * * *")
@app.task(queueing_lock="accounts.forget_web_sessions", pass_context=False)
def forget_web_sessions(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete Django's sessions that are past their time, every hour."""
    prune_web_sessions()
