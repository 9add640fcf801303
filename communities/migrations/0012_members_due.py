from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is built beside the writes of a live system

    dependencies = [
        ("communities", "0011_gates"),
    ]

    operations = [
        AddIndexConcurrently(
            "membership",
            models.Index(
                fields=["access_changes_at"],
                condition=models.Q(access_changes_at__isnull=False),
                name="communities_membership_due",
            ),
        ),
    ]
