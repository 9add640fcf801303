"""The app's entry in Django: its name, and what is registered when it is ready."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See the package's docstring."""

    name = "accounts"

    def ready(self) -> None:
        """Register the commands, the topic kind, the events, and what becomes of a deleted user's data."""
        import_module("accounts.commands")
        import_module("accounts.events")
        import_module("accounts.topics")
        from accounts.actions import erasure
        from accounts.actions.bots import delete_bots_of
        from accounts.registries.deletions import DeletionPhase, DeletionStep, register_deletion_step

        register_deletion_step(DeletionStep("accounts.access", DeletionPhase.ACCESS, erasure.end_access))
        register_deletion_step(DeletionStep("accounts.bots", DeletionPhase.ACCESS, delete_bots_of))
        register_deletion_step(DeletionStep("accounts.records", DeletionPhase.CONTENT, erasure.erase_records))
        register_deletion_step(DeletionStep("accounts.identity", DeletionPhase.IDENTITY, erasure.erase_identity))
