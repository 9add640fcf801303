"""Lets a community have one owner at most, and checks the members that were there before, without a lock that writers wait for."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("communities", "0008_starting_roles"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY communities_membership_one_owner"
                    " ON communities_membership (community_id) WHERE is_owner",
                    "DROP INDEX CONCURRENTLY communities_membership_one_owner",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="membership",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("is_owner", True)),
                        fields=("community",),
                        name="communities_membership_one_owner",
                    ),
                ),
            ],
        ),
        ValidateConstraint(model_name="membership", name="communities_membership_owner_is_a_full_member"),
    ]
