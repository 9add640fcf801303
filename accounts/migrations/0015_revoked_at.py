"""Indexes by which every gateway process asks twice a second what has ended lately."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_REVOKED = models.Q(revoked_at__isnull=False)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0014_birth_dates"),
    ]

    operations = [
        AddIndexConcurrently(
            "session", models.Index(fields=["revoked_at"], condition=_REVOKED, name="session_revoked")
        ),
        AddIndexConcurrently("apikey", models.Index(fields=["revoked_at"], condition=_REVOKED, name="api_key_revoked")),
    ]
