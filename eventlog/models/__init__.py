"""Tables of the log: topics with their heads, events, and the cursors of consumers."""

from eventlog.models.cursors import Cursor
from eventlog.models.events import StoredEvent
from eventlog.models.topics import StoredTopic

__all__ = ["Cursor", "StoredEvent", "StoredTopic"]
