"""Jobs that actions ask for: there when the transaction commits, and only then."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.testing import InMemoryConnector

from kernel.jobs import enqueue
from tests.jobs import jobs_with

JOB = "accounts.tasks.forget_idempotent_requests"


@pytest.mark.django_db
def test_a_job_is_kept_with_its_arguments():
    enqueue(JOB, timestamp=7)
    assert jobs_with(timestamp=7) == [(JOB, {"timestamp": 7})]


@pytest.mark.django_db
def test_a_job_can_be_put_off():
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        enqueue(JOB, timestamp=7, after_seconds=90)
    assert ProcrastinateJob.objects.get(args={"timestamp": 7}).scheduled_at == datetime(
        2026, 1, 1, 0, 1, 30, tzinfo=UTC
    )


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_fails_leaves_no_job():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue(JOB, timestamp=7)
        _ = 1 / 0
    assert jobs_with(timestamp=7) == []


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_no_job_is_taken():
    with pytest.raises(RuntimeError, match="belongs into the transaction"):
        enqueue(JOB, timestamp=7)
    assert jobs_with(timestamp=7) == []


@pytest.mark.django_db
def test_a_job_that_nobody_can_run_is_refused():
    with pytest.raises(RuntimeError, match="no task is named"):
        enqueue("accounts.tasks.typing_mistake", timestamp=7)
    assert jobs_with(timestamp=7) == []


@pytest.mark.django_db
def test_in_the_worker_too_a_job_is_written_through_the_connection_of_the_transaction():
    with app.replace_connector(InMemoryConnector()) as worker:
        assert isinstance(worker, App)
        enqueue(JOB, timestamp=7)
    assert jobs_with(timestamp=7) == [(JOB, {"timestamp": 7})]
