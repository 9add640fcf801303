"""The log's tables. The event table is plain SQL because it is partitioned by day; `default` catches what no partition takes."""

from django.db import migrations, models

CREATE = """
CREATE TABLE eventlog_event (
    topic text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    data text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, seq, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE eventlog_event_default PARTITION OF eventlog_event DEFAULT;
ALTER TABLE eventlog_topic SET (fillfactor = 70);
"""


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="StoredTopic",
            fields=[
                ("name", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("head", models.BigIntegerField()),
            ],
            options={"db_table": "eventlog_topic"},
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("consumer", models.TextField()),
                ("topic", models.TextField(db_collation="C")),
                ("seq", models.BigIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("retry_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "eventlog_cursor"},
        ),
        migrations.AddConstraint(
            model_name="cursor",
            constraint=models.UniqueConstraint(fields=("consumer", "topic"), name="eventlog_cursor_once_per_topic"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, "DROP TABLE eventlog_event")],
            state_operations=[
                migrations.CreateModel(
                    name="StoredEvent",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "topic",
                                "seq",
                                "created_at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("topic", models.TextField(db_collation="C")),
                        ("seq", models.BigIntegerField()),
                        ("type", models.TextField()),
                        ("data", models.TextField()),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={"db_table": "eventlog_event"},
                ),
            ],
        ),
    ]
