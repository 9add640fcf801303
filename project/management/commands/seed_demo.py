"""`manage.py seed_demo`: the demo community, for development."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from project.demo.people import COMMUNITY_NAME, logins
from project.demo.seed import seed_demo


class Command(BaseCommand):
    """Refuses in production, where everybody would know the passwords."""

    help = "Seed the demo community and print its logins; does nothing when it is there."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Seed, and print who can sign in."""
        if settings.PRODUCTION:
            raise CommandError("The demo community is not for production: its passwords are published.")
        done = "was made" if seed_demo() else "is there already"
        self.stdout.write("\n".join([f"{COMMUNITY_NAME} {done}.", *logins()]))
