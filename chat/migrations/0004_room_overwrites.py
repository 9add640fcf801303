import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.clock
import kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_room_gates"),
        ("communities", "0012_members_due"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RoomOverwrites",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("entries", models.JSONField()),
                ("created_at", models.DateTimeField(default=kernel.clock.now, editable=False)),
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
                    "community",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="communities.community",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chat.room",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "room overwrites",
                "indexes": [models.Index(fields=["room", "created_at"], name="chat_roomoverwrites_history")],
            },
        ),
        migrations.AddField(
            model_name="room",
            name="overwrites",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="chat.roomoverwrites",
            ),
        ),
    ]
