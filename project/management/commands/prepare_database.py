"""`manage.py prepare_database [--demo]`: migrations and staff roles, one process at a time, and a demo community where nobody is yet."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.actions.staff_roles import sync_staff_roles
from accounts.models import User
from kernel.actor import SYSTEM
from project.checks import refuse_unsafe_production
from project.demo.people import DEMO_IS_HERE
from project.demo.seed import demo_is_here

LOCK = 0x706F7274  # "port": any number that nobody else takes in this database


class Command(BaseCommand):
    """Safe to run by several containers at once, and again and again."""

    help = "Apply migrations under a lock; with --demo, seed the demo community if there is no user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the switch."""
        parser.add_argument("--demo", action="store_true", help="seed the demo community on an empty database")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Migrate, put the staff roles in step with the code, then seed."""
        refuse_unsafe_production()
        with advisory_lock():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
            sync_staff_roles(SYSTEM)
            if demo and not User.objects.exists():
                call_command("seed_demo", stdout=self.stdout)
            self.stdout.write(DEMO_IS_HERE if demo_is_here() else "The database is ready.")


@contextmanager
def advisory_lock() -> Iterator[None]:
    """Hold a lock of the database session: a second process waits, and finds nothing left to do."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [LOCK])
