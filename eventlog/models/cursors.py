"""How far each consumer has read each topic."""

from django.db import models


class Cursor(models.Model):
    """The last seq that a consumer has handled on a topic; after failures, when it tries again."""

    consumer = models.TextField()
    topic = models.TextField(db_collation="C")
    seq = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "eventlog_cursor"
        constraints = (models.UniqueConstraint(fields=("consumer", "topic"), name="eventlog_cursor_once_per_topic"),)

    def __str__(self) -> str:
        return f"{self.consumer} of {self.topic} at {self.seq}"
