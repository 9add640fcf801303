"""Jobs of accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import IdempotentRequest
from accounts.tasks import forget_idempotent_requests
from kernel.clock import now
from tests.factories.accounts import make_user


@pytest.mark.django_db
def test_the_hourly_job_forgets_answers_that_are_a_day_old() -> None:
    user = make_user()
    for key, age in {"old": timedelta(hours=24, seconds=1), "young": timedelta(hours=23)}.items():
        IdempotentRequest.objects.create(user=user, key=key, fingerprint="f", created_at=now() - age)
    forget_idempotent_requests(timestamp=0)
    assert [request.key for request in IdempotentRequest.objects.all()] == ["young"]
