import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.clock
import kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("communities", "0010_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Gate",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20)),
                ("resource_id", models.UUIDField()),
                (
                    "community",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="gates", to="communities.community"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GateVersion",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("mode", models.CharField(choices=[("live", "live"), ("shadow", "shadow")], max_length=6)),
                ("tree", models.JSONField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=kernel.clock.now, editable=False)),
                ("grace", models.JSONField(default=dict)),
                ("grandfathered_until", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "gate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="communities.gate",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="communities.gateversion",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="membership",
            name="access_changes_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="gate",
            name="live",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="communities.gateversion",
            ),
        ),
        migrations.AddField(
            model_name="gate",
            name="shadow",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="communities.gateversion",
            ),
        ),
        migrations.AddField(
            model_name="community",
            name="gate_version",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="communities.gateversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="gateversion",
            constraint=models.UniqueConstraint(fields=("gate", "number"), name="communities_gateversion_numbered"),
        ),
        migrations.AddConstraint(
            model_name="gateversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["live", "shadow"])), name="communities_gateversion_mode_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.UniqueConstraint(
                fields=("kind", "resource_id"), name="communities_gate_one_per_resource"
            ),
        ),
    ]
