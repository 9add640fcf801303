"""The command line makes the first administrator, and says what it did."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.constants import StaffRole
from accounts.models import StaffRoleChange
from accounts.queries.staff_roles import staff_roles_of
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    told = StringIO()
    call_command("staff_roles", *arguments, stdout=told)
    return told.getvalue().strip()


def test_the_first_administrator_is_made_and_listed():
    user = make_user("ada")
    assert run("sync") == "Put in step: support, moderator, trust_and_safety, finance, administrator."
    assert run("sync") == "The staff roles are in step."
    assert run("grant", "ada@example.org", "administrator", "--reason", "founds the site") == "Done."
    assert run("grant", "ada", "administrator", "--reason", "founds the site") == "Nothing to do."
    assert run("list") == "ada: administrator"
    assert staff_roles_of(user) == (StaffRole.ADMINISTRATOR,)
    change = StaffRoleChange.objects.get()
    assert (change.changed_by, change.reason) == (None, "founds the site")


def test_a_refusal_is_one_sentence():
    make_user("ada")
    run("sync")
    run("grant", "ada", "administrator", "--reason", "founds the site")
    with pytest.raises(CommandError, match=r"\AThere must be an administrator: make somebody else one first\.\Z"):
        run("revoke", "ada", "administrator", "--reason", "leaves")
    with pytest.raises(CommandError, match=r"\AThere is no user with that login\.\Z"):
        run("grant", "nobody", "support", "--reason", "new")
    assert StaffRoleChange.objects.count() == 1
