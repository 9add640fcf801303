"""`manage.py staff_roles sync|list|grant|revoke`: roles of the staff from the command line, the first administrator's too."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions.staff_roles import grant_staff_role, revoke_staff_role, sync_staff_roles
from accounts.constants import StaffRole
from accounts.queries.staff_roles import list_staff, staff_roles_of
from accounts.queries.users import find_by_login
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from kernel.ids import UserId

_CHANGES = {"grant": grant_staff_role, "revoke": revoke_staff_role}


class Command(BaseCommand):
    """Acts as the system: whoever can run it has the database anyway. Every change needs a reason, which is logged."""

    help = "List, grant and revoke roles of the staff; sync puts the permissions of all roles in step with the code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what can be done."""
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("sync", help="run after migrations; `prepare_database` does")
        acts.add_parser("list", help="show who is of the staff")
        for name in _CHANGES:
            change = acts.add_parser(name)
            change.add_argument("login", help="e-mail address or username")
            change.add_argument("role", choices=[role.value for role in StaffRole])
            change.add_argument("--reason", required=True)

    def handle(self, *args: Any, act: str, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Do it, and say in one line what was done."""
        if act == "sync":
            changed = ", ".join(sync_staff_roles(SYSTEM))
            self.stdout.write(f"Put in step: {changed}." if changed else "The staff roles are in step.")
        elif act == "list":
            for user in list_staff():
                self.stdout.write(f"{user.username}: {', '.join(staff_roles_of(user)) or 'no role'}")
        else:
            self._change(act, options["login"], StaffRole(options["role"]), options["reason"])

    def _change(self, act: str, login: str, role: StaffRole, reason: str) -> None:
        user = find_by_login(login)
        if user is None:
            raise CommandError("There is no user with that login.")
        try:
            changed = _CHANGES[act](SYSTEM, user_id=UserId(user.pk), role=role, reason=reason)
        except DomainError as error:
            raise CommandError(error.text) from error
        self.stdout.write("Done." if changed else "Nothing to do.")
