"""Sending mail: what waits to be sent, and that a template is three texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.actions.mail import send_mail
from accounts.models import Delivery
from kernel.mail import Mail
from tests.accounts.outgoing import forget_jobs, jobs, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_jobs(db: None) -> None:
    """Start without the jobs of tests that have committed."""
    forget_jobs()


def test_a_mail_waits_for_a_day_at_most():
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        send_mail(to="ada@example.org", subject="Hello", text="Text\n", html="<p>Text</p>")
    assert waiting(Mail) == [Mail(to="ada@example.org", subject="Hello", text="Text\n", html="<p>Text</p>")]
    assert Delivery.objects.get().expires_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert len(jobs()) == 1


def test_a_subject_is_one_line_whatever_is_in_it():
    send_mail(
        to="ada@example.org", subject="Hello\r\nBcc: eve@example.org\n", text="Text", lifetime=timedelta(minutes=5)
    )
    assert [mail.subject for mail in waiting(Mail)] == ["Hello Bcc: eve@example.org"]
