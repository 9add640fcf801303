"""How an action asks for work that happens outside of its transaction, after it: a job, by name. The queue is plugged in by project."""

from __future__ import annotations

from typing import Protocol


class JobQueue(Protocol):
    """Keeps jobs for the worker. An implementation writes in the transaction of the caller."""

    def enqueue(self, job: str, arguments: dict[str, object], *, after_seconds: int) -> None:
        """Keep a job with arguments that JSON can hold; it does not run before the time is over."""


_queue: JobQueue | None = None


def use_queue(queue: JobQueue) -> None:
    """Plug in the process's queue; called once at start-up."""
    global _queue
    _queue = queue


def enqueue(job: str, *, after_seconds: int = 0, **arguments: object) -> None:
    """Have the worker run a job after this transaction has committed, at least once; `job` is the name of a task in some app's `tasks`.

    Arguments are ids and numbers, never a secret: they can be read in the queue. Raises `RuntimeError` outside of a transaction.
    """
    if _queue is None:
        raise RuntimeError("no job queue is plugged in: call kernel.jobs.use_queue at start-up")
    _queue.enqueue(job, arguments, after_seconds=after_seconds)
