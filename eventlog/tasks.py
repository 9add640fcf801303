"""Jobs of the log: keeping its partitions. Thin wrappers; the work is in `eventlog.partitions`."""

from django.conf import settings
from procrastinate.contrib.django import app

from eventlog.partitions import maintain_partitions


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="eventlog.maintain_partitions", pass_context=False)
def keep_partitions(timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Make partitions ahead and drop what is older than the log keeps, every hour."""
    maintain_partitions(keep_days=settings.EVENTS_KEPT_DAYS)
