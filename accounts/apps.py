"""The app's entry in Django: its name, and what is registered when it is ready."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See the package's docstring."""

    name = "accounts"

    def ready(self) -> None:
        """Register the commands, the topic kind and the events."""
        import_module("accounts.commands")
        import_module("accounts.events")
        import_module("accounts.topics")
