"""The events, natively partitioned by day (see `eventlog.partitions`); the table itself is made by plain SQL in the migration."""

from django.db import models


class StoredEvent(models.Model):
    """One durable event; `data` is the JSON of its body, as text so that it goes to the wire as it is."""

    pk = models.CompositePrimaryKey("topic", "seq", "created_at")
    topic = models.TextField(db_collation="C")
    seq = models.BigIntegerField()
    type = models.TextField()
    data = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "eventlog_event"

    def __str__(self) -> str:
        return f"{self.type} {self.topic} {self.seq}"
