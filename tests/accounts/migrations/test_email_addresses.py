"""The migration that gives users of before a row for their address, on a table that others write to meanwhile."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from tests.factories.accounts import make_user

migration = import_module("accounts.migrations.0007_email_addresses")


@pytest.mark.django_db
def test_who_has_no_address_gets_one_and_a_second_run_changes_nothing(monkeypatch):
    monkeypatch.setattr(migration, "BATCH", 2)
    users = [make_user() for _ in range(5)]
    kept = EmailAddress.objects.create(user=users[2], email="other@example.org", primary=True, verified=True)
    for _ in range(2):
        migration.add_addresses(None, SimpleNamespace(connection=connection))
    assert set(EmailAddress.objects.values_list("user", "email", "primary", "verified")) == {
        (user.id, user.email, True, False) for user in users if user != users[2]
    } | {(users[2].id, kept.email, True, True)}
