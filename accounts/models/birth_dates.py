"""When a user was born, for gates that ask for an age. Apart from the user's row, since nobody else is shown it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kernel.clock import now


class BirthDate(models.Model):
    """A day, as its user has told it, once."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="birth_date"
    )
    day = models.DateField()
    set_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return str(self.user_id)
