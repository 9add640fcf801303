"""Addresses that are thrown away: by domain and what is below it, only where the site refuses them."""

from __future__ import annotations

import pytest

from accounts.actions.users import create_user
from accounts.errors import DisposableMail
from accounts.models import User
from accounts.storage.disposable_mail import is_disposable
from kernel.actor import SYSTEM


@pytest.fixture
def refused(settings):
    settings.REFUSE_DISPOSABLE_MAIL = True
    return settings


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("a@mailinator.com", True),
        ("A@MAILINATOR.COM", True),
        ("a@deep.below.mailinator.com", True),
        ("a@mailinator.com.", True),
        ("a@notmailinator.com", False),
        ("a@mailinator.com.example.org", False),
        ("mailinator.com@example.org", False),
        ("a@com", False),
        ("nothing", False),
        ("", False),
    ],
)
def test_a_domain_counts_with_everything_below_it(refused, email, expected):
    assert is_disposable(email) is expected


def test_the_operators_file_adds_domains_and_is_read_again_when_it_changes(refused, tmp_path):
    file = tmp_path / "domains"
    file.write_text("# ours\nThrown.example # away\n\n .away.example.\n")
    refused.DISPOSABLE_MAIL_FILE = str(file)
    emails = ["a@thrown.example", "a@x.away.example", "a@kept.example", "a@mailinator.com"]
    assert [is_disposable(email) for email in emails] == [True, True, False, True]
    file.write_text("kept.example\n" * 2)
    assert [is_disposable(email) for email in emails] == [False, False, True, True]


def test_by_default_no_address_is_refused():
    assert is_disposable("a@mailinator.com") is False


@pytest.mark.django_db
def test_nobody_signs_up_with_one(refused):
    with pytest.raises(DisposableMail) as caught:
        create_user(SYSTEM, email="a@mailinator.com", username="ada", password="correct horse battery")
    assert (caught.value.code, caught.value.data) == ("account.email_disposable", {"field": "email"})
    assert not User.objects.exists()
