"""The queue that `kernel.jobs` speaks to: Procrastinate, through Django's own connection. What the jobs do is in each app's `tasks`."""

from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task


class TransactionalQueue:
    """Writes jobs in the transaction of the caller, in the worker too, whose Procrastinate has connections of its own."""

    def __init__(self) -> None:
        self._manager = JobManager(DjangoConnector())

    def enqueue(self, job: str, arguments: dict[str, object], *, after_seconds: int) -> None:
        """Insert a job, to run when the time is over. Raises `RuntimeError` outside of a transaction, or when no task has that name."""
        if not connection.in_atomic_block:
            raise RuntimeError(f"the job {job} belongs into the transaction that wants it")
        task = app.tasks.get(job)
        if task is None:
            raise RuntimeError(f"no task is named {job}")
        row = configure_task(
            name=job,
            job_manager=self._manager,
            queue=task.queue,
            priority=task.priority,
            schedule_in={"seconds": after_seconds} if after_seconds else None,
        )
        row.defer(**arguments)  # type: ignore[arg-type]  # JSON, as the interface says
