"""What tests ask of the job queue, where acts of all kinds put jobs: which of them have these arguments."""

from __future__ import annotations

from procrastinate.contrib.django.models import ProcrastinateJob


def jobs_with(**arguments: object) -> list[tuple[str, dict[str, object]]]:
    """Return (task, arguments) of every waiting job that has these arguments, oldest first."""
    jobs = ProcrastinateJob.objects.filter(status="todo", args__contains=arguments).order_by("pk")
    return list(jobs.values_list("task_name", "args"))
