"""Sending mail: what waits to be sent, and that a template is three texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from accounts.actions.mail import send_mail, send_mail_from_template
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


@pytest.fixture
def templates(settings, tmp_path: Path) -> Path:
    """Return a folder for templates that only this test has."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    (tmp_path / "hello_subject.txt").write_text("Hello\n{{ name }}\n")
    (tmp_path / "hello_message.txt").write_text("Dear {{ name }},\n\nopen {{ link }}\n\n")
    return tmp_path


CONTEXT = {"name": "O'Neil & <b>", "link": "https://example.org/?a=1&b=2"}


def test_a_template_is_a_subject_and_a_text_of_which_the_html_is_made(templates):
    send_mail_from_template("hello", to="ada@example.org", context=CONTEXT)
    (mail,) = waiting(Mail)
    assert mail.subject == "Hello O'Neil & <b>"
    assert mail.text == "Dear O'Neil & <b>,\n\nopen https://example.org/?a=1&b=2\n"
    assert "<p>Dear O&#x27;Neil &amp; &lt;b&gt;,</p>" in mail.html
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="nofollow">' in mail.html


def test_a_template_may_have_an_html_of_its_own(templates):
    (templates / "hello_message.html").write_text("<h1>{{ name }}</h1>")
    send_mail_from_template("hello", to="ada@example.org", context=CONTEXT)
    assert [mail.html for mail in waiting(Mail)] == ["<h1>O&#x27;Neil &amp; &lt;b&gt;</h1>"]
