"""Makes the tables of roles, and what tells owners and guests.

`membership.role` leaves Django's view alone: processes of the release before still write it while this one starts. It gets a default, as
new ones write nothing, and the release after may drop it.
"""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models.constraints import Deferrable

import accounts.models.users
import kernel.clock
import kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("communities", "0006_entitlements"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Role",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40, validators=[accounts.models.users.validate_printable])),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "colour",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A(#[0-9a-f]{6})?\\Z", "A colour like #b08d57, or nothing."
                            )
                        ],
                    ),
                ),
                (
                    "permissions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=kernel.clock.now, editable=False)),
                (
                    "community",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to="communities.community",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=Deferrable.DEFERRED,
                        fields=("community", "position"),
                        name="communities_role_one_per_position",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("community",),
                        name="communities_role_one_default",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_default", True), ("position", 0)),
                            models.Q(("is_default", False), ("position__gt", 0)),
                            _connector="OR",
                        ),
                        name="communities_role_default_is_lowest",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MembershipRole",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("granted_at", models.DateTimeField(default=kernel.clock.now)),
                (
                    "membership",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held",
                        to="communities.membership",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="holders", to="communities.role"
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("membership", "role"), name="communities_membershiprole_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="membership",
            name="is_guest",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="membership",
            name="is_owner",
            field=models.BooleanField(db_default=False, default=False),
        ),
        AddConstraintNotValid(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_owner", False),
                    models.Q(("is_guest", False), ("status__in", ["active", "timed_out"])),
                    _connector="OR",
                ),
                name="communities_membership_owner_is_a_full_member",
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[("owner", "owner"), ("moderator", "moderator"), ("member", "member")],
                db_default="member",
                default="member",
                max_length=10,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="membership", name="communities_membership_role_known"),
                migrations.RemoveField(model_name="membership", name="role"),
            ],
        ),
    ]
