"""Jobs of accounts: forgetting what is past its time. Thin wrappers; the work is in the actions."""

from procrastinate.contrib.django import app

from accounts.actions.idempotent_requests import prune_idempotent_requests


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="accounts.forget_idempotent_requests", pass_context=False)
def forget_idempotent_requests(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete the answers of keyed requests that are older than they are kept, every hour."""
    prune_idempotent_requests()
