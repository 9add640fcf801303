"""`manage.py reseal_secrets`: after a change of ENCRYPTION_KEY, so that its earlier value can be forgotten."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions.second_factors import reseal_secrets
from kernel.actor import SYSTEM
from kernel.sealing import CannotUnseal


class Command(BaseCommand):
    """Acts as the system: whoever can run it has the keys anyway."""

    help = (
        "Seal all secrets of second factors with the newest ENCRYPTION_KEY; afterwards its fallbacks can be taken away."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Do it, and say how many there were."""
        try:
            self.stdout.write(f"Sealed again: {reseal_secrets(SYSTEM)}.")
        except CannotUnseal as error:
            raise CommandError(
                "A secret is under a key that is not given: is it missing in ENCRYPTION_KEY_FALLBACKS?"
            ) from error
