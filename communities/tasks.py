"""Jobs of communities: telling what has ended by time. Thin wrappers; the work is in the actions."""

from procrastinate.contrib.django import app

from communities.actions.entitlements import tell_ended_entitlements as tell_all_ended_entitlements


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="communities.tell_ended_entitlements", pass_context=False)
def tell_ended_entitlements(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Tell users what of theirs has ended, every minute."""
    tell_all_ended_entitlements()
