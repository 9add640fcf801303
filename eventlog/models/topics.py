"""The head of every topic: the one row whose lock orders all appends to it."""

from django.db import models


class StoredTopic(models.Model):
    """A topic and the seq of its newest event. Written by `eventlog.append` only."""

    name = models.TextField(primary_key=True, db_collation="C")
    head = models.BigIntegerField()

    class Meta:
        db_table = "eventlog_topic"

    def __str__(self) -> str:
        return f"{self.name} at {self.head}"
