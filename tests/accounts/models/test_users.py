"""What the database itself guarantees of users, and the way in for the first administrator."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from accounts.models import User
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def test_the_first_administrator_is_made_on_the_command_line(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    call_command("createsuperuser", email="Root@Example.org", username="Root", interactive=False, verbosity=0)
    user = User.objects.get()
    assert (user.email, user.username, user.display_name) == ("root@example.org", "Root", "Root")
    assert (user.is_active, user.is_staff, user.is_superuser) == (True, True, True)
    assert user.check_password("correct horse battery")


def test_the_command_line_refuses_an_impossible_username():
    with pytest.raises(CommandError, match="Letters a-z"):
        call_command("createsuperuser", email="root@example.org", username="ro ot", interactive=False, verbosity=0)
    assert not User.objects.exists()


@pytest.mark.parametrize("changes", [{"email": "Ada@example.org"}, {"email": "bob@example.org"}, {"username": "BOB"}])
def test_the_database_refuses_what_an_action_forgot(changes):
    make_user("bob")
    ada = make_user("ada")
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=ada.pk).update(**changes)
