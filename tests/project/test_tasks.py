"""Jobs of the installation: the queue forgets what is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.manager import JobManager

from project.tasks import forget_finished_jobs


def insert_job(name: str, *, status: str, ended_hours_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status)"
            " VALUES ('default', %s, 0, '{}', %s) RETURNING id",
            [name, status],
        )
        (job_id,) = cursor.fetchone()
        cursor.execute("DELETE FROM procrastinate_events WHERE job_id = %s", [job_id])
        cursor.execute(
            "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, %s, now() - %s * interval '1 hour')",
            [job_id, status, ended_hours_ago],
        )


@pytest.mark.django_db
def test_done_jobs_are_forgotten_after_a_day_and_failed_ones_after_two_weeks():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    insert_job("done", status="succeeded", ended_hours_ago=23)
    insert_job("long done", status="succeeded", ended_hours_ago=25)
    insert_job("failed", status="failed", ended_hours_ago=335)
    insert_job("long failed", status="failed", ended_hours_ago=337)
    jobs = JobManager(DjangoConnector())
    context = cast("JobContext", SimpleNamespace(app=SimpleNamespace(job_manager=jobs)))
    async_to_sync(forget_finished_jobs.func)(context, timestamp=0)
    assert sorted(ProcrastinateJob.objects.values_list("task_name", flat=True)) == ["done", "failed"]
