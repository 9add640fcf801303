"""The tables of chat. The message table is plain SQL because it is partitioned; its state below says the same to Django."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kernel.clock
import kernel.ids

PARTITIONS = 16

CREATE_MESSAGES = """
CREATE TABLE chat_message (
    id uuid NOT NULL,
    room_id uuid NOT NULL,
    community_id uuid NOT NULL,
    author_id uuid NOT NULL,
    body text NOT NULL,
    reply_to uuid NULL,
    seq bigint NOT NULL,
    nonce varchar(64) NOT NULL,
    created_at timestamptz NOT NULL,
    edited_at timestamptz NULL,
    deleted_at timestamptz NULL,
    PRIMARY KEY (id, room_id),
    CONSTRAINT chat_message_seq_once_per_room UNIQUE (room_id, seq),
    CONSTRAINT chat_message_nonce_once_per_author UNIQUE (room_id, author_id, nonce),
    CONSTRAINT chat_message_deleted_has_no_body CHECK (deleted_at IS NULL OR body = '')
) PARTITION BY HASH (room_id);
"""

CREATE_PARTITIONS = "".join(
    f"CREATE TABLE chat_message_{number:02} PARTITION OF chat_message"
    f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number});\n"
    for number in range(PARTITIONS)
)


def community() -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="communities.community")


MESSAGE_STATE = [
    migrations.CreateModel(
        name="Message",
        fields=[
            ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
            ("body", models.TextField()),
            ("reply_to", models.UUIDField(null=True)),
            ("seq", models.BigIntegerField()),
            ("nonce", models.CharField(max_length=64)),
            ("created_at", models.DateTimeField(default=kernel.clock.now)),
            ("edited_at", models.DateTimeField(null=True)),
            ("deleted_at", models.DateTimeField(null=True)),
            (
                "author",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="messages",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            (
                "community",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="+",
                    to="communities.community",
                ),
            ),
            (
                "room",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="messages",
                    to="chat.room",
                ),
            ),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("room", "seq"), name="chat_message_seq_once_per_room"),
                models.UniqueConstraint(fields=("room", "author", "nonce"), name="chat_message_nonce_once_per_author"),
                models.CheckConstraint(
                    condition=models.Q(("deleted_at__isnull", True), ("body", ""), _connector="OR"),
                    name="chat_message_deleted_has_no_body",
                ),
            ]
        },
    ),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("communities", "0001_initial"),
        ("eventlog", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("text", "text"), ("direct", "direct")], max_length=10)),
                ("name", models.CharField(blank=True, max_length=80)),
                ("topic_line", models.CharField(blank=True, default="", max_length=250)),
                (
                    "visibility",
                    models.CharField(choices=[("community", "community"), ("private", "private")], max_length=10),
                ),
                ("direct_key", models.CharField(blank=True, max_length=120, null=True, unique=True)),
                ("created_at", models.DateTimeField(default=kernel.clock.now, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "community",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rooms", to="communities.community"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("visibility__in", ["community", "private"])),
                        name="chat_room_visibility_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("direct_key__isnull", True), ("kind", "text")),
                            models.Q(("direct_key__isnull", False), ("kind", "direct"), ("visibility", "private")),
                            _connector="OR",
                        ),
                        name="chat_room_direct_has_a_key",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="RoomMember",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("state", models.CharField(choices=[("member", "member"), ("removed", "removed")], max_length=10)),
                ("added_at", models.DateTimeField(default=kernel.clock.now)),
                ("community", community()),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="room_members", to="chat.room"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="room_members",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("room", "user"), name="chat_roommember_once_per_user"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["member", "removed"])), name="chat_roommember_state_known"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="ReadMarker",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("community", community()),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="read_markers", to="chat.room"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="read_markers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "room"), name="chat_readmarker_once_per_room"),
                ]
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CREATE_MESSAGES, reverse_sql="DROP TABLE chat_message;"),
                migrations.RunSQL(CREATE_PARTITIONS, reverse_sql=migrations.RunSQL.noop),
            ],
            state_operations=MESSAGE_STATE,
        ),
        migrations.CreateModel(
            name="MessageEdit",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("body", models.TextField()),
                ("edited_at", models.DateTimeField(default=kernel.clock.now)),
                ("community", community()),
                (
                    "editor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edits",
                        to="chat.message",
                    ),
                ),
            ],
        ),
    ]
