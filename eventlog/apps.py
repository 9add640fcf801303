"""The app's entry in Django: its name."""

from django.apps import AppConfig


class EventLogConfig(AppConfig):
    """See the package's docstring."""

    name = "eventlog"
