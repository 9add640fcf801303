"""Who finds a community. Until the next migration has run, all are secret, as they are for a process that does not know better."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("communities", "0002_invites"),
    ]

    operations = [
        migrations.AddField(
            model_name="community",
            name="visibility",
            field=models.CharField(
                choices=[("listed", "listed"), ("unlisted", "unlisted"), ("secret", "secret")],
                db_default="secret",
                default="secret",
                max_length=10,
            ),
        ),
        AddConstraintNotValid(
            model_name="community",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["listed", "unlisted", "secret"])),
                name="communities_community_visibility_known",
            ),
        ),
    ]
