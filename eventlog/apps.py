"""The app's entry in Django: its name, and what is registered when it is ready."""

from django.apps import AppConfig


class EventLogConfig(AppConfig):
    """See the package's docstring."""

    name = "eventlog"
